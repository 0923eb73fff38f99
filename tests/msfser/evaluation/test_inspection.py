import csv
import dataclasses
from functools import partial

import numpy as np
import pytest
from click.testing import CliRunner

from msfser.commands.cli import main

torch = pytest.importorskip("torch")

FP32 = 1e-4  # of the rating scale


@pytest.fixture(scope="module")
def inspected(run_folder):
    from msfser.evaluation.evaluate import read_evaluation_data
    from msfser.evaluation.inspection.inspection import inspect_run
    from msfser.evaluation.runs import open_run

    device = torch.device("cpu")
    run = open_run(run_folder, device)
    data = read_evaluation_data(run)
    return run, data, inspect_run(run, data, device)


def read(path):
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_most_changed_in_any_dimension():
    from msfser.evaluation.inspection.inspection import most_changed

    changes = np.array([[0.1, 0, 0], [0, -0.9, 0], [0, 0, 0.5], [0.1, 0, 0]])
    assert most_changed(changes, 3) == [1, 2, 0]


def test_knock_outs_are_those_of_the_model(inspected, monkeypatch):
    from msfser.ccc import ccc
    from msfser.data.examples import unscale_labels
    from msfser.evaluation.inference import run_model
    from msfser.evaluation.runs import make_reader
    from msfser.manifest import label_array
    from msfser.model.msf_ser import MsfSer

    run, data, inspection = inspected
    assert list(inspection.knockouts) == ["nothing", "A", "B", "C"]
    for name in "ABC":
        without = partial(MsfSer.forward, run.model, without_expert=name)
        monkeypatch.setattr(run.model, "forward", without)
        read = make_reader(run.model).read
        outputs = run_model(run.model, data.examples, read, device=torch.device("cpu"))
        values = unscale_labels(outputs.values, (1.0, 7.0))
        expected = ccc(values, label_array(data.utterances))
        np.testing.assert_allclose(inspection.knockouts[name], expected, rtol=0, atol=FP32)


def test_a_text_that_is_not_there_changes_nothing(inspected):
    _, data, inspection = inspected
    place = data.examples.ids.index("u05")
    np.testing.assert_allclose(inspection.changes["es"][place], 0.0, rtol=0, atol=FP32)
    others = np.delete(np.abs(inspection.changes["es"]).max(axis=1), place)
    assert (others > 10 * FP32).all()
    assert not inspection.present["es"][place]


def test_values_without_change_are_the_predictions(inspected):
    from msfser.evaluation.evaluate import predict_run

    run, data, inspection = inspected
    table = predict_run(run, data, torch.device("cpu"))
    np.testing.assert_allclose(inspection.values, table.values, rtol=0, atol=FP32)
    np.testing.assert_allclose(inspection.gate, table.gate_mean, rtol=0, atol=FP32)


def test_an_untrained_null_vector_is_named_beside_each_number(inspected, tmp_path):
    from msfser.evaluation.inspection.files import make_inspection_tables, write_inspection

    _, _, inspection = inspected
    assert inspection.untrained == ()
    zero = dataclasses.replace(inspection, untrained=("es",))
    tables = make_inspection_tables(zero, {})
    without = next(table for table in tables if table.title == "CCC without a semantics")
    assert [row[0] for row in without.rows] == [
        "nothing",
        "gs",
        "les",
        "es (untrained null vector)",
    ]
    assert "changed most by ES (untrained null vector)" in [table.title for table in tables]
    (tmp_path / "figures").mkdir()
    write_inspection(tmp_path, zero, tables)
    rows = read(tmp_path / "semantics.csv")
    kinds = {row["semantics"]: row["null_vector"] for row in rows}
    assert kinds == {"nothing": "", "gs": "trained", "les": "trained", "es": "untrained"}


def test_files_and_tables(run_folder, tmp_path):
    output = tmp_path / "out"
    arguments = ["inspect", str(run_folder), "--split", "test", "-o", str(output)]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    for title in ("routing weights", "CCC without an expert", "gate", "changed most by ES"):
        assert title in result.stdout
    assert "gs of u08" in result.stdout
    routing = read(output / "routing.csv")
    assert [row["expert"] for row in routing[:3]] == ["A", "B", "C"]
    weights = [float(row["weight"]) for row in routing if row["dimension"] == "dominance"]
    assert sum(weights) == pytest.approx(1.0, abs=1e-6)
    assert len(read(output / "knockout.csv")) == 12
    assert [row["id"] for row in read(output / "utterances.csv")] == ["u08", "u09", "u10", "u11"]
    assert {path.stem for path in (output / "figures").iterdir()} == {
        "routing",
        "knockout",
        "semantics",
        "changes",
        "gate",
    }
    again = CliRunner().invoke(main, arguments)
    assert again.exit_code == 1
    assert "--force" in again.stderr


def test_a_model_without_semantics_has_little_to_show(make_run, tmp_path):
    run = make_run(tmp_path / "run", semantics=(), intra="none", fusion="none")
    result = CliRunner().invoke(main, ["inspect", str(run)])
    assert result.exit_code == 0, result.output
    assert "predictions only" not in result.stdout
    assert [path.name for path in (run / "inspection" / "figures").iterdir()] == []
    assert "nothing to show" in result.stderr


def test_figures_of_routing(inspected):
    from msfser.evaluation.inspection.figure import draw_routing

    _, _, inspection = inspected
    figure = draw_routing(inspection.expert_names, inspection.routing)
    widths = [bar.get_width() for bar in figure.axes[0].patches]
    np.testing.assert_allclose(widths, inspection.routing.T.ravel(), rtol=0, atol=1e-12)
    assert dataclasses.is_dataclass(inspection)
