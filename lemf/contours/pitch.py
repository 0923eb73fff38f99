"""F0 contours: Harvest (the paper's choice), or another opinion by Praat, SwiftF0 or pyworld.

Convention: 0 Hz means unvoiced. Contours are on the 5 ms axis of `lemf.reading.frames`. Harvest
is computed by the compiled code in `harvest/native`, or by `lemf.contours.harvest.fallback` where
that could not be built; both give pyworld's numbers.
"""

from __future__ import annotations

import warnings
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lemf.arrays import FloatArray
from lemf.config import FRAME_PERIOD_S, PITCH_CEILING_HZ, PITCH_FLOOR_HZ, PitchMethod, Settings
from lemf.errors import AudioError
from lemf.reading.frames import count_frames, frame_times
from lemf.runtime.extras import importing

_compiled: ModuleType | None
try:
    _compiled = import_module("lemf._harvest")
except ImportError:  # no compiler when lemf was installed
    _compiled = None

HARVEST_IS_COMPILED = _compiled is not None

_LOWEST_FLOOR_HZ = 10.0  # lower floors would take filters of seconds
_SWIFT_RATE_HZ, _SWIFT_PERIOD_S = 16000, 0.016  # of the samples that SwiftF0 hears, of its frames
_SWIFT_VOICED = 0.5  # confidence from which a frame of SwiftF0 is voiced, as it is calibrated
_LARGEST_SLOPE_OCTAVES = 0.5  # between neighbours of a coarser contour that are joined
_PACKAGES: dict[str, tuple[str, tuple[str, ...]]] = {  # what pip installs, and what is imported
    "praat": ("lemf[praat]", ("parselmouth",)),
    "swift": ("lemf[swift]", ("soxr", "swift_f0")),  # swift-f0 resamples by soxr
    "pyworld": ("lemf[world]", ("pyworld",)),
}
_PRAAT_PERIODS = 3  # Praat's window must hold three periods of the floor


def f0_contour(
    samples: FloatArray, rate_hz: int, settings: Settings, *, threads: int = 1
) -> FloatArray:
    """Track F0 by the method of the settings.

    Parameters
    ----------
    samples : (samples,) float64
        Finite, at least one.
    rate_hz : int
    settings : Settings
        Pitch method and range.
    threads : int
        Threads of `harvest`; the other methods use one.

    Returns
    -------
    (frames,) float64
        F0 in Hz every 5 ms from 0 s on; 0 where unvoiced.

    Raises
    ------
    AudioError
        The recording is too short for Praat's window.
    MissingPackageError
        ``pitch="praat"`` without parselmouth, ``"swift"`` without swift-f0, ``"pyworld"`` without
        pyworld.
    """
    floor_hz, ceiling_hz = settings.pitch_floor_hz, settings.pitch_ceiling_hz
    if settings.pitch == "praat":
        return _praat(samples, rate_hz, floor_hz, ceiling_hz)
    if settings.pitch == "swift":
        return _swift(samples, rate_hz, floor_hz, ceiling_hz)
    if settings.pitch == "pyworld":
        return _pyworld(samples, rate_hz, floor_hz, ceiling_hz)
    f0_hz, _ = harvest(samples, rate_hz, floor_hz=floor_hz, ceiling_hz=ceiling_hz, threads=threads)
    return f0_hz


def harvest(
    samples: NDArray[np.floating[Any]],
    rate_hz: int,
    *,
    floor_hz: float = PITCH_FLOOR_HZ,
    ceiling_hz: float = PITCH_CEILING_HZ,
    period_ms: float = 1000.0 * FRAME_PERIOD_S,
    threads: int = 1,
) -> tuple[FloatArray, FloatArray]:
    """Track F0 by Harvest (Morise 2017), with the numbers of ``pyworld.harvest``.

    Time and memory grow with the length. Other Python threads run meanwhile.

    Parameters
    ----------
    samples : (samples,) float
        Finite, at least one.
    rate_hz : int
    floor_hz, ceiling_hz : float
        Range of the search; the floor at least 10 Hz.
    period_ms : float
        Time from frame to frame. Harvest works at 1 ms inside, whatever the period.
    threads : int
        Threads to work in, at least 1. Their number does not change a bit of the result. Without
        the compiled extension there is always one.

    Returns
    -------
    f0_hz : (frames,) float64
        F0 in Hz; 0 where unvoiced.
    times_s : (frames,) float64
        From 0 s on.

    Raises
    ------
    ValueError
        No samples, more than one dimension, NaN or inf, an impossible range or period, no thread.

    References
    ----------
    M. Morise, "Harvest: A high-performance fundamental frequency estimator from speech signals",
    Interspeech 2017.
    """
    x = np.ascontiguousarray(samples, dtype=np.float64)
    if x.ndim != 1 or len(x) == 0:
        raise ValueError(f"samples of shape {x.shape}; expected (n,) with n of at least 1")
    if not np.isfinite(x).all():
        raise ValueError(
            "samples hold NaN or inf; remove them, since Harvest would call them unvoiced"
        )
    if not _LOWEST_FLOOR_HZ <= floor_hz < ceiling_hz < rate_hz / 2:
        raise ValueError(
            f"F0 range {floor_hz:g}-{ceiling_hz:g} Hz at a rate of {rate_hz} Hz; the floor must be "
            f"at least {_LOWEST_FLOOR_HZ:g} Hz and below the ceiling, and that below half the rate"
        )
    if not period_ms > 0:
        raise ValueError(f"a period of {period_ms} ms; the period must be positive")
    if threads < 1:
        raise ValueError(f"{threads} threads; the number must be at least 1")
    if _compiled is not None:
        each_ms = np.frombuffer(_compiled.harvest(x, rate_hz, floor_hz, ceiling_hz, threads))
    else:
        from lemf.contours.harvest.fallback import harvest_numpy

        each_ms = harvest_numpy(x, rate_hz, floor_hz=floor_hz, ceiling_hz=ceiling_hz)
    n_frames = int(1000.0 * len(x) / rate_hz / period_ms) + 1
    times_s = np.arange(n_frames, dtype=np.float64) * period_ms / 1000.0
    nearest = np.minimum((times_s * 1000.0 + 0.5).astype(np.int64), len(each_ms) - 1)
    return each_ms[nearest], times_s


