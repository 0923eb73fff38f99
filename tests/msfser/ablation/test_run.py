import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from msfser.ablation import run as ablation
from msfser.ablation.costs import measured_s
from msfser.ablation.files import ablation_notes, draw_ablation
from msfser.ablation.rows import DEMO, RIVALS, TABLE_2, AblationRow, read_ablation
from msfser.ablation.run import RowResult
from msfser.ablation.table import (
    MEAN_SEED,
    ablation_rows,
    ablation_table,
    brief_table,
    mean_ccc,
    reachable_of,
    read_reachable,
    resample_seeds,
    with_known_paper,
)
from msfser.ccc import ccc
from msfser.commands.cli import main
from msfser.config.settings import Config
from msfser.errors import ConfigError
from msfser.evaluation.intervals import N_RESAMPLES
from msfser.evaluation.predictions import make_predictions
from msfser.manifest import Utterance
from msfser.training.ranks.ranks import Ranks
from msfser.training.state import Interrupted


def test_table_2_has_its_ten_rows_and_their_averages():
    rows = read_ablation(TABLE_2)
    assert len(rows) == 10
    for row in rows:
        assert row.paper is not None
        if row.name != "GS+LES (attention), FiLM":  # whose average is misprinted
            assert np.mean(row.paper[:3]) == pytest.approx(row.paper[3], abs=6e-4)
        assert row.config.train == Config().train
    assert rows[0].config.model.semantics == ()
    assert [row.config.model.fusion for row in rows] == [
        "none", "concat", "attention", *["film"] * 6, "fm_moe",
    ]  # fmt: skip
    assert [row.config.model.intra for row in rows][6:] == ["attention", "gated", "gated", "gated"]
    assert rows[-1].config == Config()
    assert rows[-1].paper == (0.759, 0.685, 0.631, 0.692)
    assert len({row.slug for row in rows}) == 10


def test_the_rivals_are_rows_of_one_table():
    rows = {row.name: row for row in read_ablation(RIVALS)}
    for row in rows.values():
        if row.paper is not None:
            assert np.mean(row.paper[:3]) == pytest.approx(row.paper[3], abs=6e-4)
        assert row.paper_data == ("msp-podcast", "1.12", "development")
    assert "vocoder" in rows["KNN-VC"].absent
    assert rows["LoRA-SER"].config.model.lora_rank == 8
    assert rows["DEER"].config.model.output == "evidence"
    assert rows["DEER"].config.train.deer_likelihood == "single"  # as its authors have it
    assert rows["PCM-le-noNorm"].config.model.contours == "cross_attention"
    assert rows["WavLM-LR"].config.model.heads == "linear"
    assert rows["WavLM-LR"].paper is None  # only on IEMOCAP
    assert rows["SERNC top (SAIL)"].config.train.sampling == "undersampled"
    assert rows["MSF-SER"].config == Config()


def test_the_demo_adds_one_level_after_the_other():
    rows = read_ablation(DEMO)
    assert [row.config.model.semantics for row in rows] == [
        (), ("gs",), ("gs", "les"), ("gs", "les", "es"),
    ]  # fmt: skip
    assert all(row.config.model.acoustic == "tiny" for row in rows)


def test_changes_and_presets_hold_for_all_rows():
    rows = read_ablation(TABLE_2, ["train.epochs=3", "data.folder=corpus"], preset="tiny")
    assert {row.config.train.epochs for row in rows} == {3}
    assert {row.config.data.folder for row in rows} == {"corpus"}
    assert rows[-1].config.model.fusion == "fm_moe"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no rows; write a [[rows]] table for each"),
        ("rows = 3", "no rows"),
        ("[[rows]]\npaper = [1, 2, 3, 4]", "row 1: no name; write name = "),
        ("[[rows]]\nname = 'a'\n[[rows]]\nname = 'A'", "two rows are named 'a'"),
        ("[[rows]]\nname = 'a'\nfusion = 'film'", "row 'a': unknown key 'fusion'; there are: name"),
        ("[[rows]]\nname = 'a'\npaper = [1, 2]", "row 'a': paper [1, 2]: write four numbers"),
        ("[[rows]]\nname = 'a'\nmodel = 1", "row 'a': model must be a table"),
        (
            "[[rows]]\nname = 'a'\nmodel = {fusio = 1}",
            "row 'a': unknown key 'model.fusio'; did you",
        ),
        ("[[rows]", "not TOML"),
    ],
)
def test_rows_that_cannot_be_are_refused(tmp_path, text, message):
    path = tmp_path / "rows.toml"
    path.write_text(text)
    with pytest.raises(ConfigError) as error:
        read_ablation(path)
    assert message in str(error.value)
    assert str(path) in str(error.value)


