"""Mutated recordings: whatever the bytes, a LemfError or a result of finite scores comes out."""

import io
import math
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

import lemf

FORMATS = [
    ("WAV", "PCM_16"),
    ("WAV", "FLOAT"),
    ("WAV", "DOUBLE"),
    ("FLAC", "PCM_16"),
    ("OGG", "VORBIS"),
]
EDITS = st.lists(
    st.tuples(
        st.sampled_from(["set", "delete", "insert", "double", "cut"]),
        st.floats(0, 1, exclude_max=True),
        st.integers(1, 40),
        st.integers(0, 255),
    ),
    max_size=2,
)


def recording(file_format, subtype):
    rng = np.random.default_rng(3)
    t = np.arange(3200) / 16000
    samples = 0.3 * np.sin(2 * np.pi * 150 * t) + rng.normal(0, 0.01, len(t))
    stream = io.BytesIO()
    soundfile.write(
        stream, np.stack([samples, samples], axis=1), 16000, subtype, format=file_format
    )
    return stream.getvalue()


def edited(content, edits):
    data = bytearray(content)
    for kind, place, length, value in edits:
        # half of the edits fall into the header, where they matter most
        at = int(place * 2 * (60 if place < 0.5 else len(data) / 2)) % max(len(data), 1)
        if kind == "set":
            data[at : at + length % 4 + 1] = bytes([value]) * min(length % 4 + 1, len(data) - at)
        elif kind == "delete":
            del data[at : at + length]
        elif kind == "insert":
            data[at:at] = bytes([value]) * length
        elif kind == "double":
            data[at:at] = data[at : at + length]
        else:
            del data[at:]
    return bytes(data)


@pytest.mark.parametrize(("file_format", "subtype"), FORMATS)
def test_only_lemf_errors_come_out(tmp_path_factory, make_grid, file_format, subtype):
    folder: Path = tmp_path_factory.mktemp("fuzz")
    whole = recording(file_format, subtype)
    grid = make_grid([("a", 0.02, 0.08), ("b", 0.1, 0.18)], 0.2)
    outcomes = {"scored": 0, "refused": 0}

    @settings(max_examples=150)
    @given(edits=EDITS, channel=st.sampled_from([None, "mix", 1, 2, 3]))
    def attack(edits, channel):
        path = folder / f"a.{file_format.lower()}"
        path.write_bytes(edited(whole, edits))
        try:
            emphasis = lemf.score(path, grid, lemf.Settings(channel=channel))
        except lemf.LemfError:
            outcomes["refused"] += 1
        else:
            outcomes["scored"] += 1
            assert all(math.isfinite(word.score) for word in emphasis.words)

    attack()
    assert min(outcomes.values()) > 3, outcomes
