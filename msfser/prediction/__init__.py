"""Predict emotions of sound files that belong to no corpus.

`predict` leads from files to predictions; the modules beside it find recordings and texts, hold
predictions, and format them.
"""
