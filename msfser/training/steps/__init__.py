"""The steps of an epoch: their order, the crops and masks of their clips, their batches."""
