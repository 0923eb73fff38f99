"""Pool contours and phones into one value per word and cue, and standardise them (equation 1).

`paper_cues` holds the cues of the paper; `listener_cues` all further ones, from the
modules beside it.
"""
