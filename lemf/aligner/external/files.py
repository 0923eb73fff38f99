"""What other programs need and write: a package, wav files, TextGrids of words and phones."""

from __future__ import annotations

import importlib.util
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lemf.aligner.forced import AlignedPhone, AlignedWord
from lemf.aligner.transcript import TranscriptWord
from lemf.reading.audio import Audio
from lemf.reading.silence_labels import UNNOTED
from lemf.reading.textgrid import Interval, IntervalTier, TextGrid
from lemf.runtime.extras import importing

_FULL_SCALE = 2**15 - 1
_SILENCES = UNNOTED - {"spn"}  # a word that the aligner does not know is one


def check_package(name: str, extra: str) -> None:
    """Refuse a package that is not installed.

    Raises
    ------
    MissingPackageError
    """
    with importing(f"lemf[{extra}]"):
        if importlib.util.find_spec(name) is None:
            raise ModuleNotFoundError(name=name)


def write_wav(path: Path, recording: Audio) -> None:
    """Write a recording as 16-bit samples; one that exceeds full scale is scaled down to it."""
    (samples,) = recording.slices([(0, recording.n_samples)])
    peak = max(float(np.abs(samples).max()), 1.0)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(recording.rate_hz)
        file.writeframes(np.round(samples / peak * _FULL_SCALE).astype("<i2").tobytes())


def read_aligned_words(grid: TextGrid, words: Sequence[TranscriptWord]) -> tuple[AlignedWord, ...]:
    """Read the tiers ``words`` and ``phones`` as MFA and viter write them.

    The labels are those of the text if there are as many words, else those of the TextGrid. Each
    confidence is 1.
    """
    found, phones = (_intervals(grid, name) for name in ("words", "phones"))
    texts = [(word.text, word.sentence) for word in words]
    if len(found) != len(words):
        texts = [(interval.label, 0) for interval in found]
    aligned = []
    for interval, (text, sentence) in zip(found, texts, strict=True):
        own = tuple(
            AlignedPhone(phone.label, phone.start_s, phone.end_s)
            for phone in phones
            if interval.start_s <= (phone.start_s + phone.end_s) / 2 < interval.end_s
        )
        aligned.append(AlignedWord(text, sentence, interval.start_s, interval.end_s, own, 1.0))
    return tuple(aligned)


def _intervals(grid: TextGrid, name: str) -> list[Interval]:
    return [
        interval
        for tier in grid.tiers
        if isinstance(tier, IntervalTier) and tier.name == name
        for interval in tier.intervals
        if interval.label not in _SILENCES
    ]
