"""A corpus with emotions alone, read as CREMA-D is, trains a head for them, and nothing else."""

import json

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from msfser.commands.cli import main
from msfser.evaluation.prediction_table import read_predictions

torch = pytest.importorskip("torch")

RATE_HZ = 16_000
HEADS = 'model.side_heads=["emotion"]'
PITCH_HZ = {"ANG": 330.0, "NEU": 180.0, "SAD": 90.0}


def msfser(*arguments):
    return CliRunner().invoke(main, [*map(str, arguments)])


@pytest.fixture(scope="module")
def crema(tmp_path_factory):
    """Eight actors who say three sentences in three emotions, each on its own pitch."""
    root = tmp_path_factory.mktemp("crema")
    (root / "CREMA-D" / "AudioWAV").mkdir(parents=True)
    times_s = np.arange(RATE_HZ // 2) / RATE_HZ
    for actor in range(1001, 1009):
        for place, sentence in enumerate(("DFA", "IEO", "TSI")):
            for emotion, f0_hz in PITCH_HZ.items():
                own_hz = f0_hz * (1 + 0.02 * (actor - 1001) + 0.005 * place)
                wave = sum(np.sin(2 * np.pi * own_hz * k * times_s) / k for k in range(1, 6))
                name = f"{actor}_{sentence}_{emotion}_XX.wav"
                soundfile.write(root / "CREMA-D" / "AudioWAV" / name, 0.1 * wave, RATE_HZ)
    read = msfser("corpus", "crema-d", root / "CREMA-D", "-o", root / "data")
    assert read.exit_code == 0, read.output
    return root / "data"


def train(data, run, *changes):
    settings = ["train.epochs=3", "train.device=cpu", *changes]
    options = [part for change in settings for part in ("--set", change)]
    return msfser("train", "--data", data, "-o", run, "--preset", "voice", *options)


@pytest.fixture(scope="module")
def trained(crema, tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "run"
    result = train(crema, run, HEADS)
    assert result.exit_code == 0, result.output
    return run, result


def test_emotions_alone_are_learned_and_choose_the_epoch(trained):
    run, result = trained
    assert "skipped" not in result.stderr
    assert "no label of valence, arousal, dominance" in result.stderr
    assert "development V - A - D - emotions UAR" in result.stderr
    metrics = json.loads(result.stdout)
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    uars = [line["development_uar"] for line in lines if line["kind"] == "epoch"]
    assert len(uars) == 3
    assert metrics["skipped"] == 0
    assert metrics["best_epoch"] == 1 + int(np.argmax(uars))
    assert metrics["development"]["uar"] == max(uars)
    assert metrics["development"]["valence"] is None
    assert (run / "figures" / "curves.png").is_file()


def test_a_model_of_emotions_alone_is_evaluated_and_predicts(trained, crema, tmp_path):
    run, _ = trained
    result = msfser("evaluate", run, "-o", tmp_path / "out", "--resamples", 5)
    assert result.exit_code == 0, result.output
    assert "test: emotions, macro-F1" in result.stdout
    assert (
        "note: test: no labels of valence, arousal, dominance, so emotions alone are scored\n"
        in result.stderr
    )
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    scores = {row["scope"]: row for row in metrics["emotions"]}
    assert scores["development"]["uar"] == pytest.approx(
        json.loads((run / "metrics.json").read_text())["development"]["uar"], abs=1e-6
    )
    table = read_predictions(tmp_path / "out" / "predictions.parquet")
    names = ["emotion_anger", "emotion_neutral", "emotion_sadness"]
    np.testing.assert_allclose(sum(table.more[name] for name in names), 1.0, atol=1e-5)
    again = msfser("evaluate", tmp_path / "out" / "predictions.parquet", "--resamples", 5)
    assert again.stdout == result.stdout

    wav = next((crema.parent / "CREMA-D" / "AudioWAV").glob("1001_*"))
    predicted = msfser("predict", run, wav, "--format", "json")
    assert predicted.exit_code == 0, predicted.output
    (found,) = json.loads(predicted.stdout)["recordings"]
    assert found["emotion"] in {"anger", "neutral", "sadness"}
    assert found["valence"] is None


def test_without_a_head_for_emotions_the_remedy_is_named_and_works(crema, tmp_path):
    result = train(crema, tmp_path / "run")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    assert (
        "no labels of valence, arousal or dominance in crema-d, only emotions; learn these with "
        f"--set '{HEADS}', or join it with a corpus that has labels: msfser corpus join"
        in result.stderr
    )


def test_a_run_of_emotions_alone_resumes_to_the_same_bytes(trained, crema, tmp_path):
    run, _ = trained
    for command in (
        ("--dry-run",),
        (),
    ):
        settings = [part for change in ("train.epochs=3", "train.device=cpu", HEADS)
                    for part in ("--set", change)]  # fmt: skip
        result = msfser("train", "--data", crema, "-o", tmp_path / "run", "--preset", "voice",
                        *settings, *command)  # fmt: skip
        assert result.exit_code == 0, result.output
    best = "best/model.safetensors"
    assert (tmp_path / "run" / best).read_bytes() == (run / best).read_bytes()
    resumed = msfser("train", "--data", crema, "-o", tmp_path / "run", "--preset", "voice",
                     *settings, "--resume")  # fmt: skip
    assert resumed.exit_code == 0, resumed.output
    assert (tmp_path / "run" / best).read_bytes() == (run / best).read_bytes()
