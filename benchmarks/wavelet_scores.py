"""Scores of the wavelet prosody toolkit, as a file for `lemf evaluate --scores`.

    pip install 'lemf[ser]' librosa pypar yapecs scipy pycwt
    pip install --no-deps emphases==0.0.2
    python benchmarks/wavelet_scores.py LABELS -o wavelet.csv

F0, energy and the durations of words and phones are combined and transformed by wavelets, and the
lines of maximum amplitude in the transform tell how prominent a word is (Suni et al. 2017). The
toolkit is not on PyPI, but emphases holds its modules; the steps and constants here are those of
the toolkit's `prosody_labeller_batch.py` with its `configs/libritts.yaml`. What newer versions of
numpy and scipy lack is stood in for.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pypar
import scipy.ndimage
import scipy.signal
import soundfile
from emphases_scores import import_emphases
from numpy.typing import NDArray

import lemf
from lemf.agreement.labels.files import Label, read_labels
from lemf.reading.alignment import align

FloatArray = NDArray[np.float64]
FRAMES_HZ = 200
F0_HZ = (50, 400)
VOICING = 20
BAND_HZ = (400, 4000)
TIER_WEIGHTS = [0.5, 0.5]  # of words and phones
F0_WEIGHT, ENERGY_WEIGHT, DURATION_WEIGHT = 1.0, 0.5, 1.0  # powers: the type is "product"
EPSILON = 0.1  # of the toolkit's normalize_minmax
TREND_FRAMES = 800
OCTAVES, N_SCALES = 0.25, 40  # between scales
LOMA_OCTAVES = (-2, 1)  # about the scale of a word


def main() -> None:
    """Read labels, score their recordings, write one row per word."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("labels")
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    score_words = load_wavelet()
    with arguments.output.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["id", "index", "score"])
        for label in read_labels(arguments.labels):
            writer.writerows([label.id, i, value] for i, value in enumerate(score_words(label)))


class WithRange(np.ndarray):
    """An array with the method that numpy 2 has as a function only."""

    def ptp(self) -> float:
        """Return the largest value less the smallest."""
        return float(np.ptp(np.asarray(self)))


def load_wavelet() -> Callable[[Label], FloatArray]:
    """Return a function that gives the prominence of each word, 0 for one without a line."""

    def decimate(values: FloatArray, factor: int, *, zero_phase: bool) -> WithRange:
        return scipy.signal.decimate(values, factor, zero_phase=zero_phase).view(WithRange)

    scipy.signal.gaussian = scipy.signal.windows.gaussian
    tools = import_emphases().baselines.prominence
    tools.pitch_tracker.scipy = SimpleNamespace(
        signal=SimpleNamespace(decimate=decimate),
        ndimage=SimpleNamespace(
            gaussian_filter=scipy.ndimage.gaussian_filter, filters=scipy.ndimage
        ),
    )
    smooth = tools.smooth_and_interp

    def score(label: Label) -> FloatArray:
        samples, rate_hz = soundfile.read(label.audio, dtype="int16", always_2d=True)
        sound = samples[:, 0].astype(np.float64)
        words = read_words(label, len(sound) / rate_hz)

        energy = tools.energy_processing.extract_energy(sound, rate_hz, *BAND_HZ)
        energy = smooth.smooth(smooth.peak_smooth(np.cbrt(np.maximum(energy, 0) + 1), 30, 3), 10)
        f0 = tools.f0_processing.process(
            tools.pitch_tracker.inst_freq_pitch(sound, rate_hz, *F0_HZ, VOICING)
        )
        durations = tools.duration_processing.get_duration_signal(words, TIER_WEIGHTS, FRAMES_HZ)
        length = min(len(f0), len(energy), len(durations))
        combined = np.prod(
            [
                scaled(one[:length]) ** weight
                for one, weight in (
                    (f0, F0_WEIGHT),
                    (energy, ENERGY_WEIGHT),
                    (durations, DURATION_WEIGHT),
                )
            ],
            axis=0,
        )
        combined = smooth.remove_bias(combined, TREND_FRAMES)
        combined = (combined - np.mean(combined)) / np.std(combined)

        transform, _, scales_hz = tools.cwt_utils.cwt_analysis(
            combined,
            mother_name="mexican_hat",
            period=3,
            num_scales=N_SCALES,
            scale_distance=OCTAVES,
            apply_coi=True,
        )
        scales = FRAMES_HZ / scales_hz * 0.5
        own = int(np.argmin(np.abs(scales - FRAMES_HZ * words.end() / len(words))))
        low, high = (own + int(octaves / OCTAVES) for octaves in LOMA_OCTAVES)
        lines = tools.loma.get_loma(np.real(transform), scales, low, high)
        found = tools.loma.get_prominences(lines, words, rate=FRAMES_HZ)
        return np.array(
            [
                value
                for word, (_, value) in zip(words, found, strict=True)
                if str(word) != pypar.SILENCE
            ]
        )

    return score


def read_words(label: Label, duration_s: float) -> pypar.Alignment:
    """Return the words with their phones, and silence between them."""
    grid = lemf.read_textgrid(label.textgrid)
    (words,) = align(grid, lemf.Settings(), duration_s).sentences
    found, end_s = [], 0.0
    for word in (*words, None):
        start_s = word.start_s if word else duration_s
        if start_s > end_s:
            phones = [pypar.Phoneme(pypar.SILENCE, end_s, start_s)]
            found.append(pypar.Word(pypar.SILENCE, phones))
        if word:
            times_s = [word.start_s, *(phone.start_s for phone in word.phones[1:]), word.end_s]
            names = [phone.label for phone in word.phones] or [word.text]
            phones = [
                pypar.Phoneme(name, *edges)
                for name, edges in zip(names, pairwise(times_s), strict=True)
            ]
            found.append(pypar.Word(word.text, phones))
            end_s = word.end_s
    return pypar.Alignment(found)


def scaled(values: FloatArray) -> FloatArray:
    """Return values between about 0 and 1, as the toolkit scales them."""
    between: FloatArray = (values - np.min(values) + EPSILON) / np.ptp(values)
    return between


if __name__ == "__main__":
    main()
