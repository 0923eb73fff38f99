"""Decisions fitted to labels: against scikit-learn, on planted data, and by the command."""

import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.linear_model import LogisticRegression

import lemf
from lemf.agreement.bootstrap import times_drawn
from lemf.agreement.calibration import (
    calibration_error,
)
from lemf.agreement.detection import (
    average_precision,
    count_accuracy,
    none_or_some_auc,
    precision_recall,
)
from lemf.agreement.fitting.decision import (
    FEWEST,
    VARIANTS,
    fit_decision,
    fit_words,
)
from lemf.agreement.fitting.fitted_decision import decision_to_dict, describe_decision
from lemf.agreement.fitting.held_out import judge_held_out
from lemf.agreement.fitting.labelled_words import LabelledWords, read_words, usual_cut
from lemf.agreement.fitting.logistic import fit_intercept, fit_logistic
from lemf.agreement.labels.files import read_labels
from lemf.commands.cli import main
from lemf.errors import CorpusError, SettingsError
from lemf.scoring.decision import probability
from lemf.scoring.decision_models import DECISION_MODELS, model_to_dict, read_decision_model

SETTINGS = lemf.Settings(cues="listeners", decide="off")


def plant(n_sentences=120, seed=0, balance=0.0):
    """Sentences whose emphasis follows the score and the excursion by known coefficients."""
    generator = np.random.default_rng(seed)
    sentences = []
    for number in range(n_sentences):
        scores = generator.normal(0, 2, 6)
        measures = {
            "pitch_range": generator.gamma(2.0, 1.5, 6),
            "spectral_balance": -generator.gamma(2.0, 4.0, 6),
        }
        log_odds = -3.0 + 0.8 * scores + 0.6 * measures["pitch_range"]
        log_odds += balance * measures["spectral_balance"]
        emphasised = generator.random(6) < probability(log_odds)
        speaker, text = f"s{number % 6}", f"t{number % 5}"
        sentences.append(LabelledWords(scores, measures, emphasised, speaker, text))
    return sentences


@pytest.mark.parametrize("ridge", [0.01, 1.0, 10.0])
def test_logistic_regression_is_that_of_scikit_learn(ridge):
    generator = np.random.default_rng(3)
    features = generator.normal(size=(200, 3)) * [1.0, 5.0, 0.1] + [0.0, 3.0, -1.0]
    emphasised = generator.random(200) < probability(features @ [1.0, -0.2, 3.0] - 1.0)
    intercept, slopes = fit_logistic(features, emphasised, ridge=ridge)
    means, spreads = features.mean(axis=0), features.std(axis=0)
    other = LogisticRegression(C=1 / ridge, tol=1e-10, max_iter=10_000)
    other.fit((features - means) / spreads, emphasised)
    np.testing.assert_allclose(slopes, other.coef_[0] / spreads, rtol=1e-5)
    expected = other.intercept_[0] - (other.coef_[0] / spreads) @ means
    np.testing.assert_allclose(intercept, expected, rtol=1e-5)


def test_a_feature_without_spread_has_no_slope():
    features = np.column_stack([np.arange(20.0), np.full(20, 7.0)])
    _, slopes = fit_logistic(features, np.arange(20) > 9)
    assert slopes[0] > 0
    assert slopes[1] == 0


def test_an_intercept_makes_the_mean_probability_the_share():
    log_odds = np.random.default_rng(0).normal(0, 3, 50)
    emphasised = np.arange(50) < 7
    found = fit_intercept(log_odds, emphasised)
    assert probability(log_odds + found).mean() == pytest.approx(7 / 50, abs=1e-9)


def test_planted_coefficients_are_found_and_the_idle_measure_is_not():
    fitted = fit_words(plant(n_sentences=400), SETTINGS)
    model = fitted.model
    assert set(model.absolute) == {"pitch_range"}
    assert model.slope == pytest.approx(0.8, rel=0.2)
    assert model.absolute["pitch_range"] == pytest.approx(0.6, rel=0.25)
    assert sum(fitted.chosen.values()) == fitted.n_folds
    assert set(fitted.chosen) <= set(VARIANTS)
    emphasised = np.concatenate([one.emphasised for one in fitted.sentences])
    assert np.concatenate(fitted.held_out).mean() == pytest.approx(emphasised.mean(), abs=0.03)


