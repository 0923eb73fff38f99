"""Training on a long recording, piece by piece."""

import numpy as np
import pytest

from lemf.aligner.acoustics.mfcc import measure_moments, standardise
from lemf.aligner.acoustics.models import read_seed
from lemf.aligner.long_recordings import learn_from


def test_pieces_of_a_long_recording_teach_what_its_sentences_do(spoken_cepstra, spoken_phones):
    features = standardise(spoken_cepstra, measure_moments(spoken_cepstra))
    n_words, n_times = len(spoken_phones), 8000 // len(features) + 2
    once = learn_from(features, spoken_phones, [0] * n_words, read_seed())
    sentences = np.repeat(np.arange(n_times), n_words).tolist()
    many = np.tile(features, (n_times, 1))
    often = learn_from(many, spoken_phones * n_times, sentences, read_seed())
    for name, sums in once.states.items():
        if name:  # silence is not in the pieces
            frames = sums[:, 0].sum()
            taught = often.states[name][:, 0].sum() / n_times
            assert taught == pytest.approx(frames, abs=0.15 * frames + 4)
