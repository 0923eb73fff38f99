"""Contours of F0, voicing and energy at 20 ms: from the table of ``lemf batch --features``.

Frame t covers the 20 ms from t * 20 ms, as WavLM's does, which sees 5 ms more. The values are not
normalised over speaker or recording: semitones above 100 Hz, the share that is voiced, and dB.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from numpy.typing import NDArray

from lemf import FRAME_PERIOD_S, Interval, IntervalTier, Settings, TextGrid, read_audio, score
from msfser.config.settings import DataConfig, ModelConfig
from msfser.errors import DataError
from msfser.manifest import Manifest, Utterance
from msfser.parquet import read_parquet

Float32Array = NDArray[np.float32]
FloatArray = NDArray[np.float64]

CONTOUR_FRAME_SAMPLES = 320  # at 16 kHz, as of WavLM

_PER_FRAME = round(0.02 / FRAME_PERIOD_S)  # frames of lemf in one of these
_BASE_HZ = 100.0
_LEAST_ENERGY = 1e-3
_COLUMNS = ("id", "f0_hz", "energy")
_COMMAND = "lemf batch --features"


@dataclass(frozen=True, eq=False)
class ContourTable:
    """The contours of recordings by their ids in lemf; each (frames, 3) float32."""

    path: Path
    by_id: Mapping[str, Float32Array]

    def find(self, manifest: Manifest, utterances: Sequence[Utterance]) -> list[Float32Array]:
        """Find the contours of utterances by their ids, or by the paths of their recordings.

        Raises
        ------
        DataError
            An utterance has none.
        """
        return [self._find(manifest.wav_path(row), row.id) for row in utterances]

    def _find(self, wav: Path, name: str) -> Float32Array:
        parts = PurePosixPath(wav.with_suffix("").as_posix()).parts
        names = (name, *("/".join(parts[start:]) for start in range(len(parts))))
        for one in names:
            if one in self.by_id:
                return self.by_id[one]
        raise DataError(
            f"{self.path}: no contours of {name!r} ({wav.name}); run lemf batch over all recordings"
        )


def read_contours(folder: Path, name: str) -> ContourTable:
    """Read the contours of a corpus.

    Parameters
    ----------
    folder : Path
        Of the corpus.
    name : str
        Path of the table that ``lemf batch --features`` wrote; relative to the folder.

    Raises
    ------
    DataError
        The table is missing or damaged, or a contour holds values that no recording has.
    """
    path = folder / Path(name).expanduser()
    if not path.exists():
        raise DataError(
            f"{path}: no such file; the model reads contours: make them with lemf batch "
            f"RECORDINGS -o scores.parquet --features {path}"
        )
    table, _ = read_parquet(path, _COLUMNS, DataError, _COMMAND, by_others=True)
    contours: dict[str, Float32Array] = {}
    columns = (table[column].to_pylist() for column in _COLUMNS)
    for row, (one, f0_hz, energy) in enumerate(zip(*columns, strict=True), 1):
        f0, level = (np.asarray(values, dtype=np.float64) for values in (f0_hz, energy))
        if f0.ndim != 1 or f0.shape != level.shape or not _can_be(f0) or not _can_be(level):
            raise DataError(
                f"{path}: row {row}, {one!r}: F0 and energy must be as many numbers, 0 or more; "
                f"make it with {_COMMAND}"
            )
        contours[str(one)] = frame_contours(f0, level)
    return ContourTable(path, contours)


def contours_of(data: DataConfig, model: ModelConfig, folder: Path) -> ContourTable | None:
    """Read the contours of a corpus where a model reads them; errors as `read_contours`."""
    return None if model.contours == "none" else read_contours(folder, data.contours)


def frame_contours(f0_hz: FloatArray, energy: FloatArray) -> Float32Array:
    """Compute frames of 20 ms from contours on lemf's axis of 5 ms.

    Parameters
    ----------
    f0_hz : (frames of 5 ms,) float64
        0 where unvoiced.
    energy : (frames of 5 ms,) float64

    Returns
    -------
    (frames of 20 ms, 3) float32
        Mean F0 in semitones above 100 Hz where voiced, 0 in frames without; share that is voiced;
        20 log10 of the mean energy, at least -60.
    """
    missing = -len(f0_hz) % _PER_FRAME
    f0, level = (
        np.pad(values, (0, missing), mode="edge").reshape(-1, _PER_FRAME)
        for values in (f0_hz, energy)
    )
    voiced = f0 > 0
    semitones = 12 * np.log2(np.where(voiced, f0, _BASE_HZ) / _BASE_HZ)
    pitch = semitones.sum(axis=1) / np.maximum(voiced.sum(axis=1), 1)
    level_db = 20 * np.log10(np.maximum(level.mean(axis=1), _LEAST_ENERGY))
    return np.stack([pitch, voiced.mean(axis=1), level_db], axis=1).astype(np.float32)


def measure_contours(wav: Path) -> Float32Array:
    """Measure the contours of a recording as ``lemf batch`` does; (frames, 3) float32.

    Raises
    ------
    lemf.LemfError
        The recording cannot be used.
    """
    audio = read_audio(wav)
    end_s = audio.n_samples / audio.rate_hz
    whole = IntervalTier("words", 0.0, end_s, (Interval(0.0, end_s, "whole"),))  # one word
    settings = Settings(duration="word")
    found = score(audio, TextGrid(0.0, end_s, (whole,)), settings=settings).contours
    return frame_contours(found.f0_hz, found.energy)


def cut_contours(contours: Float32Array, start: int, n_samples: int) -> Float32Array:
    """Cut the frames of a stretch of samples out of those of a recording.

    Parameters
    ----------
    contours : (frames, 3) float32
    start, n_samples : int
        The stretch, in samples at 16 kHz.

    Returns
    -------
    (ceil(n_samples / 320), 3) float32
        The last frame is repeated where the recording has fewer.
    """
    first = min(round(start / CONTOUR_FRAME_SAMPLES), len(contours) - 1)
    n_frames = -(-n_samples // CONTOUR_FRAME_SAMPLES)
    cut = contours[first : first + n_frames]
    return np.pad(cut, ((0, n_frames - len(cut)), (0, 0)), mode="edge")


def _can_be(values: FloatArray) -> bool:
    return len(values) > 0 and bool(np.isfinite(values).all() and (values >= 0).all())
