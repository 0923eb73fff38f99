"""Recordings as the bytes of a wav file, whatever they are on disk."""

from __future__ import annotations

import io
import wave
from pathlib import Path

import numpy as np

from lemf import LemfError, read_audio
from msfser.errors import SemanticsError


def wav_bytes(path: Path) -> bytes:
    """Give a wav file as it is, and any other recording as one: 16 bits, one channel.

    Raises
    ------
    SemanticsError
        The file cannot be read.
    """
    if path.suffix.lower() == ".wav":
        try:
            return path.read_bytes()
        except OSError as error:
            raise SemanticsError(f"{path}: cannot be read ({error.strerror})") from error
    try:
        audio = read_audio(path)
        samples = np.concatenate(list(audio.slices([(0, audio.n_samples)])))
    except LemfError as error:
        raise SemanticsError(str(error)) from error
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(audio.rate_hz)
        sound.writeframes(
            np.clip(np.round(samples * 2**15), -(2**15), 2**15 - 1).astype("<i2").tobytes()
        )
    return buffer.getvalue()
