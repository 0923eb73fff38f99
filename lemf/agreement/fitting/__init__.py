"""Fit weights to labels: `weights` minimises the loss, `run` fits and judges by left-out folds.

`fitted_weights` writes the weights to a file and reads them.
"""
