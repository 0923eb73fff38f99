"""Aligners of others behind one shape: a recording, its words and their phones -> aligned words.

`praat` (through parselmouth), `mfa` (its command) and `viter` (which trains on a whole corpus) are
loaded when asked for.
"""
