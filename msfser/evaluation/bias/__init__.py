"""Whose emotions a model predicts too high or too low, and what helps without labels.

`mean_errors` of groups and speakers, `speaker_calibration` of any predictions, `calibrated` of
those of a corpus.
"""
