"""The settings of a model, its data and its training: frozen, checked, read from TOML.

`settings` defines them with the presets; `files` reads and writes them.
"""
