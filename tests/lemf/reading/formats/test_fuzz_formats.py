"""Mutated files of other tools: whatever the bytes, a LemfError or finite scores come out."""

import math
from pathlib import Path

import pytest

import lemf
from lemf.reading.alignment_files import parse_textgrid

ROOT = Path(__file__).parents[4]
FOLDER = Path(__file__).with_name("lookalikes")
TOKENS = (
    b'"words": [', b'{"word": "a", "start": 1, "end": 2}', b'"start": null', b'[[1, 2, "a", 1]]',
    b"-->", b"<00:00:00.500>", b"<u>a</u>", b"<!ENTITY a 'b'>", b"</TIER>", b"WEBVTT\n", b"SFrm\n",
    b"\n#\n", b"\n0 1 a\n", b"\n0.1 0.2 a b\n", b"a 1 0.1 0.2 b\n", b'"fromID": 1, "toID": 1',
)  # fmt: skip
GROUPS = {
    "json": [".json"],
    "elan": [".eaf"],
    "subtitles": [".vtt", ".srt"],
    "lines": [".lab", ".words", ".WRD", ".wdseg", ".txt"],
    "lists": [".ctm", ".par", ".csv"],
}


@pytest.mark.parametrize("group", GROUPS)
def test_only_lemf_errors_come_out(fuzz, group):
    suffixes = GROUPS[group]
    seeds = [one.read_bytes() for one in sorted(FOLDER.iterdir()) if one.suffix in suffixes]
    audio = lemf.read_audio(ROOT / "examples" / "really.wav")
    settings = lemf.Settings(duration="word")

    def use(content):
        textgrid = parse_textgrid(content, "a", audio=audio)
        assert "".join(textgrid.notes).isprintable()
        emphasis = lemf.score(audio, textgrid, settings)
        assert all(math.isfinite(word.score) for word in emphasis.words)

    outcomes = fuzz(seeds, use, tokens=TOKENS, max_examples=60)
    assert outcomes["refused"] > 3, outcomes
    assert outcomes["used"] > 1, outcomes
