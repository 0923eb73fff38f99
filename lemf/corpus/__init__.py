"""Score or align many recordings in parallel, resumably, and rescore their features.

`listing` finds the files, in folders or by a `manifest`, `plan` cuts them into shards, `run` scores
them into the tables of `parquet`, and `alignment` aligns them into TextGrids.
"""
