"""Score many recordings in parallel into Parquet tables, resumably, and rescore their features.

`listing` finds the files, `plan` cuts them into shards, `run` scores them; `parquet`
is the only module that imports pyarrow.
"""
