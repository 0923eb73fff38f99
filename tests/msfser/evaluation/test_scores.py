import dataclasses
import io
import json

import audmetric
import numpy as np
import pytest
import scipy.stats

from msfser.ccc import ccc
from msfser.evaluation.figure import (
    draw_calibration,
    draw_error_by_duration,
    draw_scatter,
)
from msfser.evaluation.groups import duration_group
from msfser.evaluation.intervals import FEWEST, ccc_draws, ccc_intervals, count_units
from msfser.evaluation.predictions import Predictions, join_predictions
from msfser.evaluation.report import make_tables, score_notes
from msfser.evaluation.scores import (
    FOLDS,
    paper_score,
    scopes,
    score_predictions,
    scores_to_rows,
)
from msfser.outputs import Table, format_markdown, print_tables, render_figure

ROUNDING = 1e-12  # of CCC


def draw_scores(n=60, seed=0, *, missing=0.0):
    rng = np.random.default_rng(seed)
    labels = np.clip(rng.normal(4.0, 1.2, (n, 3)), 1, 7)
    values = 0.5 * labels + 2.2 + rng.normal(0.0, 0.4, (n, 3))
    labels[rng.random((n, 3)) < missing] = np.nan
    return values, labels


def make_table(n=60, *, corpus="mechanism", version="", split="test", folds=None, start=0):
    values, labels = draw_scores(n, seed=start)
    return Predictions(
        corpus=corpus,
        version=version,
        label_bounds=(1.0, 7.0),
        ids=tuple(f"u{start + i}" for i in range(n)),
        split=(split,) * n,
        speaker=tuple(f"s{i % 6}" for i in range(n)),
        gender=tuple(("female", "male")[i % 2] for i in range(n)),
        emotion=tuple(("calm", "angry", None)[i % 3] for i in range(n)),
        fold=tuple(folds[i % len(folds)] for i in range(n)) if folds else (None,) * n,
        duration_s=np.linspace(1.0, 9.0, n),
        labels=labels,
        values=values,
        experts={},
        gate_mean=np.full(n, np.nan),
    )


def find(scores, by, group="", scope=None):
    (score,) = (
        score
        for score in scores
        if (score.by, score.group) == (by, group) and scope in (None, score.scope)
    )
    return score


@pytest.mark.parametrize("speakers", [None, [f"s{i % 7}" for i in range(59)] + [None]])
def test_draws_are_ccc_of_the_utterances_that_were_drawn(speakers):
    values, labels = draw_scores(missing=0.1)
    draws = ccc_draws(values, labels, speakers, n_resamples=50, seed=3)
    rng = np.random.default_rng(3)
    names = range(60) if speakers is None else [s or "alone" for s in speakers]
    members = {}
    for row, name in enumerate(names):
        members.setdefault(name, []).append(row)
    groups = list(members.values())
    drawn = rng.integers(len(groups), size=(50, len(groups)))
    for draw, places in zip(draws, drawn, strict=True):
        rows = [row for place in places for row in groups[place]]
        np.testing.assert_allclose(draw, ccc(values[rows], labels[rows]), rtol=0, atol=1e-10)


def test_draws_come_in_chunks_that_do_not_show(monkeypatch):
    values, labels = draw_scores()
    at_once = ccc_draws(values, labels, n_resamples=40)
    monkeypatch.setattr("msfser.evaluation.intervals._CHUNK", 7 * 60)
    np.testing.assert_allclose(
        ccc_draws(values, labels, n_resamples=40), at_once, rtol=0, atol=ROUNDING
    )


def test_interval_covers_the_truth_as_often_as_it_says():
    labels = np.random.default_rng(1).normal(0.0, 1.0, (400, 200))
    values = labels + np.random.default_rng(2).normal(0.0, 1.0, labels.shape)
    truth = 2 / 3  # 2 cov / (var + var) = 2 / (2 + 1)
    draws = ccc_draws(values, labels, n_resamples=300)
    low, high = np.quantile(draws, [0.025, 0.975], axis=0)
    covered = np.mean((low <= truth) & (truth <= high))
    assert covered == pytest.approx(0.95, abs=0.05)


def test_draws_of_nothing():
    assert np.isnan(ccc_draws(np.empty((0, 3)), np.empty((0, 3)), n_resamples=4)).all()
    draws = ccc_draws(np.ones((1, 3)), np.ones((1, 3)), n_resamples=4)
    assert draws.shape == (4, 3)


