"""Decisions fitted to labels: against scikit-learn, on planted data, and by the command."""

import json

import numpy as np
import pytest
from click.testing import CliRunner
from sklearn.linear_model import LogisticRegression

import lemf
from lemf.agreement.fitting.decision import FEWEST, VARIANTS, LabelledWords, fit_words
from lemf.agreement.fitting.logistic import fit_intercept, fit_logistic
from lemf.commands.cli import main
from lemf.errors import CorpusError
from lemf.scoring.decision import probability
from lemf.scoring.decision_models import DECISION_MODELS, read_decision_model

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


def test_a_missing_measure_counts_as_the_mean():
    sentences = plant(120)
    gone = sentences[0].measures["pitch_range"].copy()
    gone[:] = np.nan
    sentences[0] = sentences[0]._replace(measures=sentences[0].measures | {"pitch_range": gone})
    fitted = fit_words(sentences, SETTINGS)
    assert np.isfinite(np.concatenate(fitted.held_out)).all()


def test_the_command_writes_what_others_read(speech_data, tmp_path):
    labels, model = speech_data / "emodb" / "metadata.jsonl", tmp_path / "mine.json"
    result = CliRunner().invoke(
        main, ["fit", str(labels), "--decide", "--cut", "2", "-o", str(model), "--jobs", "2"]
    )
    assert result.exit_code == 0, result.stderr
    assert "77 of 456 words in 70 sentences are emphasised" in result.stdout
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
    assert "--cue, --regularisation and --held-out are for weights" in result.stderr
