"""Heads for gender, emotion and spread: their losses against scipy and sklearn, and a whole run."""

import csv
import io
import json
import re

import numpy as np
import pytest
import scipy.optimize
import scipy.stats
from click.testing import CliRunner
from sklearn.metrics import log_loss

torch = pytest.importorskip("torch")

from msfser.commands.cli import main  # noqa: E402
from msfser.corpora.mechanism.files import write_mechanism  # noqa: E402
from msfser.corpora.mechanism.planted import Planted  # noqa: E402
from msfser.errors import DataError  # noqa: E402
from msfser.evaluation.prediction_table import read_predictions  # noqa: E402
from msfser.ratings import stack_votes  # noqa: E402
from msfser.training.labels.losses import emotion_loss, gender_loss, spread_loss  # noqa: E402
from msfser.training.labels.targets import rating_targets, side_targets  # noqa: E402

SETTINGS = ["--preset", "tiny", "--set", "train.epochs=1", "--set", "model.semantics=[]",
            "--set", "model.intra=none", "--set", "model.fusion=none"]  # fmt: skip


def msfser(*arguments):
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert result.exit_code == 0, result.output
    return result


def test_cross_entropies_are_those_of_sklearn_over_what_is_known():
    rng = np.random.default_rng(0)
    logits, genders = rng.normal(size=(30, 1)), rng.integers(2, size=(30, 1)).astype(float)
    known = np.arange(30) % 3 > 0
    genders[~known] = np.nan
    found = gender_loss(torch.tensor(logits), torch.tensor(genders))
    chances = 1 / (1 + np.exp(-logits[known, 0]))
    assert float(found) == pytest.approx(log_loss(genders[known, 0], chances))
    logits, classes = rng.normal(size=(30, 4)), rng.integers(4, size=(30, 1)).astype(float)
    classes[~known] = np.nan
    found = emotion_loss(torch.tensor(logits), torch.tensor(classes))
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = log_loss(classes[known, 0], chances[known], labels=range(4))
    assert float(found) == pytest.approx(expected)
    assert float(gender_loss(torch.zeros(2, 1), torch.full((2, 1), torch.nan))) == 0


def test_the_score_of_the_spread_is_the_likelihood_of_its_chi_square():
    rng = np.random.default_rng(1)
    n = np.array([2.0, 5.0, 9.0])
    variance = rng.uniform(0.01, 0.2, (3, 3))
    votes = torch.tensor(np.concatenate([variance, n[:, None].repeat(3, axis=1)], axis=1))
    one, other = (torch.tensor(rng.uniform(0.01, 0.2, (3, 3))) for _ in range(2))

    def likelihood(predicted):
        """-log p of (n - 1) s^2 / sigma^2, as a density of s^2."""
        predicted = predicted.numpy()
        factor = (n[:, None] - 1) / predicted
        return -(scipy.stats.chi2.logpdf(factor * variance, n[:, None] - 1) + np.log(factor))

    expected = (likelihood(one) - likelihood(other)).sum(axis=0) / (n - 1).sum()
    found = spread_loss(one, votes) - spread_loss(other, votes)
    assert float(found) == pytest.approx(expected.sum())


def test_the_score_of_the_spread_is_least_at_the_truth_whatever_the_votes():
    rng = np.random.default_rng(2)
    raw = rng.exponential(0.3, (4000, 5, 3))  # variance .09, far from normal
    votes = torch.tensor(np.concatenate([raw.var(axis=1, ddof=1), np.full((4000, 3), 5.0)], axis=1))
    least = scipy.optimize.minimize_scalar(
        lambda v: float(spread_loss(torch.full((4000, 3), v, dtype=torch.float64), votes)),
        bounds=(0.01, 0.5), method="bounded",
    )  # fmt: skip
    assert least.x == pytest.approx(0.09, rel=0.05)


def test_unknown_spreads_weigh_nothing():
    votes = torch.tensor([[0.04] * 3 + [4.0] * 3, [torch.nan] * 3 + [1.0] * 3])
    variances = torch.tensor([[0.04] * 3, [7.0] * 3], requires_grad=True)
    spread_loss(variances, votes).backward()
    assert variances.grad[1].abs().max() == 0
    assert torch.isfinite(variances.grad).all()


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """A mechanism corpus with classes and raters, and a run with all heads, of one epoch."""
    folder = tmp_path_factory.mktemp("planted")
    corpus = folder / "corpus"
    write_mechanism(
        corpus, n_utterances=48, seed=2, planted=Planted(class_imbalance=1.0, rater_spread=0.6),
        jobs=1,
    )  # fmt: skip
    run = folder / "run"
    heads = 'model.side_heads=["gender","emotion","spread"]'
    msfser("train", "--data", corpus, "-o", run, *SETTINGS, "--set", heads)
    return corpus, run


