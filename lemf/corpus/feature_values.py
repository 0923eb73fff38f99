"""What the features of a recording hold if it can be scored: limits of values, order of times."""

from __future__ import annotations

import numpy as np

from lemf.config import END_TOLERANCE_S, FRAME_PERIOD_S, HIGHEST_CEILING_HZ
from lemf.contours.measurement import Measurement
from lemf.errors import shown

_LARGEST = {  # of the values of each contour; the smallest is 0
    "f0_hz": 2 * HIGHEST_CEILING_HZ,  # smoothing may pass the ceiling
    "energy": 1e100,  # whose squares can be added
    "mid_energy": 1e100,
    "periodicity": 1.0,
}
_ORDER_TOLERANCE_S = 1e-3  # neighbours may overlap by rounded times


def find_fault(measured: Measurement) -> str | None:
    """Describe the first value of a measurement that no recording has.

    Parameters
    ----------
    measured : Measurement
        With detail.

    Returns
    -------
    str or None
        Such as ``"energy -1 at 0.250 s"``; None if there is no fault.
    """
    if not (0 < measured.duration_s < np.inf and measured.rate_hz > 0):
        return f"{measured.duration_s} s at {measured.rate_hz} Hz"
    return _find_contour_fault(measured) or _find_word_fault(measured)


def _find_contour_fault(measured: Measurement) -> str | None:
    contours, detail = measured.contours, measured.contours.detail
    n_frames = len(contours.f0_hz)
    if abs(n_frames - 1 - measured.duration_s / FRAME_PERIOD_S) > 1:
        return f"{n_frames} frames in {measured.duration_s:.3f} s"
    for name, largest in _LARGEST.items():
        values = getattr(contours if hasattr(contours, name) else detail, name)
        if len(values) != n_frames:
            return f"{len(values)} frames of {name} beside {n_frames} of f0_hz"
        wrong = ~((values >= 0) & (values <= largest))  # true for NaN
        if wrong.any():
            frame = int(wrong.argmax())
            return f"{name} {values[frame]:g} at {frame * FRAME_PERIOD_S:.3f} s"
    return None


def _find_word_fault(measured: Measurement) -> str | None:
    words = [word for sentence in measured.alignment.sentences for word in sentence]
    phones = [(word, phone) for word in words for phone in word.phones]
    if not words:
        return "no word"
    spans = np.array([(word.start_s, word.end_s) for word in words])  # (words, 2)
    inside = (spans[:, 0] < spans[:, 1]) & (spans[:, 0] >= -END_TOLERANCE_S)
    inside &= spans[:, 1] <= measured.duration_s + END_TOLERANCE_S
    inside[1:] &= spans[1:, 0] >= spans[:-1, 0] - _ORDER_TOLERANCE_S
    if not inside.all():
        word = words[int(inside.argmin())]
        return f"word {shown(word.text)} {_span(word.start_s, word.end_s)}"
    for word in words:
        if word.confidence is not None and not 0 <= word.confidence <= 1:
            return f"a confidence of {word.confidence:g} of word {shown(word.text)}"
    spans = np.array([(p.start_s, p.end_s, w.start_s, w.end_s) for w, p in phones]).reshape(-1, 4)
    inside = np.isfinite(spans).all(axis=1) & (spans[:, 0] < spans[:, 1])
    inside &= (spans[:, 0] < spans[:, 3]) & (spans[:, 1] > spans[:, 2])
    if not inside.all():
        word, phone = phones[int(inside.argmin())]
        where = _span(phone.start_s, phone.end_s)
        return f"phone {shown(phone.label)} {where} of word {shown(word.text)}"
    return None


def _span(start_s: float, end_s: float) -> str:
    return f"from {start_s:.10g} to {end_s:.10g} s"