def make_result(name="GS", n=400, seeds=3, slope=0.9, semantics=("gs",)):
    generator = np.random.default_rng(0)
    labels = generator.uniform(1, 7, (n, 3))
    rows = [
        Utterance(id=f"u{i}", wav="w", split="test", valence=v, arousal=a, dominance=d)
        for i, (v, a, d) in enumerate(labels)
    ]
    predictions = tuple(
        make_predictions(
            rows,
            slope * labels + generator.normal(0, 1, labels.shape),
            corpus="own",
            version="",
            label_bounds=(1.0, 7.0),
        )
        for _ in range(seeds)
    )
    model = replace(Config().model, semantics=semantics, intra="none", fusion="film")
    row = AblationRow(name, replace(Config(), model=model), (0.7, 0.6, 0.5, 0.6))
    return RowResult(row, tuple(range(seeds)), predictions)


def test_a_row_is_the_mean_over_its_seeds_within_its_interval():
    result = make_result()
    values, bounds = mean_ccc(result)
    by_hand = np.mean([ccc(p.values, p.labels) for p in result.predictions], axis=0)
    np.testing.assert_allclose(values[:3], by_hand, rtol=0, atol=1e-12)
    assert values[3] == pytest.approx(by_hand.mean())
    assert (bounds[:, 0] < values).all()
    assert (values < bounds[:, 1]).all()
    assert (np.ptp(bounds, axis=1) < 0.1).all()
    again = mean_ccc(result)
    np.testing.assert_array_equal(bounds, again[1])


def test_a_dimension_without_labels_is_a_dash():
    result = make_result(seeds=1)
    result.predictions[0].labels[:, 2] = np.nan
    (row,) = ablation_table([result], {}, "CCC").rows
    assert row[5] == row[7] == "- [-, -]"
    (brief,) = brief_table([result], {}, "CCC").rows
    assert brief[3] == "- (0.500)"
    assert brief[1].endswith(" (0.700)")
    draw_ablation([result], {})


def test_the_papers_numbers_stand_beside_their_data_alone():
    result = make_result()
    of_paper = replace(result.row, paper_data=("msp-podcast", "1.12", "development"))
    (kept,), _, note = with_known_paper([result], [], "development")
    assert (kept.row.paper, note) == (result.row.paper, "")  # the file does not say
    absent = AblationRow("Gone", Config(), (0.1, 0.2, 0.3, 0.2), "no weights", of_paper.paper_data)
    foreign = replace(result, row=of_paper)
    (left,), (gone,), note = with_known_paper([foreign], [absent], "test")
    assert left.row.paper is None
    assert gone.paper is None
    assert note.endswith("they are of msp-podcast 1.12, development, and these data are own, test")
    theirs = [replace(p, corpus="msp-podcast", version="1.12") for p in result.predictions]
    own = replace(foreign, predictions=tuple(theirs))
    (shown,), (gone,), note = with_known_paper([own], [absent], "development")
    assert (shown.row.paper, gone.paper, note) == (of_paper.paper, absent.paper, "")
    table = ablation_table([own], {}, "CCC", [absent])
    assert table.rows[1] == ("Gone", "", "0.100", "", "0.200", "", "0.300", "", "0.200")
    assert brief_table([own], {}, "CCC", [absent]).rows[1][1] == "(0.100)"
    assert ablation_notes([own], "test", [absent]) == ["Gone: not trained here: no weights"]


