"""Weights as they are written on the command line and in files."""

import json

import click
import pytest

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
