import csv
import dataclasses
import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from click.testing import CliRunner

from msfser.ccc import ccc
from msfser.commands.cli import main
from msfser.evaluation.prediction_table import read_predictions, write_predictions
from msfser.manifest import read_manifest, write_manifest

torch = pytest.importorskip("torch")

from msfser.config.files import read_config  # noqa: E402
from msfser.evaluation.provenance.start import (  # noqa: E402
    START_NAME,
    Start,
    find_start,
    read_recordings,
)
from msfser.evaluation.runs import DATA_NAME  # noqa: E402
from msfser.training.data.prepare import prepare_data  # noqa: E402
from msfser.training.data.record import write_record  # noqa: E402

FP32 = 1e-4  # of the rating scale


def evaluate(*arguments):
    return CliRunner().invoke(main, ["evaluate", "--resamples", "20", *map(str, arguments)])


def alone(run_folder, corpus, row):
    """Run the model over one utterance with nothing but the model and its files."""
    from safetensors.torch import load_file

    from msfser.data.clips import read_clip
    from msfser.model.msf_ser import MsfSer
    from msfser.semantics.features import open_features

    assert load_file(run_folder / "best" / "model.safetensors")
    model = MsfSer.from_pretrained(run_folder / "best")
    features = open_features(corpus)
    samples = torch.from_numpy(read_clip(corpus / f"{row:02d}.wav").samples / np.float32(0.1))
    texts, present = {}, {}
    for name in ("gs", "les", "es"):
        vectors, there = features.vectors([f"u{row:02d}"], name)
        texts[name], present[name] = torch.from_numpy(vectors), torch.from_numpy(there)
    with torch.no_grad():
        said = model(samples[None], torch.ones(1, len(samples), dtype=bool), texts, present)
    return said.values[0].numpy() * 6 + 1, said


def test_evaluates_all_splits_but_that_of_the_training(run_folder, corpus, tmp_path):
    output = tmp_path / "out"
    result = evaluate(run_folder, "-o", output)
    assert result.exit_code == 0, result.output
    assert "development: 4 utterances of 4 speakers" in result.stdout
    assert "test: 4 utterances of 4 speakers" in result.stdout
    assert f"wrote {output}" in result.stderr

    table = read_predictions(output / "predictions.parquet")
    assert table.ids == tuple(f"u{i:02d}" for i in range(4, 12))
    assert table.fold == (None,) * 8
    for place in (0, 1, 7):  # u05, place 1, has no ES
        values, said = alone(run_folder, corpus, place + 4)
        np.testing.assert_allclose(table.values[place], values, rtol=0, atol=FP32)
        assert table.gate_mean[place] == pytest.approx(float(said.gate.mean()), abs=FP32)
        expected = said.expert_values[0, 2].numpy() * 6 + 1
        np.testing.assert_allclose(table.experts["C"][place], expected, rtol=0, atol=FP32)

    metrics = json.loads((output / "metrics.json").read_text())
    scores = {(row["scope"], row["by"], row["group"]): row for row in metrics["scores"]}
    expected = ccc(table.values[:4], table.labels[:4])
    assert scores["development", "all", ""]["arousal"]["ccc"] == pytest.approx(expected[1])
    assert scores["development", "all", ""]["paper"] is None
    assert metrics["bootstrap"] == {"level": 0.95, "n_resamples": 20, "seed": 0}
    assert "| valence |" in (output / "report.md").read_text()
    figures = {path.name for path in (output / "figures").iterdir()}
    assert {"development-scatter.png", "test-error-by-duration.png"} <= figures


def test_a_model_of_evidence_says_how_sure_each_prediction_is(make_run, corpus, tmp_path):
    run = make_run(tmp_path / "run", output="evidence")
    assert evaluate(run, "--split", "test").exit_code == 0
    table = read_predictions(run / "evaluation" / "predictions.parquet")
    values, said = alone(run, corpus, 8)
    np.testing.assert_allclose(table.values[0], values, rtol=0, atol=FP32)
    for kind in ("aleatoric", "epistemic"):
        expected = np.sqrt(getattr(said.evidence, kind)[0].numpy()) * 6  # on the scale 1 to 7
        np.testing.assert_allclose(table.deviations[kind][0], expected, rtol=1e-3)
        assert table.select(np.arange(4) == 2).deviations[kind].shape == (1, 3)