def test_held_out_probabilities_do_not_know_their_sentence():
    """Other labels of one sentence leave its held-out probabilities as they are."""
    sentences = plant(60)
    before = fit_words(sentences, SETTINGS).held_out[7]
    changed = [*sentences]
    changed[7] = sentences[7]._replace(emphasised=~sentences[7].emphasised)
    np.testing.assert_array_equal(fit_words(changed, SETTINGS).held_out[7], before)


def test_few_labels_move_the_intercept_only():
    sentences = plant(12, seed=2)
    assert sum(int(one.emphasised.sum()) for one in sentences) < FEWEST
    fitted = fit_words(sentences, SETTINGS)
    shipped = DECISION_MODELS["emphasis"]
    assert fitted.only_intercept
    assert fitted.model.slope == shipped.slope
    assert dict(fitted.model.absolute) == dict(shipped.absolute)
    assert fitted.model.intercept != shipped.intercept


@pytest.mark.parametrize(("value", "word"), [(True, "all"), (False, "none")])
def test_labels_that_tell_nothing_apart_are_refused(value, word):
    sentences = [one._replace(emphasised=np.full(6, value)) for one in plant(5)]
    with pytest.raises(CorpusError, match=f"{word} of the 30 words are emphasised"):
        fit_words(sentences, SETTINGS)


@pytest.mark.parametrize("others", [0, 3])
def test_a_line_says_which_sets_the_folds_chose_and_which_is_written(others):
    fitted = fit_words(plant(120), SETTINGS)
    written = tuple(fitted.model.absolute)
    chosen = {written: fitted.n_folds - others} | ({(): others} if others else {})
    fitted = replace(fitted, chosen=chosen)
    said = describe_decision(fitted, judge_held_out(fitted, n_resamples=10), 1)
    (line,) = [line for line in said.splitlines() if line.startswith("measures beside the score")]
    assert f"; written: {' + '.join(written) or 'score'}" in line
    assert line.endswith(f"so that 3 of {fitted.n_folds} folds below judge another set") == (
        others > 0
    )


def test_a_missing_measure_counts_as_its_floor():
    sentences = plant(120)
    gone = sentences[0].measures["pitch_range"].copy()
    gone[:] = np.nan
    sentences[0] = sentences[0]._replace(measures=sentences[0].measures | {"pitch_range": gone})
    fitted = fit_words(sentences, SETTINGS)
    assert np.isfinite(np.concatenate(fitted.held_out)).all()
    low = sentences[0]._replace(
        measures=sentences[0].measures | {"pitch_range": np.full(len(gone), -99.0)}
    )
    whole = fit_words(sentences[1:], SETTINGS, judged=sentences[1:])
    assert "pitch_range" in whole.model.absolute
    judged = [
        fit_words(sentences, SETTINGS, judged=[one, *sentences[1:]]).held_out[0]
        for one in (sentences[0], low)
    ]
    np.testing.assert_array_equal(*judged)


def test_the_command_writes_what_others_read(speech_data, tmp_path):
    labels, model = speech_data / "emodb" / "metadata.jsonl", tmp_path / "mine.json"
    result = CliRunner().invoke(
        main, ["fit", str(labels), "--decide", "--cut", "2", "-o", str(model), "--jobs", "2"]
    )
    assert result.exit_code == 0, result.stderr
    assert "emphasised (rated 2 or more): 77 of 456 words in 70 sentences" in result.stdout
    content = json.loads(model.read_text())
    shipped = DECISION_MODELS["emphasis"]
    read = read_decision_model(model)
    assert read.intercept == pytest.approx(shipped.intercept, abs=0.01)
    assert read.slope == pytest.approx(shipped.slope, abs=0.001)
    for cue, value in shipped.absolute.items():
        assert read.absolute[cue] == pytest.approx(value, abs=0.001)
        assert read.floors[cue] == pytest.approx(shipped.floors[cue], abs=0.01)
    assert content["held_out"]["measures"]["f1"] > 0.75  # the target
    assert content["held_out"]["measures"]["pr_auc"] > 0.85
    assert content["held_out"]["measures"]["none_one_several"] > 0.63


