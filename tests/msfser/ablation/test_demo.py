import csv
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from msfser.ablation.demo import Demo, shuffle_texts
from msfser.ablation.demo_findings import check_claims
from msfser.ablation.demo_report import write_report
from msfser.ablation.rows import DEMO, read_ablation
from msfser.ablation.run import RowResult
from msfser.commands.cli import main
from msfser.data.examples import Examples
from msfser.evaluation.evaluate import EvaluationData
from msfser.evaluation.inspection.inspection import Inspection
from msfser.evaluation.predictions import make_predictions
from msfser.manifest import Utterance

NAMES = ("valence", "arousal", "dominance")


def read_csv(path):
    return list(csv.DictReader(path.read_text().splitlines()))


def test_the_demo_goes_from_no_data_to_a_report(tmp_path):
    out = tmp_path / "demo"
    for left in (  # by a demo that was killed
        "corpus/audio/m00000.wav", "corpus/.texts.parquet.x.part", "encoder.part/config.json",
        "corpus/features/.000000.safetensors.x.part", "runs/gs/seed0/.data.parquet.x.part",
        "runs/gs/seed0/.predictions.parquet.x.part", "runs/gs/seed0/best/.config.json.x.part",
        "figures/.routing.png.x.part", ".report.md.x.part", ".demo.json.x.part",
    ):  # fmt: skip
        (out / left).parent.mkdir(parents=True, exist_ok=True)
        (out / left).write_text("half")
    arguments = [
        "demo", "-o", str(out), "--utterances", "24", "--jobs", "1",
        "--set", "train.epochs=1", "--set", "data.crop_s=0.5", "--set", "train.batch_size=8",
    ]  # fmt: skip
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.stderr
    assert "Is the mechanism recovered?" in result.stdout
    assert not [*out.rglob("*.part")]
    ablation = read_csv(out / "ablation.csv")
    assert {row["row"] for row in ablation} == {"audio", "GS", "GS+LES", "GS+LES+ES"}
    assert {row["reachable"] for row in ablation if row["dimension"] == "dominance"} > {"0.0"}
    routing = read_csv(out / "routing.csv")
    assert [row["expert"] for row in routing[:3]] == ["A", "B", "C"]
    for dimension in NAMES:
        weights = [float(row["weight"]) for row in routing if row["dimension"] == dimension]
        assert sum(weights) == pytest.approx(1, abs=1e-5)
    knocked = read_csv(out / "knockout.csv")
    assert {row["expert"] for row in knocked} == {"nothing", "A", "B", "C"}
    report = (out / "report.md").read_text()
    for name in ("ablation", "routing", "knockout"):
        assert (out / "figures" / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert f"(figures/{name}.png)" in report
    before = {path: path.read_bytes() for path in out.glob("*.*")}
    again = CliRunner().invoke(main, arguments)
    assert "4 of 4 runs are done already" in again.stderr
    assert again.stdout == result.stdout
    assert {path: path.read_bytes() for path in out.glob("*.*")} == before
    other = CliRunner().invoke(main, ["demo", "-o", str(out), "--corpus-seed", "1"])
    assert other.exit_code == 1
    assert "holds a demo with corpus seed 0, 24 utterances, not corpus seed 1" in other.stderr


def test_shuffled_texts_stay_together():
    examples = Examples(
        list("abcd"),
        [None] * 4,
        np.ones(4, np.int64),
        np.zeros((4, 3), np.float32),
        {"gs": np.arange(4, dtype=np.float32)[:, None], "es": -np.arange(4.0)[:, None]},
        {"gs": np.array([True, False, True, True]), "es": np.ones(4, bool)},
    )
    data = EvaluationData(None, (), examples, 0, {}, None)
    moved = shuffle_texts(data).examples
    order = moved.texts["gs"][:, 0].astype(int)
    assert sorted(order) == [0, 1, 2, 3]
    assert list(order) != [0, 1, 2, 3]
    np.testing.assert_array_equal(moved.texts["es"][:, 0], -order)
    np.testing.assert_array_equal(moved.present["gs"], order != 1)
    assert moved.ids == examples.ids


def make_demo(ceilings, shuffled_v, shuffled_d, knocked_d, share_of_c):
    """Make a demo whose rows correlate with the labels as `ceilings` says, (4, 3)."""
    generator = np.random.default_rng(0)
    labels = generator.normal(4, 1, (2000, 3))
    utterances = [
        Utterance(id=f"u{i}", wav="w", split="test", valence=v, arousal=a, dominance=d)
        for i, (v, a, d) in enumerate(labels)
    ]
    results = []
    for row, r in zip(read_ablation(DEMO), np.array(ceilings), strict=True):
        noise = generator.normal(0, 1, labels.shape)
        values = 4 + r * (labels - 4) + np.sqrt(1 - r**2) * noise
        made = make_predictions(utterances, values, corpus="m", version="", label_bounds=(1.0, 7.0))
        results.append(RowResult(row, (0,), (made,)))
    inspection = Inspection(
        utterances=tuple(utterances),
        values=labels,
        expert_names=("A", "B", "C"),
        routing=np.array([[0.3, 0.4, 0.3], [0.4, 0.3, 0.3], [0.2, 0.8 - share_of_c, share_of_c]]),
        gate=np.full(2000, np.nan),
        present={},
        changes={},
        knockouts={"nothing": np.array([0.9, 0.9, 0.9]), "C": np.array([0.9, 0.9, knocked_d])},
        silenced={},
        untrained=(),
    )
    shuffled = {
        "GS": np.zeros((1, 3)),
        "GS+LES": np.array([[shuffled_v, 0.9, 0.0]]),
        "GS+LES+ES": np.array([[0.0, 0.9, shuffled_d]]),
    }
    return Demo(results, shuffled, (inspection,), {})


GOOD = [[0.0, 0.9, 0.0], [0.5, 0.9, 0.0], [0.95, 0.9, 0.0], [0.95, 0.9, 0.95]]


def test_a_recovered_mechanism_meets_every_claim():
    findings = check_claims(make_demo(GOOD, 0.0, 0.0, 0.0, 0.7))
    assert [finding.holds for finding in findings] == [True] * 7
    assert findings[0].value == pytest.approx(0.45, abs=0.05)
    assert findings[0].low < findings[0].value < findings[0].high
    assert findings[6].value == pytest.approx(0.4)


def test_the_report_holds_the_notes_on_the_scores_of_a_row(tmp_path):
    demo = make_demo(GOOD, 0.0, 0.0, 0.0, 0.7)
    demo.results[1].predictions[0].notes["test"] = ("training started from x",)
    write_report(tmp_path, demo, check_claims(demo))
    assert "\ntest: training started from x.\n" in (tmp_path / "report.md").read_text()


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ({"ceilings": [GOOD[0], [0.8, 0.9, 0.0], *GOOD[2:]]}, 0),
        ({"ceilings": [*GOOD[:3], [0.95, 0.9, 0.3]]}, 1),
        ({"ceilings": [[0.0, 0.5, 0.0], *GOOD[1:]]}, 2),
        ({"shuffled_v": 0.9}, 3),
        ({"shuffled_d": 0.9}, 4),
        ({"knocked_d": 0.8}, 5),
        ({"share_of_c": 0.4}, 6),
    ],
)
def test_each_claim_can_fail(change, broken):
    good = {
        "ceilings": GOOD, "shuffled_v": 0.0, "shuffled_d": 0.0, "knocked_d": 0.0, "share_of_c": 0.7,
    }  # fmt: skip
    findings = check_claims(make_demo(**{**good, **change}))
    assert not findings[broken].holds


def test_the_worst_seed_decides_about_the_routing():
    demo = make_demo(GOOD, 0.0, 0.0, 0.0, 0.7)
    poor = replace(demo.inspections[0], routing=np.full((3, 3), 1 / 3))
    demo = replace(demo, inspections=(*demo.inspections, poor))
    assert not check_claims(demo)[6].holds