def test_output_goes_into_the_run_and_is_not_overwritten_unasked(make_run, tmp_path):
    run = make_run(tmp_path / "run")
    assert evaluate(run, "--split", "test").exit_code == 0
    table = read_predictions(run / "evaluation" / "predictions.parquet")
    assert set(table.split) == {"test"}
    again = evaluate(run, "--split", "test")
    assert again.exit_code == 1
    assert "exists already; --force replaces it" in again.stderr
    assert evaluate(run, "--split", "test", "--force").exit_code == 0


def test_the_table_alone_gives_the_same_scores(run_folder, tmp_path):
    first = evaluate(run_folder, "--split", "test", "-o", tmp_path / "out")
    again = evaluate(tmp_path / "out" / "predictions.parquet")
    assert again.exit_code == 0
    assert again.stdout == first.stdout
    assert again.stderr.splitlines() == [
        f"note: test: 4 {unit}s, fewer than 5: no interval over {unit}s"
        for unit in ("utterance", "speaker")
    ]


def test_training_data_are_named_and_no_split_without_a_name_is_judged(make_run, tmp_path):
    run = make_run(tmp_path / "run")
    refused = evaluate(run, "--split", "")
    assert refused.exit_code == 1
    assert refused.stderr == "Error: --split '': name one of train, development, test\n"
    note = "train: the model was trained on these utterances"
    result = evaluate(run, "--split", "test", "--split", "train", "--card")
    assert result.exit_code == 0, result.output
    assert note in result.stderr
    assert "test: the model was" not in result.stderr
    files = [run / "evaluation" / name for name in ("report.md", "metrics.json")]
    assert all(note in path.read_text() for path in (*files, run / "best" / "README.md"))
    result = CliRunner().invoke(main, ["inspect", str(run), "--split", "train"])
    assert note in result.stderr
    assert note in (run / "inspection" / "report.md").read_text()

    # the note stays with the table, and goes where its split is left out
    table = run / "evaluation" / "predictions.parquet"
    result = evaluate(table, "-o", tmp_path / "again")
    assert note in result.stderr
    for name in ("report.md", "metrics.json"):
        assert note in (tmp_path / "again" / name).read_text()
    assert read_predictions(tmp_path / "again" / "predictions.parquet").notes.keys() == {"train"}
    assert note not in evaluate(table, "--split", "test").stderr


def test_the_card_alone_leaves_an_evaluation_as_it_is(make_run, tmp_path):
    run = make_run(tmp_path / "run")
    assert evaluate(run, "--split", "test").exit_code == 0
    written = {path: path.read_bytes() for path in (run / "evaluation").rglob("*.*")}
    result = evaluate(run, "--split", "test", "--split", "development", "--card")
    assert result.exit_code == 0, result.output
    assert f"note: {run / 'evaluation'} is there already, and stays as it is; " in result.stderr
    assert f"wrote {run / 'best' / 'README.md'}" in result.stderr
    assert {path: path.read_bytes() for path in (run / "evaluation").rglob("*.*")} == written
    again = evaluate(run, "--split", "test", "--card")
    assert "README.md: exists already; --force replaces it" in again.stderr
    named = evaluate(run, "--split", "test", "--card", "-o", run / "evaluation")
    assert named.exit_code == 1


AUDIO = {"semantics": (), "intra": "none", "fusion": "none"}