def test_the_command_refuses_what_belongs_to_weights(tmp_path):
    result = CliRunner().invoke(
        main, ["fit", "labels.csv", "--decide", "--cue", "pitch", "-o", str(tmp_path / "m.json")]
    )
    assert result.exit_code == 2
    assert "--cue, --method, --regularisation and --held-out are for weights" in result.stderr


def test_the_standard_error_of_an_intercept_is_that_of_the_likelihood():
    """Of a model whose slopes are 0: that of the log-odds of a share."""
    flat = replace(DECISION_MODELS["emphasis"], slope=0.0, absolute={}, means={}, floors={})
    sentences = plant(12, seed=2)
    fitted = fit_words(sentences, SETTINGS, start=flat)
    n = [sum(int(one.emphasised.sum()) for one in sentences)]
    n.append(72 - n[0])
    assert fitted.model.intercept == pytest.approx(np.log(n[0] / n[1]), abs=1e-9)
    assert fitted.intercept_error == pytest.approx(np.sqrt(1 / n[0] + 1 / n[1]), rel=1e-6)
    assert np.isnan(fit_words(plant(60), SETTINGS).intercept_error)


def test_other_grids_are_judged_by_models_of_the_first():
    sentences = plant(60)
    other = [one._replace(scores=one.scores + 1.0) for one in sentences]
    own, elsewhere = fit_words(sentences, SETTINGS), fit_words(sentences, SETTINGS, judged=other)
    assert elsewhere.model == own.model
    assert elsewhere.sentences == tuple(other)
    assert np.all(np.concatenate(elsewhere.held_out) > np.concatenate(own.held_out))
    alone = fit_words(sentences, SETTINGS, variants=[()])
    assert set(alone.chosen) == {()}
    assert dict(alone.model.absolute) == {}


def test_few_labels_start_from_the_decision_that_is_named():
    fitted = fit_words(plant(12, seed=2), SETTINGS, start=DECISION_MODELS["accent"])
    assert fitted.model.slope == DECISION_MODELS["accent"].slope
    assert "the rest is that of the decision 'accent'" in describe_decision(
        fitted, judge_held_out(fitted, n_resamples=5), 1
    )


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"cues": "paper"}, "cue set 'listeners', not 'paper'"),
        ({"weights": {"loudness": 2.0}}, "loudness has weight 1, not 2"),
        ({"normalise": "recording"}, "over the sentence, not the recording"),
    ],
)
def test_few_labels_take_no_slopes_of_other_scores(settings, fault):
    changed = replace(SETTINGS, **settings)
    few = plant(12, seed=2)
    n = sum(int(one.emphasised.sum()) for one in few)
    with pytest.raises(CorpusError, match=f"{n} of the 30 emphasised words that .*{fault}"):
        fit_words(few, changed)
    assert not fit_words(plant(120), changed).only_intercept  # enough for all of it


def test_the_start_may_be_a_file_with_measures_of_its_own(make_labels, tmp_path):
    mine = replace(
        DECISION_MODELS["emphasis"], name="mine", absolute={"duration": 2.0},
        means={"duration": 0.1}, floors={},
    )  # fmt: skip
    (tmp_path / "mine.json").write_text(json.dumps(model_to_dict(mine)))
    fitted = fit_decision(make_labels([1, 0, 0], [0, 1, 0]), start=str(tmp_path / "mine.json"))
    assert dict(fitted.model.absolute) == {"duration": 2.0}
    assert dict(fitted.model.floors) == {}
    with pytest.raises(SettingsError, match="no such decision or file"):
        fit_decision(make_labels([1, 0, 0]), start="gone")


def test_a_fold_without_both_kinds_of_words_is_not_judged_by_its_own():
    """All emphasis is in one text: without it, nothing can be fitted for its sentences."""
    sentences = [
        one._replace(
            speaker=None,
            text="a" if number < 10 else "b",
            emphasised=np.arange(6) == (number % 6 if number < 10 else -1),
        )
        for number, one in enumerate(plant(20))
    ]
    fitted = fit_words(sentences, SETTINGS)
    known = [not np.isnan(p).any() for p in fitted.held_out]
    assert known == [False] * 10 + [True] * 10
    assert fitted.n_folds == 1
    held_out = judge_held_out(fitted, n_resamples=10)
    assert (held_out.n_sentences, held_out.n_unjudged) == (10, 10)
    assert "not judged: 10 sentences" in describe_decision(fitted, held_out, 1)


