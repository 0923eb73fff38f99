"""Compare scores with the labels of listeners, and fit the weights of cues to them.

`labels` reads labels, `rated_sentences` scores them, `measures` and `correlation` compute the
agreement, `evaluation` and the modules beside it compare systems, `fitting` fits weights.
"""
