"""Read recordings and TextGrids: files in, sentences of words with their phones out.

`audio` and `samples` read sound; `praat_tokens`, `textgrid`, `tiers` and `alignment` read
TextGrids; `rows` reads .csv and .jsonl tables.
"""
