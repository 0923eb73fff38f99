"""A long recording without its analysis."""

from __future__ import annotations

import numpy as np
import pytest

from lemf.config import FRAME_PERIOD_S
from lemf.contours.contours import Contours, Detail
from lemf.contours.measurement import Measurement
from lemf.reading.alignment import Alignment, Phone, Word


def build_measurement(n_sentences, n_words, *, seed=3, gap_s=0.6):
    """Words of 0.4 s in sentences, on contours drawn at random; each tenth word is unvoiced."""
    rng = np.random.default_rng(seed)
    sentences, at_s = [], 0.5
    for _ in range(n_sentences):
        words = []
        for _ in range(n_words):
            edges = at_s + np.cumsum([0.0, *rng.uniform(0.05, 0.15, 4)])
            phones = [
                Phone(label, float(a), float(b))
                for label, a, b in zip("tæst", edges, edges[1:], strict=False)
            ]
            words.append(Word("word", float(edges[0]), float(edges[-1]), tuple(phones)))
            at_s = float(edges[-1])
        sentences.append(tuple(words))
        at_s += gap_s
    n_frames = int(at_s / FRAME_PERIOD_S) + 1
    f0_hz = 120 * np.exp(np.cumsum(rng.normal(0, 0.01, n_frames)).clip(-1, 1))
    f0_hz[np.arange(n_frames) % 400 < 40] = 0.0
    energy = rng.uniform(0.1, 8.0, n_frames)
    detail = Detail(energy * rng.uniform(0.2, 0.9, n_frames), np.where(f0_hz > 0, 0.9, 0.0))
    contours = Contours(np.arange(n_frames) * FRAME_PERIOD_S, f0_hz, energy, detail)
    alignment = Alignment(tuple(sentences), "words", "phones")
    return Measurement("long.wav", "long.TextGrid", 16000, at_s, alignment, contours, ())


@pytest.fixture(scope="session")
def ten_minutes():
    """1500 words in 100 sentences, 10 minutes long."""
    return build_measurement(100, 15)


@pytest.fixture
def make_measurement():
    """`build_measurement`: numbers of sentences and words -> a measurement with detail."""
    return build_measurement