def import_tracker(method: PitchMethod) -> None:
    """Import the package of a pitch tracker.

    Raises
    ------
    MissingPackageError
        The package is not installed.
    """
    requirement, packages = _PACKAGES.get(method, ("", ()))
    with importing(requirement):
        for package in packages:
            import_module(package)


def check_tracker(method: PitchMethod) -> None:
    """Check, before any work, that the package of a pitch tracker is installed.

    It is not loaded, which takes up to 75 MB in a process that tracks nothing itself.

    Raises
    ------
    MissingPackageError
        The package is not installed.
    """
    requirement, packages = _PACKAGES.get(method, ("", ()))
    with importing(requirement):
        for package in packages:
            if find_spec(package) is None:
                raise ModuleNotFoundError(name=package)


def _pyworld(samples: FloatArray, rate_hz: int, floor_hz: float, ceiling_hz: float) -> FloatArray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pyworld 0.3.5 imports the deprecated pkg_resources
        import_tracker("pyworld")
    import pyworld

    f0_hz, _ = pyworld.harvest(
        np.ascontiguousarray(samples, dtype=np.float64),
        rate_hz,
        f0_floor=floor_hz,
        f0_ceil=ceiling_hz,
        frame_period=1000.0 * FRAME_PERIOD_S,
    )
    return np.asarray(f0_hz, dtype=np.float64)


def resample_f0(f0_hz: FloatArray, period_s: float, times_s: FloatArray) -> FloatArray:
    """Resample a coarser F0 contour.

    A time is voiced if the nearest frame is voiced and at most half a period away. Between two
    voiced frames less than half an octave apart, log F0 is interpolated linearly; elsewhere F0 is
    that of the nearest frame, so that no value lies between an octave error and the rest.

    Parameters
    ----------
    f0_hz : (frames,) float64
        At 0 s, `period_s`, ...; 0 where unvoiced. At least one frame.
    period_s : float
    times_s : (times,) float64
        From 0 s on.

    Returns
    -------
    (times,) float64
        0 where unvoiced.
    """
    places = times_s / period_s
    nearest, below = np.rint(places).astype(np.int64), np.floor(places).astype(np.int64)
    held = np.append(f0_hz, np.zeros(max(int(below.max(initial=0)) + 2 - len(f0_hz), 1)))
    octaves = np.log2(np.where(held > 0, held, np.nan))
    slope = octaves[below + 1] - octaves[below]
    joined = np.exp2(octaves[below] + slope * (places - below))
    is_joined = np.abs(slope) < _LARGEST_SLOPE_OCTAVES  # False for NaN
    resampled: FloatArray = np.where(is_joined, joined, held[nearest])
    return resampled


def _swift(samples: FloatArray, rate_hz: int, floor_hz: float, ceiling_hz: float) -> FloatArray:
    """Track F0 by SwiftF0 at 16 kHz; its frames of 16 ms are resampled by `resample_f0`.

    Its voicing depends on the gain, so the samples are scaled to a peak of full scale.

    References
    ----------
    L. Nieradzik, "SwiftF0: Fast and accurate monophonic pitch detection", arXiv 2508.18440, 2025.
    """
    import_tracker("swift")
    import soxr
    import swift_f0

    n_frames = count_frames(len(samples), rate_hz)
    peak = np.abs(samples).max()
    scaled = (samples / peak if peak > 0 else samples).astype(np.float32)
    heard = soxr.resample(scaled, rate_hz, _SWIFT_RATE_HZ)
    if not len(heard):
        return np.zeros(n_frames)
    found = swift_f0.SwiftF0(threads=1).detect(
        heard, _SWIFT_RATE_HZ, fmin=floor_hz, fmax=ceiling_hz
    )
    f0_hz = np.where(found.confidence >= _SWIFT_VOICED, found.pitch_hz, 0.0)
    return resample_f0(f0_hz, _SWIFT_PERIOD_S, frame_times(n_frames))


def _praat(samples: FloatArray, rate_hz: int, floor_hz: float, ceiling_hz: float) -> FloatArray:
    """Track F0 by Praat, at the nearest of its frames, which are 5 ms apart but start elsewhere."""
    import_tracker("praat")
    import parselmouth

    n_frames = count_frames(len(samples), rate_hz)
    sound = parselmouth.Sound(samples, sampling_frequency=rate_hz)
    try:
        pitch = sound.to_pitch_ac(
            time_step=FRAME_PERIOD_S, pitch_floor=floor_hz, pitch_ceiling=ceiling_hz
        )
    except parselmouth.PraatError as error:
        shortest_s = _PRAAT_PERIODS / floor_hz
        raise AudioError(
            f"{len(samples) / rate_hz:.3f} s of audio is too short for Praat's pitch with a floor "
            f"of {floor_hz:g} Hz, which needs {shortest_s:.3f} s; raise the floor by --pitch-range"
        ) from error
    times_s = pitch.xs()
    nearest = np.rint((frame_times(n_frames) - times_s[0]) / pitch.dx).astype(np.int64)
    inside = (nearest >= 0) & (nearest < len(times_s))
    f0_hz = np.zeros(n_frames)
    f0_hz[inside] = pitch.selected_array["frequency"][nearest[inside]]
    return f0_hz
