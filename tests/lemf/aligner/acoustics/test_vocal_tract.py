import numpy as np

from lemf.aligner.acoustics.mfcc import compute_cepstra, warp
from lemf.aligner.acoustics.models import read_seed
from lemf.aligner.acoustics.vocal_tract import fit_vocal_tract


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


def test_the_factor_is_found_whatever_the_voice_was_warped_by(spoken_cepstra):
    models = read_seed()
    plain = fit_vocal_tract(spoken_cepstra, models)
    shifted = fit_vocal_tract(warp(spoken_cepstra, 1.12), models)
    off = np.abs(shifted - plain)[:, 1:].mean()
    assert off < np.abs(warp(spoken_cepstra, 1.12) - spoken_cepstra)[:, 1:].mean()
