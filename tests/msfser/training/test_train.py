import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from click.testing import CliRunner

from msfser import MsfSer
from msfser.commands.cli import main
from msfser.config.files import make_config
from msfser.config.les_settings import LesSettings
from msfser.errors import CheckpointError, ConfigError, DataError
from msfser.manifest import read_manifest, write_manifest
from msfser.semantics.texts import read_texts, update_texts
from msfser.training.ranks.ranks import ALONE
from msfser.training.run import prepare_run
from msfser.training.run_folder import read_log
from msfser.training.state import STATE_NAME, TrainingState
from msfser.training.train import _note_off_scale, train

SMALL = (
    "train.batch_size=8",
    "train.epochs=2",
    "model.head_dim=16",
    "model.film_dim=16",
    "model.spec_augment=true",
    "model.layerdrop=0.1",
    "data.crop='random'",
    "data.crop_s=0.5",
    "train.device='cpu'",  # where a run can be repeated bit for bit
)


def make(folder, *changes):
    return make_config({}, [*SMALL, f"data.folder='{folder}'", *changes], preset="tiny")


def weights(run):
    return torch.load(run / STATE_NAME, weights_only=True)["model"]


def assert_same_weights(a, b, atol=0.0):
    assert a.keys() == b.keys()
    for name in a:
        np.testing.assert_allclose(a[name], b[name], rtol=0, atol=atol, err_msg=name)


@pytest.fixture(scope="module")
def finished(corpus_folder, tmp_path_factory):
    """A run that nothing disturbed."""
    run = tmp_path_factory.mktemp("runs") / "run"
    metrics = train(make(corpus_folder), run)
    return run, metrics


def test_a_run_leaves_its_settings_its_log_its_curves_and_its_best_model(finished, corpus_folder):
    run, metrics = finished
    assert metrics["epochs"] == 2
    assert metrics["steps"] == 8
    assert set(metrics["development"]) == {"valence", "arousal", "dominance", "average"}
    assert json.loads((run / "metrics.json").read_text()) == metrics
    assert "text_dim = 16" in (run / "config.toml").read_text()  # resolved from the features
    epochs = [line for line in read_log(run) if line["kind"] == "epoch"]
    assert [line["epoch"] for line in epochs] == [1, 2]
    assert epochs[metrics["best_epoch"] - 1]["kept"]
    assert (run / "figures" / "curves.png").read_bytes().startswith(b"\x89PNG")
    model = MsfSer.from_pretrained(run / "best")
    assert model.facts.label_bounds == (1.0, 7.0)
    assert model.facts.wave_std > 0
    assert model.facts.text_encoder == str(corpus_folder / "encoder")


def test_the_same_seed_gives_the_same_bytes(finished, corpus_folder, tmp_path):
    run, _ = finished
    train(make(corpus_folder), tmp_path / "again")
    for name in ("model.safetensors", "config.json"):
        assert (tmp_path / "again" / "best" / name).read_bytes() == (
            run / "best" / name
        ).read_bytes()


def test_precisions(finished, corpus_folder, tmp_path):
    """TF32 is fp32 on a CPU; bf16 rounds, and keeps its weights in fp32."""
    flags = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    for precision in ("tf32", "bf16"):
        train(make(corpus_folder, f"train.precision='{precision}'"), tmp_path / precision)
    assert (torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32) == flags
    assert_same_weights(weights(tmp_path / "tf32"), weights(finished[0]))
    rounded, exact = weights(tmp_path / "bf16"), weights(finished[0])
    assert {weight.dtype for weight in rounded.values()} == {torch.float32}
    moved = torch.cat([(rounded[name] - exact[name]).abs().flatten() for name in exact])
    assert 0 < moved.mean() < 2e-3  # of weights that moved by 4e-3


def test_another_seed_gives_another_model(finished, corpus_folder, tmp_path):
    train(make(corpus_folder, "train.seed=1"), tmp_path / "other")
    assert not torch.equal(
        weights(tmp_path / "other")["pooling.attention"], weights(finished[0])["pooling.attention"]
    )


