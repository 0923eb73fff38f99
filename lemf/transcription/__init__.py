"""Where the words of a recording come from: a TextGrid, a text, files beside it, or Whisper.

A text is given to the aligner, so that all of them end as a TextGrid.
"""
