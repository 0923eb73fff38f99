"""Predict a split with a trained run, score the predictions, and inspect the model.

`inference` predicts, `scores` and `intervals` compute CCC, `inspection` shows how the model works.
"""
