"""Read recordings and TextGrids: files in, sentences of words with their phones out.

`audio` and `channel_mixing` read sound; `praat_tokens`, `textgrid`, `tiers` and `alignment` read
TextGrids, both from `sources`; `rows` reads .csv, .tsv, .jsonl and Parquet tables.
"""
