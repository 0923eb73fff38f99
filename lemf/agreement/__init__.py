"""Compare scores with the labels of listeners, and fit the weights of cues to them.

`labels` are read, `rated_sentences` scored, `measures` and `correlation` computed, and
`evaluation` shown.
"""
