"""Several processes that train one model: `ranks` joins them, `watch` ends them together.

`check` compares what they start from; `gradients` sums their gradients while backward runs.
"""
