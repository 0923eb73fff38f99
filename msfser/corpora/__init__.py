"""The corpora: files as they are released -> the manifest."""
