"""`lemf fit`: weights judged on sentences that share nothing with those learnt from."""

from __future__ import annotations

import json

import numpy as np
import pytest
from click.testing import CliRunner

import lemf
from lemf.agreement.fitting.run import REGULARISATIONS, WEIGHT_SUM, fit_sentences, without_held_out
from lemf.agreement.labels.files import Label
from lemf.agreement.labels.rated_sentences import RatedSentence, ScoredSentence
from lemf.commands.cli import main
from lemf.commands.weight_options import read_weights
from lemf.errors import CorpusError, SettingsError

EXACT = 1e-12
CUES = ("pitch", "energy", "duration")
TRUE = np.array([1.5, 0.0, 1.5])


def rated(rng, speaker, text, noise=0.3):
    n_words = 3 + len(text)
    z = rng.normal(size=(n_words, 3))
    z = (z - z.mean(0)) / z.std(0)
    scored = ScoredSentence(
        tuple("abcdefghijklmnop"[:n_words]),
        np.ones(n_words),
        (z @ np.ones(3),),
        (dict(zip(CUES, z.T, strict=True)),),
    )
    return RatedSentence(
        id=f"{speaker}{text}",
        recording=f"{speaker}{text}",
        number=0,
        first_word=0,
        n_recording_words=n_words,
        scored=scored,
        ratings=z @ TRUE + rng.normal(scale=noise, size=n_words),
        text=text,
        speaker=speaker,
        emotion=None,
    )


@pytest.fixture
def sentences(rng):
    return [rated(rng, speaker, text) for speaker in "wxyz" for text in ("a", "bb", "ccc", "dddd")]


@pytest.mark.parametrize("method", ["rank", "softmax", "ridge"])
def test_the_weights_behind_the_ratings_come_back(sentences, method):
    fit = fit_sentences(sentences, CUES, method=method)
    assert np.abs(fit.weights).sum() == pytest.approx(WEIGHT_SUM, abs=EXACT)
    np.testing.assert_allclose(fit.weights, TRUE, rtol=0, atol=0.5)
    assert fit.left_out == "speaker and text"
    assert len(fit.fold_weights) == len(fit.fold_regularisations) == 16
    assert not without_held_out(fit, sentences)


@pytest.mark.parametrize("method", ["rank", "softmax", "ridge"])
def test_nothing_leaks(sentences, method, rng):
    """A held-out score stays when ratings that share its speaker or its text change."""
    before = fit_sentences(sentences, CUES, method=method)
    judged = sentences[5]
    changed = [
        RatedSentence(**{**vars(one), "ratings": rng.permutation(one.ratings)})
        if one.speaker == judged.speaker or one.text == judged.text
        else one
        for one in sentences
    ]
    after = fit_sentences(changed, CUES, method=method)
    np.testing.assert_array_equal(before.held_out[5], after.held_out[5])
    assert (before.held_out[0] != after.held_out[0]).any()


def test_a_given_regularisation_is_used(sentences):
    fit = fit_sentences(sentences, CUES, regularisation=0.5)
    assert fit.regularisation == 0.5
    assert set(fit.fold_regularisations) == {0.5}


@pytest.mark.parametrize("method", ["rank", "softmax", "ridge"])
def test_ratings_that_are_noise_get_the_strongest_penalty_and_clear_ones_a_weak_one(
    sentences, rng, method
):
    """On left-out sentences: on those learnt from, the weakest penalty is always the best."""
    noise = [
        RatedSentence(**{**vars(one), "ratings": rng.normal(size=len(one.ratings))})
        for one in sentences
    ]
    assert fit_sentences(noise, CUES, method=method).regularisation == max(REGULARISATIONS)
    assert fit_sentences(sentences, CUES, method=method).regularisation < 0.1


def test_the_same_input_gives_the_same_fit(sentences):
    first, second = (fit_sentences(sentences, CUES) for _ in range(2))
    np.testing.assert_array_equal(first.weights, second.weights)
    np.testing.assert_array_equal(first.fold_weights, second.fold_weights)


def test_a_subset_of_the_cues(sentences):
    assert fit_sentences(sentences, ["duration"]).weights.tolist() == [WEIGHT_SUM]


