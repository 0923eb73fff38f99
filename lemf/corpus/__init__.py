"""Score many recordings in parallel into Parquet tables, resumably, and rescore their features.

`listing` finds the files, `plan` cuts them into shards, `run` scores them, `parquet` reads and
writes the tables.
"""
