"""The paper's cue set gives what it gave before there were others.

`really_paper.json` is what `lemf score examples/really.wav examples/really.TextGrid --format json`
printed then, with the keys that the contract has gained since; its version is left out and its
numbers are rounded, as `plain` does.
"""

import json
import re
from pathlib import Path

from click.testing import CliRunner

from lemf.commands.cli import main

BEFORE = Path(__file__).parent / "really_paper.json"
ROOT = Path(__file__).parents[3]
DIGITS = 9  # F0 is equal to this, whichever Harvest measured it


def plain(text):
    rounded = re.sub(r"-?\d+\.\d+(e-?\d+)?", lambda m: f"{float(m[0]):.{DIGITS}f}", text)
    return re.sub(r'"lemf": "[^"]*"', '"lemf": ""', rounded)


def test_the_papers_keys_and_numbers_are_those_of_a_stored_json(monkeypatch):
    monkeypatch.chdir(ROOT)
    command = "score examples/really.wav examples/really.TextGrid --format json"
    result = CliRunner().invoke(main, command.split())
    assert plain(result.stdout) == BEFORE.read_text(encoding="utf-8")
    assert json.loads(result.stdout)["settings"]["cues"] == "paper"
