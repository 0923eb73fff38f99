"""Mutated recordings: whatever the bytes, a LemfError or a result of finite scores comes out."""

import io
import math

import numpy as np
import pytest
import soundfile

import lemf

FORMATS = [
    ("WAV", "PCM_16", 150),
    ("WAV", "FLOAT", 150),
    ("WAV", "DOUBLE", 50),
    ("FLAC", "PCM_16", 150),
    ("OGG", "VORBIS", 150),
    ("MP3", "MPEG_LAYER_III", 150),
    ("AIFF", "PCM_16", 50),
    ("AU", "PCM_16", 50),
    ("CAF", "PCM_16", 50),
    ("W64", "PCM_16", 50),
    ("RF64", "PCM_16", 50),
    ("NIST", "PCM_16", 50),
]
CHUNKS = (b"RIFF", b"data", b"fmt ", b"LIST", b"fLaC", b"OggS", b"ID3", b"TAG", b"NIST_1A", b"COMM")


def recording(file_format, subtype):
    rng = np.random.default_rng(3)
    t = np.arange(3200) / 16000
    samples = 0.3 * np.sin(2 * np.pi * 150 * t) + rng.normal(0, 0.01, len(t))
    stream = io.BytesIO()
    soundfile.write(
        stream, np.stack([samples, samples], axis=1), 16000, subtype, format=file_format
    )
    return stream.getvalue()


@pytest.mark.parametrize(("file_format", "subtype", "max_examples"), FORMATS)
def test_only_lemf_errors_come_out(tmp_path, make_grid, fuzz, file_format, subtype, max_examples):
    grid = make_grid([("a", 0.02, 0.08), ("b", 0.1, 0.18)], 0.2)
    path = tmp_path / f"a.{file_format.lower()}"

    def use(content):
        path.write_bytes(content)
        for channel in (None, 2):
            emphasis = lemf.score(path, grid, lemf.Settings(channel=channel))
            assert all(math.isfinite(word.score) for word in emphasis.words)

    seeds = [recording(file_format, subtype)]
    outcomes = fuzz(seeds, use, tokens=CHUNKS, max_examples=max_examples)
    assert min(outcomes["used"], outcomes["refused"]) > 0, outcomes
