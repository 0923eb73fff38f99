"""Aligns a recording with its text, without a TextGrid.

`transcript` reads the words of a text, `espeak` has them spoken as phones, in the process of
`espeak_process`; `acoustics` knows how phones sound, `forced` finds them in a recording, `fitting`
checks that they fit, and `align` returns the TextGrid. `external` calls the aligners of others.
"""
