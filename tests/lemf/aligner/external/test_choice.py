"""The aligner that a user names is the one that aligns."""

import importlib.util
import wave

import numpy as np
import pytest

import lemf
from lemf.aligner.external.choice import check_installed
from lemf.aligner.external.files import write_wav
from lemf.corpus.alignment.run import align_corpus
from lemf.errors import AlignerError, MissingPackageError
from lemf.reading.audio import Audio

TEXT = "He lives in the old house, doctor."


def spans(grid, name):
    (tier,) = (tier for tier in grid.tiers if tier.name == name)
    return [(one.start_s, one.end_s, one.label) for one in tier.intervals if one.label]


def labels(grid, name):
    return [label for _, _, label in spans(grid, name)]


def test_praat_aligns_a_recording(sentence):
    pytest.importorskip("parselmouth")
    grids = [
        lemf.align(sentence.recording, TEXT, language="en", aligner=aligner)
        for aligner in ("praat", "espeak")
    ]
    assert labels(grids[0], "words") == labels(grids[1], "words")
    assert grids[0].tiers != grids[1].tiers


def test_praat_aligns_a_corpus(sentence, tmp_path):
    pytest.importorskip("parselmouth")
    (tmp_path / "corpus").mkdir()
    write_wav(tmp_path / "corpus" / "a.wav", sentence.recording)
    (tmp_path / "corpus" / "a.txt").write_text(TEXT)
    run = align_corpus(tmp_path / "corpus", tmp_path / "grids", language="en", aligner="praat")
    assert run.outputs.folder == tmp_path / "grids"
    grid = lemf.read_textgrid(tmp_path / "grids" / "a.TextGrid")
    alone = lemf.align(tmp_path / "corpus" / "a.wav", TEXT, language="en", aligner="praat")
    for name in ("words", "phones"):
        assert spans(grid, name) == spans(alone, name)


def test_viter_aligns_no_recording_alone(sentence):
    with pytest.raises(AlignerError, match="give the folder of the corpus"):
        lemf.align(sentence.recording, TEXT, language="en", aligner="viter")


def test_an_aligner_that_is_not_installed_is_refused_before_any_work(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AlignerError, match="mfa is not on the PATH"):
        check_installed("mfa")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for aligner in ("praat", "viter"):
        with pytest.raises(MissingPackageError, match=rf"pip install 'lemf\[align,{aligner}\]'"):
            check_installed(aligner)
    check_installed("espeak")


def test_a_recording_over_full_scale_is_written_without_clipping(tmp_path):
    samples = np.array([0.0, 2.0, -1.0])
    write_wav(tmp_path / "a.wav", Audio.from_samples(np.tile(samples, 4000), 16_000))
    with wave.open(str(tmp_path / "a.wav")) as file:
        written = np.frombuffer(file.readframes(3), "<i2")
    assert written.tolist() in ([0, 32767, -16384], [0, 32767, -16383])
