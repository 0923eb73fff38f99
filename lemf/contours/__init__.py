"""Measure contours on a common 5 ms axis: F0 by Harvest or Praat, energy, periodicity.

`measurement` does all of it for one recording; `harvest` holds the pitch tracker.
"""
