"""What phones sound like, and the likeliest way of a recording through the phones of its text.

`mfcc` turns samples into features, `graph` a text into states, `models` says how likely a frame is
in a state, `viterbi` finds the way, `open_path` one that may leave the text, and `training` learns
models from recordings.
"""
