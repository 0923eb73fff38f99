"""Compare scores with the labels of listeners, and fit the weights of cues to them.

`labels/` reads labels and scores their recordings, `measures`, `correlation` and `detection`
compute the agreement, `folds` leaves sentences out, `evaluation/` compares systems, `fitting/` fits
weights.
"""