def command(folder, run, *more, changes=()):
    settings = [*SMALL, *changes]
    return [
        sys.executable, "-m", "msfser", "train", "--preset", "tiny", "--data", str(folder),
        "-o", str(run), *more, *(part for change in settings for part in ("--set", change)),
    ]  # fmt: skip


PLANTED = ("lemf", "msfser", "multiprocessing", "numpy", "pyarrow", "signal", "soundfile", "torch")


def test_the_model_knows_how_les_was_found(corpus_folder, tmp_path):
    folder = tmp_path / "corpus"
    shutil.copytree(corpus_folder, folder)
    found, made = LesSettings(cues="listeners", when="emphasised"), read_texts(folder)
    les = dict(zip(made.ids, made.les, strict=True))
    update_texts(folder, read_manifest(folder), "les", les, found)

    def prepare(*changes):
        config = make(folder, *changes)
        run = prepare_run(config, tmp_path / "run", ALONE, known={}, resume=False, quiet=True)
        return run.model.facts.les

    assert prepare() == found
    assert prepare("model.semantics=['gs']", "model.intra='none'") == LesSettings()


def test_processes_that_read_ahead_import_nothing_of_the_current_folder(corpus_folder, tmp_path):
    here = tmp_path / "here"
    here.mkdir()
    for name in PLANTED:
        trace = here / f"{name}.imported"
        (here / f"{name}.py").write_text(f"open({str(trace)!r}, 'w').close()\n")
    script = tmp_path / "scripts" / "run.py"
    script.parent.mkdir()
    run = tmp_path / "run"
    changes = [*SMALL, f"data.folder={str(corpus_folder)!r}", "data.workers=1", "train.epochs=1"]
    script.write_text(
        "if __name__ == '__main__':\n"
        "    import multiprocessing\n"
        "    from pathlib import Path\n"
        "    from msfser.config.files import make_config\n"
        "    from msfser.training.train import train\n"
        "    multiprocessing.set_start_method('spawn')\n"
        f"    train(make_config({{}}, {changes!r}, preset='tiny'), Path({str(run)!r}))\n"
    )
    path = os.pathsep.join(entry for entry in sys.path if entry)
    done = subprocess.run(
        [sys.executable, script], cwd=here, check=False, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": path},
    )  # fmt: skip
    assert sorted(trace.name for trace in here.glob("*.imported")) == []
    assert done.returncode == 0, done.stderr
    assert (run / "metrics.json").exists()


def lines_of(run):
    path = run / "log.jsonl"
    return path.read_text().count("\n") if path.exists() else 0


def test_killed_anywhere_and_resumed_a_run_ends_with_the_same_weights(
    finished, corpus_folder, start_process, tmp_path
):
    run = tmp_path / "killed"
    for left in (  # by runs that were killed while they wrote
        ".config.toml", ".data.parquet", ".log.jsonl", ".metrics.json", "last/.state.pt",
        "best/.model.safetensors", "best/.config.json", "figures/.curves.png",
    ):  # fmt: skip
        (run / left).parent.mkdir(parents=True, exist_ok=True)
        (run / f"{left}.x1.part").write_bytes(b"half")
    generator = np.random.default_rng(0)
    for n_lines in (0, 1):  # before the first epoch has ended, and after
        process = start_process(command(corpus_folder, run, "--resume"))
        while lines_of(run) <= n_lines - 1 or not (run / "log.jsonl").exists():
            assert process.poll() is None
            time.sleep(0.01)
        time.sleep(generator.uniform(0, 0.3))
        process.send_signal(signal.SIGKILL)
        process.communicate()
    train(make(corpus_folder), run, resume=True)
    assert_same_weights(weights(run), weights(finished[0]))
    assert not list(run.rglob("*.part"))
    assert (run / "best" / "model.safetensors").read_bytes() == (
        finished[0] / "best" / "model.safetensors"
    ).read_bytes()


def test_predictions_may_be_read_late():
    """As on a GPU, which computes while the next step is prepared."""
    steps = torch.rand(3, 2, 8, 3, generator=torch.Generator().manual_seed(0))
    at_once, late = TrainingState(), TrainingState()
    for predictions, labels in steps:
        at_once.add_step(predictions, labels)
        at_once.read_predictions()
        late.add_step(predictions, labels)
    assert late.step == late.step_in_epoch == 3
    assert (late.train_ccc == at_once.train_ccc).all()
    assert late == at_once
    for predictions in (steps[0, 0], steps[0, 0] / 0, steps[0, 0]):
        late.add_step(predictions, steps[0, 1])
    with pytest.raises(DataError, match="step 4: predictions are not finite"):
        late.read_predictions()