def test_what_the_start_of_a_training_has_met_is_named(make_run, corpus, tmp_path):
    """However the first run ends: its recordings are recorded with the second."""
    first, second, data = (tmp_path / name for name in ("first", "second", "data"))
    make_run(first, **AUDIO)
    config = read_config(first / "config.toml")
    write_record(first / DATA_NAME, prepare_data(config.data, config.model).record)
    # the second run is trained on the test split of the first
    data.mkdir()
    manifest = read_manifest(corpus)
    splits = {"train": "test", "test": "train", "development": "development"}
    swapped = [
        replace(row, wav=str(manifest.wav_path(row)), split=splits[row.split])
        for row in manifest.utterances
    ]
    write_manifest(data / "manifest.parquet", replace(manifest, utterances=tuple(swapped)))
    command = ["train", "--preset", "tiny", "--data", str(data), "-o", str(second)]
    command += ["--init", str(first), "--set", "train.epochs=1", "--set", "train.device='cpu'"]
    command += ["--set", "train.warmup_steps=100"]
    command += [part for key in ("intra", "fusion") for part in ("--set", f"model.{key}='none'")]
    trained = CliRunner().invoke(main, [*command, "--set", "model.semantics=[]"])
    assert trained.exit_code == 0, trained.stderr
    assert "note: train.warmup_steps 100 is above the 1 steps of the run" in trained.stderr
    whole = find_start(str(second))
    assert whole == find_start(str(second / "best"))
    assert whole.recordings["train"] >= read_recordings(first / DATA_NAME)["train"]
    assert whole.recordings["train"] >= read_recordings(second / DATA_NAME)["train"]
    shutil.rmtree(first)

    notes = [
        f"test: training started from {first}, which was trained on these utterances, so this says",
        f"development: training started from {first}, whose best epoch was chosen on these",
    ]
    for name in ("evaluate", "inspect"):
        said = CliRunner().invoke(main, [name, str(second)]).stderr
        assert all(f"note: {note}" in said for note in notes), said
    assert "not known" not in said
    # a copy of the model tells nothing of its training, nor does a folder without the file
    shutil.copytree(second / "best", tmp_path / "copy")
    assert find_start(str(tmp_path / "copy")) == Start(unknown=(str(tmp_path / "copy"),))
    (second / START_NAME).unlink()
    note = f"note: test: training started from {first}, whose training data are not known\n"
    assert note in evaluate(second, "--force").stderr
    assert find_start(str(second)).unknown == (str(first),)


def test_another_rating_scale_than_that_of_the_training_is_named(make_run, corpus, tmp_path):
    run = make_run(tmp_path / "run", **AUDIO)
    manifest = read_manifest(corpus)
    rows = [replace(row, wav=str(manifest.wav_path(row))) for row in manifest.utterances]
    other = replace(manifest, utterances=tuple(rows), label_bounds=(0.0, 10.0))
    (tmp_path / "data").mkdir()
    write_manifest(tmp_path / "data" / "manifest.parquet", other)
    said = evaluate(run, "--data", tmp_path / "data", "--split", "test").stderr
    assert (
        "note: test: the scale of the corpus is 0 to 10, that of the training was 1 to 7: "
        "predictions are stretched to that of the corpus\n"
    ) in said
    assert "scale of" not in evaluate(run, "--split", "test", "--force").stderr


def test_les_that_was_found_otherwise_than_in_training_is_named(make_run, tmp_path):
    for name, changes in (("run", {}), ("voice", AUDIO)):
        path = make_run(tmp_path / name, **changes) / "best" / "config.json"
        content = json.loads(path.read_text())
        content["facts"]["les"] = {"cues": "listeners", "when": "emphasised"}
        path.write_text(json.dumps(content))
        said = evaluate(tmp_path / name, "--split", "test").stderr
        assert (not changes) == (
            "note: test: LES was found by --cues paper, in the training data by --cues listeners "
            "--when emphasised: run msfser semantics les with these options\n" in said
        )


