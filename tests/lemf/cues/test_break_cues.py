"""The pause, final lengthening and reset of F0 after each word."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemf.cues.break_cues import f0_resets, final_lengthening, pauses_after
from lemf.cues.phone_norms import PhoneNorms
from lemf.reading.alignment import Phone, Word

ATOL = 1e-9
NORMS = PhoneNorms({"a": np.log(0.1), "t": np.log(0.05)}, np.log(0.08))


def word(start_s, *phones, by_length=False):
    placed, end_s = [], start_s
    for label, duration_s in phones:
        placed.append(Phone(label, end_s, end_s + duration_s))
        end_s += duration_s
    return Word("x", start_s, end_s, tuple(placed), by_length)


def test_pauses_end_with_the_last_word_and_overlaps_are_none():
    pauses_s = pauses_after(np.array([0.0, 0.5, 0.9]), np.array([0.3, 1.0, 1.2]))
    np.testing.assert_allclose(pauses_s, [0.2, 0.0, np.nan], atol=ATOL)
    assert np.isnan(pauses_after(np.array([0.0]), np.array([1.0]))).all()


def test_only_the_rhyme_counts_and_its_excess_is_in_average_phones():
    words = [word(0.0, ("t", 0.5), ("a", 0.18), ("t", 0.05)), word(1.0, ("t", 0.05), ("a", 0.1))]
    np.testing.assert_allclose(final_lengthening(words, NORMS, {"a"}), [1.0, 0.0], atol=ATOL)


def test_without_a_vowel_all_phones_count_and_without_phones_none():
    words = [word(0.0, ("t", 0.09), ("t", 0.09)), word(1.0), word(2, ("a", 0.3), by_length=True)]
    found = final_lengthening(words, NORMS, {"a"})
    np.testing.assert_allclose(found, [1.0, np.nan, np.nan], atol=ATOL)


def test_a_label_that_no_norm_knows_is_expected_as_an_average_phone():
    (found,) = final_lengthening([word(0.0, ("o", 0.16))], NORMS, {"o"})
    assert found == pytest.approx(1.0, abs=ATOL)


def test_the_reset_is_the_step_from_the_end_to_what_follows():
    semitones = np.concatenate([np.linspace(4, -4, 100), np.full(20, -4.0), np.full(120, 3.0)])
    clear = np.ones(240, dtype=bool)
    resets = f0_resets(semitones, clear, [slice(0, 120), slice(120, 180), slice(180, 240)])
    np.testing.assert_allclose(resets, [7.0, 0.0, np.nan], atol=ATOL)


def test_unclear_frames_tell_nothing():
    semitones, clear = np.zeros(90), np.ones(90, dtype=bool)
    semitones[25:35], clear[25:35] = 50.0, False
    spans = [slice(0, 30), slice(30, 60), slice(60, 90)]
    np.testing.assert_allclose(f0_resets(semitones, clear, spans), [0, 0, np.nan], atol=ATOL)
    clear[:30] = False
    assert np.isnan(f0_resets(semitones, clear, spans)[0])
    assert np.isnan(f0_resets(semitones, np.zeros(90, dtype=bool), spans)).all()


@given(st.lists(st.floats(-12, 12), min_size=40, max_size=80), st.floats(-24, 24))
def test_the_height_of_a_voice_changes_no_reset(semitones, shift_st):
    contour = np.array(semitones)
    spans = [slice(0, 15), slice(15, 15), slice(15, len(contour))]
    clear = np.arange(len(contour)) % 3 > 0
    found = f0_resets(contour, clear, spans)
    np.testing.assert_allclose(f0_resets(contour + shift_st, clear, spans), found, atol=ATOL)


@given(st.floats(0.5, 2.0))
def test_tempo_changes_no_lengthening(factor):
    slower = PhoneNorms(
        {label: value + np.log(factor) for label, value in NORMS.by_label.items()},
        NORMS.otherwise + np.log(factor),
    )
    phones = (("t", 0.07), ("a", 0.2), ("t", 0.06))
    stretched = tuple((label, factor * duration_s) for label, duration_s in phones)
    np.testing.assert_allclose(
        final_lengthening([word(0.0, *stretched)], slower, {"a"}),
        final_lengthening([word(0.0, *phones)], NORMS, {"a"}),
        atol=ATOL,
    )
