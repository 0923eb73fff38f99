"""Nothing in a file acts on the terminal, and no error line is longer than 500 characters."""

import csv
import io
import json
import os
import re
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

import lemf
from lemf.commands.cli import main

ESC = "\x1b[31m"
HOSTILE = f"{ESC}evil\x9b2J\u202e\u2067\u200f\u2028\r\a\b"
ACTS = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f]")


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command; check that what it prints acts on no terminal and is short."""
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments):
        result = CliRunner().invoke(main, [str(argument) for argument in arguments])
        assert not isinstance(result.exception, Exception) or result.exit_code, result.exception
        assert not ACTS.search(result.output), ascii(ACTS.search(result.output))
        for line in result.stderr.splitlines():
            assert len(line) < 500
        return result

    return invoke


@pytest.fixture
def hostile(utterance, tmp_path):
    """Write the utterance with hostile labels, tier names and file names."""
    words, phones = utterance.grid.tiers
    words = replace(
        words,
        intervals=tuple(replace(i, label=i.label and HOSTILE + i.label) for i in words.intervals),
    )
    folder = tmp_path / f"a{HOSTILE}"
    folder.mkdir()
    wav = utterance.wav.rename(folder / f"x{HOSTILE}.wav")
    grid = wav.with_suffix(".TextGrid")
    mine = (replace(words, name="words"), replace(phones, name="phones"))
    notes = lemf.IntervalTier(f"z{HOSTILE}", 0.0, words.end_s, words.intervals[1:2])
    lemf.write_textgrid(replace(utterance.grid, tiers=(*mine, notes)), grid)
    return wav, grid, notes.name.replace("\r", "\n")  # as line ends are read


def test_score_and_plot(run, hostile):
    wav, grid, _ = hostile
    for output_format in ("table", "prompt", "json"):
        result = run("score", wav, grid, "--format", output_format)
        assert result.exit_code == 0
        assert "evil" in result.stdout
    word = json.loads(result.stdout)["sentences"][0]["words"][0]["word"]
    assert word == " ".join(f"{HOSTILE}one".split())  # JSON escapes, and loses nothing
    result = run("score", wav, grid, "--plot", "a.svg", "--textgrid", f"b{ESC}.TextGrid")
    assert result.exit_code == 0, result.output
    assert not ACTS.search(Path("a.svg").read_text())
    assert ESC not in str(lemf.score(wav, grid))
    assert ESC not in lemf.score(wav, grid)._repr_html_()
    assert lemf.read_textgrid(f"b{ESC}.TextGrid").tiers[:3] == lemf.read_textgrid(grid).tiers


def labels_of(text):
    return [row["word"] for row in csv.DictReader(io.StringIO(text, newline=""))]


def test_what_other_programs_read_loses_nothing_where_no_terminal_shows_it(
    hostile, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    Path("plain").mkdir()
    wav, grid = (one.rename(f"plain/talk{one.suffix}") for one in hostile[:2])
    words = [word.word for word in lemf.score(wav, grid).words]
    assert ESC in words[0]
    assert "\u200f" in words[0]
    printed = CliRunner().invoke(main, ["score", str(wav), str(grid), "--format", "csv"])
    assert labels_of(printed.stdout_bytes.decode()) == words
    batch = CliRunner().invoke(main, ["batch", str(wav.parent), "-o", "a.csv"])
    assert batch.exit_code == 0, batch.output
    assert labels_of(Path("a.csv").read_bytes().decode()) == words
    eaf = CliRunner().invoke(main, ["score", str(wav), str(grid), "--format", "eaf"])
    assert "\u200f" in eaf.stdout  # XML holds what turns text, and no ESC
    assert ESC not in eaf.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="opens a pseudo-terminal")
@pytest.mark.parametrize("output_format", ["csv", "eaf", "emu", "webvtt", "ass", "ssml", "prompt"])
def test_on_a_terminal_no_format_acts(hostile, output_format):
    import pty

    wav, grid, _ = hostile
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "lemf", "score", str(wav), str(grid)]
    with subprocess.Popen(
        [*command, "--format", output_format], stdout=theirs, stderr=subprocess.DEVNULL
    ) as running:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # the other end is closed
            while part := os.read(ours, 65536):
                shown += part
        assert running.wait() == 0
    os.close(ours)
    text = shown.decode().replace("\r\n", "\n")
    assert "evil" in text
    assert not ACTS.search(text), ascii(ACTS.search(text))


def test_notes_and_errors(run, hostile):
    wav, grid, tier = hostile
    assert "note: " in run("score", wav, grid, "--sentences", tier).stderr
    for arguments in (
        ("score", wav, grid, "--words-tier", HOSTILE),
        ("score", wav, grid, "--speaker", HOSTILE),
        ("score", wav, grid, "--sentences", HOSTILE),
        ("score", wav, grid, "--weights", f"{HOSTILE}=1"),
        ("score", wav, grid, "--weights", f"{HOSTILE}.json"),
        ("score", wav, f"{grid}{ESC}"),
        ("score", f"{wav}{ESC}", grid),
        ("score", grid, wav),
        ("score", wav, grid, f"--{HOSTILE}"),
        ("score", wav, grid, "--format", HOSTILE),
        (HOSTILE,),
        (f"--{HOSTILE}",),
        ("batch", HOSTILE, "-o", "a.parquet"),
        ("rescore", HOSTILE, "-o", "a.parquet"),
        ("plot", wav, grid, "-o", f"gone/{HOSTILE}.png"),
        ("evaluate", f"{HOSTILE}.csv"),
        ("fit", f"{HOSTILE}.csv", "-o", "a.json"),
    ):
        result = run(*arguments)
        assert result.exit_code in (1, 2), arguments
        assert "Error: " in result.stderr


def test_batch(run, hostile):
    wav, grid, _ = hostile
    wav.with_name(f"broken{HOSTILE}.wav").write_bytes(b"no sound")
    wav.with_name(f"broken{HOSTILE}.TextGrid").write_bytes(grid.read_bytes())
    wav.with_name(f"lost{HOSTILE}.TextGrid").write_bytes(grid.read_bytes())
    result = run("batch", wav.parent, "-o", "a.parquet", "--jobs", "1")
    assert "1 of 2 files failed" in result.stderr
    assert "cannot be read as audio" in Path("a.failed.csv").read_text()


def test_evaluate(run, hostile):
    wav, grid, _ = hostile
    rows = [
        {"id": f"{i}{HOSTILE}", "audio": str(wav), "textgrid": str(grid), "emphasised": 1,
         "speaker": f"{HOSTILE}{i}", "emotion": HOSTILE, "text": HOSTILE}
        for i in range(3)
    ]  # fmt: skip
    gone = {**rows[0], "id": f"gone{HOSTILE}", "audio": f"gone{HOSTILE}.wav"}
    Path("labels.jsonl").write_text("".join(json.dumps(row) + "\n" for row in [*rows, gone]))
    for output_format in ("table", "markdown", "json"):
        result = run(
            "evaluate", "labels.jsonl", "--jobs", 1, "--resamples", 5, "--by", "speaker",
            "--format", output_format, "--figure", f"{output_format}.svg",
        )  # fmt: skip
        assert result.exit_code == 0, result.output
        assert "gone" in result.stdout


LONG = "x" * 1_000_000


def long_arguments(wav, grid):
    """Return commands that repeat a megabyte, and the part of the line that must stay."""
    return [
        (("score", wav, grid, "--words-tier", LONG), "for --words-tier"),
        (("score", wav, grid, "--words-tier", "gone"), "no tier 'gone' for --words-tier"),
        (("score", wav, LONG), "cannot be read"),
        (("score", LONG, grid), "cannot be opened"),
        (("score", wav, grid, "--weights", LONG), "write NAME=NUMBER,... or name a .json file"),
        (("score", wav, grid, "--pitch-range", LONG), "is not a number"),
        (("score", wav, grid, "--format", LONG), "is not one of 'table', 'json', 'csv'"),
        (("score", wav, grid, f"--{LONG}"), "No such option"),
        ((LONG,), "No such command"),
        (("batch", LONG, "-o", "a.parquet"), "Error: "),
        (("evaluate", f"{LONG}.csv"), "Error: "),
    ]


def test_error_lines_stay_short(run, utterance):
    words, phones = utterance.grid.tiers
    tiers = (words, phones, *(replace(words, name=f"{LONG}{i}") for i in range(3)))
    lemf.write_textgrid(replace(utterance.grid, tiers=tiers), "long.TextGrid")
    for arguments, part in long_arguments(utterance.wav, "long.TextGrid"):
        result = run(*arguments)
        assert result.exit_code in (1, 2)
        assert part in result.stderr.splitlines()[-1]


@pytest.mark.parametrize("damage", ["label", "name", "class", "time", "cut"])
def test_long_names_and_labels_in_errors_are_short(run, utterance, damage):
    content = utterance.textgrid.read_text()
    old, new = {
        "label": ('text = "two"', f'text = "{LONG}'),
        "name": ('name = "words"', f'name = "{LONG}" 3 "a"'),
        "class": ('class = "IntervalTier"', f'class = "{LONG}"'),
        "time": ("xmax = 1.35", f"xmax = 1,{'3' * 1_000_000}"),
        "cut": ('text = "two"', f'text = "{LONG}"'),
    }[damage]
    assert old in content
    content = content.replace(old, new)
    Path("a.TextGrid").write_text(content[:-200] if damage == "cut" else content)
    result = run("score", utterance.wav, "a.TextGrid")
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: a.TextGrid: ")


def test_paths_as_long_as_the_system_allows_keep_both_ends(run, utterance):
    folder = Path(*["d" * 200] * 15)
    os.makedirs(folder)  # noqa: PTH103 - as the command below meets it
    message = run("score", utterance.wav, folder / "gone.TextGrid").stderr
    assert message.startswith("Error: ddd")
    assert message.endswith("gone.TextGrid: there is no such TextGrid; check the path\n")