def test_scores_of_all_and_of_groups_against_audmetric():
    table = make_table()
    scores = score_predictions(table, n_resamples=50)
    total, angry = find(scores, "all"), find(scores, "emotion", "angry")
    for d in range(3):
        expected = audmetric.concordance_cc(table.labels[:, d], table.values[:, d])
        assert total.ccc[d] == pytest.approx(expected, abs=ROUNDING)
        expected = audmetric.concordance_cc(table.labels[1::3, d], table.values[1::3, d])
        assert angry.ccc[d] == pytest.approx(expected, abs=ROUNDING)
    assert total.ccc[3] == pytest.approx(total.ccc[:3].mean(), abs=ROUNDING)
    assert (total.over_utterances[:, 0] < total.ccc).all()
    assert (total.ccc < total.over_utterances[:, 1]).all()
    assert (total.n_utterances, total.n_speakers, angry.n_utterances) == (60, 6, 20)
    error = table.values - table.labels
    np.testing.assert_allclose(total.rmse**2, (error**2).mean(axis=0), rtol=0, atol=ROUNDING)
    np.testing.assert_allclose(total.bias, error.mean(axis=0), rtol=0, atol=ROUNDING)
    assert [score.group for score in scores if score.by == "gender"] == ["female", "male"]
    assert [score.group for score in scores if score.by == "duration"] == [
        "0 to 2 s",
        "2 to 4 s",
        "4 to 8 s",
        "8 to 16 s",
    ]


def test_splits_are_scored_apart():
    both = join_predictions([make_table(split="test1"), make_table(split="test2", start=60)])
    scores = score_predictions(both, n_resamples=20)
    assert [score.scope for score in scores if score.by == "all"] == ["test1", "test2"]
    alone = score_predictions(make_table(split="test2", start=60), n_resamples=20)
    np.testing.assert_array_equal(find(scores, "all", scope="test2").ccc, find(alone, "all").ccc)


def test_folds_mean_and_pooled():
    table = make_table(folds=[1, 2, 3])
    scores = score_predictions(table, n_resamples=50)
    assert {score.scope for score in scores} == {FOLDS}
    folds = [find(scores, "fold", str(fold)) for fold in (1, 2, 3)]
    mean, pooled = find(scores, "fold", "mean"), find(scores, "all")
    np.testing.assert_allclose(
        mean.ccc, np.mean([fold.ccc for fold in folds], axis=0), rtol=0, atol=ROUNDING
    )
    expected = audmetric.concordance_cc(table.labels[:, 0], table.values[:, 0])
    assert pooled.ccc[0] == pytest.approx(expected, abs=ROUNDING)
    widths = [np.ptp(score.over_utterances, axis=1) for score in (mean, *folds)]
    assert (widths[0] < np.mean(widths[1:], axis=0)).all()


def test_intervals_are_those_of_student_t_on_the_scale_of_fisher():
    table = dataclasses.replace(make_table(), speaker=tuple(f"s{i % 5}" for i in range(60)))
    total = find(score_predictions(table, n_resamples=200, seed=3), "all")
    # computed by a loop, with the quantile of scipy
    groups = [np.arange(60) % 5 == i for i in range(5)]
    drawn = []
    rng = np.random.default_rng(3)
    for chosen in rng.integers(5, size=(200, 5)):
        rows = np.concatenate([np.flatnonzero(groups[i]) for i in chosen])
        three = ccc(table.values[rows], table.labels[rows])
        drawn.append([*three, three.mean()])
    spread = np.arctanh(drawn).std(axis=0) * np.sqrt(5 / 4)
    half = scipy.stats.t.ppf(0.975, 4) * spread
    centre = np.arctanh(total.ccc)
    expected = np.tanh(np.stack([centre - half, centre + half], axis=1))
    np.testing.assert_allclose(total.over_speakers, expected, rtol=0, atol=3e-4)
    assert (np.abs(total.over_utterances - expected) > 1e-3).all()


@pytest.mark.parametrize("freedom", [4, 5, 9, 29, 499])
def test_the_quantile_of_student_t(freedom):
    draws = np.tanh([[-0.1], [0.1]])
    ((_, high),) = ccc_intervals(np.zeros(1), draws, np.array([freedom + 1.0]))
    quantile = np.arctanh(high) / (0.1 * np.sqrt((freedom + 1) / freedom))
    assert quantile == pytest.approx(scipy.stats.t.ppf(0.975, freedom), abs=1e-3)


