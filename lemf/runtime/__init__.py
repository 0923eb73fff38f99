"""What commands and long runs of both packages need: outputs, locks, workers, progress, console.

msfser imports this folder and the public names of lemf, and nothing else of lemf.
"""
