"""Cues of duration, some corrected for pauses or for the usual length of each phone."""

from dataclasses import replace

import numpy as np
import pytest

from lemf.cues.duration_cues import FINAL_LENGTHENING, lengthening, long_phones, nonfinal_phones
from lemf.cues.phone_norms import PhoneNorms
from lemf.reading.alignment import Phone, Word

RTOL = 1e-12
VOWELS = {"a", "i"}


def word(start_s, *phones):
    """A word of phones that touch each other, such as ("a", 0.1)."""
    placed = []
    end_s = start_s
    for label, duration_s in phones:
        placed.append(Phone(label, end_s, end_s + duration_s))
        end_s += duration_s
    return Word("x", start_s, end_s, tuple(placed))


def test_the_rhyme_before_the_end_is_shortened():
    words = [
        word(0.0, ("t", 0.1), ("a", 0.2)),
        word(0.3, ("t", 0.3), ("a", 0.14), ("s", 0.07)),
    ]
    expected = [0.15, (0.3 + 0.1) / 2]
    np.testing.assert_allclose(nonfinal_phones(words, VOWELS), expected, rtol=RTOL)


def test_a_pause_inside_the_sentence_counts_and_a_gap_does_not():
    def first_of(gap_s):
        words = [word(0.0, ("a", 0.28)), word(0.28 + gap_s, ("a", 0.1))]
        return nonfinal_phones(words, VOWELS)[0]

    assert first_of(0.0) == first_of(0.14) == pytest.approx(0.28, rel=RTOL)
    assert first_of(0.16) == pytest.approx(0.28 / FINAL_LENGTHENING, rel=RTOL)


def test_a_gap_of_exactly_150_ms_is_a_pause():
    words = [word(0.0, ("a", 0.0625)), word(0.0625 + 0.15, ("a", 0.1))]
    assert words[1].start_s - words[0].end_s == 0.15  # exact: float64 adds these two without error
    assert nonfinal_phones(words, VOWELS)[0] == pytest.approx(0.0625 / 1.4, rel=RTOL)


def test_without_a_vowel_the_whole_word_is_shortened_and_without_phones_nothing_is():
    words = [word(0.0, ("s", 0.14), ("t", 0.28))]
    assert nonfinal_phones(words, VOWELS)[0] == pytest.approx(0.15, rel=RTOL)
    assert np.isnan(nonfinal_phones([Word("x", 0.0, 0.5)], VOWELS)[0])
    by_length = [Word("x", 0.0, 0.7, by_length=True)]
    assert nonfinal_phones(by_length, VOWELS)[0] == pytest.approx(0.5, rel=RTOL)
    by_length = [replace(one, by_length=True) for one in words]
    assert nonfinal_phones(by_length, VOWELS)[0] == pytest.approx(0.3, rel=RTOL)


def test_nonfinal_phones_are_long_phones_in_all_but_the_last_word():
    rng = np.random.default_rng(1)
    words, end_s = [], 0.0
    for _ in range(6):
        words.append(word(end_s, *zip("tasti", rng.uniform(0.02, 0.2, 5), strict=True)))
        end_s = words[-1].end_s
    plain, corrected = long_phones(words), nonfinal_phones(words, VOWELS)
    np.testing.assert_array_equal(plain[:-1], corrected[:-1])
    assert plain[-1] / FINAL_LENGTHENING <= corrected[-1] < plain[-1]


def test_lengthening_is_the_ln_of_the_two_most_lengthened_phones():
    usual = PhoneNorms({"a": np.log(0.1), "t": np.log(0.05)}, np.log(0.08))
    words = [
        word(0.0, ("t", 0.1), ("a", 0.1), ("x", 0.32)),  # ratios 2, 1, 4
        word(0.4, ("a", 0.1)),
        Word("x", 1.0, 1.1),
    ]
    found = lengthening(words, usual)
    np.testing.assert_allclose(found, [1.5 * np.log(2), 0.0, np.nan], atol=1e-12)


def test_lengthening_of_words_is_the_logarithm_of_their_length():
    words = [Word("x", 0.0, 0.5, by_length=True), Word("x", 0.5, 0.6, by_length=True)]
    found = lengthening(words, PhoneNorms({}, np.nan))
    np.testing.assert_allclose(found, np.log([0.5, 0.1]), rtol=RTOL)


def test_the_rate_of_speech_shifts_lengthening_of_all_words_alike():
    usual = PhoneNorms({"a": -2.0, "t": -3.0}, -2.5)
    slow = lengthening([word(0.0, ("t", 0.1), ("a", 0.3)), word(1.0, ("a", 0.2))], usual)
    fast = lengthening([word(0.0, ("t", 0.05), ("a", 0.15)), word(1.0, ("a", 0.1))], usual)
    np.testing.assert_allclose(slow - fast, np.log(2), atol=1e-12)
