"""Training on a long recording, piece by piece."""

import numpy as np
import pytest

from lemf.aligner import long_recordings
from lemf.aligner.acoustics.mfcc import measure_moments, standardise
from lemf.aligner.acoustics.models import read_seed
from lemf.aligner.long_recordings import find_pieces, learn_from


@pytest.fixture
def short_windows(monkeypatch):
    monkeypatch.setattr(long_recordings, "_WINDOW", 2400)
    monkeypatch.setattr(long_recordings, "_SETTLED", 1500)
    monkeypatch.setattr(long_recordings, "_LONGEST_PIECE", 900)


@pytest.mark.usefixtures("short_windows")
def test_pieces_of_a_long_recording_teach_what_its_sentences_do(spoken_cepstra, spoken_phones):
    features = standardise(spoken_cepstra, measure_moments(spoken_cepstra))
    n_words, n_times = len(spoken_phones), 2400 // len(features) + 2
    once = learn_from(features, spoken_phones, [0] * n_words, read_seed())
    sentences = np.repeat(np.arange(n_times), n_words).tolist()
    many = np.tile(features, (n_times, 1))
    often = learn_from(many, spoken_phones * n_times, sentences, read_seed())
    for name, sums in once.states.items():
        if name:  # silence is not in the pieces
            frames = sums[:, 0].sum()
            taught = often.states[name][:, 0].sum() / n_times
            assert taught == pytest.approx(frames, abs=0.15 * frames + 4)


@pytest.mark.usefixtures("short_windows")
def test_the_search_tells_the_seconds_that_it_has_done(spoken_cepstra, spoken_phones):
    features = standardise(spoken_cepstra, measure_moments(spoken_cepstra))
    n_words, n_times = len(spoken_phones), 5000 // len(features)
    told = []
    many = np.tile(features, (n_times, 1))
    pieces = find_pieces(
        many,
        spoken_phones * n_times,
        np.repeat(np.arange(n_times), n_words).tolist(),
        read_seed(),
        lambda done, total, note: told.append((done, total)),
    )
    assert sum(piece.last - piece.first for piece in pieces.spoken) == n_words * n_times
    done, totals = zip(*told, strict=True)
    assert set(totals) == {round(len(many) * 0.005)}
    assert done[0] == 0
    assert len(done) > 2
    assert list(done) == sorted(done)