def test_one_sentence_is_fitted_and_not_judged(make_labels, tmp_path):
    path = tmp_path / "labels.jsonl"
    fitted = fit_decision(make_labels([0, 1, 0], path=path))
    held_out = judge_held_out(fitted)
    assert (held_out.n_sentences, held_out.n_unjudged, fitted.n_folds) == (0, 1, 0)
    assert "held out: nothing could be judged" in describe_decision(fitted, held_out, 1)
    content = decision_to_dict(fitted, held_out, path, 1.0)
    json.dumps(content, allow_nan=False)
    assert set(content["held_out"]["measures"].values()) == {None}
    held_out = replace(held_out, intervals={"sentences": {"f1": (np.nan, np.nan)}})
    content = decision_to_dict(fitted, held_out, path, 1.0)
    assert content["held_out"]["intervals"] == {"sentences": {"f1": None}}  # as in lemf evaluate


def test_python_cuts_as_the_command_does(make_labels):
    (label,) = read_labels(make_labels([1, 0, 0]))
    assert usual_cut([label]) == 1.0
    raters = {"a": np.array([1.0, 0.0, 0.0]), "b": np.zeros(3)}
    assert usual_cut([replace(label, raters=raters)]) == 0.5
    with pytest.raises(SettingsError, match=r"other ratings than 0 and 1; .*\(cut=RATING\)"):
        fit_decision(make_labels([2, 0, 0.5]))


def test_held_out_measures_are_those_of_the_words_and_their_draws():
    fitted = fit_words(plant(40), SETTINGS)
    heard = [one.emphasised for one in fitted.sentences]

    def measures(indices):
        p, y = [fitted.held_out[i] for i in indices], [heard[i] for i in indices]
        words, labels = np.concatenate(p), np.concatenate(y)
        return {
            **precision_recall(words >= 0.5, labels)._asdict(),
            "pr_auc": average_precision(words, labels),
            "ece": calibration_error(words, labels),
            "none_or_some_auc": none_or_some_auc(p, y),
            "none_one_several": count_accuracy([one >= 0.5 for one in p], y),
        }

    found = judge_held_out(fitted, n_resamples=50, seed=4)
    assert found.measures == pytest.approx(measures(range(40)))
    for unit, groups in (
        ("sentences", range(40)),
        ("speakers", [one.speaker for one in fitted.sentences]),
    ):
        draws = [
            measures(np.repeat(np.arange(40), times))
            for times in times_drawn(groups, n_resamples=50, seed=4)
        ]
        for name, ends in found.intervals[unit].items():
            values = np.array([draw[name] for draw in draws])
            expected = np.nanquantile(values, [0.025, 0.975])
            if np.isnan(values).mean() > 0.05:
                expected = [np.nan, np.nan]
            np.testing.assert_allclose(ends, expected)


