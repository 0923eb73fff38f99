"""Several processes that train one model: `ranks` joins them, `watch` ends them together.

`gradients` sums their gradients while backward runs.
"""