@pytest.mark.parametrize("n", [2, FEWEST - 1, FEWEST])
def test_few_utterances_and_few_speakers_have_no_interval(n):
    few = score_predictions(make_table(n), n_resamples=50)
    assert np.isnan(find(few, "all").over_utterances).all() == (n < FEWEST)
    table = dataclasses.replace(make_table(), speaker=tuple(f"s{i % n}" for i in range(60)))
    speakers = score_predictions(table, n_resamples=50)
    assert np.isnan(find(speakers, "all").over_speakers).all() == (n < FEWEST)
    assert not np.isnan(find(speakers, "all").over_utterances).any()
    expected = [f"test: {n} speakers, fewer than 5: no interval over speakers"] * (n < FEWEST)
    assert score_notes(table, speakers) == expected
    table.labels[n:, 1] = np.nan  # few labels in one dimension, and so of the average
    (total, *_) = scores = score_predictions(table, n_resamples=50)
    assert np.isnan(total.over_utterances).any(axis=1).tolist() == [False, n < FEWEST] * 2
    expected += ["test: arousal: fewer than 5 labels, or all alike: no interval"] * (n < FEWEST)
    assert [note for note in score_notes(table, scores) if "emotion" not in note] == expected


@pytest.mark.parametrize(("n", "expected"), [(4, ["emotion calm", "emotion new"]), (5, [])])
def test_every_group_without_an_interval_is_named(n, expected):
    emotion = [*["calm"] * n, *["angry"] * (60 - 2 * n), *["new"] * n]
    table = dataclasses.replace(
        make_table(), emotion=tuple(emotion), notes={"test": ("seen",), "train": ("no",)}
    )
    notes = score_notes(table, score_predictions(table, n_resamples=50))
    few = ["fewer than 5 labelled utterances: no interval"]
    assert notes == [f"test: {note}" for note in ("seen", *(
        f"{', '.join(expected)}: {note}" for note in few if expected
    ))]  # fmt: skip


def test_speakers_of_unequal_weight_count_as_fewer():
    labels = np.ones((60, 2))
    labels[:10, 1] = np.nan
    even = [f"s{i % 6}" for i in range(60)]
    np.testing.assert_allclose(count_units(labels, even)[0], 6.0, rtol=0, atol=ROUNDING)
    uneven = ["a"] * 24 + [f"s{i % 9}" for i in range(36)]
    expected = 60**2 / (24**2 + 9 * 4**2), 50**2 / (14**2 + 9 * 4**2)
    np.testing.assert_allclose(count_units(labels, uneven), expected, rtol=0, atol=ROUNDING)
    one = ["a"] * 56 + ["b", "c", "d", "e"]  # five, though nearly one
    np.testing.assert_array_equal(count_units(labels, one), [5, 5])
    np.testing.assert_array_equal(count_units(labels, ["a"] * 30 + [None] * 30), [1, 1])
    np.testing.assert_array_equal(count_units(labels), [60, 50])


def test_no_interval_is_invented_for_constants_and_perfect_predictions():
    labels = draw_scores(30)[0]
    perfect = ccc_draws(labels, labels, n_resamples=20)
    bounds = ccc_intervals(np.ones(3), perfect, np.full(3, 30.0))
    np.testing.assert_allclose(bounds, 1.0, rtol=0, atol=ROUNDING)
    nothing = ccc_draws(np.ones((30, 3)), np.ones((30, 3)), n_resamples=20)
    assert np.isnan(ccc_intervals(np.full(3, np.nan), nothing, np.full(3, 30.0))).all()
    assert np.isnan(ccc_intervals(np.ones(3), perfect[:1], np.full(3, 30.0))).all()


def test_intervals_over_ten_speakers_cover_the_true_value():
    """A tenth of the table in docs/evaluation.md, where percentiles cover 0.88."""
    rng = np.random.default_rng(8)
    speakers = [f"s{i // 20}" for i in range(200)]
    inside = 0
    for seed in range(200):
        of_speaker = rng.normal(0, np.sqrt(0.2), (2, 10, 3)).repeat(20, axis=1)
        labels, noise = of_speaker + rng.normal(0, np.sqrt(0.8), (2, 200, 3))
        values = 0.64 * labels + 0.48 * noise  # CCC 0.7805
        draws = ccc_draws(values, labels, speakers, n_resamples=300, seed=seed)
        bounds = ccc_intervals(ccc(values, labels), draws, count_units(labels, speakers))
        inside += ((bounds[:, 0] <= 0.7805) & (bounds[:, 1] >= 0.7805)).sum()
    assert 0.92 <= inside / 600 <= 0.98


