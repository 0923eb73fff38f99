"""The mechanism corpus: synthetic sentences whose labels follow from known causes.

`sentences` draws causes and labels, `speech` synthesises, `files` writes the corpus, `reachable`
computes the best CCC that a model can reach.
"""
