"""Weights as they are written on the command line and in files."""

import json

import click
import pytest
from click.testing import CliRunner

from lemf.commands.cli import main
from lemf.commands.weight_options import read_weights
from lemf.errors import SettingsError


def test_weights_on_the_command_line():
    assert read_weights("pitch=1, energy=0.5") == (None, {"pitch": 1.0, "energy": 0.5})
    for text in ("pitch", "pitch=high", "pitch=1,,", ""):
        with pytest.raises(click.UsageError, match="write NAME=NUMBER"):
            read_weights(text)


def test_weights_in_a_file(tmp_path):
    path = tmp_path / "w.json"
    path.write_text(json.dumps({"cues": "paper", "weights": {"pitch": 2}, "fitted_on": "EmoDB"}))
    assert read_weights(str(path)) == ("paper", {"pitch": 2.0})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", r"w\.json: not JSON"),
        ("[1]", r"w\.json: expected"),
        (
            '{"weights": {"pitch": 1, "pitch": 2}}',
            r"w\.json: not JSON .two keys are named 'pitch'.",
        ),
        ('{"weights": {}, "weights": {}}', r"w\.json: not JSON .two keys are named 'weights'."),
        ('{"weights": ' + "[" * 100_000, r"w\.json: not JSON .nested too deep."),
        ('{"weights": {"pitch": ' + "9" * 5000 + "}}", r"not JSON .a number of 5,000 digits."),
        ('{"weights": {"pitch": "high"}}', r"w\.json: expected"),
        ('{"weights": {"pitch": true}}', r"w\.json: expected"),
        ('{"cues": 3, "weights": {}}', r"w\.json: 'cues' must be the name"),
        ('{"cues": "mine", "weights": {}}', r"w\.json: unknown cue set 'mine'"),
        ('{"cues": "paper", "weights": {"loudness": 1}}', r"w\.json: unknown cue 'loudness' of"),
        ('{"cues": "paper", "weights": {"pitch": NaN}}', r"w\.json: weight of pitch: nan is not"),
    ],
)
def test_bad_files_of_weights_are_refused(tmp_path, content, message):
    path = tmp_path / "w.json"
    path.write_text(content)
    with pytest.raises(SettingsError, match=message):
        read_weights(str(path))


def test_missing_file_of_weights(tmp_path):
    with pytest.raises(SettingsError, match=r"gone\.json: cannot be read"):
        read_weights(str(tmp_path / "gone.json"))


def test_a_number_too_large_for_a_float_is_refused(tmp_path):
    path = tmp_path / "w.json"
    path.write_text('{"weights": {"pitch": 1' + "0" * 400 + "}}")
    with pytest.raises(SettingsError, match="a number of 401 digits"):
        read_weights(str(path))


def test_a_cue_named_twice_is_refused():
    with pytest.raises(click.UsageError, match="'pitch' is named twice"):
        read_weights("pitch=1,pitch=2")


def test_a_wrong_use_of_weights_ends_all_commands_alike(tmp_path, build_corpus, monkeypatch):
    monkeypatch.chdir(tmp_path)
    build_corpus(tmp_path / "corpus", 2)
    wav, grid = "corpus/speaker0/0000.wav", "corpus/speaker0/0000.TextGrid"
    (tmp_path / "l.jsonl").write_text(json.dumps({"audio": wav, "textgrid": grid, "emphasised": 0}))
    (tmp_path / "twice.json").write_text('{"weights": {"pitch": 1, "pitch": 2}}')
    batch = ("batch", "corpus", "--jobs", "1", "-o", "a.parquet", "--features", "f.parquet")
    assert CliRunner().invoke(main, batch).exit_code == 0
    commands = [
        ("score", wav, grid),
        ("plot", wav, grid, "-o", "new.png"),
        ("batch", "corpus", "-o", "new.parquet"),
        ("rescore", "f.parquet", "-o", "new.parquet"),
        ("evaluate", "l.jsonl"),
    ]
    for weights, code in (
        ("loud=1", 2),
        ("pitch=1e9", 2),
        ("pitch=nan", 2),
        ("pitch=x", 2),
        ("pitch=1,pitch=2", 2),
        ("twice.json", 1),
        ("gone.json", 1),
    ):
        for command in commands:
            result = CliRunner().invoke(main, [*command, "--weights", weights])
            assert result.exit_code == code, (command, weights, result.output)
            assert result.stderr.splitlines()[-1].startswith("Error: ")
    fit = CliRunner().invoke(main, ["fit", "l.jsonl", "-o", "new.json", "--cue", "loud"])
    assert fit.exit_code == 2
    assert not list(tmp_path.glob("new.*"))