def test_rows_without_a_model_and_costs(corpus, tmp_path):
    (tmp_path / "rows.toml").write_text(
        """preset = "tiny"
paper_data = { corpus = "msp-podcast", version = "1.12", split = "development" }
model = { semantics = [], intra = "none", fusion = "none", head_dim = 8 }
[[rows]]
name = "whole"
paper = [0.1, 0.2, 0.3, 0.2]
[[rows]]
name = "adapted"
model = { lora_rank = 2 }
[[rows]]
name = "gone"
paper = [0.1, 0.2, 0.3, 0.2]
absent = "no weights"
"""
    )
    changes = ("--set", "train.epochs=1", "--set", "train.batch_size=4", "--cost")
    arguments = ["ablate", "--config", tmp_path / "rows.toml", "--data", corpus, *changes]
    result = CliRunner().invoke(main, [*map(str, arguments), "-o", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    assert "note: gone: not trained here: no weights" in result.stderr
    assert "note: the paper's numbers are left out: they are of msp-podcast" in result.stderr
    text = (tmp_path / "out" / "ablation.md").read_text()
    assert "| gone |" in text
    assert "not trained here: no weights" in text
    assert "0.200" not in text
    whole, adapted = csv.DictReader((tmp_path / "out" / "costs.csv").read_text().splitlines())
    n_changes = 2 * 4 * 2 * 2 * 64  # layers, projections, A and B, rank, width
    assert int(adapted["weights"]) == int(whole["weights"]) + n_changes
    assert int(adapted["trained"]) < 0.6 * int(whole["trained"])
    assert float(adapted["memory_gib"]) < float(whole["memory_gib"])
    logs = sorted((tmp_path / "out").rglob("log.jsonl"))
    taken_s = [json.loads(log.read_text().splitlines()[-1])["seconds"] for log in logs]
    assert sorted(float(row["training_s"]) for row in (whole, adapted)) == sorted(taken_s)


def test_stops_are_left_out_of_the_time(tmp_path):
    times = [1.0, 2.5, 0.5, 3.0, 4.0]
    lines = [f'{{"kind": "step", "epoch": 1, "step": {s}, "seconds": {s}}}' for s in times]
    (tmp_path / "log.jsonl").write_text("\n".join(lines))
    assert measured_s(tmp_path) == 6.5


def test_an_interval_over_more_utterances_is_narrower():
    wide, narrow = (np.ptp(mean_ccc(make_result(n=n))[1], axis=1) for n in (100, 1600))
    assert (narrow < 0.6 * wide).all()


def test_the_table_sets_the_paper_or_the_reachable_beside(tmp_path):
    result = make_result()
    table = ablation_table([result], {}, "CCC")
    assert table.head == (
        "row", "valence", "paper", "arousal", "paper", "dominance", "paper", "average", "paper",
    )  # fmt: skip
    assert table.rows[0][0] == "GS"
    assert table.rows[0][2::2] == ("0.700", "0.600", "0.500", "0.600")
    head, *cells = ablation_rows([result], {})
    assert head[-1] == "paper"
    assert [row[-1] for row in cells if row[1] == MEAN_SEED] == [0.7, 0.6, 0.5, 0.6]
    path = tmp_path / "reachable.csv"
    path.write_text(
        "dimension,inputs,ccc\nvalence,audio+gs,0.5\narousal,audio+gs,0.9\ndominance,audio+gs,0.1\n"
    )
    reachable = read_reachable(path)
    assert ablation_table([result], reachable, "CCC").rows[0][2::2] == (
        "0.500", "0.900", "0.100", "0.500",
    )  # fmt: skip
    assert np.isnan(reachable_of(make_result(semantics=("es",)), reachable)).all()
    path.write_text("dimension,inputs,ccc\nvalence,audio,\narousal,audio,0.9\n")  # planted
    assert read_reachable(path) == {("arousal", "audio"): 0.9}
    assert read_reachable(tmp_path / "none.csv") == {}


def test_the_figure_has_a_panel_a_measure_and_a_line_a_row():
    figure = draw_ablation([make_result("GS"), make_result("LES", slope=0.5)], {})
    assert [axes.get_title() for axes in figure.axes] == [
        "valence", "arousal", "dominance", "average",
    ]  # fmt: skip
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["GS", "LES"]
    means = [line.get_xdata()[0] for line in figure.axes[0].lines if line.get_markersize() == 6]
    assert means[0] > means[2]  # each row: its mean, then the paper's diamond


def test_the_command_trains_judges_and_goes_on(corpus_folder, tmp_path):
    rows = tmp_path / "rows.toml"
    rows.write_text(
        "preset = 'tiny'\ntrain = {epochs = 1, batch_size = 8}\ndata = {crop_s = 0.5}\n"
        "[[rows]]\nname = 'audio'\nmodel = {semantics = [], intra = 'none', fusion = 'none'}\n"
        "[[rows]]\nname = 'ES'\nmodel = {semantics = ['es'], intra = 'none', fusion = 'film'}\n"
    )
    out = tmp_path / "ablation"
    arguments = [
        "ablate", "--config", str(rows), "--data", str(corpus_folder), "-o", str(out),
        "--split", "test",
    ]  # fmt: skip
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.stderr
    lines = result.stderr.splitlines()
    assert lines[0] == "audio, seed 0: training"
    assert any(line.startswith("epoch 1: training V ") for line in lines[1:])
    assert "audio, seed 0: done (1 of 2)" in lines
    assert "CCC on test, 10 utterances, one seed [95 %]" in result.stdout
    table = list(csv.DictReader((out / "ablation.csv").read_text().splitlines()))
    assert len(table) == 2 * 4 * 2  # rows, measures, the seed and the mean
    assert table[0]["reachable"] == "0.0"  # valence from audio alone
    before = (out / "ablation.csv").read_bytes()
    (out / "runs" / "es" / "seed0" / "predictions.parquet").unlink()
    result = CliRunner().invoke(main, arguments)
    assert "1 of 2 runs are done already" in result.stderr
    assert (out / "ablation.csv").read_bytes() == before
    assert (out / "figures" / "ablation.png").read_bytes().startswith(b"\x89PNG")
    assert "![CCC of each row](figures/ablation.png)" in (out / "ablation.md").read_text()

    result = CliRunner().invoke(main, [*arguments[:-1], "development"])
    assert "are done already" not in result.stderr  # judged anew, not trained anew
    assert "CCC on development, 6 utterances" in result.stdout
    result = CliRunner().invoke(main, [*arguments, "--set", "train.epochs=2"])
    assert result.exit_code == 1
    assert "train.epochs was 1 and is 2; use the same settings" in result.stderr


def test_a_split_that_is_not_there_is_refused_before_any_training(corpus_folder, tmp_path):
    out = tmp_path / "a"
    arguments = ["ablate", "--preset", "tiny", "--data", str(corpus_folder), "-o", str(out)]
    result = CliRunner().invoke(main, [*arguments, "--split", "tset"])
    assert result.exit_code == 1
    assert "Error: no split 'tset'; there are: development" in result.stderr
    result = CliRunner().invoke(main, [*arguments, "--set", "data.test_fold=1"])
    assert "Error: row 'audio': data.test_fold 1: the rows of an ablation" in result.stderr
    assert not out.exists()


def test_a_row_that_is_stopped_goes_on(corpus_folder, tmp_path, monkeypatch):
    def stop(config, folder, **options):
        raise Interrupted(folder)

    monkeypatch.setattr(ablation, "train", stop)
    result = CliRunner().invoke(
        main,
        ["ablate", "--preset", "tiny", "--data", str(corpus_folder), "-o", str(tmp_path / "a")],
    )
    assert result.exit_code == 130
    assert "stopped; what is done is kept: run the same command to go on" in result.stderr


def test_a_row_that_is_stopped_while_it_is_evaluated_is_evaluated_again(
    corpus_folder, tmp_path, monkeypatch
):
    rows = tmp_path / "rows.toml"
    rows.write_text(
        "preset = 'tiny'\ntrain = {epochs = 1}\n[[rows]]\nname = 'audio'\n"
        "model = {semantics = [], intra = 'none', fusion = 'none'}\n"
    )
    out = tmp_path / "a"
    command = ["ablate", "--config", str(rows), "--data", str(corpus_folder), "-o", str(out)]

    def stop(path, record):
        raise Interrupted(path)

    with monkeypatch.context() as patch:
        patch.setattr(ablation, "write_record", stop)
        assert CliRunner().invoke(main, command).exit_code == 130
    again = CliRunner().invoke(main, command)
    assert again.exit_code == 0, again.stderr
    assert "earlier versions" not in again.stderr
    assert (out / "runs" / "audio" / "seed0" / ablation.EVALUATED_NAME).exists()


def test_a_row_that_fails_is_named(corpus_folder, tmp_path):
    result = CliRunner().invoke(
        main,
        ["ablate", "--preset", "tiny", "--data", str(corpus_folder), "-o", str(tmp_path / "a"),
         "--set", "data.train_split=none"],
    )  # fmt: skip
    assert result.exit_code == 1
    assert (
        "Error: 10 of 10 runs failed, such as audio, seed 0: no split 'none'; there are:"
        in result.stderr
    )


def test_seeds_are_drawn_with_replacement_for_each_draw_of_utterances():
    draws = np.stack([np.zeros(N_RESAMPLES), np.ones(N_RESAMPLES)])
    means, counts = np.unique(resample_seeds(draws), return_counts=True)
    np.testing.assert_array_equal(means, [0.0, 0.5, 1.0])
    np.testing.assert_allclose(counts / N_RESAMPLES, [0.25, 0.5, 0.25], rtol=0, atol=0.05)
    alone = np.random.default_rng(1).normal(size=(1, N_RESAMPLES, 4))
    np.testing.assert_array_equal(resample_seeds(alone), alone[0])


def test_jobs_and_torchrun_exclude_each_other(tmp_path):
    rows = read_ablation(TABLE_2)
    with pytest.raises(ConfigError, match=r"--jobs 2: 4 processes of torchrun train each run"):
        ablation.run_ablation(
            rows, tmp_path, seeds=[0], split="test", jobs=2, ranks=Ranks(size=4), report=str
        )