def test_files_are_written_before_a_closed_pipe_ends_the_command(
    run_folder, corpus, tmp_path, monkeypatch
):
    first = tmp_path / "first"
    assert evaluate(run_folder, "--split", "test", "-o", first).exit_code == 0
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "msfser", "evaluate", str(first / "predictions.parquet")]
    done = subprocess.run(
        [*command, "--resamples", "20", "-o", str(tmp_path / "again")], stdout=writing, check=False
    )
    os.close(writing)
    assert done.returncode == 1
    assert {path.name for path in (tmp_path / "again").iterdir()} == {
        path.name for path in first.iterdir()
    }

    def close(*_):
        raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr("msfser.outputs.print_tables", close)
    for command, last in (
        (["inspect", str(run_folder), "--split", "test", "-o", str(tmp_path / "i")], "i/report.md"),
        (
            ["predict", str(run_folder), str(corpus / "00.wav"), "--no-texts", "--embeddings",
             str(tmp_path / "e.npz")],
            "e.npz",
        ),
    ):  # fmt: skip
        assert CliRunner().invoke(main, command).exit_code == 1
        assert (tmp_path / last).exists()


def test_the_split_that_chose_the_epoch_is_named(make_run, tmp_path):
    run = make_run(tmp_path / "run")
    note = "development: the best epoch was chosen on these utterances, so their CCC is optimistic"
    assert f"note: {note}\n" in evaluate(run).stderr
    for name in ("report.md", "metrics.json"):
        assert note in (run / "evaluation" / name).read_text()
    assert note in evaluate(run / "evaluation" / "predictions.parquet").stderr
    config = (run / "config.toml").read_text()
    for change in (('"development"', '""'), ("epochs = 12", "epochs = 1")):  # nothing was chosen
        assert change[0] in config
        (run / "config.toml").write_text(config.replace(*change))
        assert note not in evaluate(run, "--split", "development", "--force").stderr


def test_training_data_are_known_by_their_content(make_run, corpus, tmp_path):
    """Where the corpus lies and what its splits are called today says nothing."""
    run = make_run(tmp_path / "run", semantics=(), intra="none", fusion="none")
    config = read_config(run / "config.toml")
    write_record(run / DATA_NAME, prepare_data(config.data, config.model).record)
    data = tmp_path / "moved"
    data.mkdir()
    manifest = read_manifest(corpus)
    rows = [
        replace(row, split="test" if row.id < "u06" else "test2") for row in manifest.utterances
    ]
    rows[0] = replace(rows[0], split="test3")
    write_manifest(data / "manifest.parquet", replace(manifest, utterances=tuple(rows)))
    said = evaluate(run, "--data", data).stderr
    assert "test3: the model was trained on these utterances" in said
    assert "test: the model was trained on at least 3 of these 5 utterances" in said
    assert "test: the best epoch was chosen on at least 2 of these 5 utterances" in said
    assert "test2: the best epoch was chosen on at least 2 of these 6 utterances" in said
    assert "test2: the model was trained" not in said
    table = read_predictions(run / "evaluation" / "predictions.parquet")
    assert table.trained_on == {"u00", "u01", "u02", "u03"}


def test_a_split_of_a_table_is_chosen_or_refused(run_folder, make_run, tmp_path):
    first = evaluate(run_folder, "-o", tmp_path / "out")
    table = tmp_path / "out" / "predictions.parquet"
    assert "development: 4 utterances" in first.stdout
    chosen = evaluate(table, "--split", "test")
    assert "test: 4 utterances" in chosen.stdout
    assert "development" not in chosen.output
    both = evaluate(table, "--split", "test", "--split", "development")
    assert both.stdout == first.stdout
    for split in ("", "nosuch", "train"):
        assert one_line(evaluate(table, "--split", split)) == (
            f"Error: {table}: no split {split!r}; there are: development, test"
        )
    folds = make_run(tmp_path / "fold1", test_fold=1)
    evaluate(folds)
    assert "held-out folds; leave out --split" in one_line(
        evaluate(folds / "evaluation" / "predictions.parquet", "--split", "test")
    )
    refused = evaluate(table, "--data", tmp_path)
    assert refused.exit_code == 2
    assert "--data: a table of predictions holds its labels" in refused.stderr


