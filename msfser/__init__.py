"""msfser predicts valence, arousal and dominance from speech and its semantics, after MSF-SER.

The files in the order of the flow: `corpora` make the `manifest`, `semantics` the texts (LES, GS,
ES) and their vectors, `model` is figure 1 of the paper box by box, `train` trains it, `evaluate`
judges it, `predict` uses it, `inspection` opens it up. Names load on first use, so that
``msfser --help`` loads no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from msfser.errors import MsfserError
    from msfser.evaluation.predictions import read_predictions
    from msfser.manifest import read_manifest
    from msfser.model.msf_ser import MsfSer
    from msfser.prediction.predict import predict_files, predict_speech
    from msfser.prediction.speech_files import SpeechFile, find_speech

_HOME = {
    "MsfSer": "model.msf_ser",
    "MsfserError": "errors",
    "SpeechFile": "prediction.speech_files",
    "find_speech": "prediction.speech_files",
    "predict_files": "prediction.predict",
    "predict_speech": "prediction.predict",
    "read_manifest": "manifest",
    "read_predictions": "evaluation.predictions",
}

__all__ = [
    "MsfSer",
    "MsfserError",
    "SpeechFile",
    "find_speech",
    "predict_files",
    "predict_speech",
    "read_manifest",
    "read_predictions",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    if name not in _HOME:
        raise AttributeError(f"module 'msfser' has no attribute {name!r}")
    return getattr(import_module(f"msfser.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return list(__all__)
