"""Predictions over time as TextGrids: the values of each window, and the emphasised word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import lemf
from msfser.errors import DataError
from msfser.manifest import DIMENSIONS
from msfser.prediction.speech_predictions import SpeechPrediction, WindowPrediction

_DECIMALS = 2


def prediction_grid(prediction: SpeechPrediction) -> lemf.TextGrid:
    """Return a prediction as a TextGrid.

    Parameters
    ----------
    prediction : SpeechPrediction
        Of a recording that did not fail.

    Returns
    -------
    TextGrid
        Tiers ``valence``, ``arousal``, ``dominance``: one interval per window with the value on the
        scale of the corpus, and a star where it lies outside; ``emphasised`` and ``segment``: the
        word that lemf finds and its segment, where the words of the recording have times.
    """
    whole = prediction.whole
    if whole is None:
        raise ValueError(f"{prediction.wav}: {prediction.reason}")
    end_s = max([whole.end_s, *(one.end_s for one in prediction.windows)])
    tiers = [
        _tier(
            name,
            (
                (one.start_s, one.end_s, f"{one.values[place]:.{_DECIMALS}f}{_star(name, one)}")
                for one in prediction.windows or (whole,)
            ),
            end_s,
        )
        for place, name in enumerate(DIMENSIONS)
    ]
    if (found := prediction.texts.emphasised) is not None:
        tiers += [
            _tier("emphasised", [(found.start_s, found.end_s, found.word)], end_s),
            _tier(
                "segment",
                [(found.segment_start_s, found.segment_end_s, found.segment)],
                end_s,
            ),
        ]
    return lemf.TextGrid(0.0, end_s, tuple(tiers))


def grid_paths(wavs: Sequence[Path], folder: Path) -> list[Path]:
    """Return the TextGrids of recordings in a folder, by their names.

    Raises
    ------
    DataError
        Two recordings have the same name.
    """
    counts = Counter(wav.stem for wav in wavs)
    for wav in wavs:
        if counts[wav.stem] > 1:
            raise DataError(
                f"{wav}: {counts[wav.stem]} recordings would have the TextGrid "
                f"{folder / wav.stem}.TextGrid; predict them apart"
            )
    return [folder / f"{wav.stem}.TextGrid" for wav in wavs]


def _star(dimension: str, window: WindowPrediction) -> str:
    return "*" if dimension in window.outside else ""


def _tier(name: str, spans: Iterable[tuple[float, float, str]], end_s: float) -> lemf.IntervalTier:
    """Return a tier without gaps; what reaches beyond its ends or into the next span is cut."""
    intervals: list[lemf.Interval] = []
    reached_s = 0.0
    for start_s, stop_s, label in spans:
        low_s, high_s = max(start_s, reached_s), min(stop_s, end_s)
        if high_s <= low_s:
            continue
        if low_s > reached_s:
            intervals.append(lemf.Interval(reached_s, low_s, ""))
        intervals.append(lemf.Interval(low_s, high_s, label))
        reached_s = high_s
    if reached_s < end_s:
        intervals.append(lemf.Interval(reached_s, end_s, ""))
    return lemf.IntervalTier(name, 0.0, end_s, tuple(intervals))
