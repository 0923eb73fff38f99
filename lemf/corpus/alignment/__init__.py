"""Aligns the recordings of a corpus with their texts, in parallel and resumably.

`run` takes the recordings through the `passes` that train and align, each of `tasks` for one
recording, `learning` adds up what the models learn from them, and `run` merges what the passes
leave into the TextGrids and tables of `grids`.
"""
