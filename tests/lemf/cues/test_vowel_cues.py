"""Vowel cues on contours worked out by hand: two words of 0.5 s, 100 frames each."""

from dataclasses import replace

import numpy as np
import pytest

from lemf.cues.sentence_contours import SentenceContours
from lemf.cues.vowels import vowel_duration, vowel_loudness, vowel_pitch
from lemf.reading.alignment import Phone, Word

N = 200
VOWELS = {"o", "@", "E", "a"}
WORDS = [
    Word("sofa", 0.0, 0.5, (Phone("s", 0, 0.1), Phone("o", 0.1, 0.2), Phone("@", 0.2, 0.5))),
    Word("pst", 0.5, 0.75, (Phone("p", 0.5, 0.6), Phone("s", 0.6, 0.75))),
    Word("eh", 0.75, 1.0, (Phone("E", 0.75, 1.0),)),
    Word("unknown", 1.0, 1.0),
]


def make_sentence(semitones=0.0, clear=True, mid_energy=1.0):
    def contour(values):
        return np.array(np.broadcast_to(values, N), dtype=float)

    spans = (slice(0, 100), slice(100, 150), slice(150, 200), slice(200, 200))
    return SentenceContours(
        spans=spans,
        semitones=contour(semitones),
        baseline=contour(0.0),
        clear=np.array(np.broadcast_to(clear, N)),
        loudness=contour(1.0),
        energy=contour(1.0),
        mid_energy=contour(mid_energy),
        times_s=0.005 * np.arange(N),
    )


def test_the_longest_vowel_counts_and_no_consonant():
    np.testing.assert_allclose(
        vowel_duration(WORDS, VOWELS), [0.3, np.nan, 0.25, np.nan], atol=1e-12
    )


def test_pitch_is_the_mean_over_the_highest_vowel():
    semitones = np.zeros(N)
    semitones[:20] = 9.0  # in the s
    semitones[20:40] = [3.0, 5.0] * 10  # in the o
    semitones[150:200] = -2.0
    found = vowel_pitch(WORDS, make_sentence(semitones), VOWELS)
    np.testing.assert_allclose(found, [4.0, np.nan, -2.0, np.nan], atol=1e-12)


def test_only_clear_pitch_counts():
    clear = np.zeros(N, bool)
    clear[40:50] = True
    semitones = np.where(clear, 1.5, 7.0)
    found = vowel_pitch(WORDS, make_sentence(semitones, clear), VOWELS)
    np.testing.assert_allclose(found, [1.5, np.nan, np.nan, np.nan], atol=1e-12)


def test_loudness_is_the_mean_level_of_the_loudest_vowel():
    mid_energy = np.full(N, 0.1)
    mid_energy[110:150] = 1.0  # the loudest frames are no vowel's
    mid_energy[150:] = 0.01
    found = vowel_loudness(WORDS, make_sentence(mid_energy=mid_energy), VOWELS)
    assert found[0] == pytest.approx(-20.0, abs=1e-9)  # of the o, far from any edge
    assert np.isnan(found[[1, 3]]).all()
    # the mean over 45 ms lets four of the 50 frames of E hear the consonant before
    heard = sum(k / 9 for k in (4, 3, 2, 1)) / 50
    assert found[2] == pytest.approx(-40.0 + 40.0 * heard, abs=1e-9)


def test_gain_and_voice_height_do_not_matter():
    rng = np.random.default_rng(0)
    mid_energy = rng.uniform(0.01, 1.0, N)
    one = vowel_loudness(WORDS, make_sentence(mid_energy=mid_energy), VOWELS)
    other = vowel_loudness(WORDS, make_sentence(mid_energy=8 * mid_energy), VOWELS)
    np.testing.assert_allclose(one, other, atol=1e-9)


def test_a_vowel_shorter_than_a_frame_is_not_heard():
    words = [Word("a", 0.0, 0.004, (Phone("a", 0.001, 0.004),))]
    sentence = replace(make_sentence(), spans=(slice(1, 1),))
    assert np.isnan(vowel_pitch(words, sentence, VOWELS)).all()
    assert np.isnan(vowel_loudness(words, sentence, VOWELS)).all()
    assert vowel_duration(words, VOWELS)[0] == pytest.approx(0.003, abs=1e-12)
