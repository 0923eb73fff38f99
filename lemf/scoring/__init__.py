"""Weigh z-scores, rank words and find the emphasis segment (equation 2).

`emphasis` holds the types of the result; `norms` the statistics of a recording, a speaker or a
corpus.
"""
