"""Corpora as folders of Hugging Face `datasets`, read into a manifest and written from one.

`datasets` is imported when a function is called. Nothing is downloaded, and no sound is decoded.
"""
