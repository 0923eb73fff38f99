"""The command line of lemf: each command reads its options, calls one function and prints.

`cli` is the entry point; `analysis_options`, `align_options` and `weight_options` hold what
commands share, and `lemf.runtime.console` what both command lines share.
"""