def test_a_dimension_that_ran_off_its_scale_is_named():
    state = TrainingState()
    labels = torch.rand(8, 3, generator=torch.Generator().manual_seed(0))
    state.add_step(labels + torch.tensor([-1.5, 0.2, 0.0]), labels)
    np.testing.assert_allclose(state.train_bias, [-1.5, 0.2, 0.0], atol=1e-6)
    assert _note_off_scale(state).startswith("not learned: valence by 1.5 of the rating")
    state = TrainingState()
    state.add_step(labels, labels)
    assert _note_off_scale(state) == ""


def test_ctrl_c_keeps_the_step_it_came_to(finished, corpus_folder, tmp_path, monkeypatch):
    """The signal comes in the middle of the second epoch."""
    from msfser.training import state as training_state

    run = tmp_path / "stopped"
    add_step = training_state.TrainingState.add_step

    def stop_at_six(self, predictions, labels):
        add_step(self, predictions, labels)
        if self.step == 6:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(training_state.TrainingState, "add_step", stop_at_six)
    with pytest.raises(training_state.Interrupted):
        train(make(corpus_folder), run)
    state = torch.load(run / STATE_NAME, weights_only=True)
    assert (state["at"]["step"], state["at"]["step_in_epoch"]) == (6, 2)
    monkeypatch.undo()
    train(make(corpus_folder), run, resume=True)
    assert_same_weights(weights(run), weights(finished[0]))


@pytest.fixture
def folded(corpus_folder, tmp_path):
    """The corpus with two folds in place of splits."""
    folder = tmp_path / "folded"
    folder.mkdir()
    manifest = read_manifest(corpus_folder)
    rows = [
        replace(row, fold=1 + place % 2, split=None)
        for place, row in enumerate(manifest.utterances)
    ]
    write_manifest(folder / "manifest.parquet", replace(manifest, utterances=tuple(rows)))
    for name in ("texts.parquet", "features"):
        (folder / name).symlink_to(corpus_folder / name)
    return folder


def test_folds_are_held_out_one_after_the_other_and_judged_together(folded, tmp_path):
    out = tmp_path / "folds"
    arguments = command(folded, out, "--folds", changes=("train.epochs=1",))[3:]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.stderr
    assert "fold" in result.stdout
    for fold in (1, 2):
        metrics = json.loads((out / f"fold{fold}" / "metrics.json").read_text())
        assert "development" not in metrics  # nothing is selected on the fold held out
        assert metrics["best_epoch"] == 1
    scores = json.loads((out / "evaluation" / "metrics.json").read_text())["scores"]
    groups = {(score["by"], score["group"]): score["n_utterances"] for score in scores}
    assert groups["all", ""] == 48
    assert ("fold", "mean") in groups
    before = (out / "evaluation" / "predictions.parquet").read_bytes()
    again = CliRunner().invoke(main, [*arguments, "--resume"])
    assert again.stdout == result.stdout
    assert (out / "evaluation" / "predictions.parquet").read_bytes() == before


def test_training_starts_from_a_model(finished, corpus_folder, tmp_path):
    still = ("train.lr=1e-12", "train.head_lr=1e-12", "train.routing_lr=1e-12")
    config = make(corpus_folder, *still, "train.epochs=1", f"train.init='{finished[0]}'")
    train(config, tmp_path / "tuned")
    start = MsfSer.from_pretrained(finished[0] / "best").state_dict()
    assert_same_weights(weights(tmp_path / "tuned"), start, atol=1e-8)
    other = replace(config, model=replace(config.model, head_dim=8))
    with pytest.raises(CheckpointError, match="shape"):
        train(other, tmp_path / "misfit")
    with pytest.raises(ConfigError, match=r"train\.init was '.+' and is ''; use the same settings"):
        train(
            replace(config, train=replace(config.train, init="")), tmp_path / "tuned", resume=True
        )


