"""What a model has met: the data that it, or the model it started from, was trained on."""