def test_without_speakers_there_is_no_interval_over_them():
    table = dataclasses.replace(make_table(), speaker=(None,) * 60)
    total = find(score_predictions(table, n_resamples=20), "all")
    assert np.isnan(total.over_speakers).all()
    assert total.n_speakers == 0
    (row, *_) = scores_to_rows([total])
    assert row["valence"]["over_speakers"] == [None, None]
    json.dumps(row, allow_nan=False)


def test_groups_without_labels_have_no_ccc():
    table = make_table(6)
    table.labels[:] = np.nan
    total = find(score_predictions(table, n_resamples=20), "all")
    assert total.n_utterances == 0
    for values in (total.ccc, total.over_utterances, total.rmse, total.bias):
        assert np.isnan(values).all()
    for draw in (draw_scatter, draw_calibration, draw_error_by_duration):
        assert render_figure(draw(table)).startswith(b"\x89PNG")


def test_same_seed_same_intervals():
    first, again = (
        scores_to_rows(score_predictions(make_table(), n_resamples=20, seed=5)) for _ in range(2)
    )
    other = scores_to_rows(score_predictions(make_table(), n_resamples=20, seed=6))
    assert first == again
    assert first != other


@pytest.mark.parametrize(
    ("changes", "scope", "expected"),
    [
        ({"corpus": "msp-podcast", "version": "1.12", "split": "development"}, None, 0.692),
        ({"corpus": "msp-podcast", "version": "1.12", "split": "test1"}, None, None),
        ({"corpus": "msp-podcast", "version": "1.11", "split": "development"}, None, None),
        ({"corpus": "iemocap", "folds": [1, 2, 3, 4, 5]}, FOLDS, 0.638),
        ({"corpus": "iemocap", "folds": [1, 2, 3, 4]}, FOLDS, None),
        ({"corpus": "iemocap"}, None, None),
        ({"folds": [1, 2, 3, 4, 5]}, FOLDS, None),
    ],
)
def test_the_paper_stands_beside_its_own_data_only(changes, scope, expected):
    ((found, part),) = scopes(make_table(**changes))
    assert scope in (None, found)
    paper = paper_score(part, found)
    assert (paper and paper.ccc[3]) == expected
    assert find(score_predictions(part, n_resamples=2), "all").paper == paper


@pytest.mark.parametrize(
    ("duration_s", "expected"),
    [(0.3, "0 to 2 s"), (2.0, "2 to 4 s"), (15.99, "8 to 16 s"), (99.0, "16 s or more")],
)
def test_duration_groups(duration_s, expected):
    assert duration_group(duration_s) == expected
    assert duration_group(np.nan) == ""


def test_tables_for_a_terminal_and_as_markdown():
    table = make_table(corpus="msp-podcast", version="1.12", split="development")
    scores = score_predictions(table, n_resamples=20)
    tables = make_tables(scores)
    stream = io.StringIO()
    print_tables(tables, stream)
    printed, markdown = stream.getvalue(), format_markdown(tables)
    total = find(scores, "all")
    for text in (printed, markdown):
        assert "development: 60 utterances of 6 speakers; the paper's table 2: 31,961" in text
        assert f"{total.ccc[0]:.3f}" in text
        assert "0.759" in text
        assert "emotion angry" in text
    assert max(map(len, printed.splitlines())) <= 80
    long = Table(title="t" * 90, head=("word", "number"), rows=(("w" * 200, "1"),))
    stream = io.StringIO()
    print_tables([long], stream)
    assert "t" * 90 in stream.getvalue()
    assert "w" * 200 in stream.getvalue()
    others = score_predictions(make_table(split="development"), n_resamples=20)
    assert "paper" not in format_markdown(make_tables(others))


def test_figures_show_what_they_say():
    table = make_table()
    scatter = draw_scatter(table)
    assert [axes.get_title().partition(":")[0] for axes in scatter.axes] == [
        "valence",
        "arousal",
        "dominance",
    ]
    np.testing.assert_array_equal(
        scatter.axes[0].collections[0].get_offsets(),
        np.stack([table.labels[:, 0], table.values[:, 0]], axis=1),
    )
    line = draw_calibration(table).axes[1].lines[0]
    first = np.argsort(table.values[:, 1])[:6]
    assert line.get_ydata()[0] == pytest.approx(table.labels[first, 1].mean(), abs=ROUNDING)
    line = draw_error_by_duration(table).axes[0].lines[2]
    error = (table.values - table.labels)[table.duration_s < 2, 2]
    assert line.get_ydata()[0] == pytest.approx(np.sqrt((error**2).mean()), abs=ROUNDING)
    assert render_figure(draw_scatter(table)) == render_figure(draw_scatter(table))
