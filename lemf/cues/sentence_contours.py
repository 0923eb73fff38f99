"""The contours of one sentence that the cues beyond the paper's read: clean and relative.

Frames are counted from the first frame of the sentence. All values are relative to the sentence,
so neither the gain of a recording nor the height of a voice matters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lemf.arrays import FloatArray
from lemf.config import FRAME_PERIOD_S
from lemf.contours.contours import Contours, Detail
from lemf.cues.pooling import median_of
from lemf.reading.alignment import Word
from lemf.reading.frames import frames_from

LEAST_PERIODICITY = 0.45  # Praat's threshold of voicing
LEAST_ENERGY = 0.2  # relative to the loudest 45 ms around: -14 dB
LARGEST_STEP_ST = 2.0  # from frame to frame; more is a jump of the tracker
EDGE_FRAMES = 2  # at either end of voicing, where trackers overshoot
FARTHEST_ST = 12.0  # from the median: an octave
LOUDNESS_EXPONENT = 0.6  # loudness over amplitude (Stevens 1957)
AROUND_FRAMES = round(1.0 / FRAME_PERIOD_S)  # on both sides: a phrase; declination cancels
_SMOOTHING_FRAMES = round(0.045 / FRAME_PERIOD_S)
_BASELINE_STEP = round(0.050 / FRAME_PERIOD_S)  # from one value of the baseline to the next


@dataclass(frozen=True, eq=False)
class SentenceContours:
    """The cleaned contours of one sentence.

    Attributes
    ----------
    spans : tuple of slice
        The frames of each word; empty for a word shorter than a frame.
    semitones : (frames,) float64
        F0 above its median, in semitones, interpolated where it is not clearly voiced; NaN
        where the sentence has no clearly voiced frame.
    baseline : (frames,) float64
        Median of the clearly voiced semitones within a second of the frame.
    clear : (frames,) bool
        Whether the frame is clearly voiced, so that `semitones` was measured.
    loudness : (frames,) float64
        (mid energy / its highest in the sentence) ** 0.6, from 0 to 1.
    energy, mid_energy : (frames,) float64
        As in `Contours` and `Detail`.
    times_s : (frames,) float64
        Centres of the frames in the recording.
    """

    spans: tuple[slice, ...]
    semitones: FloatArray
    baseline: FloatArray
    clear: NDArray[np.bool_]
    loudness: FloatArray
    energy: FloatArray
    mid_energy: FloatArray
    times_s: FloatArray


def cut_sentence(words: Sequence[Word], contours: Contours) -> SentenceContours:
    """Cut the contours of a recording to one sentence, and clean them.

    Parameters
    ----------
    words : sequence of Word
    contours : Contours
        Contours of the recording, with detail.

    Returns
    -------
    SentenceContours

    Raises
    ------
    ValueError
        The contours were measured without detail.
    """
    if contours.detail is None:
        raise ValueError("these cues need contours that were measured with_detail=True")
    edges_s = [(word.start_s, word.end_s) for word in words]
    frames = frames_from(edges_s, contours.times_s)
    first, stop = int(frames.min()), int(frames.max())
    inside = slice(first, stop)
    energy = contours.energy[inside]
    detail = Detail(contours.detail.mid_energy[inside], contours.detail.periodicity[inside])
    semitones = clear_semitones(contours.f0_hz[inside], energy, detail.periodicity)
    loudest = detail.mid_energy.max(initial=0.0)
    return SentenceContours(
        spans=tuple(slice(int(a) - first, int(b) - first) for a, b in frames),
        semitones=draw_through(semitones),
        baseline=running_median(semitones),
        clear=np.isfinite(semitones),
        loudness=(detail.mid_energy / (loudest or 1.0)) ** LOUDNESS_EXPONENT,
        energy=energy,
        mid_energy=detail.mid_energy,
        times_s=contours.times_s[inside],
    )


def clear_semitones(
    f0_hz: FloatArray,
    energy: FloatArray,
    periodicity: FloatArray,
    *,
    loud: NDArray[np.bool_] | None = None,
    edge_frames: int = EDGE_FRAMES,
) -> FloatArray:
    """Compute F0 where it is clearly heard, in semitones above its median.

    A frame is kept if its period shows in the signal, if it is less than 14 dB below the loudest 45
    ms within a second, if it is not among the first or last two frames of a smooth stretch of
    voicing (no step from frame to frame exceeds two semitones), and lies within an octave of the
    median. This excludes Harvest's voicing of noise, its overshoot in onsets and its octave errors.

    Parameters
    ----------
    f0_hz, energy, periodicity : (frames,) float64
        Of one sentence.
    loud : (frames,) bool, optional
        The frames that are loud enough, by another rule than that of 14 dB.
    edge_frames : int
        How many frames are left out at either end of voicing.

    Returns
    -------
    (frames,) float64
        NaN where F0 is not clear.
    """
    if loud is None:
        loud = energy >= LEAST_ENERGY * running_maximum(smooth(energy))
    heard = (f0_hz > 0) & (periodicity >= LEAST_PERIODICITY) & loud
    semitones = np.full(len(f0_hz), np.nan)
    semitones[heard] = 12.0 * np.log2(f0_hz[heard])
    steps = np.abs(np.diff(semitones, prepend=np.nan))
    for stretch in _smooth_stretches(heard, steps):
        semitones[stretch.start : stretch.start + edge_frames] = np.nan
        semitones[max(stretch.stop - edge_frames, stretch.start) : stretch.stop] = np.nan
    if not np.isfinite(semitones).any():
        return semitones
    semitones[np.abs(semitones - _known_median(semitones)) > FARTHEST_ST] = np.nan
    semitones -= _known_median(semitones)
    return semitones


def _known_median(values: FloatArray) -> float:
    """Return the median of the values that are not NaN; NaN if there are none."""
    known = np.sort(values[np.isfinite(values)])
    return median_of(known) if len(known) else np.nan


def smooth(values: FloatArray) -> FloatArray:
    """Compute the mean over the 45 ms around each frame, against clicks and bursts.

    Parameters
    ----------
    values : (frames,) float64
        Beyond the ends, the first and the last value count.
    """
    if not len(values):
        return values
    reach = _SMOOTHING_FRAMES // 2
    padded = np.concatenate([np.full(reach, values[0]), values, np.full(reach, values[-1])])
    return np.convolve(padded, np.full(_SMOOTHING_FRAMES, 1 / _SMOOTHING_FRAMES), mode="valid")


def running_maximum(values: FloatArray) -> FloatArray:
    """Compute the maximum of a contour within a second of each frame.

    Parameters
    ----------
    values : (frames,) float64
    """
    if not len(values):
        return values
    width = 2 * AROUND_FRAMES + 1
    beyond = np.full(AROUND_FRAMES, -np.inf)
    maxima, reach = np.concatenate([beyond, values, beyond]), 1
    while 2 * reach <= width:  # windows of 1, 2, 4 ... frames
        maxima, reach = np.maximum(maxima[:-reach], maxima[reach:]), 2 * reach
    maximum: FloatArray = np.maximum(maxima[: len(values)], maxima[width - reach :])
    return maximum


def running_median(values: FloatArray) -> FloatArray:
    """Compute the median of a contour within a second of each frame, without its gaps.

    The median is computed every 50 ms and interpolated linearly.

    Parameters
    ----------
    values : (frames,) float64
        NaN in the gaps; if all are NaN, they stay NaN.
    """
    known = np.flatnonzero(np.isfinite(values))
    places = np.arange(0, len(values), _BASELINE_STEP)
    lows = np.searchsorted(known, places - AROUND_FRAMES)
    highs = np.searchsorted(known, places + AROUND_FRAMES, side="right")
    medians = np.full(len(values), np.nan)
    measured = values[known]
    for place, low, high in zip(places, lows, highs, strict=True):
        if high > low:
            medians[place] = median_of(np.sort(measured[low:high]))
    return draw_through(medians)


def draw_through(values: FloatArray) -> FloatArray:
    """Interpolate the gaps of a contour linearly; its first and last value fill the ends.

    Parameters
    ----------
    values : (frames,) float64
        NaN in the gaps; if all are NaN, they stay NaN.
    """
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        return values
    drawn: FloatArray = np.interp(np.arange(len(values)), known, values[known])
    return drawn


def _smooth_stretches(heard: NDArray[np.bool_], steps: FloatArray) -> list[slice]:
    """Find the stretches of heard frames without a jump between them."""
    jumps = heard & ~(steps <= LARGEST_STEP_ST)  # the first heard frame has no step: NaN
    starts = np.flatnonzero(jumps)
    ends = np.flatnonzero(heard & ~np.append(heard[1:] & ~jumps[1:], False)) + 1
    return [slice(int(a), int(b)) for a, b in zip(starts, ends, strict=True)]
