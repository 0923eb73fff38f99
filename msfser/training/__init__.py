"""Train a model: data, batches, optimiser steps, several processes, checkpoints, the run folder.

`train` is the loop; the other modules are its steps.
"""
