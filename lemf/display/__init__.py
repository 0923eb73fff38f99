"""Show an emphasis as a table, JSON, CSV, TextGrid tiers, contours, and the paper's figure 2.

The figures are the only modules that import matplotlib.
"""
