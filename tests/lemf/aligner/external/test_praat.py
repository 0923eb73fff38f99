"""Praat's aligner finds the words of a synthesised sentence, and its errors are one line."""

import importlib.util
from dataclasses import replace

import numpy as np
import pytest

from lemf.aligner.external.praat import align_with_praat
from lemf.errors import AlignerError, MissingPackageError
from lemf.reading.audio import Audio

pytest.importorskip("parselmouth")


def align(sentence, **changes):
    parts = {key: vars(sentence)[key] for key in ("recording", "words", "phones", "language")}
    return align_with_praat(**{**parts, **changes})


def test_each_word_is_found_at_its_time(sentence):
    aligned = align(sentence)
    assert [word.text for word in aligned.words] == [word.text for word in sentence.words]
    starts_s = [word.start_s for word in aligned.words]
    assert np.median(np.abs(np.subtract(starts_s, sentence.starts_s))) < 0.03
    assert [phone.name for phone in aligned.words[3].phones] == ["ð", "ɪ"]
    assert aligned.duration_s == sentence.recording.duration_s


def test_the_times_are_the_same_whatever_was_aligned_before(sentence):
    assert align(sentence) == align(sentence)


@pytest.mark.parametrize("n_more", [0, 10, 100, 2000])
def test_any_duration_is_taken(sentence, n_more):
    (samples,) = sentence.recording.slices([(0, sentence.recording.n_samples)])
    recording = Audio.from_samples(np.pad(samples, (0, n_more)), sentence.recording.rate_hz)
    words = align(sentence, recording=recording).words
    assert len(words) == len(sentence.words)
    assert words[-1].end_s <= recording.duration_s


def test_markup_is_text(sentence):
    words = [replace(word, spoken=f"<break time='9s'/>{word.spoken}") for word in sentence.words]
    assert align(sentence, words=words).words


def test_a_language_that_praat_does_not_speak_is_one_line(sentence):
    language = replace(sentence.language, name="Klingon")
    with pytest.raises(AlignerError, match="Praat does not speak Klingon"):
        align(sentence, language=language)


def test_the_package_to_install_is_named(sentence, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match=r"pip install 'lemf\[praat\]'"):
        align(sentence)
