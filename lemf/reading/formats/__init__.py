"""The formats of files of words with their times, one module each.

`praat` reads TextGrids, by `praat_tokens` and `praat_escapes`.
"""
