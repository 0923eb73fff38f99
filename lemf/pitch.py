"""F0 contours: PyWorld's Harvest (the paper's), or Praat's autocorrelation as a second opinion.

Convention: 0 Hz means unvoiced. Contours stand on the 5 ms axis of `lemf.frames`.
"""

from __future__ import annotations

import warnings

import numpy as np

from lemf.config import FRAME_PERIOD_S, PitchMethod
from lemf.errors import AudioError, MissingPackageError
from lemf.frames import FloatArray, count_frames, frame_times

_HARVEST_RATE_HZ = 8000.0  # Harvest works near this rate, whatever the recording's
_LARGEST_DECIMATION = 12
_PRAAT_PERIODS = 3  # Praat's window must hold three periods of the floor


def decimation_factor(rate_hz: int) -> int:
    """Give the whole number by which Harvest divides the sampling rate."""
    return max(min(int(rate_hz / _HARVEST_RATE_HZ + 0.5), _LARGEST_DECIMATION), 1)


def f0_contour(
    samples: FloatArray,
    rate_hz: int,
    *,
    method: PitchMethod = "harvest",
    floor_hz: float = 71.0,
    ceiling_hz: float = 800.0,
) -> FloatArray:
    """Track F0.

    Parameters
    ----------
    samples : (samples,) float64
        Finite, at least one.
    rate_hz : int
    method : {"harvest", "praat"}
    floor_hz, ceiling_hz : float
        Range of the search.

    Returns
    -------
    (frames,) float64
        F0 in Hz every 5 ms from 0 s on; 0 where unvoiced.

    Raises
    ------
    AudioError
        The recording is too short for Praat's window.
    MissingPackageError
        ``method="praat"`` without parselmouth.
    """
    if method == "praat":
        return _praat(samples, rate_hz, floor_hz, ceiling_hz)
    return _harvest(samples, rate_hz, floor_hz, ceiling_hz)


def _harvest(samples: FloatArray, rate_hz: int, floor_hz: float, ceiling_hz: float) -> FloatArray:
    with warnings.catch_warnings():  # pyworld 0.3.5 imports the deprecated pkg_resources
        warnings.simplefilter("ignore")
        import pyworld

    f0_hz, _ = pyworld.harvest(
        np.ascontiguousarray(samples, dtype=np.float64),
        rate_hz,
        f0_floor=floor_hz,
        f0_ceil=ceiling_hz,
        frame_period=1000.0 * FRAME_PERIOD_S,
    )
    return np.asarray(f0_hz, dtype=np.float64)


def _praat(samples: FloatArray, rate_hz: int, floor_hz: float, ceiling_hz: float) -> FloatArray:
    """Praat's pitch at the nearest of its own frames, which are 5 ms apart but start elsewhere."""
    try:
        import parselmouth
    except ImportError:
        raise MissingPackageError(
            "--pitch praat needs parselmouth: pip install 'lemf[praat]'"
        ) from None
    n_frames = count_frames(len(samples), rate_hz)
    sound = parselmouth.Sound(samples, sampling_frequency=rate_hz)
    try:
        pitch = sound.to_pitch_ac(
            time_step=FRAME_PERIOD_S, pitch_floor=floor_hz, pitch_ceiling=ceiling_hz
        )
    except parselmouth.PraatError as error:
        shortest_s = _PRAAT_PERIODS / floor_hz
        raise AudioError(
            f"{len(samples) / rate_hz:.3f} s of audio are too short for Praat's pitch with a floor "
            f"of {floor_hz:g} Hz, which takes {shortest_s:.3f} s; raise the floor by --pitch-range"
        ) from error
    times_s = pitch.xs()
    nearest = np.rint((frame_times(n_frames) - times_s[0]) / pitch.dx).astype(np.int64)
    inside = (nearest >= 0) & (nearest < len(times_s))
    f0_hz = np.zeros(n_frames)
    f0_hz[inside] = pitch.selected_array["frequency"][nearest[inside]]
    return f0_hz
