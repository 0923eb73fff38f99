"""Compare scores with the labels of listeners, and fit the weights of cues to them.

`labels/` reads labels and scores their recordings, `measures` and `correlation` compute the
agreement, `evaluation/` compares systems, `fitting/` fits weights.
"""