def test_a_model_of_the_whole_corpus_has_seen_every_split(make_run, tmp_path):
    run = make_run(tmp_path / "run")
    path = run / "config.toml"
    path.write_text(path.read_text().replace('train_split = "train"', 'train_split = ""'))
    result = evaluate(run)
    assert result.exit_code == 0, result.output
    for split in ("train", "development", "test"):
        assert f"note: {split}: the model was trained on these utterances" in result.stderr


def test_folds_are_pooled_from_a_folder_of_runs(make_run, tmp_path):
    for fold in (1, 2):
        make_run(tmp_path / "folds" / f"fold{fold}", seed=fold, test_fold=fold)
    result = evaluate(tmp_path / "folds")
    assert result.exit_code == 0, result.output
    assert "all folds pooled: 12 utterances of 4 speakers" in result.stdout
    assert "fold mean" in result.stdout
    table = read_predictions(tmp_path / "folds" / "evaluation" / "predictions.parquet")
    assert table.fold == (1,) * 6 + (2,) * 6
    assert table.ids == tuple(f"u{i:02d}" for i in range(12))  # each by the model without it
    metrics = json.loads((tmp_path / "folds" / "evaluation" / "metrics.json").read_text())
    by_fold = {row["group"]: row for row in metrics["scores"] if row["by"] == "fold"}
    mean = np.mean([by_fold[fold]["valence"]["ccc"] for fold in ("1", "2")])
    assert by_fold["mean"]["valence"]["ccc"] == pytest.approx(mean)

    refused = evaluate(tmp_path / "folds", "--split", "test", "-o", tmp_path / "other")
    assert refused.exit_code == 1
    assert "held out fold 1 and is evaluated on it alone" in refused.stderr


def test_a_model_without_semantics_needs_no_features(make_run, corpus, tmp_path):
    bare = tmp_path / "bare"
    bare.mkdir()
    shutil.copy(corpus / "manifest.parquet", bare)
    run = make_run(tmp_path / "run", semantics=(), intra="none", fusion="none")
    result = evaluate(run, "--data", bare, "--split", "development")
    assert result.exit_code == 0, result.output
    table = read_predictions(run / "evaluation" / "predictions.parquet")
    assert table.experts == {}
    assert np.isnan(table.gate_mean).all()


