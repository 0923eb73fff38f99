"""lemf finds the emphasised words of a spoken sentence and says why.

The files in the order of the pipeline: `audio` and `textgrid` read, `tiers` and `alignment` give
sentences of words, `pitch` and `energy` make the `contours`, `cues` pools them inside each word,
`zscore` is equation 1, `scoring` equation 2, `emphasis` the result, `pipeline` all of it;
`export` and `figure` show it. Names load on first use, so that ``lemf --help`` loads no numpy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lemf.agreement.bootstrap import bootstrap_interval
    from lemf.config import Settings
    from lemf.contours.pitch import harvest
    from lemf.corpus.listing import AUDIO_SUFFIXES, MANIFEST_SUFFIXES
    from lemf.display.figure import draw
    from lemf.errors import (
        AudioError,
        CorpusError,
        LemfError,
        MissingPackageError,
        NoWordsError,
        OutputError,
        SettingsError,
        TextGridError,
    )
    from lemf.pipeline import score
    from lemf.reading.audio import Audio, read_audio
    from lemf.reading.rows import read_rows
    from lemf.reading.textgrid import (
        Interval,
        IntervalTier,
        PointTier,
        TextGrid,
        format_textgrid,
        read_textgrid,
        write_textgrid,
    )
    from lemf.reading.tiers import PHONE_TIER_NAMES, WORD_TIER_NAMES
    from lemf.scoring.emphasis import Emphasis

_HOME = {
    "AUDIO_SUFFIXES": "corpus.listing",
    "Audio": "reading.audio",
    "AudioError": "errors",
    "CorpusError": "errors",
    "Emphasis": "scoring.emphasis",
    "Interval": "reading.textgrid",
    "IntervalTier": "reading.textgrid",
    "LemfError": "errors",
    "MANIFEST_SUFFIXES": "corpus.listing",
    "MissingPackageError": "errors",
    "NoWordsError": "errors",
    "OutputError": "errors",
    "PHONE_TIER_NAMES": "reading.tiers",
    "PointTier": "reading.textgrid",
    "Settings": "config",
    "SettingsError": "errors",
    "TextGrid": "reading.textgrid",
    "TextGridError": "errors",
    "WORD_TIER_NAMES": "reading.tiers",
    "bootstrap_interval": "agreement.bootstrap",
    "draw": "display.figure",
    "format_textgrid": "reading.textgrid",
    "harvest": "contours.pitch",
    "read_audio": "reading.audio",
    "read_rows": "reading.rows",
    "read_textgrid": "reading.textgrid",
    "score": "pipeline",
    "write_textgrid": "reading.textgrid",
}

__all__ = [
    "AUDIO_SUFFIXES",
    "MANIFEST_SUFFIXES",
    "PHONE_TIER_NAMES",
    "WORD_TIER_NAMES",
    "Audio",
    "AudioError",
    "CorpusError",
    "Emphasis",
    "Interval",
    "IntervalTier",
    "LemfError",
    "MissingPackageError",
    "NoWordsError",
    "OutputError",
    "PointTier",
    "Settings",
    "SettingsError",
    "TextGrid",
    "TextGridError",
    "bootstrap_interval",
    "draw",
    "format_textgrid",
    "harvest",
    "read_audio",
    "read_rows",
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
