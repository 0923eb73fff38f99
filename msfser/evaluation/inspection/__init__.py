"""A look inside a model: routing, gates, and predictions without each expert or semantics.

`inspection` computes it, `files` writes its tables, `figure` draws it.
"""
