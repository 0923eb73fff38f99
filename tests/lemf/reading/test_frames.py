from itertools import pairwise
from math import gcd

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemf.contours.harvest.decimation import decimation_factor
from lemf.reading.frames import (
    count_frames,
    cut_pieces,
    frame_centres,
    frame_times,
    frames_of,
    frames_of_each,
)

RATES = st.sampled_from([8000, 11025, 16000, 18000, 22050, 24000, 44100, 48000, 96000, 16001])


@pytest.mark.parametrize(
    ("n_samples", "rate_hz", "expected"),
    [(16000, 16000, 201), (1, 16000, 1), (79, 16000, 1), (80, 16000, 2)],
)
def test_one_frame_at_zero_and_one_each_5_ms(n_samples, rate_hz, expected):
    assert count_frames(n_samples, rate_hz) == expected


def test_frame_k_is_centred_at_the_nearest_sample():
    assert frame_centres(4, 16000).tolist() == [0, 80, 160, 240]
    assert frame_centres(5, 22050).tolist() == [round(k * 0.005 * 22050) for k in range(5)]
    np.testing.assert_allclose(frame_times(3), [0.0, 0.005, 0.010], rtol=0, atol=1e-15)


@given(st.integers(0, 600), st.integers(1, 600), st.floats(-1e-9, 1e-9), st.floats(-1e-9, 1e-9))
def test_noise_in_the_digits_of_a_time_moves_no_frame(first, n_frames, low, high):
    """Praat writes 0.3000000000000001 after a shift; six decimals may lie as far off."""
    start_s, end_s = first / 200, (first + n_frames) / 200
    expected = slice(first, first + n_frames)
    times_s = frame_times(1400)
    assert frames_of(start_s, end_s, times_s) == expected
    assert frames_of(start_s + low, end_s + high, times_s) == expected
    assert frames_of(start_s + 5e-7, end_s - 5e-7, times_s) == expected
    assert frames_of(start_s + 2e-6, end_s + 2e-6, times_s) == slice(
        first + 1, first + n_frames + 1
    )


@pytest.mark.parametrize(
    ("rate_hz", "factor"),
    [(8000, 1), (11025, 1), (16000, 2), (22050, 3), (44100, 6), (96000, 12), (192000, 12)],
)
def test_decimation_factor_is_that_of_harvest(rate_hz, factor):
    assert decimation_factor(rate_hz) == factor


@given(RATES, st.integers(1, 20_000_000))
def test_pieces_keep_every_frame_once_and_start_in_phase(rate_hz, n_samples):
    factor = decimation_factor(rate_hz)
    pieces = cut_pieces(n_samples, rate_hz, factor)
    kept = [(piece.first_frame, piece.stop_frame) for piece in pieces]
    assert kept[0][0] == 0
    assert kept[-1][1] == count_frames(n_samples, rate_hz)
    assert all(before[1] == after[0] for before, after in pairwise(kept))
    assert pieces[-1].stop == n_samples
    for piece in pieces:
        assert piece.start % factor == 0
        assert piece.start * 200 == piece.start_frame * rate_hz
        assert (piece.stop - piece.start - n_samples) % factor == 0
        assert piece.start_frame <= piece.first_frame < piece.stop_frame
        assert 0 <= piece.start < piece.stop <= n_samples
        if len(pieces) > 1:  # at least 0.5 s more on both sides, short of the ends
            inner = piece.stop < n_samples
            assert piece.first_frame == 0 or piece.first_frame - piece.start_frame >= 100
            assert not inner or piece.stop - piece.stop_frame * rate_hz / 200 >= 0.499 * rate_hz


def test_a_minute_is_one_piece_and_longer_ones_are_bounded():
    assert len(cut_pieces(60 * 16000, 16000, 2)) == 1
    pieces = cut_pieces(7200 * 16000, 16000, 2)
    assert len(pieces) == 240
    assert max(piece.stop - piece.start for piece in pieces) <= 32 * 16000
    assert gcd(16000, 400) == 400  # the grid at 16 kHz is one frame


def test_stretches_together_have_the_frames_of_each_alone():
    times_s = frame_times(400)
    edges_s = [(0.0, 0.3), (0.3, 0.3000001), (0.5, 9.0), (-1.0, 0.0049999), (1.0, 0.5)]
    assert frames_of_each(edges_s, times_s) == [frames_of(*edge_s, times_s) for edge_s in edges_s]
    assert frames_of_each([], times_s) == []
