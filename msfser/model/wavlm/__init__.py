"""The acoustic encoder: WavLM with a faster attention, and a tiny one that trains from scratch.

`wavlm` loads and runs the encoder, `attention` is the part that is faster here, `frames` counts.
"""
