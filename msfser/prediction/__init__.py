"""Predict emotions of sound files that belong to no corpus."""
