"""msfser predicts valence, arousal and dominance from speech and its semantics, after MSF-SER.

The folders in the order of the flow: `corpora` writes the manifest, `semantics` the texts (LES, GS,
ES) and their vectors, `model` is figure 1 of the paper box by box, `training` trains it,
`evaluation` scores and inspects it, `prediction` uses it. The public names are those of
`__init__.pyi`; each loads on first use, so that ``msfser --help`` loads no torch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
