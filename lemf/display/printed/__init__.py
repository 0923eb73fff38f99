"""Figures made to be printed: of a fixed width and size of letters, a long sentence in rows.

`sizes` cuts sentences into rows and pages, `figure` draws them.
"""