def test_watch_is_told_every_fold(sentences):
    told = []
    fit_sentences(sentences, CUES, regularisation=1.0, watch=lambda *done: told.append(done))
    assert told == [(n, 16) for n in range(17)]


@pytest.mark.parametrize("method", ["foo", None])
def test_an_unknown_method_is_refused_before_any_recording_is_scored(sentences, method):
    label = Label(id="a", audio="gone.wav", textgrid="gone.TextGrid", emphasised=(0,))
    known = f"unknown method {method!r}; there are: rank, softmax, ridge"
    with pytest.raises(SettingsError, match=known):
        lemf.fit_weights([label], method=method)
    with pytest.raises(SettingsError, match=known):
        fit_sentences(sentences, CUES, method=method)


def test_too_little_to_learn_from(sentences, rng):
    with pytest.raises(CorpusError, match="2 sentences are too few to learn from"):
        fit_sentences(sentences[:2], CUES)
    with pytest.raises(CorpusError, match="too few to judge weights on what was left out"):
        fit_sentences([sentences[0], sentences[1], sentences[4], sentences[5]], CUES)
    silent = [
        RatedSentence(
            **{
                **vars(one),
                "scored": ScoredSentence(
                    one.scored.words,
                    one.scored.lengths_s,
                    one.scored.scores,
                    ({"pitch": np.zeros(len(one.ratings))},),
                ),
            }
        )
        for one in sentences
    ]
    with pytest.raises(CorpusError, match="the cues tell nothing about the ratings"):
        fit_sentences(silent, ["pitch"])


def test_sentences_that_cannot_be_held_out_are_named(sentences):
    """Without w, and without text a, too few sentences are left to learn from."""
    few = [one for one in sentences if one.speaker == "w" or one.text == "a"]
    fit = fit_sentences(few, CUES, regularisation=1.0)
    unjudged = without_held_out(fit, few)
    assert [one.id for one in unjudged] == [
        s.id for s, scores in zip(few, fit.held_out, strict=True) if scores is None
    ]
    assert "wa" in {one.id for one in unjudged}
    assert unjudged[0].reason == "too few sentences without its speaker and text"