def test_a_recording_that_is_broken_costs_itself(run_folder, corpus, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(corpus, data)
    write_manifest(data / "manifest.parquet", replace(read_manifest(corpus), root=data), force=True)
    (data / "06.wav").write_bytes(b"no sound")
    result = evaluate(run_folder, "--data", data, "--split", "development", "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert "development: 3 utterances" in result.stdout
    assert "1 of 4 utterances could not be used" in result.stderr
    assert (tmp_path / "out" / "skipped.csv").read_text().splitlines()[1].startswith("u06,")


def one_line(result):
    assert result.exit_code == 1
    (line,) = result.stderr.strip().splitlines()
    return line


def test_bad_input_is_one_line(run_folder, make_run, corpus, tmp_path):
    assert "no split 'tset'; there are: development, test, train" in one_line(
        evaluate(run_folder, "--split", "tset", "-o", tmp_path / "a")
    )
    assert "no run here" in one_line(evaluate(tmp_path, "-o", tmp_path / "b"))
    assert "no such file; make it with msfser corpus" in one_line(
        evaluate(run_folder, "--data", tmp_path, "-o", tmp_path / "c")
    )
    if not torch.cuda.is_available():
        assert "device 'cuda'" in one_line(
            evaluate(run_folder, "--device", "cuda", "-o", tmp_path / "d")
        )
    unfinished = tmp_path / "unfinished"
    unfinished.mkdir()
    shutil.copy(run_folder / "config.toml", unfinished)
    assert "no model yet" in one_line(evaluate(unfinished))
    assert "predicted by two runs" in one_line(
        evaluate(run_folder, make_run(tmp_path / "second"), "-o", tmp_path / "e")
    )
    several = evaluate(run_folder, run_folder)
    assert several.exit_code == 2
    assert "name the output folder with -o" in several.stderr


def test_features_of_another_encoder_or_manifest_are_refused(run_folder, corpus, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    shutil.copytree(corpus / "features", data / "features")
    shutil.copy(corpus / "texts.parquet", data)
    manifest = read_manifest(corpus)
    renamed = tuple(replace(row, id=f"other-{row.id}") for row in manifest.utterances)
    write_manifest(data / "manifest.parquet", replace(manifest, utterances=renamed))
    assert "no utterance 'other-u04'" in one_line(
        evaluate(run_folder, "--data", data, "-o", tmp_path / "a")
    )
    index = json.loads((data / "features" / "index.json").read_text())
    (data / "features" / "index.json").write_text(json.dumps(index | {"revision": "f00" * 10}))
    assert "the model learned from the texts of" in one_line(
        evaluate(run_folder, "--data", data, "-o", tmp_path / "b")
    )
    shutil.rmtree(data / "features")
    assert "no vectors; make them with msfser encode" in one_line(
        evaluate(run_folder, "--data", data, "-o", tmp_path / "c")
    )


def test_a_checkpoint_of_another_shape_is_refused(make_run, tmp_path):
    run = make_run(tmp_path / "run")
    content = json.loads((run / "best" / "config.json").read_text())
    content["model"]["head_dim"] = 32
    (run / "best" / "config.json").write_text(json.dumps(content))
    assert "a model of another shape" in one_line(evaluate(run))


def test_bias_of_groups_and_speakers_is_reported_and_calibrated(run_folder, tmp_path):
    output = tmp_path / "out"
    assert evaluate(run_folder, "-o", output).exit_code == 0
    table = read_predictions(output / "predictions.parquet")
    assert (table.more["snr_db"] > 10).all()  # tones and silence
    # two speakers whose predictions are too high, then too low
    shifts = np.where(np.array(table.speaker) == table.speaker[0], 1.0, -1.0)[:, None]
    many = dataclasses.replace(
        table.take(np.arange(8).repeat(10)),
        ids=tuple(f"u{i}" for i in range(80)),
        values=(table.values + 3 * shifts).repeat(10, axis=0),
    )
    write_predictions(tmp_path / "many.parquet", many)
    plain = evaluate(tmp_path / "many.parquet", "-o", tmp_path / "plain")
    assert "test by group: prediction minus label, 95 % over speakers" in plain.stdout
    assert (tmp_path / "plain" / "figures" / "test-bias.png").is_file()
    rows = list(csv.DictReader((tmp_path / "plain" / "bias.csv").read_text().splitlines()))
    (row,) = (r for r in rows if (r["scope"], r["group"]) == ("test", table.speaker[4]))
    chosen = [i for i in range(80) if many.split[i] == "test" and many.speaker[i] == row["group"]]
    expected = (many.values - many.labels)[chosen, 1].mean()
    assert float(row["arousal_mean_error"]) == pytest.approx(expected)
    own = ccc(many.values[chosen], many.labels[chosen])
    assert float(row["valence_ccc"]) == pytest.approx(own[0])
    assert {r["by"] for r in rows} == {"all", "emotion", "gender", "duration", "noise", "speaker"}

    moved = evaluate(
        tmp_path / "many.parquet", "--calibrate", "speaker", "-o", tmp_path / "calibrated"
    )
    assert "note: test: predictions are calibrated for 4 speakers, by" in moved.stderr
    calibrated = read_predictions(tmp_path / "calibrated" / "predictions.parquet")
    assert calibrated.calibration == "speaker"
    assert np.ptp(calibrated.values[:40, 0]) < np.ptp(many.values[:40, 0])
    again = evaluate(tmp_path / "calibrated" / "predictions.parquet", "--calibrate", "speaker")
    assert again.exit_code == 1
    assert "calibrated already; leave out --calibrate" in again.stderr
