"""The causes: independent of each other, inside their limits; the labels: recomputed by hand."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest

from msfser.corpora.mechanism.drawing import draw_sentence, draw_speaker
from msfser.corpora.mechanism.es import describe
from msfser.corpora.mechanism.reachable import (
    SEMANTICS_SETS,
    draw_sentences,
    inputs_name,
    oracle_ccc,
    reachable_ccc,
)
from msfser.corpora.mechanism.sentences import CONTENT_WORDS, NEUTRAL_WORDS, SITUATIONS, Sentence

SEED = 3
N = 6000
SAMPLING_ERROR = 4.5 / math.sqrt(N)  # standard errors of a correlation of independent numbers


@pytest.fixture(scope="module")
def sentences() -> list[Sentence]:
    return draw_sentences(SEED, N)


def test_sentence_depends_on_seed_and_index_alone(sentences):
    assert draw_sentence(SEED, 77) == sentences[77]
    assert draw_sentence(SEED + 1, 77) != sentences[77]


def test_labels_follow_from_the_causes(sentences):
    steps = [-1 + 2 * i / 11 for i in range(12)]
    polarity = {word: value for value, words in CONTENT_WORDS.items() for word in words}
    for sentence in sentences[:200]:
        stressed = sentence.words[2 * sentence.stressed_position + 1]
        melody = (sentence.f0_range_semitones - 5.0) / (8.0 / math.sqrt(12))
        tempo = (sentence.tempo - 1.05) / (0.6 / math.sqrt(12))
        expected = (
            4 + 2.5 * polarity[stressed] + sentence.noise[0],
            4 + 0.75 * melody + 0.75 * tempo + sentence.noise[1],
            4 + 2.5 * steps[sentence.situation] + sentence.noise[2],
        )
        assert sentence.labels == pytest.approx(expected, abs=1e-12)


def test_labels_stay_on_the_scale(sentences):
    labels = np.array([sentence.labels for sentence in sentences])
    assert labels.min() >= 1.0
    assert labels.max() <= 7.0


def test_content_words_lie_between_neutral_ones(sentences):
    for sentence in sentences[:200]:
        assert len(sentence.words) == 9
        assert set(sentence.words[::2]) <= set(NEUTRAL_WORDS)
        assert not set(sentence.words[1::2]) & set(NEUTRAL_WORDS)


def test_stress_stays_within_its_limits(sentences):
    assert max(s.stress_semitones for s in sentences) <= 4.0
    assert max(s.stress_db for s in sentences) <= 4.0
    assert max(s.stress_duration for s in sentences) <= 0.30
    assert len({s.stress_semitones for s in sentences}) == N  # each implanted anew


def test_causes_are_independent(sentences):
    causes = np.array(
        [
            (
                s.f0_range_semitones,
                s.tempo,
                s.stressed_position,
                s.stress_semitones,
                s.stress_db,
                s.stress_duration,
                *s.polarities,
                s.polarities[s.stressed_position],
                s.situation,
                s.speaker.register_hz,
                s.speaker.formant_scale,
                *s.noise,
            )
            for s in sentences
        ]
    )
    correlations = np.corrcoef(causes.T)
    own_polarities = range(6, 10)  # each is the stressed one in a quarter of the sentences
    for i, j in itertools.combinations(range(causes.shape[1]), 2):
        if i in own_polarities and j == 10:
            assert correlations[i, j] == pytest.approx(0.25, abs=SAMPLING_ERROR)
        elif (i, j) != (12, 13):  # women have higher registers and formants
            assert abs(correlations[i, j]) < SAMPLING_ERROR, (i, j)


def test_positions_and_words_are_equally_frequent(sentences):
    positions = np.bincount([s.stressed_position for s in sentences], minlength=4) / N
    np.testing.assert_allclose(positions, 0.25, rtol=0, atol=0.03)
    situations = np.bincount([s.situation for s in sentences], minlength=len(SITUATIONS)) / N
    np.testing.assert_allclose(situations, 1 / 12, rtol=0, atol=0.02)


def test_speakers_of_the_test_are_never_heard_before(sentences):
    heard = {
        split: {s.speaker.name for s in sentences if s.split == split}
        for split in ("train", "development", "test")
    }
    assert [len(names) for names in heard.values()] == [24, 6, 10]
    assert len(set.union(*heard.values())) == 40


def test_default_splits():
    splits = [draw_sentence(0, index).split for index in range(2400)]
    assert [splits.count(name) for name in ("train", "development", "test")] == [1600, 300, 500]


def test_speakers_alternate_between_genders():
    assert [draw_speaker(SEED, n).gender for n in range(4)] == ["female", "male"] * 2


def test_description_tells_the_situation_and_no_other_cause(sentences):
    rows = [describe(sentence, SEED) for sentence in sentences]
    assert all(
        r["scenario"] == SITUATIONS[s.situation] for r, s in zip(rows, sentences, strict=True)
    )
    assert {row["emotion"] for row in rows} == {"Unknown"}
    labels = np.array([sentence.labels for sentence in sentences])
    for key in ("free_emotion", "explanation", "scenario", "gender", "paralinguistics"):
        values = np.array([str(row[key]) for row in rows])
        for value in np.unique(values):
            chosen = labels[values == value]
            error = labels.std(axis=0) / math.sqrt(len(chosen))
            off = np.abs(chosen.mean(axis=0) - labels.mean(axis=0)) / error
            assert off[:2].max() < 4.5, (key, value)  # valence, arousal
            if key != "scenario":
                assert off[2] < 4.5, (key, value)


def test_description_words_are_no_words_of_the_sentence(sentences):
    spoken = {word for words in CONTENT_WORDS.values() for word in words}
    for sentence in sentences[:200]:
        assert not spoken & set(str(describe(sentence, SEED)).split())


def test_reachable_ccc_worked_by_hand():
    noise = 0.16 / 3
    valence = 6.25 * (1 + 0.25) / 2
    dominance = 6.25 * (13 / 11) / 3  # variance of twelve equal steps from -1 to 1
    assert reachable_ccc(()) == pytest.approx(
        {"valence": 0, "arousal": math.sqrt(1.125 / (1.125 + noise)), "dominance": 0}
    )
    assert reachable_ccc(("gs",))["valence"] == pytest.approx(
        math.sqrt(valence / 4 / (valence + noise))
    )
    assert reachable_ccc(("gs", "les", "es")) == pytest.approx(
        {
            "valence": math.sqrt(valence / (valence + noise)),
            "arousal": math.sqrt(1.125 / (1.125 + noise)),
            "dominance": math.sqrt(dominance / (dominance + noise)),
        }
    )


def test_the_table_in_the_docs():
    page = (Path(__file__).parents[4] / "docs" / "mechanism.md").read_text(encoding="utf-8")
    shown = {line.split()[0]: line.split()[1::2] for line in page.splitlines() if "audio" in line}
    for semantics in SEMANTICS_SETS:
        best = [f"{value:.3f}" for value in reachable_ccc(semantics).values()]
        assert shown[inputs_name(semantics)] == best


@pytest.mark.parametrize("semantics", SEMANTICS_SETS, ids="+".join)
def test_oracle_confirms_what_is_reachable(sentences, semantics):
    found = oracle_ccc(sentences, semantics)
    for dimension, best in reachable_ccc(semantics).items():
        # standard error of a correlation on the half that is tested
        error = (1 - best**2) / math.sqrt(N / 2)
        assert found[dimension] == pytest.approx(best, abs=4 * error + 0.002), dimension
