"""Show an emphasis: table, HTML, JSON and its schema, CSV, TextGrid tiers, contours, figure 2.

`textgrid_output` writes TextGrids. The figures are the only modules that import matplotlib.
"""
