"""Mutated manifests and labels: a LemfError or rows of plain types come out."""

import json
import math

import pytest

from lemf.agreement.labels.files import read_labels
from lemf.corpus.listing import list_recordings

ROWS = [
    {"audio": "a.wav", "textgrid": "a.TextGrid", "id": "a", "speaker": "s1", "channel": 1},
    {"audio": "sub/b.flac", "textgrid": "sub/b.TextGrid", "id": "b", "speaker": "s2"},
    {"audio": "é.wav", "textgrid": "é.TextGrid", "id": "é", "speaker": "s1", "channel": "mix"},
]
LABELS = [
    {
        "audio": "a.wav",
        "textgrid": "a.TextGrid",
        "ratings": [0.5, None, 1],
        "words": ["a", "b", "c"],
    },
    {"audio": "b.wav", "textgrid": "b.TextGrid", "emphasised": 1, "emotion": "joy"},
    {"file": "c.wav", "words": [{"word": "x", "stress_max": 2}, {"word": "y", "stress_max": 0}]},
]
TOKENS = (
    b"audio",
    b'"audio":',
    b",",
    b",,",
    b"\t",
    b"true",
    b"[1, 2]",
    b'{"a": 1}',
    b"\\ud800",
    b"0",
)


def as_jsonl(rows):
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def as_csv(rows):
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines = [columns, *([str(row.get(name, "")) for name in columns] for row in rows)]
    return "".join(",".join(line) + "\n" for line in lines).encode()


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_only_lemf_errors_come_out_of_manifests(tmp_path, fuzz, suffix):
    path = tmp_path / f"m.{suffix}"

    def use(content):
        path.write_bytes(content)
        for recording in list_recordings(path).recordings:
            assert isinstance(recording.id, str)
            assert isinstance(recording.audio, str)
            assert recording.channel in (None, "mix") or recording.channel >= 1

    seeds = [as_csv(ROWS) if suffix == "csv" else as_jsonl(ROWS)]
    outcomes = fuzz(seeds, use, tokens=TOKENS, max_examples=300)
    assert min(outcomes["used"], outcomes["refused"]) > 10, outcomes


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_only_lemf_errors_come_out_of_labels(tmp_path, fuzz, suffix):
    path = tmp_path / f"l.{suffix}"
    rows = [{"audio": "a.wav", "textgrid": "a.TextGrid", "ratings": "1 nan 0.5", "words": "a b c"}]

    def use(content):
        path.write_bytes(content)
        for label in read_labels(path):
            assert label.ratings is None or not any(map(math.isinf, label.ratings))
            assert all(index >= 0 for index in label.emphasised)

    seeds = [as_csv(rows) if suffix == "csv" else as_jsonl(LABELS)]
    outcomes = fuzz(seeds, use, tokens=TOKENS, max_examples=300)
    assert min(outcomes["used"], outcomes["refused"]) > 10, outcomes