def test_lora_starts_from_a_model_without_it_and_is_exported_merged(
    finished, corpus_folder, tmp_path
):
    lora = ("model.lora_rank=2", "train.epochs=1", "train.head_lr=1e-2")
    train(make(corpus_folder, *lora, f"train.init='{finished[0]}'"), tmp_path / "lora")
    start = MsfSer.from_pretrained(finished[0] / "best").state_dict()
    adapted = MsfSer.from_pretrained(tmp_path / "lora" / "best")
    acoustic = {name: w for name, w in adapted.acoustic.state_dict().items() if ".0." not in name}
    for name, weight in acoustic.items():
        there = re.sub(r"\.parametrizations\.weight\.original$", ".weight", f"acoustic.{name}")
        assert torch.equal(weight, start[there]), name  # WavLM rests
    exported = tmp_path / "exported"
    result = CliRunner().invoke(main, ["export", str(tmp_path / "lora"), "-o", str(exported)])
    assert result.exit_code == 0, result.output
    merged = MsfSer.from_pretrained(exported).state_dict()
    assert merged.keys() == start.keys()
    query = "acoustic.wavlm.encoder.layers.0.attention.q_proj"
    a, b = (adapted.state_dict()[f"{query}.parametrizations.weight.0.{part}"] for part in "ab")
    assert (b @ a).abs().max() > 1e-4  # the change has learned
    expected = start[f"{query}.weight"] + 16.0 / 2 * (b @ a)
    torch.testing.assert_close(merged[f"{query}.weight"], expected, rtol=0, atol=1e-6)
    assert "lora" not in (exported / "config.json").read_text()
    again = CliRunner().invoke(main, ["export", str(exported), "-o", str(exported)])
    assert again.exit_code == 1
    assert "holds a model already" in again.output
    # and a run without LoRA from one with it
    train(
        make(corpus_folder, "train.epochs=1", f"train.init='{tmp_path / 'lora'}'"), tmp_path / "x"
    )


def test_a_model_that_learned_from_another_text_encoder_is_no_start(
    finished, corpus_folder, tmp_path
):
    start = tmp_path / "start"
    shutil.copytree(finished[0] / "best", start)
    content = json.loads((start / "config.json").read_text())
    content["facts"]["text_encoder_revision"] = "another"
    (start / "config.json").write_text(json.dumps(content))
    with pytest.raises(CheckpointError, match=r"the model learned from the texts of .* \(another,"):
        train(make(corpus_folder, f"train.init='{start}'"), tmp_path / "run")


def test_a_folder_that_is_taken_is_refused_before_any_reading(finished, corpus_folder, monkeypatch):
    def read(*_, **__):
        raise AssertionError

    monkeypatch.setattr("msfser.training.run.prepare_data", read)
    with pytest.raises(ConfigError, match="holds a run already; continue it with --resume"):
        train(make(corpus_folder), finished[0])


def test_what_cannot_be_trained_is_said_in_one_line(finished, corpus_folder, tmp_path):
    run, _ = finished
    with pytest.raises(ConfigError, match="holds a run already; continue it with --resume"):
        train(make(corpus_folder), run)
    with pytest.raises(ConfigError, match=r"train\.lr was 0.001 and is 0.1; use the same settings"):
        train(make(corpus_folder, "train.lr=0.1"), run, resume=True)
    no_split = "no split 'dev'; there are: development, test, train; set data.development_split"
    with pytest.raises(DataError, match=no_split):
        train(make(corpus_folder, "data.development_split='dev'"), tmp_path / "a")
    manifest = read_manifest(corpus_folder)
    rows = tuple(replace(row, split=None, fold=1) for row in manifest.utterances)
    write_manifest(tmp_path / "manifest.parquet", replace(manifest, utterances=rows))
    with pytest.raises(DataError, match="no split 'train'; there are: none; train with --folds"):
        train(make(tmp_path), tmp_path / "a")
    with pytest.raises(ConfigError, match="device 'cuda:9': this machine has"):
        train(make(corpus_folder, "train.device='cuda:9'"), tmp_path / "b")
    with pytest.raises(DataError, match=r"are not finite; lower train\.lr"):
        train(make(corpus_folder, "train.lr=1e30", "train.max_grad_norm=0"), tmp_path / "c")
    state = run.parent / "damaged" / STATE_NAME
    state.parent.mkdir(parents=True)
    state.write_bytes(b"not a state")
    with pytest.raises(CheckpointError, match=r"state\.pt: damaged"):
        train(make(corpus_folder), run.parent / "damaged", resume=True)


