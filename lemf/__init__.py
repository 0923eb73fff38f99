"""lemf finds the emphasised words of a spoken sentence and says why.

The files in the order of the pipeline: `audio` and `textgrid` read, `tiers` and `alignment` give
sentences of words, `pitch` and `energy` make the `contours`, `cues` pools them inside each word,
`zscore` is equation 1, `scoring` equation 2, `emphasis` the result, `pipeline` all of it;
`export` and `figure` show it. Names load on first use, so that ``lemf --help`` loads no numpy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lemf.audio import Audio, read_audio
    from lemf.config import Settings
    from lemf.emphasis import Emphasis
    from lemf.errors import LemfError
    from lemf.figure import draw
    from lemf.pipeline import score
    from lemf.pitch import harvest
    from lemf.textgrid import (
        Interval,
        IntervalTier,
        PointTier,
        TextGrid,
        read_textgrid,
        write_textgrid,
    )

_HOME = {
    "Audio": "audio",
    "Emphasis": "emphasis",
    "Interval": "textgrid",
    "IntervalTier": "textgrid",
    "LemfError": "errors",
    "PointTier": "textgrid",
    "Settings": "config",
    "TextGrid": "textgrid",
    "draw": "figure",
    "harvest": "pitch",
    "read_audio": "audio",
    "read_textgrid": "textgrid",
    "score": "pipeline",
    "write_textgrid": "textgrid",
}

__all__ = [
    "Audio",
    "Emphasis",
    "Interval",
    "IntervalTier",
    "LemfError",
    "PointTier",
    "Settings",
    "TextGrid",
    "draw",
    "harvest",
    "read_audio",
    "read_textgrid",
    "score",
    "write_textgrid",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - whatever the name stands for
    if name == "__version__":
        from importlib.metadata import version

        return version("lemf")
    if name not in _HOME:
        raise AttributeError(f"module 'lemf' has no attribute {name!r}")
    return getattr(import_module(f"lemf.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
