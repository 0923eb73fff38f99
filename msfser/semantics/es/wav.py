"""Recordings of any format as the bytes of a wav file."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lemf import read_audio
from lemf.runtime.input import read_input
from msfser.errors import SemanticsError
from msfser.outputs import format_wav


def wav_bytes(path: Path) -> bytes:
    """Read a wav file unchanged, and any other recording as wav of 16 bits and one channel.

    Raises
    ------
    lemf.LemfError
        The file cannot be read.
    """
    if path.suffix.lower() == ".wav":
        try:
            content = read_input(path, SemanticsError)
        except OSError as error:
            raise SemanticsError(f"{path}: cannot be read ({error.strerror})") from error
        if content.startswith(b"RIFF"):  # others may be named so: NIST SPHERE, MP3
            return content
    audio = read_audio(path)
    samples = np.concatenate(list(audio.slices([(0, audio.n_samples)])))
    return format_wav(samples, audio.rate_hz)
