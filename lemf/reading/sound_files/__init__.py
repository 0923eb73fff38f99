"""Decode sound files of every kind that libsndfile reads, to their end whatever their headers say.

`decoding` alone knows libsndfile; `containers` and `mpeg` find the recordings in a file before.
"""
