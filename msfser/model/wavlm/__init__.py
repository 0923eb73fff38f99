"""The acoustic encoder: WavLM with a faster attention, and a tiny configuration for tests."""
