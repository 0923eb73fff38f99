"""Folds one after the other and side by side."""

from dataclasses import replace

import pytest
from click.testing import CliRunner

pytest.importorskip("torch")

from msfser.commands.cli import main
from msfser.manifest import read_manifest, write_manifest

SETTINGS = (
    "train.epochs=1", "train.batch_size=8", "train.device='cpu'", "model.head_dim=16",
    "model.film_dim=16", "model.layerdrop=0.5", "data.crop_s=0.5",
)  # fmt: skip


@pytest.fixture(scope="module")
def folded(corpus_folder, tmp_path_factory):
    """The corpus with three folds in place of splits."""
    folder = tmp_path_factory.mktemp("folded")
    manifest = read_manifest(corpus_folder)
    rows = tuple(
        replace(row, fold=1 + place % 3, split=None)
        for place, row in enumerate(manifest.utterances)
    )
    write_manifest(folder / "manifest.parquet", replace(manifest, utterances=rows))
    for name in ("texts.parquet", "features"):
        (folder / name).symlink_to(corpus_folder / name)
    return folder


def train(folded, out, *more):
    changes = [part for change in SETTINGS for part in ("--set", change)]
    command = ["train", "--preset", "tiny", "--data", str(folded), "-o", str(out), "--folds"]
    return CliRunner().invoke(main, [*command, *changes, *more])


@pytest.fixture(scope="module")
def in_turn(folded, tmp_path_factory):
    """The folder of folds that were trained one after the other, and what that printed."""
    out = tmp_path_factory.mktemp("folds") / "in_turn"
    result = train(folded, out)
    assert result.exit_code == 0, result.stderr
    return out, result


def contents(out):
    """Return the bytes of all files but the logs, which hold times; without the name of `out`."""
    return {
        path.relative_to(out): path.read_bytes().replace(bytes(out), b"OUT")
        for path in sorted(out.rglob("*"))
        if path.is_file() and path.name != "log.jsonl"
    }


def test_folds_side_by_side_are_those_in_turn_to_the_byte(folded, in_turn, tmp_path):
    out, before = in_turn
    result = train(folded, tmp_path / "out", "--jobs", "2")
    assert result.exit_code == 0, result.stderr
    assert result.stdout == before.stdout
    one, two = contents(out), contents(tmp_path / "out")
    assert one.keys() == two.keys()
    differing = [str(name) for name in one if one[name] != two[name]]
    assert not differing
    lines = result.stderr.splitlines()
    assert sorted(line.partition(": done (")[0] for line in lines if ": done (" in line) == [
        "fold1", "fold2", "fold3",
    ]  # fmt: skip


def test_a_fold_that_fails_is_named_and_resumed_beside_those_that_are_done(
    folded, in_turn, tmp_path
):
    out = tmp_path / "out"
    out.mkdir()
    (out / "fold2").write_text("no folder")
    result = train(folded, out, "--jobs", "2")
    assert result.exit_code == 1
    error = result.stderr.splitlines()[-1]
    assert error.startswith(f"Error: 1 of 3 runs failed, such as fold2: {out / 'fold2'}")
    assert error.endswith("; what is done is kept")
    done = {fold: (out / fold / "metrics.json").stat().st_mtime_ns for fold in ("fold1", "fold3")}
    (out / "fold2").unlink()
    result = train(folded, out)
    assert result.stderr.startswith(f"Error: {out / 'fold1'}: holds a run already")
    result = train(folded, out, "--jobs", "2", "--resume")
    assert result.exit_code == 0, result.stderr
    assert "2 of 3 runs are done already" in result.stderr.splitlines()
    for fold, changed_ns in done.items():
        assert (out / fold / "metrics.json").stat().st_mtime_ns == changed_ns
    for fold in ("fold1", "fold2", "fold3"):
        one, two = (run / fold / "best" / "model.safetensors" for run in (in_turn[0], out))
        assert one.read_bytes() == two.read_bytes()


def test_jobs_without_folds_are_refused(corpus_folder, tmp_path):
    command = ["train", "--data", str(corpus_folder), "-o", str(tmp_path / "out"), "--jobs", "2"]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 2
    assert "Error: --jobs 2 trains folds side by side: give --folds, too" in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_stop_of_folds_side_by_side_says_how_to_go_on(folded, tmp_path, monkeypatch):
    """Ctrl-C ends the processes at once, wherever the command waits for them."""

    def stop(*arguments, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr("msfser.training.folds.run_jobs", stop)
    result = train(folded, tmp_path / "out", "--jobs", "2")
    assert result.exit_code == 130
    assert result.stderr.splitlines()[-1] == (
        f"{tmp_path / 'out'}: stopped; continue with the same command and --resume"
    )
