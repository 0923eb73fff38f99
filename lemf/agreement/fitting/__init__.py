"""Fit weights to labels: `weights` minimises the loss, `folds` leaves sentences out, `run` does it.

`fitted_weights` writes the weights to a file and reads them.
"""
