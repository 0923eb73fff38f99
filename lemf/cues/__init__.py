"""Pool contours and phones into one value per word and cue, and standardise them (equation 1).

`word_cues` computes the cues of the table `lemf.config.CUES`, each by the function of its name in
the modules beside it; `zscore` standardises them.
"""
