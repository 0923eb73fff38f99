"""Score or align many recordings in parallel, resumably, and rescore their features.

`listing` finds the files, `plan` cuts them into shards, `run` scores them into the tables of
`parquet`, `aligning` aligns them into TextGrids, in `alignment_passes` of `alignment_tasks`.
"""
