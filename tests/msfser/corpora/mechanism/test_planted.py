"""What is planted is there as described, and nothing else moves."""

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from msfser.corpora.mechanism.drawing import draw_sentence
from msfser.corpora.mechanism.files import write_mechanism
from msfser.corpora.mechanism.planted import NOTHING, Planted
from msfser.corpora.mechanism.reachable import reachable_ccc
from msfser.corpora.mechanism.sentences import POLARITIES
from msfser.corpora.mechanism.speech import f0_contour, plan_prosody
from msfser.errors import ConfigError
from msfser.manifest import read_manifest
from msfser.parquet import read_parquet
from msfser.ratings import read_ratings, stack_votes, vote_spread

N = 2400


def draw(**planted):
    return [draw_sentence(3, index, Planted(**planted)) for index in range(N)]


def test_classes_make_valence_and_are_imbalanced_in_training_alone():
    sentences = draw(class_imbalance=20.0)
    polarities = {"elated": 1.0, "content": 0.5, "weary": -0.5, "desperate": -1.0}
    counts = {"train": Counter(), "test": Counter()}
    told = Counter()
    for sentence in sentences:
        assert abs(sentence.labels[0] - 4 - 2.5 * polarities[sentence.emotion]) <= 0.4
        told[
            POLARITIES[sentence.words[sentence.stressed_word]] == polarities[sentence.emotion]
        ] += 1
        if sentence.split in counts:
            counts[sentence.split][sentence.emotion] += 1
    others = [counts["train"][name] for name in polarities if name != "elated"]
    assert counts["train"]["elated"] / np.mean(others) == pytest.approx(20, rel=0.2)
    assert max(counts["test"].values()) < 1.4 * min(counts["test"].values())
    assert told[True] / N == pytest.approx(0.7 + 0.3 / 4, abs=0.03)


def test_habits_are_heard_and_are_no_arousal():
    plain, lively = draw(), draw(speaker_shift=1.0)
    habits = {sentence.speaker.name: sentence.habit for sentence in lively}
    assert {habits[f"s{i:02d}"] for i in range(24)} == {0.0}
    assert sorted(habits[f"s{i:02d}"] for i in range(32, 40)) == [-1.0] * 4 + [1.0] * 4
    assert all(habits[f"s{i:02d}"] == habits[f"s{i + 1:02d}"] for i in range(24, 40, 2))
    heard, labels = [], []
    for before, after in zip(plain, lively, strict=True):
        assert 1.0 <= after.f0_range_semitones <= 9.0
        assert 0.75 <= after.tempo <= 1.35
        if after.split == "train":
            assert after == before
            continue
        assert (after.words, after.labels[0]) == (before.words, before.labels[0])
        melody = 0.75 * (after.f0_range_semitones - 5) / (8 / 12**0.5)
        points = melody + 0.75 * (after.tempo - 1.05) / (0.6 / 12**0.5)
        heard.append(points - after.habit)
        labels.append(after.labels[1] - 4 - after.noise[1])
    np.testing.assert_allclose(heard, labels, atol=1e-9)
    assert abs(np.mean(labels)) < 0.1


def test_raters_agree_on_lively_melodies():
    sentences = [s for s in draw(rater_spread=0.5) if 3 < s.truth[0] < 5.5]
    votes = np.array([sentence.votes for sentence in sentences])
    found = np.std(votes[:, :, 0] - np.mean(votes[:, :, 0], axis=1)[:, None], axis=1, ddof=1)
    melody = np.array([sentence.f0_range_semitones for sentence in sentences])
    flat, lively = found[melody < 2].mean(), found[melody > 8].mean()
    assert flat == pytest.approx(0.5 * 1.52, rel=0.1)
    assert lively == pytest.approx(0.5 * 0.48, rel=0.1)
    assert np.mean([s.vote_spread for s in sentences]) == pytest.approx(0.5, rel=0.05)
    assert votes.min() >= 1
    assert votes.max() <= 7


def test_peaks_are_early_or_late_and_heard_as_dominance():
    plain, shaped = draw(), draw(contour_shape=2.0)
    peaks = np.array([sentence.peak for sentence in shaped])
    assert np.abs(peaks).max() <= 1
    assert peaks.std() == pytest.approx(1 / 3**0.5, rel=0.05)
    for before, after in zip(plain, shaped, strict=True):
        assert after.labels[:2] == before.labels[:2]
        share = (before.labels[2] - 4 - before.noise[2]) / 2.5  # status
        assert after.labels[2] == pytest.approx(4 + 0.5 * share + 2 * after.peak + after.noise[2])
    # F0 of the content words, alone: up, then down, by 0.7 semitones at most
    sentence = max(shaped, key=lambda one: one.peak)
    prosody, flat = (plan_prosody(one, 3) for one in (sentence, replace(sentence, peak=0.0)))
    start, end = prosody.word_bounds(3)
    times = np.linspace(start, end, 101)
    added = f0_contour(prosody, times) - f0_contour(flat, times)
    np.testing.assert_allclose(
        added, 0.7 * sentence.peak * np.sin(np.linspace(0, 2 * np.pi, 101)), atol=1e-9
    )
    start, end = prosody.word_bounds(4)  # a neutral word
    between = np.linspace(start, end, 11)
    np.testing.assert_allclose(f0_contour(prosody, between), f0_contour(flat, between), atol=1e-9)


