import numpy as np
import pytest

from lemf.contours.contours import Contours
from lemf.cues.paper_cues import duration, energy, pitch, word_flags
from lemf.reading.alignment import Phone, Word

ATOL = 1e-12
CONTOURS = Contours(
    times_s=np.arange(8) * 0.005,
    f0_hz=np.array([0.0, 100.0, 120.0, 0.0, 90.0, 0.0, 0.0, 0.0]),
    energy=np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]),
)


def cues_of(word):
    return {
        "pitch": pitch([word], CONTOURS)[0],
        "energy": energy([word], CONTOURS)[0],
        "duration": duration([word])[0],
    }


def test_pooling_by_hand():
    cues = cues_of(Word("a", 0.005, 0.020, (Phone("x", 0.0, 0.1), Phone("y", 0.1, 0.4))))
    assert cues["pitch"] == pytest.approx(np.log(120.0), abs=ATOL)  # the highest, not the mean
    assert cues["energy"] == pytest.approx(3.0, abs=ATOL)  # frames 1, 2, 3
    assert cues["duration"] == pytest.approx(0.2, abs=ATOL)


def test_the_start_belongs_to_the_word_and_the_end_does_not():
    assert cues_of(Word("a", 0.010, 0.015))["energy"] == pytest.approx(3.0, abs=ATOL)
    assert cues_of(Word("a", 0.0101, 0.0151))["energy"] == pytest.approx(4.0, abs=ATOL)


@pytest.mark.parametrize("k", range(1, 400, 7))
def test_boundaries_written_in_decimals_fall_on_their_frame(k):
    contours = Contours(np.arange(500) * 0.005, np.zeros(500), np.arange(500.0))
    word = Word("a", float(f"{k * 5 / 1000:.3f}"), float(f"{(k + 2) * 5 / 1000:.3f}"))
    assert energy([word], contours)[0] == k + 0.5


def test_what_cannot_be_measured_is_nan_and_flagged():
    words = [
        Word("unvoiced", 0.025, 0.035, (Phone("x", 0.0, 0.01),)),
        Word("short", 0.0111, 0.0149, (Phone("x", 0.0, 0.01),)),
        Word("unknown", 0.005, 0.020),
        Word("late", 0.005, 0.0401, (Phone("x", 0.0, 0.01),)),
        Word("fine", 0.005, 0.020, (Phone("x", 0.0, 0.01),)),
    ]
    assert np.isnan(pitch(words, CONTOURS)).tolist() == [True, True, False, False, False]
    assert np.isnan(energy(words, CONTOURS)).tolist() == [False, True, False, False, False]
    assert np.isnan(duration(words)).tolist() == [False, False, True, False, False]
    flags = word_flags(words, CONTOURS, recording_s=0.04)
    assert flags == [("unvoiced",), ("no_frame",), ("unknown_word",), ("outside_audio",), ()]


def test_duration_of_the_word_needs_no_phones():
    word = Word("a", 0.005, 0.020, by_length=True)
    assert cues_of(word)["duration"] == pytest.approx(0.015, abs=ATOL)
    assert word_flags([word], CONTOURS, recording_s=0.04) == [()]