@pytest.mark.parametrize(
    ("at", "settings", "message"),
    [
        ({"step": 3}, {}, "state of another run (step 3, 0 in epoch 3)"),
        ({"epoch": 5, "step": 20}, {}, "state of another run (step 20 of 8)"),
        ({"step_in_epoch": -1}, {}, "-1 in epoch 3"),
        ({"best_epoch": 9}, {}, "best epoch 9"),
        ({"step": "many"}, {}, "damaged"),
        ({}, {"epochs": 7}, "epochs = 7, not epochs = "),
        ({}, {"lr": 0.5}, "lr = 0.5, not lr = "),
    ],
)
def test_the_state_of_another_run_is_not_gone_on_with(
    finished, corpus_folder, tmp_path, at, settings, message
):
    shutil.copytree(finished[0], tmp_path / "run")
    path = tmp_path / "run" / STATE_NAME
    content = torch.load(path, weights_only=True)
    content["at"] |= at
    for name, value in settings.items():
        changed = rf"(?m)^{name} = .*$"
        content["settings"] = re.sub(changed, f"{name} = {value}", content["settings"])
    torch.save(content, path)
    with pytest.raises(CheckpointError, match=re.escape(message)):
        train(make(corpus_folder), tmp_path / "run", resume=True)


def test_the_command(corpus_folder, tmp_path):
    runner = CliRunner()
    result = runner.invoke(main, ["train", "-o", str(tmp_path / "run")])
    assert result.exit_code == 1
    assert result.stderr == (
        "Error: no data: name with --data the folder that msfser corpus made\n"
    )
    result = runner.invoke(main, ["train", "-o", str(tmp_path / "r"), "--set", "train.lrr=1"])
    assert (result.exit_code, result.stderr) == (
        1, "Error: unknown key 'train.lrr'; did you mean train.lr?\n",
    )  # fmt: skip
    result = runner.invoke(main, [*command(corpus_folder, tmp_path / "r", "--dry-run")[3:]])
    assert result.exit_code == 0, result.stderr
    assert "training: 32 utterances, 0.02 h, development: 6 utterances" in result.stderr
    assert "[train]" in result.stdout
    assert "note" not in result.stderr
    assert not (tmp_path / "r").exists()


def test_one_process_of_several_describes_a_dry_run_and_the_time_of_all(
    corpus_folder, tmp_path, monkeypatch
):
    arguments = [*command(corpus_folder, tmp_path / "r", "--dry-run")[3:]]
    flops = {}
    for n_ranks in ("1", "2"):
        monkeypatch.setenv("WORLD_SIZE", n_ranks)
        alone = CliRunner().invoke(main, arguments)
        (said,) = re.findall(r"([0-9.]+) ([MG])FLOP in all", alone.stderr)
        flops[n_ranks] = float(said[0]) * {"M": 1.0, "G": 1e3}[said[1]]
    assert flops["2"] == pytest.approx(flops["1"] / 2, rel=0.01)
    monkeypatch.setenv("RANK", "1")
    other = CliRunner().invoke(main, arguments)
    assert (other.exit_code, other.stdout, other.stderr) == (0, "", "")


def test_an_empty_name_of_a_cache_is_refused(corpus_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, [*command(corpus_folder, "r", "--cache", "")[3:]])
    assert "'--cache': an empty name, as of a variable that is not set" in result.stderr
    result = CliRunner().invoke(main, ["ablate", "--data", "c", "-o", "a", "--cache", ""])
    assert "'--cache': an empty name" in result.stderr
    assert not list(tmp_path.iterdir())


