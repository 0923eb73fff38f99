"""Read recordings and TextGrids: files in, sentences of words with their phones out.

`audio` and `channel_mixing` read sound; `alignment_files`, by `formats`, reads TextGrids, of which
`tiers` and `alignment` take the words and `geometry` checks the times; `rows` reads tables, .csv,
.tsv, .jsonl and Parquet.
"""
