"""The command line of msfser: each command reads its options, calls one function and prints.

`cli` is the entry point; `corpus_output` and `semantics_options` hold what commands share, and
`lemf.runtime.console` what both command lines share.
"""
