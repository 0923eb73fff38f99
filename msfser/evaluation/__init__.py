"""Predict a split with a trained run, judge the predictions, and look inside the model.

`inference` predicts, `scores` and `intervals` judge, `inspection` opens the model up.
"""
