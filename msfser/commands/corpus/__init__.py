"""The commands of `msfser corpus`: of released corpora, tables, joined and synthetic ones.

All end in `corpus_output`, which writes and shows a manifest.
"""
