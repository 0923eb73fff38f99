import numpy as np
import pytest

from lemf.contours.contours import Contours, Detail
from lemf.cues.sentence_contours import clear_semitones, cut_sentence, draw_through, running_median
from lemf.reading.alignment import Word

SEMITONE = 1e-9
N = 40


def clear(f0_hz, energy=1.0, periodicity=1.0):
    f0_hz = np.asarray(f0_hz, float)
    return clear_semitones(
        f0_hz, np.broadcast_to(energy, f0_hz.shape), np.broadcast_to(periodicity, f0_hz.shape)
    )


def test_semitones_are_above_the_median_and_lack_two_frames_at_each_edge():
    f0_hz = np.concatenate([np.zeros(5), np.full(11, 100.0), np.full(9, 105.0), np.zeros(5)])
    semitones = clear(f0_hz)
    assert np.flatnonzero(np.isfinite(semitones)).tolist() == list(range(7, 23))
    np.testing.assert_allclose(semitones[7:16], 0.0, rtol=0, atol=SEMITONE)  # 9 of 16: the median
    np.testing.assert_allclose(semitones[16:23], 12 * np.log2(1.05), rtol=0, atol=SEMITONE)


def test_a_jump_is_an_edge_and_a_short_stretch_is_dropped():
    f0_hz = np.concatenate([np.full(10, 100.0), np.full(10, 120.0), [0.0], np.full(4, 100.0)])
    kept = np.flatnonzero(np.isfinite(clear(f0_hz)))
    assert kept.tolist() == [*range(2, 8), *range(12, 18)]


@pytest.mark.parametrize(
    ("step_st", "kept"), [(1.9, [*range(2, 18)]), (2.1, [*range(2, 8), *range(12, 18)])]
)
def test_a_step_of_over_two_semitones_is_a_jump(step_st, kept):
    f0_hz = 100.0 * 2 ** (np.repeat([0.0, step_st], 10) / 12)
    assert np.flatnonzero(np.isfinite(clear(f0_hz))).tolist() == kept


def test_quiet_aperiodic_and_far_frames_are_dropped():
    f0_hz = np.full(N, 150.0)
    energy, periodicity = np.ones(N), np.ones(N)
    energy[:10], periodicity[30:] = 0.199, 0.44
    kept = clear_semitones(f0_hz, energy, periodicity)
    assert np.flatnonzero(np.isfinite(kept)).tolist() == list(range(12, 28))
    f0_hz[20:] = 301.0  # an octave and a little
    assert np.isfinite(clear(np.concatenate([f0_hz, f0_hz[:20]]))).sum() == 2 * 16


@pytest.mark.parametrize("f0_hz", [np.zeros(N), np.full(3, 100.0), np.zeros(0)])
def test_no_clear_frame_is_all_nan(f0_hz):
    assert np.isnan(clear(f0_hz)).all()


def test_gaps_are_interpolated_and_ends_held():
    values = np.array([np.nan, 1.0, np.nan, np.nan, 4.0, np.nan])
    assert draw_through(values).tolist() == [1.0, 1.0, 2.0, 3.0, 4.0, 4.0]
    assert np.isnan(draw_through(np.full(3, np.nan))).all()


def test_the_baseline_follows_a_step_of_the_voice():
    values = np.concatenate([np.full(1000, 5.0), np.full(1000, -5.0)])
    values[::7] = np.nan
    baseline = running_median(values)
    assert baseline[:790].min() == baseline[:790].max() == 5.0
    assert baseline[1210:].min() == baseline[1210:].max() == -5.0


def test_the_baseline_takes_a_step_within_50_ms_and_straight():
    baseline = running_median(np.repeat([0.0, 1.0], 500))
    assert baseline[490] == 0.0  # 210 frames of the lower half within a second, 191 of the upper
    assert baseline[500] == 1.0  # 200 and 201
    np.testing.assert_allclose(baseline[490:501], np.arange(11) / 10, rtol=0, atol=1e-12)


def test_a_frame_a_second_away_still_counts_for_the_baseline_on_either_side():
    values = np.full(201, np.nan)
    values[[0, 200]] = 0.0, 10.0  # 200 frames of 5 ms apart
    np.testing.assert_array_equal(running_median(values), 5.0)


def test_the_baseline_of_a_short_sentence_is_its_median():
    values = np.random.default_rng(0).normal(size=150)
    np.testing.assert_allclose(running_median(values), np.median(values), rtol=0, atol=SEMITONE)


def test_a_sentence_is_cut_by_its_words_and_is_relative():
    times_s = np.arange(100) * 0.005
    contours = Contours(
        times_s, np.full(100, 100.0), np.ones(100), Detail(np.arange(100.0), np.ones(100))
    )
    words = [Word("a", 0.1, 0.2), Word("b", 0.2, 0.2), Word("c", 0.25, 0.3)]
    sentence = cut_sentence(words, contours)
    assert sentence.spans == (slice(0, 20), slice(20, 20), slice(30, 40))
    assert sentence.mid_energy.tolist() == list(range(20, 60))
    assert sentence.loudness.max() == 1.0
    assert sentence.loudness[0] == pytest.approx((20 / 59) ** 0.6, abs=1e-12)
    assert sentence.clear[2:-2].all()


def test_silence_has_no_loudness():
    contours = Contours(np.arange(9) * 0.005, np.zeros(9), np.zeros(9), Detail(*np.zeros((2, 9))))
    sentence = cut_sentence([Word("a", 0.0, 0.045)], contours)
    assert not sentence.loudness.any()
    assert np.isnan(sentence.semitones).all()


def test_contours_without_detail_are_refused():
    with pytest.raises(ValueError, match="with_detail"):
        cut_sentence([Word("a", 0.0, 0.01)], Contours(*np.zeros((3, 9))))


def test_loud_means_loud_within_a_second():
    energy = np.concatenate([np.full(300, 1.0), np.full(300, 0.15)])
    kept = clear_semitones(np.full(600, 100.0), energy, np.ones(600))
    assert np.flatnonzero(np.isfinite(kept)).tolist() == [*range(2, 298), *range(500, 598)]


def test_a_click_silences_nothing():
    energy = np.ones(400)
    energy[200] = 20.0
    kept = clear_semitones(np.full(400, 100.0), energy, np.ones(400))
    assert np.isfinite(kept).sum() == 396


def test_two_stretches_three_octaves_apart_leave_no_clear_f0():
    f0_hz = np.repeat([80.0, 640.0], 20)  # each is over an octave from the median between them
    energy, periodicity = np.ones(40), np.ones(40)
    assert np.isnan(clear_semitones(f0_hz, energy, periodicity)).all()
