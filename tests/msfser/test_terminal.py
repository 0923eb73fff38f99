"""Nothing in a file acts on the terminal, and no error line is longer than 500 characters."""

import json
import re
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from msfser.commands.cli import main
from msfser.outputs import Table, print_tables

HOSTILE = "\x1b[31mevil\x9b2J\u202e\u2067\u200f\u2028\a\b"
ACTS = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f]")


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command; check that what it prints acts on no terminal and is short."""
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments):
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
        assert result.exception is None or isinstance(result.exception, SystemExit)
        assert not ACTS.search(result.output), ascii(ACTS.search(result.output))
        for line in result.stderr.splitlines():
            assert len(line) < 500
        return result

    return invoke


def test_corpus_and_summary(run, write_wav, tmp_path):
    wav = write_wav([0.1, -0.1] * 8000, name=f"x{HOSTILE}.wav")
    rows = [
        {"id": f"{i}{HOSTILE}", "wav": str(wav if i else f"gone{HOSTILE}.wav"), "valence": 1 + i,
         "split": f"fold{HOSTILE}", "speaker": HOSTILE, "transcript": HOSTILE, HOSTILE: 1}
        for i in range(3)
    ]  # fmt: skip
    table = Path(f"own{HOSTILE}.jsonl")
    table.write_text("".join(json.dumps(row) + "\n" for row in rows))
    options = ("-o", "out", "--label-bounds", "1,5")
    result = run("corpus", "table", table, *options, "--figure", "a.svg")
    assert "Error: " in result.stderr
    for row in rows:
        row["split"] = "train"
    table.write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = run("corpus", "table", table, *options, "--figure", "a.svg", "--force")
    assert "1 of 3 utterances failed" in result.stderr
    assert "failed: 0\ufffd[31mevil" in result.stderr
    assert "evil" in run("corpus", "summary", "out", "--figure", "b.svg").output
    assert not ACTS.search(Path("b.svg").read_text())


@pytest.mark.parametrize("text", [HOSTILE, "x" * 1_000_000])
def test_errors(run, text):
    for arguments in (
        ("corpus", "table", f"{text}.csv", "-o", "out"),
        ("corpus", "summary", text),
        ("semantics", "les", text),
        ("semantics", "les", text, "--encoding", text),
        ("train", text, "-o", "out"),
        ("evaluate", text),
        ("predict", text, text),
        ("encode", text),
        (text,),
        (f"--{text}",),
    ):
        result = run(*arguments)
        assert result.exit_code in (1, 2), arguments
        assert "Error: " in result.stderr


def test_tables(capsys):
    print_tables(
        [Table(title=HOSTILE, head=(HOSTILE, HOSTILE), rows=((HOSTILE, "1"),))], sys.stdout
    )
    out = capsys.readouterr().out
    assert "evil" in out
    assert not ACTS.search(out)