@pytest.fixture
def labelled(tmp_path, build_corpus):
    """Twelve recordings of two words by three speakers, of four texts."""
    build_corpus(tmp_path / "corpus", 12)
    rows = [
        {
            "audio": f"corpus/speaker{n % 2}/{n:04d}.wav",
            "textgrid": f"corpus/speaker{n % 2}/{n:04d}.TextGrid",
            "emphasised": int(n % 5 > 0),
            "speaker": "xyz"[n % 3],
            "text": "abcd"[n // 3],
        }
        for n in range(12)
    ]
    path = tmp_path / "labels.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def run(*arguments):
    command, *rest = map(str, arguments)
    return CliRunner().invoke(main, [command, "--jobs", "1", "--resamples", "30", *rest])


def test_command(tmp_path, labelled):
    weights, held_out = tmp_path / "weights.json", tmp_path / "held_out.csv"
    result = run("fit", labelled, "-o", weights, "--held-out", held_out)
    assert result.exit_code == 0, result.stderr
    assert f"wrote {weights}" in result.stderr
    assert "softmax, held out" in result.stdout
    assert "each without the speaker and text that it judges" in result.stdout
    cues, numbers = read_weights(str(weights))
    assert cues == "paper"
    assert sum(map(abs, numbers.values())) == pytest.approx(WEIGHT_SUM, abs=1e-5)
    content = json.loads(weights.read_text())
    assert list(content) == [
        "cues", "weights", "lemf", "method", "regularisation", "fitted_on", "held_out",
    ]  # fmt: skip
    assert content["fitted_on"]["speakers"] == ["x", "y", "z"]
    assert content["fitted_on"]["n_sentences"] == 12
    assert content["held_out"]["left_out"] == "speaker and text"

    again = run("fit", labelled, "-o", weights, "--held-out", held_out, "--force")
    assert again.stdout == result.stdout
    assert json.loads(weights.read_text()) == content

    options = ("--weights", weights, "--scores", f"held out={held_out}", "--format", "json")
    judged = run("evaluate", labelled, *options)
    assert judged.exit_code == 0, judged.stderr
    assert "weights.json was fitted on" in judged.stderr
    systems = {system["name"]: system for system in json.loads(judged.stdout)["systems"]}
    assert systems["held out"]["measures"] == content["held_out"]["measures"]
    assert systems["held out"]["intervals"] == content["held_out"]["intervals"]


def test_from_python_a_path_of_labels_gives_what_the_command_gives(tmp_path, labelled):
    weights, told = tmp_path / "weights.json", []
    assert run("fit", labelled, "-o", weights, "--cue", "energy", "--cue", "pitch").exit_code == 0
    fitted = lemf.fit_weights(
        labelled, cues=("energy", "pitch"), n_resamples=30, watch=lambda *done: told.append(done)
    )
    assert {cue: round(w, 6) for cue, w in fitted.weights.items()} == json.loads(
        weights.read_text()
    )["weights"]
    assert fitted.weights["duration"] == 0
    assert fitted.settings == lemf.Settings()
    assert [system.name for system in fitted.evaluation.systems[:2]] == [
        "paper",
        "softmax, held out",
    ]
    assert told[0] == (0, 12)  # the recordings, then the folds
    assert told[-1] == (len(fitted.fit.fold_weights),) * 2
    own = lemf.evaluate_labels(str(labelled), n_resamples=30).systems[0]
    assert (own.name, own.measures) == ("paper", fitted.evaluation.systems[0].measures)


def test_scores_by_fitted_weights_are_sums_of_what_the_cues_give(tmp_path, labelled, utterance):
    weights = tmp_path / "weights.json"
    assert run("fit", labelled, "-o", weights, "--cue", "energy").exit_code == 0
    assert read_weights(str(weights)) == ("paper", {"pitch": 0, "energy": 3, "duration": 0})
    cues, numbers = read_weights(str(weights))
    settings = lemf.Settings(cues=cues, weights=numbers)
    for word in lemf.score(utterance.wav, utterance.textgrid, settings).words:
        shares = [share.contribution for share in word.cues.values()]
        assert word.score == pytest.approx(sum(shares), abs=EXACT)
        assert word.score == pytest.approx(3 * word.z_energy, abs=EXACT)


def test_labels_that_were_not_fitted_on_get_no_note(tmp_path, labelled):
    weights = tmp_path / "weights.json"
    assert run("fit", labelled, "-o", weights).exit_code == 0
    labelled.write_text(labelled.read_text().replace('"x"', '"u"'))
    judged = run("evaluate", labelled, "--weights", weights)
    assert judged.exit_code == 0
    assert "was fitted on" not in judged.stderr


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["-o", "w.txt"], 1, "w.txt: the name must end in .json"),
        (["-o", "w.json", "--held-out", "h.txt"], 1, "h.txt: the name must end in .csv"),
        (["-o", "w.json", "--cue", "loud"], 2, "unknown cue 'loud' of the set 'paper'"),
        (["-o", "w.json", "--regularisation", "0"], 2, "write auto or a number above 0"),
        (["-o", "w.json", "--regularisation", "x"], 2, "write auto or a number above 0"),
        (["-o", "no/w.json"], 1, "does not exist; create it first"),
        ([], 2, "Missing option '-o'"),
    ],
)
def test_wrong_use(labelled, tmp_path, monkeypatch, options, code, message):
    monkeypatch.chdir(tmp_path)
    result = run("fit", labelled, *options)
    assert result.exit_code == code
    assert message in result.stderr
    assert not list(tmp_path.glob("w.*"))


def test_real_speech(speech_data, tmp_path):
    """Fitted to the paper's cues, weights are no better than the paper's own, and it is said."""
    labels = speech_data / "emodb" / "metadata.jsonl"
    result = run("fit", labels, "-o", tmp_path / "w.json")
    assert result.exit_code == 0, result.stderr
    content = json.loads((tmp_path / "w.json").read_text())
    assert content["held_out"]["n_folds"] == 25
    assert content["held_out"]["measures"]["top1"] == pytest.approx(0.5, abs=0.04)
    assert len(content["fitted_on"]["texts"]) == 5
