"""The command line of lemf: each command reads its options, calls one function and prints.

`cli` is the entry point; `analysis_options` holds the options that commands share.
"""
