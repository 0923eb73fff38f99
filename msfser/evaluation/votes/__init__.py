"""Emotions and the spread of raters, predicted beside valence, arousal and dominance.

`categories` scores emotions, `spread` scores how far raters differ, `tables` shows both.
"""
