"""The mechanism corpus: synthetic sentences whose labels follow from known causes.

`sentences` says which labels follow from which causes, `drawing` draws these, `speech` synthesises,
`files` writes the corpus, `reachable`
computes the best CCC that a model can reach.
"""
