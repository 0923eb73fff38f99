"""Two models on the same utterances: which is better, by how much, and could it be chance.

`paired` holds the tests, `compare` applies them to two tables of predictions, `files` writes them.
"""
