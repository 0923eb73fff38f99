"""The formats of files of words with their times.

`detection` tells them apart and names what is none; `praat` reads TextGrids, by `praat_tokens` and
`praat_escapes`, the other modules the files of other tools, of which `labels` makes a TextGrid.
`annotations`, by `time_columns`, tells a transcript from all of them.
"""
