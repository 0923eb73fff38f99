"""msfser predicts valence, arousal and dominance from speech and its semantics, after MSF-SER.

The files in the order of the flow: `corpora` make the `manifest`, `semantics` the texts (LES, GS,
ES) and their vectors, `model` is figure 1 of the paper box by box. Names load on first use, so that
``msfser --help`` loads no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from msfser.config import ModelConfig
    from msfser.errors import MsfserError
    from msfser.model.msf_ser import MsfSer
    from msfser.model_folder import ModelFacts

_HOME = {
    "ModelConfig": "config",
    "ModelFacts": "model_folder",
    "MsfSer": "model.msf_ser",
    "MsfserError": "errors",
}

__all__ = ["ModelConfig", "ModelFacts", "MsfSer", "MsfserError"]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    if name not in _HOME:
        raise AttributeError(f"module 'msfser' has no attribute {name!r}")
    return getattr(import_module(f"msfser.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__]
