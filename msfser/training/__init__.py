"""Train a model: data, batches, optimiser steps, several processes, checkpoints, the run folder.

`train` is the loop; the modules beside it are its steps.
"""
