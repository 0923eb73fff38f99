"""The command line of msfser: each command reads its options, calls one function and prints.

`cli` is the entry point.
"""
