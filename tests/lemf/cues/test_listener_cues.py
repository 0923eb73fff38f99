"""Each cue on contours worked out by hand."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from lemf.config import CUE_SETS, CUES
from lemf.contours.contours import Contours
from lemf.cues.duration_cues import log_phones, long_phones
from lemf.cues.loudness_cues import energy_peak, level_db, loudness, loudness_peak, spectral_balance
from lemf.cues.phone_norms import PhoneNorms
from lemf.cues.pitch_cues import pitch_area, pitch_contrast, pitch_peak, pitch_range
from lemf.cues.pooling import densest, highest, percentile
from lemf.cues.sentence_contours import SentenceContours
from lemf.cues.wavelet import wavelet_prominence
from lemf.cues.word_cues import word_cues
from lemf.reading.alignment import Phone, Word

ATOL = 1e-12
N = 300
SPANS = (slice(0, 100), slice(100, 200), slice(200, 200), slice(200, 300))
EXPECTED = PhoneNorms({}, 0.0)
VOWELS = {"a"}
CONTOURS = Contours(0.005 * np.arange(N), np.full(N, 100.0), np.ones(N))


def word(label, start_s, end_s, *phones_s):
    """A word of vowels that touch each other."""
    edges_s = start_s + np.cumsum([0.0, *phones_s])
    phones = tuple(Phone("a", *map(float, edge_s)) for edge_s in pairwise(edges_s))
    return Word(label, start_s, end_s, phones)


WORDS = [
    word("a", 0.0, 0.5, 0.1, 0.2, 0.3),
    word("b", 0.5, 1.0, 0.2),
    word("short", 1.0, 1.001),
    word("c", 1.0, 1.5, 0.05, 0.45, 0.15, 0.25),
]


def sentence(semitones=0.0, baseline=0.0, energy=1.0, mid_energy=1.0, clear=True):
    def contour(values):
        return np.array(np.broadcast_to(values, N), dtype=float)

    mid_energy = contour(mid_energy)
    return SentenceContours(
        SPANS,
        contour(semitones),
        contour(baseline),
        np.array(np.broadcast_to(clear, N)),
        (mid_energy / mid_energy.max()) ** 0.6,
        contour(energy),
        mid_energy,
        0.005 * np.arange(N),
    )


def step(values):
    """One value per word of 100 frames."""
    return np.repeat(values, 100)


def test_the_densest_stretch_is_no_longer_than_a_syllable():
    values = np.zeros(200)
    values[10:30], values[120:200] = 2.0, 1.0
    spans = [slice(0, 100), slice(100, 200), slice(60, 65), slice(5, 5), slice(110, 190)]
    np.testing.assert_allclose(densest(values, spans), [40, 60, 0, np.nan, 60], rtol=0, atol=ATOL)


def test_highest_and_percentile():
    values = np.array([1.0, 5.0, np.nan, 3.0, 2.0])
    spans = [slice(0, 2), slice(3, 5), slice(3, 3)]
    assert highest(values, spans)[:2].tolist() == [5.0, 3.0]
    assert np.isnan(highest(values, spans)[2])
    assert percentile(values, [slice(0, 5), slice(2, 3)], 50)[0] == 2.5
    assert np.isnan(percentile(values, [slice(0, 5), slice(2, 3)], 50)[1])


def test_pitch_area_is_semitones_over_the_baseline_times_loudness_times_a_syllable():
    mid_energy = step([1.0, 1.0, 0.5])
    areas = pitch_area(sentence(step([3.0, -1.0, 3.0]), 1.0, mid_energy=mid_energy))
    expected = [2.0 * 0.3, 0.0, np.nan, 2.0 * 0.3 * 0.5**0.6]
    np.testing.assert_allclose(areas, expected, rtol=0, atol=ATOL)


def test_pitch_contrast_prefers_a_local_hill_to_a_high_plateau():
    t = np.arange(N)
    hill = 3.0 * np.exp(-((t - 149.5) ** 2) / (2 * 20.0**2))
    contrast = pitch_contrast(sentence(hill))
    assert contrast[1] > 3.0
    assert contrast[0] == pytest.approx(contrast[3], abs=1e-6)
    np.testing.assert_allclose(pitch_contrast(sentence(7.0))[[0, 1, 3]], 0.0, rtol=0, atol=1e-9)
    np.testing.assert_allclose(
        pitch_contrast(sentence(hill + 7.0))[[0, 1, 3]], contrast[[0, 1, 3]], rtol=0, atol=1e-9
    )


@pytest.mark.parametrize("width", [8.0, 20.0, 35.0])
def test_pitch_contrast_of_one_hill_is_what_calculus_gives(width):
    """A Gaussian hill of 1 semitone, at 70, 100, 140 and 200 ms: s^2 w / (w^2 + s^2)^1.5 each."""
    hill = np.exp(-((np.arange(N) - 150) ** 2) / (2 * width**2))
    scales_frames = np.array([70, 100, 140, 200]) / 5
    tops = scales_frames**2 * width / (width**2 + scales_frames**2) ** 1.5
    assert pitch_contrast(sentence(hill))[1] == pytest.approx(tops.sum(), rel=1e-3)


def test_pitch_peak_and_range_see_only_what_is_clear():
    semitones = np.tile(np.linspace(0.0, 10.0, 101)[:100], 3)
    clear = np.ones(N, bool)
    clear[100:200] = False
    measured = sentence(semitones, clear=clear)
    np.testing.assert_allclose(
        pitch_peak(measured), [9.405, np.nan, np.nan, 9.405], rtol=0, atol=1e-9
    )
    np.testing.assert_allclose(
        pitch_range(measured), [8.91, np.nan, np.nan, 8.91], rtol=0, atol=1e-9
    )


def test_loudness_is_seconds_at_full_loudness():
    mid_energy = step([1.0, 0.25, 0.0])
    mid_energy[90:200] = 0.25
    mid_energy[50:90] = 0.0
    values = loudness(sentence(mid_energy=mid_energy))
    np.testing.assert_allclose(
        values, [0.005 * 50, 0.3 * 0.25**0.6, np.nan, 0.0], rtol=0, atol=ATOL
    )


def test_peaks_are_decibels_below_the_loudest():
    energy = step([0.1, 1.0, 0.01])
    peaks = energy_peak(sentence(energy=energy))
    # the mean of nine frames reaches four of the next, or the last, word
    expected = [-20 + 20 * 4 / 9, 0.0, np.nan, -40 + 40 * 4 / 9]
    np.testing.assert_allclose(peaks, expected, rtol=0, atol=1e-9)
    np.testing.assert_array_equal(peaks, loudness_peak(sentence(mid_energy=energy)))


def test_levels_go_down_to_120_db_below_the_loudest():
    levels = level_db(step([1.0, 1e-5, 0.0]))
    np.testing.assert_allclose(levels[[50, 150, 250]], [0, -100, -120], rtol=0, atol=1e-9)


def test_spectral_balance_looks_at_the_loud_part():
    energy, mid_energy = step([1.0, 1.0, 1.0]), step([0.1, 0.5, 0.0])
    energy[:50] = 0.4  # more than 6 dB below
    mid_energy[:50] = 0.4
    balance = spectral_balance(sentence(energy=energy, mid_energy=mid_energy))
    expected = [-20.0, 20 * np.log10(0.5), np.nan, np.nan]
    np.testing.assert_allclose(balance, expected, rtol=0, atol=1e-9)


def test_durations_of_phones():
    np.testing.assert_allclose(long_phones(WORDS), [0.25, 0.2, np.nan, 0.35], rtol=0, atol=ATOL)
    assert log_phones(WORDS)[1] == pytest.approx(np.log(0.2), abs=ATOL)
    np.testing.assert_allclose(
        long_phones([replace(word, by_length=True) for word in WORDS]),
        [0.5, 0.5, 0.001, 0.5],
        rtol=0,
        atol=ATOL,
    )


def test_wavelet_prominence_is_highest_where_all_three_rise():
    t = np.arange(N)
    hill = np.exp(-((t - 150) ** 2) / (2 * 25.0**2))
    measured = sentence(3 * hill, mid_energy=0.1 + hill)
    prominence = wavelet_prominence([replace(word, by_length=True) for word in WORDS], measured)
    assert np.nanargmax(prominence) == 1
    assert np.isnan(prominence[2])
    words = [WORDS[1], WORDS[1], WORDS[2], WORDS[1]]
    flat = wavelet_prominence(words, sentence())
    np.testing.assert_allclose(flat, [0.0, 0.0, np.nan, 0.0], rtol=0, atol=1e-9)


@pytest.mark.parametrize("contour", ["semitones", "mid_energy"])
def test_wavelet_prominence_of_one_hill_is_what_calculus_gives(contour):
    """The transforms of exp(-t^2 / 2 w^2) at their tops: s^2 w / (w^2 + s^2)^1.5."""
    t, width = np.arange(N) - 150, 12.0
    hill = np.exp(-(t**2) / (2 * width**2))
    power = 0.6 if contour == "mid_energy" else 1.0
    measured = sentence(**{contour: hill ** (1 / power)})
    words = [WORDS[1], WORDS[1], WORDS[2], WORDS[1]]  # of equal durations
    tops = [s**2 * width / (width**2 + s**2) ** 1.5 for s in (20.0, 28.0, 40.0, 56.0)]
    found = wavelet_prominence(words, measured)[1]
    assert found == pytest.approx(sum(tops) / hill.std(), rel=1e-3)


def test_wavelet_prominence_sees_a_long_word():
    prominence = wavelet_prominence(WORDS, sentence())
    assert np.nanargmax(prominence) == 3  # of 0.35 s, after 0.25 and 0.2 s
    assert prominence[3] > prominence[0] > prominence[1]


def test_every_name_of_the_sets_is_measured():
    measured = sentence(step([0.0, 2.0, 1.0]))
    values = word_cues(CUES, WORDS, CONTOURS, measured, EXPECTED, VOWELS)
    assert list(values) == list(CUES) == list(CUE_SETS["all"])
    assert {cue.shape for cue in values.values()} == {(4,)}
    for name, cue in values.items():
        assert np.isfinite(cue[[0, 1, 3]]).all(), name


def test_without_clear_f0_only_pitch_is_missing():
    unclear = sentence(np.nan, np.nan, clear=False)
    values = word_cues(CUE_SETS["listeners"], WORDS, CONTOURS, unclear, EXPECTED, VOWELS)
    assert np.isnan(values["pitch_area"]).all()
    assert np.isnan(values["pitch_contrast"]).all()
    assert np.isfinite(values["loudness"][[0, 1, 3]]).all()


def test_a_sentence_shorter_than_a_frame_has_nothing_to_measure():
    nothing = np.zeros(0)
    empty = SentenceContours(
        (slice(0, 0),), nothing, nothing, nothing.astype(bool), nothing, nothing, nothing, nothing
    )
    words = [Word("a", 0.001, 0.002)]
    for name, cue in word_cues(CUES, words, CONTOURS, empty, EXPECTED, VOWELS).items():
        assert np.isnan(cue).all(), name