def test_the_file_says_what_was_tried_and_no_more(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("")
    for sentences, tried in ((plant(60), True), (plant(12, seed=2), False)):
        fitted = fit_words(sentences, SETTINGS)
        content = decision_to_dict(fitted, judge_held_out(fitted, n_resamples=5), path, 1.0)
        assert ("variants_tried" in content["held_out"]) == tried
        assert (content["fitted_on"]["only_intercept_of"] is None) == tried
        for value in content["floors"].values():
            assert value == round(value, 6)


@pytest.fixture
def make_labels(utterance, tmp_path):
    """Labels of the same utterance with the given ratings, one row each."""

    def make(*ratings, path=None):
        path = path or tmp_path / "labels.jsonl"
        rows = [
            {
                "id": f"u{number}", "audio": str(utterance.wav),
                "textgrid": str(utterance.textgrid), "ratings": list(one),
            }
            for number, one in enumerate(ratings)
        ]  # fmt: skip
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path

    return make


def fit_by_command(*words):
    return CliRunner().invoke(main, ["fit", *map(str, words), "--jobs", "1"])


def test_labels_without_one_top_word_are_fitted(make_labels):
    """Two emphasised words in every sentence, or none: all ties to an order of the words."""
    fitted = fit_decision(make_labels([1, 1, 0], [0, 1, 1], [0, 0, 0]))
    assert [int(one.emphasised.sum()) for one in fitted.sentences] == [2, 2, 0]
    assert fitted.unused == ()
    for ratings, which in (([1, 1, 1], "all"), ([0, 0, 0], "none")):
        with pytest.raises(CorpusError, match=f"{which} of the 6 words are emphasised"):
            fit_decision(make_labels(ratings, ratings))


@pytest.mark.parametrize("cut", ["nan", "inf", "-inf"])
def test_a_cut_is_a_number(make_labels, tmp_path, cut):
    labels = make_labels([0, 1, 0])
    result = fit_by_command(labels, "--decide", "--cut", cut, "-o", tmp_path / "m.json")
    assert result.exit_code == 2
    assert f"--cut {cut}: write a rating, such as 1" in result.stderr
    with pytest.raises(SettingsError, match="write a rating"):
        fit_decision(labels, cut=float(cut))


def test_ratings_in_steps_need_a_cut_and_the_output_says_it(make_labels, tmp_path):
    labels = make_labels([0, 3, 1], [2, 0, 1])
    result = fit_by_command(labels, "--decide", "-o", tmp_path / "m.json")
    assert result.exit_code == 2
    assert "other ratings than 0 and 1; also say with --cut RATING" in result.stderr
    result = fit_by_command(labels, "--decide", "--cut", "2", "-o", tmp_path / "m.json")
    assert result.exit_code == 0, result.stderr
    assert "emphasised (rated 2 or more): 2 of 6 words" in result.stdout
    binary = fit_by_command(make_labels([0, 1, 1]), "--decide", "-o", tmp_path / "b.json")
    assert "emphasised (rated 1 or more): 2 of 3 words" in binary.stdout


def test_half_of_several_raters_make_an_emphasised_word(make_labels, tmp_path):
    labels = make_labels([0, 1, 1], [0, 0, 1])
    rows = [json.loads(line) for line in labels.read_text().splitlines()]
    for row in rows:
        row |= {"ratings:anna": row["ratings"], "ratings:ben": [0, 0, 1]}
        del row["ratings"]
    labels.write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = fit_by_command(labels, "--decide", "-o", tmp_path / "m.json")
    assert "emphasised (rated 0.5 or more): 3 of 6 words" in result.stdout, result.output


@pytest.mark.parametrize("option", [("--cut", "2"), ("--start", "accent")])
def test_options_of_decisions_are_not_for_weights(make_labels, tmp_path, option):
    result = fit_by_command(make_labels([0, 1, 0]), *option, "-o", tmp_path / "m.json")
    assert result.exit_code == 2
    assert "--cut and --start are for --decide" in result.stderr


def test_what_could_not_be_used_is_named(make_labels, tmp_path):
    labels, model = make_labels([0, 1, 0], [1, 0, 0]), tmp_path / "m.json"
    rows = labels.read_text().replace('"id": "u1"', '"id": "bad"').splitlines()
    labels.write_text("\n".join([rows[0], rows[1].replace("utterance.wav", "gone.wav")]))
    result = fit_by_command(labels, "--decide", "-o", model)
    assert result.exit_code == 0, result.stderr
    assert "note: bad: not used: " in result.stderr
    assert json.loads(model.read_text())["fitted_on"]["n_unused"] == 1
    labels.write_text(rows[1].replace("utterance.wav", "gone.wav"))
    result = fit_by_command(labels, "--decide", "-o", model, "--force")
    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith("Error: ")


def test_words_of_labels_are_read_with_their_measures(make_labels):
    words, unused = read_words(lemf.read_labels(make_labels([0, 1, 0])), SETTINGS, cut=1.0)
    assert [one.emphasised.tolist() for one in words] == [[False, True, False]]
    assert set(words[0].measures) == {"pitch_range", "spectral_balance"}
    assert unused == ()
