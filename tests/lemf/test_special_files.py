"""No file that lemf opens may be a pipe, a device or a socket: it could never end."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner

import lemf
from lemf.agreement.fitting.fitted_weights import hash_file
from lemf.commands.cli import main as lemf_main

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")


COMMANDS = [
    "score p.wav good.TextGrid",
    "score good.wav p.TextGrid",
    "score good.wav /dev/zero",
    "score /dev/zero good.TextGrid",
    "score good.wav good.TextGrid --weights p.json",
    "plot good.wav p.TextGrid -o a.png",
    "batch p.csv -o a.parquet",
    "batch p.jsonl -o a.parquet",
    "rescore p.parquet -o a.parquet",
    "evaluate p.csv",
    "evaluate labels.csv --scores x=p.csv",
    "evaluate labels.csv --scores x=p.parquet",
    "fit p.csv -o a.json",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_pipe_is_refused_in_one_line(pipes, utterance, command):
    utterance.wav.rename("good.wav")
    utterance.textgrid.rename("good.TextGrid")
    Path("labels.csv").write_text("audio,textgrid,emphasised\ngood.wav,good.TextGrid,1\n")
    result = CliRunner().invoke(lemf_main, command.split())
    assert result.exit_code == 1, result.output
    (line,) = result.stderr.splitlines()
    assert ": this is a " in line
    assert line.endswith(", not a file; save what it holds to a file")


def test_a_pipe_in_a_corpus_fails_alone(pipes, utterance):
    folder = pipes / "corpus"
    folder.mkdir()
    utterance.wav.rename(folder / "good.wav")
    content = utterance.textgrid.read_bytes()
    for name in ("good", "pipe"):
        (folder / f"{name}.TextGrid").write_bytes(content)
    os.mkfifo(folder / "pipe.wav")
    result = CliRunner().invoke(lemf_main, ["batch", "corpus", "-o", "a.parquet", "--jobs", "1"])
    assert "1 of 2 files failed" in result.stderr
    assert "this is a pipe" in Path("a.failed.csv").read_text()


@pytest.mark.parametrize(
    ("read", "suffix"),
    [
        (hash_file, "wav"),
        (lemf.read_audio, "flac"),
        (lemf.read_textgrid, "TextGrid"),
        (lemf.read_rows, "parquet"),
    ],
)
def test_no_reader_waits_for_a_pipe(pipes, read, suffix):
    with pytest.raises(lemf.LemfError, match=rf"^p\.{suffix}: this is a pipe, not a file"):
        read(Path(f"p.{suffix}"))