def test_the_reachable_ccc_counts_the_peaks_among_what_is_heard():
    labels = np.array([(s.labels[2], s.peak) for s in draw(contour_shape=2.0)])
    explained = np.corrcoef(labels.T)[0, 1]
    assert reachable_ccc((), 2.0)["dominance"] == pytest.approx(explained, abs=0.01)
    assert reachable_ccc(("es",), 2.0)["dominance"] > 0.98
    assert reachable_ccc(()) == reachable_ccc((), 0.0)
    assert reachable_ccc((), 2.0)["arousal"] == reachable_ccc(())["arousal"]


def test_the_first_turn_turns_valence_of_the_second_round_within_a_split():
    plain, turns = draw(), draw(context_flip=0.5)
    by_dialogue = {}
    for before, after in zip(plain, turns, strict=True):
        by_dialogue.setdefault(after.dialogue, []).append(after)
        swing, was = after.truth[0] - after.noise[0] - 4, before.truth[0] - before.noise[0] - 4
        assert swing == pytest.approx(-was if after.flipped else was)
        assert after.words[1:] == before.words[1:]
        if after.turn:
            assert after.words[0] == before.words[0]
    pairs = [turns for turns in by_dialogue.values() if len(turns) == 2]
    assert len(pairs) == sum(sentence.turn for sentence in turns)
    for first, second in pairs:
        assert (first.turn, second.turn, first.split) == (0, 1, second.split)
        assert not first.flipped
        assert first.words[0] == ("jokingly" if second.flipped else "seriously")
    assert np.mean([second.flipped for _, second in pairs]) == pytest.approx(0.5, abs=0.06)


def test_without_the_context_no_model_reaches_what_it_decides():
    turns = [one for one in draw(context_flip=0.3) if one.split == "test"]
    known = np.array([one.polarities[one.stressed_position] for one in turns])
    valence = np.array([one.labels[0] for one in turns])
    best = reachable_ccc(("les",), context_flip=0.3)["valence"]
    assert np.corrcoef(known, valence)[0, 1] == pytest.approx(best, abs=0.04)
    signed = known * [-1.0 if one.flipped else 1.0 for one in turns]
    best = reachable_ccc(("les", "context"), context_flip=0.3)["valence"]
    assert np.corrcoef(signed, valence)[0, 1] == pytest.approx(best, abs=0.01)


def test_the_files_hold_what_was_planted(tmp_path):
    planted = Planted(class_imbalance=5.0, rater_spread=0.5)
    write_mechanism(tmp_path, n_utterances=24, seed=1, planted=planted, jobs=1)
    manifest = read_manifest(tmp_path)
    assert manifest.version == "1 seed 1, class imbalance 5, rater spread 0.5"
    ratings = read_ratings(tmp_path)
    spread = vote_spread(stack_votes([row.id for row in manifest.utterances], ratings))
    assert (spread.n_raters == 7).all()
    names = ["id", "emotion", "vote_spread", "habit"]
    truth = read_parquet(tmp_path / "truth.parquet", names, ConfigError, "")[0].to_pylist()
    for place, (row, cause) in enumerate(zip(manifest.utterances, truth, strict=True)):
        sentence = draw_sentence(1, place, planted)
        assert row.emotion == cause["emotion"] == sentence.emotion
        assert cause["vote_spread"] == sentence.vote_spread
        votes = [r for r in ratings if r.id == row.id]
        assert row.valence == pytest.approx(np.mean([vote.valence for vote in votes]))
        expected = np.std([vote.dominance for vote in votes], ddof=1)
        assert spread.std[place, 2] == pytest.approx(expected)


def test_nothing_planted_leaves_the_corpus_as_it_was():
    assert draw_sentence(3, 5, NOTHING) == draw_sentence(3, 5)
    assert NOTHING.shown == ""


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"class_imbalance": 0.5}, "class imbalance 0.5: 0 for no classes, 1 for balanced"),
        ({"speaker_shift": -1.0}, "speaker shift -1: must be 0 to 2"),
        ({"rater_spread": float("nan")}, "rater spread nan: must be 0 to 2"),
    ],
)
def test_what_cannot_be_planted_is_refused(wrong, said):
    with pytest.raises(ConfigError, match=said):
        Planted(**wrong)


def test_spread_of_one_vote_or_none_is_not_known():
    from msfser.ratings import Rating

    ratings = [
        Rating(id="a", rater="r1", valence=2.0),
        Rating(id="b", rater="r1", valence=2.0, arousal=3.0),
        Rating(id="b", rater="r2", valence=4.0),
        Rating(id="other", rater="r2", valence=4.0),
    ]
    spread = vote_spread(stack_votes(["a", "b", "c"], ratings))
    np.testing.assert_array_equal(spread.n_raters[:, 0], [1, 2, 0])
    np.testing.assert_allclose(spread.std[1], [2**0.5, np.nan, np.nan])
    assert np.isnan(spread.std[[0, 2]]).all()