def test_a_dry_run_notes_what_would_end_the_run_here(corpus_folder, tmp_path):
    manifest = read_manifest(corpus_folder)
    rows = tuple(
        replace(row, fold=1 + place % 2, split=None)
        for place, row in enumerate(manifest.utterances)
    )
    write_manifest(tmp_path / "manifest.parquet", replace(manifest, utterances=rows))
    audio = ("model.semantics=[]", "model.intra='none'", "model.fusion='none'")
    changes = [part for change in audio for part in ("--set", change)]
    (tmp_path / "fold2").mkdir()
    (tmp_path / "fold2" / "config.toml").touch()
    command = ["train", "--preset", "tiny", "--data", str(tmp_path), "-o", str(tmp_path)]
    command += [*changes, "--folds", "--dry-run", "--set", "train.device=cuda:99"]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.stderr
    first, second, *notes = result.stderr.splitlines()
    assert first.startswith("fold 1 held out: training: 24 utterances")
    assert second.startswith("fold 2 held out: training: 24 utterances")
    assert notes[0].startswith("note: device 'cuda:99': this machine has ")
    assert notes[1].startswith(f"note: {tmp_path / 'fold2'}: holds a run already")
    assert "[train]" in result.stdout
    for name in ("tpu", "cuda:", "cuda:-1", "meta"):
        result = CliRunner().invoke(main, [*command[:-1], f"train.device={name}"])
        assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
        assert f'train.device "{name}": must be ' in result.stderr


def test_the_second_start_reads_no_recording_before_its_first_step(
    corpus_folder, tmp_path, monkeypatch
):
    for name in ("manifest.parquet", "texts.parquet", "features"):
        (tmp_path / name).symlink_to(corpus_folder / name)
    config = make(tmp_path, "train.epochs=1")
    assert train(config, tmp_path / "first")

    def read(path, stamp):
        raise AssertionError(f"{path} is read")

    monkeypatch.setattr("msfser.data.scan.read_facts", read)
    assert train(config, tmp_path / "second")
    first, second = (tmp_path / name / "data.parquet" for name in ("first", "second"))
    assert first.read_bytes() == second.read_bytes()


def test_clips_that_cannot_be_used_are_left_out_and_named(corpus_folder, tmp_path):
    folder = tmp_path / "corpus"
    folder.mkdir()
    manifest = read_manifest(corpus_folder)
    first, second, *others = manifest.utterances
    nothing = dict.fromkeys(("valence", "arousal", "dominance"), np.nan)
    rows = (replace(first, wav="gone.wav"), replace(second, **nothing), *others)
    write_manifest(folder / "manifest.parquet", replace(manifest, utterances=rows))
    changes = ("train.epochs=1", "model.semantics=[]", "model.intra='none'", "model.fusion='none'")
    metrics = train(make(folder, *changes), tmp_path / "run")
    assert metrics["skipped"] == 2
    text = (tmp_path / "run" / "skipped.csv").read_text()
    assert f"{second.id},no label\n" in text
    assert "gone.wav: there is no such recording" in text


def test_a_semantic_without_any_text_is_said(corpus_folder, tmp_path, capfd):
    folder = tmp_path / "corpus"
    shutil.copytree(corpus_folder, folder)
    manifest = read_manifest(folder)
    update_texts(folder, manifest, "es", {})
    train(make(folder, "train.epochs=1"), tmp_path / "run")
    assert "no text of ES, so the model learns nothing from it" in capfd.readouterr().err


def test_a_dimension_without_labels_is_said(corpus_folder, tmp_path, capfd):
    manifest = read_manifest(corpus_folder)
    rows = tuple(replace(row, dominance=np.nan) for row in manifest.utterances)
    write_manifest(tmp_path / "manifest.parquet", replace(manifest, utterances=rows))
    changes = ("train.epochs=1", "model.semantics=[]", "model.intra='none'", "model.fusion='none'")
    metrics = train(make(tmp_path, *changes), tmp_path / "run")
    said = capfd.readouterr().err
    assert "no label of dominance, so the model will not predict it" in said
    assert metrics["development"]["dominance"] is None
    facts = json.loads((tmp_path / "run" / "best" / "config.json").read_text())["facts"]
    assert facts["unlearned"] == ["dominance"]
    assert metrics["best_epoch"] == 1
