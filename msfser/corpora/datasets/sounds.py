"""The sounds of a dataset: which column holds them, and their bytes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import numpy as np

from lemf import AUDIO_SUFFIXES, CorpusError
from msfser.outputs import format_wav

_NAMES = ("wav", "audio", "file", "path")
_MAGIC = {b"RIFF": "wav", b"fLaC": "flac", b"OggS": "ogg", b"ID3": "mp3", b"\xff\xfb": "mp3"}


class Sound(NamedTuple):
    """A sound of a row: its encoded bytes, or where its file lies; its name where known."""

    content: bytes | None
    path: str | None

    @property
    def suffix(self) -> str:
        """The suffix of a file of these bytes, such as ``.wav``."""
        named = PurePosixPath(self.path or "").suffix.lower().removeprefix(".")
        told = next(
            (s for magic, s in _MAGIC.items() if (self.content or b"").startswith(magic)), ""
        )
        return f".{told or (named if named in AUDIO_SUFFIXES else 'wav')}"


def find_sound_column(folder: Path, features: Mapping[str, Any], wanted: str) -> str:
    """Return the column that holds the sounds.

    Parameters
    ----------
    folder : Path
        For messages.
    features : mapping of str to feature of `datasets`
    wanted : str
        The column that is named by the user, or ``""``.

    Raises
    ------
    CorpusError
        There is none, several, or the one that is named holds no sounds.
    """
    shown = ", ".join(features)
    if wanted:
        if wanted not in features:
            raise CorpusError(f"{folder}: no column {wanted!r}; it has {shown}")
        if not _may_hold_sounds(features[wanted]):
            raise CorpusError(f"{folder}: the column {wanted!r} holds no sounds or paths")
        return wanted
    found = [name for name, one in features.items() if type(one).__name__ == "Audio"]
    found = found or [name for name, one in features.items() if _is_encoded(one)]
    found = found or [name for name in _NAMES if _may_hold_sounds(features.get(name))]
    if len(found) != 1:
        what = f"several columns of sounds ({', '.join(found)})" if found else "no column of sounds"
        raise CorpusError(
            f"{folder}: {what}; it has {shown}. Name it with --column wav="
            f"{found[0] if found else 'NAME'}"
        )
    return found[0]


def _is_encoded(feature: Any) -> bool:  # noqa: ANN401 - any feature of datasets
    """Return whether a feature is an Audio that was stored without its type."""
    keys = set(feature) if isinstance(feature, dict) else set()
    return {"bytes", "path"} <= keys or {"array", "sampling_rate"} <= keys


def _may_hold_sounds(feature: Any) -> bool:  # noqa: ANN401
    kinds = ("string", "large_string", "binary", "large_binary")
    is_value = getattr(feature, "dtype", "") in kinds and type(feature).__name__ == "Value"
    return is_value or _is_encoded(feature) or type(feature).__name__ == "Audio"


def read_sound(cell: object, place: str) -> Sound:
    """Read the cell of a sound: a path, bytes, both, or samples with their rate.

    Raises
    ------
    CorpusError
        It is none of these.
    """
    if cell is None or cell == "":
        return Sound(None, None)
    if isinstance(cell, bytes):
        return Sound(cell, None)
    if isinstance(cell, str):
        return Sound(None, cell)
    if isinstance(cell, dict) and cell.get("array") is not None and cell.get("sampling_rate"):
        samples = np.asarray(cell["array"], dtype=np.float64)
        if samples.ndim == 1 and samples.size and (np.abs(samples) <= 1).all():
            return Sound(format_wav(samples, int(cell["sampling_rate"])), cell.get("path"))
        raise CorpusError(f"{place}: its samples are not one channel of numbers from -1 to 1")
    if isinstance(cell, dict) and {"bytes", "path"} <= set(cell):
        return Sound(cell["bytes"], cell["path"])
    raise CorpusError(f"{place}: neither bytes nor a path of a sound")
