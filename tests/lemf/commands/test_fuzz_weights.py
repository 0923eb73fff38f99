"""Mutated weights: finite weights of a cue set, or an error in one line."""

import json
import math

import pytest

from lemf.commands.weight_options import read_weights
from lemf.config import Settings

TOKENS = (
    b'"pitch"',
    b'"cues"',
    b'"weights"',
    b": 1",
    b",",
    b"NaN",
    b"Infinity",
    b"true",
    b"[]",
    b"=",
)


def check(cues, weights):
    settings = Settings(cues=cues or "paper", weights=weights)
    assert all(math.isfinite(weight) for weight in settings.cue_weights.values())


def test_only_lemf_errors_come_out_of_files(tmp_path, fuzz):
    path = tmp_path / "w.json"
    contents = [
        {"cues": "paper", "weights": {"pitch": 1, "energy": 1.2, "duration": 0.8}},
        {"cues": "listeners", "weights": {"loudness": 1.0}, "about": {"n": 3}},
        {"weights": {"pitch": -2}},
    ]

    def use(content):
        path.write_bytes(content)
        check(*read_weights(str(path)))

    seeds = [json.dumps(content).encode() for content in contents]
    outcomes = fuzz(seeds, use, tokens=TOKENS, max_examples=500)
    assert min(outcomes["used"], outcomes["refused"]) > 10, outcomes


@pytest.mark.parametrize("text", ["pitch=1,energy=0", "duration = 1e-3"])
def test_only_lemf_errors_come_out_of_the_command_line(fuzz, text):
    def use(content):
        check(*read_weights(content.decode(errors="surrogateescape")))

    outcomes = fuzz([text.encode()], use, tokens=TOKENS, max_examples=300)
    assert min(outcomes["used"], outcomes["refused"]) > 10, outcomes
