"""What commands and long runs of both packages need: input, output, locks, workers, progress.

msfser imports this folder and the public names of lemf, and nothing else of lemf.
"""
