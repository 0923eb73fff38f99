"""What a training learns from its labels, and how often.

`sampling` draws the utterances of an epoch, `targets` holds what the heads beside valence, arousal
and dominance learn, `losses` are theirs.
"""
