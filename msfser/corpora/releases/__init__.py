"""Corpora as their owners release them, one module per corpus -> its manifest.

Modules that end in ``_files`` read the files of a release; nothing of a corpus comes with msfser.
"""
