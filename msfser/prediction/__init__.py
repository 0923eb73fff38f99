"""Predict emotions of sound files that belong to no corpus.

`predict` leads from files to predictions; the other modules find recordings and texts, hold
predictions, and format them.
"""
