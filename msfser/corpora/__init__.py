"""Readers of corpora: from the files of a release to the manifest.

`releases` and `table` (any other corpus) end in `checks`; `mechanism` synthesises a corpus;
`summary` and `figure` show what a manifest holds.
"""
