import numpy as np
import pytest

from lemf.aligner.acoustics.mfcc import compute_cepstra, warp
from lemf.aligner.acoustics.models import read_seed
from lemf.aligner.acoustics.vocal_tract import FACTORS, _climb, fit_vocal_tract


def test_a_factor_of_one_changes_nothing_and_factors_undo_each_other():
    rng = np.random.default_rng(0)
    cepstra = compute_cepstra([rng.normal(size=8000)], 16_000)
    np.testing.assert_allclose(warp(cepstra, 1.0), cepstra, atol=1e-9)
    vowel = cepstra * np.exp(-np.arange(13))  # smooth spectra
    back = warp(warp(vowel, 1.12), 1 / 1.12)
    assert np.abs(back - vowel).max() < 0.1 * np.abs(vowel).max()


def test_a_resonance_moves_to_where_a_longer_vocal_tract_has_it():
    def resonance(frequency_hz):
        times_s = np.arange(8000) / 16_000
        decay = np.exp(-300 * (times_s % 0.01))
        return compute_cepstra([decay * np.sin(2 * np.pi * frequency_hz * times_s)], 16_000)

    low, high = resonance(1000.0).mean(axis=0), resonance(1200.0).mean(axis=0)
    longer = warp(high[None], 1.2)[0]
    assert np.abs(longer - low)[1:].sum() < 0.5 * np.abs(high - low)[1:].sum()


def test_the_factor_undoes_that_by_which_a_voice_was_warped(spoken_cepstra):
    models = read_seed()
    plain = fit_vocal_tract(spoken_cepstra, models)
    shorter = fit_vocal_tract(warp(spoken_cepstra, 0.88), models)
    assert shorter / plain == pytest.approx(1 / 0.88, abs=0.05)


def test_the_middle_of_a_long_recording_tells_the_factor(spoken_cepstra):
    models = read_seed()
    shifted = warp(spoken_cepstra, 0.88)
    middle = np.tile(shifted, (6000 // len(shifted) + 1, 1))
    around = np.tile(spoken_cepstra, (8, 1))
    long = np.concatenate([around, middle, around])
    assert fit_vocal_tract(long, models) == fit_vocal_tract(middle, models)


@pytest.mark.parametrize("summit", range(len(FACTORS)))
@pytest.mark.parametrize("dip", [None, *range(len(FACTORS))])
def test_the_likeliest_factor_is_reached_past_a_dip_without_a_look_at_all(summit, dip):
    heights = [-abs(place - summit) for place in range(len(FACTORS))]
    if dip is not None and dip != summit:
        heights[dip] = -99
    seen = set()

    def height(place):
        seen.add(place)
        return heights[place]

    assert _climb(height, len(FACTORS), FACTORS.index(1.0)) == summit
    assert len(seen) < len(FACTORS)
