"""Predictions over time as TextGrids: the values of each window, and the emphasised word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np

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
        Tiers ``valence``, ``arousal``, ``dominance``, of those that are predicted: one interval per
        window with the value on the scale of the corpus, and a star where it lies outside;
        ``emphasised`` and ``segment``: the word that lemf finds and its segment, where the words of
        the recording have times.
    """
    whole = prediction.whole
    if whole is None:
        raise ValueError(f"{prediction.wav}: {prediction.reason}")
    end_s = max([whole.end_s, *(one.end_s for one in prediction.windows)])
    tiers = [
        lemf.make_tier(
            name,
            [
                lemf.Interval(
                    one.start_s,
                    one.end_s,
                    f"{one.values[place]:.{_DECIMALS}f}{_star(name, one)}{_interval(place, one)}",
                )
                for one in prediction.windows or (whole,)
            ],
            0.0,
            end_s,
        )
        for place, name in enumerate(DIMENSIONS)
        if not np.isnan(whole.values[place])
    ]
    if (found := prediction.texts.emphasised) is not None:
        word = lemf.Interval(found.start_s, found.end_s, found.word)
        segment = lemf.Interval(found.segment_start_s, found.segment_end_s, found.segment)
        tiers += [
            lemf.make_tier("emphasised", [word], 0.0, end_s),
            lemf.make_tier("segment", [segment], 0.0, end_s),
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


def _interval(place: int, window: WindowPrediction) -> str:
    """Format the interval of a value, such as ``" (2.10 to 3.40)"``; empty without one."""
    if window.bounds is None or np.isnan(window.bounds[place]).any():
        return ""
    low, high = window.bounds[place]
    return f" ({low:.{_DECIMALS}f} to {high:.{_DECIMALS}f})"


def _star(dimension: str, window: WindowPrediction) -> str:
    return "*" if dimension in window.outside else ""
