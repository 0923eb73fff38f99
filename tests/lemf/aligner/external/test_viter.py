"""viter trains on sentences and finds their words, in the order of the recordings."""

import csv
import importlib.util
from pathlib import Path

import pytest

from lemf.aligner.external.viter import SpokenRecording, align_with_viter
from lemf.errors import AlignerError, MissingPackageError


def spoken(sentence, speaker=""):
    return SpokenRecording(sentence.recording, sentence.words, sentence.phones, speaker)


def test_the_package_to_install_is_named(sentence, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match=r"pip install 'lemf\[viter\]'"):
        align_with_viter([spoken(sentence)])


@pytest.mark.slow
def test_words_are_found_in_order_and_alike_each_time(synthesise, monkeypatch):
    pytest.importorskip("viter")
    texts = Path(__file__).parents[4] / "benchmarks" / "alignment_languages.csv"
    with texts.open(encoding="utf-8", newline="") as file:
        english = [row["text"] for row in csv.DictReader(file) if row["language"] == "en-us"]
    sentences = [synthesise(text) for text in [*english, *english]]
    assert align_with_viter([]) == []
    recordings = [spoken(sentence, "ab"[i % 2]) for i, sentence in enumerate(sentences)]
    aligned = align_with_viter(recordings)
    monkeypatch.setenv("RAYON_NUM_THREADS", "2")  # which would add up in another order
    assert align_with_viter(recordings) == aligned
    for text, sentence in zip(aligned, sentences, strict=True):
        assert [word.text for word in text.words] == [word.text for word in sentence.words]
        names = [[phone.name for phone in word.phones] for word in text.words]
        assert names == sentence.phones
        times = [time for word in text.words for time in (word.start_s, word.end_s)]
        assert times == sorted(times)  # how near they are takes half an hour of speech


def test_too_small_a_corpus_is_one_line(sentence):
    pytest.importorskip("viter")
    with pytest.raises(AlignerError, match=r"viter train fails on the corpus .* half an hour"):
        align_with_viter([spoken(sentence)])