def test_a_run_with_all_heads_is_trained_evaluated_and_predicts(planted, tmp_path):
    corpus, run = planted
    evaluated = msfser("evaluate", run, "--split", "test", "-o", tmp_path / "out")
    assert "test: emotions, macro-F1" in evaluated.stdout
    assert "test: spread of raters, rater spread" in evaluated.stdout
    table = read_predictions(tmp_path / "out" / "predictions.parquet")
    names = [name for name in table.more if name.startswith("emotion_")]
    assert names == ["emotion_content", "emotion_desperate", "emotion_elated", "emotion_weary"]
    np.testing.assert_allclose(sum(table.more[name] for name in names), 1.0, atol=1e-5)
    assert (table.deviations["rater_spread"] > 0.1).all()
    assert (table.more["vote_spread_valence"] > 0).all()
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert metrics["emotions"][0]["scope"] == "test"
    assert metrics["rater_spread"][0]["valence"]["n_utterances"] == 10

    wav = corpus / "audio" / "m00019.wav"
    (row,) = csv.DictReader(
        io.StringIO(msfser("predict", run, wav, "--format", "csv", "--no-align").stdout)
    )
    place = table.ids.index("m00019")
    for name in names:
        assert float(row[name]) == pytest.approx(table.more[name][place], abs=1e-4)
    assert row["emotion"] == max(names, key=lambda name: float(row[name])).partition("_")[2]
    assert float(row["rater_spread_arousal"]) == pytest.approx(
        table.deviations["rater_spread"][place, 1], abs=1e-3
    )
    assert row["emotion"] in msfser("predict", run, wav, "--no-align").stdout


def test_heads_learn_from_the_whole_step_however_it_is_split(planted, tmp_path):
    corpus, _ = planted
    heads = 'model.side_heads=["gender","emotion","spread"]'
    still = ["--set", "model.head_dropout=0.0", "--set", "model.pooling_init=xavier"]
    curves = []
    for parts in (1, 4):
        folder = tmp_path / str(parts)
        msfser("train", "--data", corpus, "-o", folder, *SETTINGS, "--set", heads, *still,
               "--set", f"train.accumulation={parts}")  # fmt: skip
        curves.append(json.loads((folder / "metrics.json").read_text()))
    numbers = [re.findall(r"-?\d+\.\d+(?:e-?\d+)?", json.dumps(curve)) for curve in curves]
    assert len(numbers[0]) >= 3
    first, second = (np.array(one, dtype=np.float64) for one in numbers)
    np.testing.assert_allclose(first, second, atol=2e-3)


def test_deer_reads_the_votes_or_else_the_label():
    nan = np.nan
    votes = np.array([[[1.0, 7.0, nan], [4.0, nan, nan]], [[nan] * 3] * 2])
    labels = np.array([[0.25, 1.0, 0.5], [0.5, nan, 0.0]], dtype=np.float32)
    found = rating_targets(labels, votes, (1.0, 7.0))
    expected = [
        [[nan, nan, 0.5], [0, 1, nan], [0.5, nan, nan]],
        [[0.5, nan, 0.0], *[[nan] * 3] * 2],
    ]
    np.testing.assert_array_equal(found, np.array(expected, dtype=np.float32))


def test_a_run_of_deer_learns_from_votes_however_a_step_is_split(planted, tmp_path):
    corpus, _ = planted
    still = ["model.output=evidence", "model.head_dropout=0.0", "model.pooling_init=xavier"]
    lines, scores = [], {}
    for name, parts in (("whole", 1), ("parts", 4), ("means", 1)):
        if name == "means":
            (corpus / "ratings.parquet").rename(tmp_path / "kept.parquet")
        changes = [
            part for one in (*still, f"train.accumulation={parts}") for part in ("--set", one)
        ]
        result = msfser("train", "--data", corpus, "-o", tmp_path / name, *SETTINGS, *changes)
        lines.append(next(one for one in result.stderr.splitlines() if "training:" in one))
        metrics = json.loads((tmp_path / name / "metrics.json").read_text())
        scores[name] = np.array(list(metrics["development"].values()))
    (tmp_path / "kept.parquet").rename(corpus / "ratings.parquet")
    assert lines[0].endswith(", 7.0 votes each")
    assert "no votes of single raters, so the spread of ratings is not learned" in lines[2]
    np.testing.assert_allclose(scores["parts"], scores["whole"], atol=2e-3)
    assert np.abs(scores["means"] - scores["whole"]).max() > 1e-4


def test_what_a_head_cannot_learn_is_refused(planted):
    from msfser.config.files import make_config
    from msfser.training.data.prepare import prepare_data

    corpus, _ = planted
    changes = [f"data.folder='{corpus}'", "model.semantics=[]", "model.intra=none"]
    config = make_config({}, [*changes, "model.fusion=none"])
    train = prepare_data(config.data, config.model).train
    with pytest.raises(DataError, match=r"'spread': no training utterance has two votes"):
        side_targets(train, ["spread"], stack_votes(train.ids, []), (1.0, 7.0))
    targets = side_targets(train, ["gender", "emotion"], None, (1.0, 7.0))
    women = [name == "female" for name in train.genders]
    np.testing.assert_array_equal(targets["gender"][:, 0], np.array(women, dtype=np.float32))
    assert set(targets["emotion"][:, 0]) <= {0.0, 1.0, 2.0, 3.0}


def test_a_dry_run_counts_short_epochs_and_a_corpus_without_votes_is_refused(
    planted, corpus_folder, tmp_path
):
    corpus, _ = planted

    def counted(*changes):
        changes = [part for change in changes for part in ("--set", change)]
        said = msfser("train", "--data", corpus, "-o", tmp_path / "dry", *SETTINGS, "--dry-run",
                      *changes).stderr  # fmt: skip
        return float(re.search(r"trained; ([\d.]+) GFLOP in all", said)[1])

    every = ['model.side_heads=["emotion","gender"]', "train.batch_size=4"]
    assert counted(*every, "train.sampling=undersampled") < 0.9 * counted(*every)
    result = CliRunner().invoke(
        main,
        ["train", "--data", str(corpus_folder), "-o", str(tmp_path / "run"), *SETTINGS,
         "--set", 'model.side_heads=["spread"]'],
    )  # fmt: skip
    assert result.exit_code == 1
    assert "ratings.parquet: no such file, and the votes of single raters" in result.stderr
