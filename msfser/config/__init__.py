"""The settings of a model, its data and its training: frozen, checked, read from TOML.

`settings` gathers one module for each table, and `presets` names some; `files` reads and writes
them.
"""
