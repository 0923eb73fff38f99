"""msfser predicts valence, arousal and dominance from speech and its semantics, after MSF-SER.

The files in the order of the flow: `corpora` make the `manifest`, `semantics` the texts (LES, GS,
ES) and their vectors, `model` is figure 1 of the paper box by box.
"""
