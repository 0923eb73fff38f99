"""One channel of samples -> the bytes of a sound file that browsers play, by libsndfile."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import Literal

import numpy as np
import soundfile

from lemf.arrays import FloatArray

SoundFormat = Literal["flac", "ogg"]
HIGHEST_OGG_HZ = 96_000  # Vorbis takes hardly more
_KINDS = {"flac": ("FLAC", "PCM_16"), "ogg": ("OGG", "VORBIS")}
_FULL_SCALE = 32_768


def encode_sound(blocks: Iterable[FloatArray], rate_hz: int, sound_format: SoundFormat) -> bytes:
    """Encode samples from -1 to 1 with 16 bits, those beyond clipped.

    Parameters
    ----------
    blocks : iterable of (samples,) float64
    rate_hz : int
    sound_format : {"flac", "ogg"}
        FLAC, which returns the samples of a 16-bit recording as they are, or Ogg Vorbis at the
        usual quality, up to 96 kHz.

    Returns
    -------
    bytes
    """
    kind, subtype = _KINDS[sound_format]
    stream = io.BytesIO()
    with soundfile.SoundFile(stream, "w", rate_hz, 1, subtype=subtype, format=kind) as sound:
        for samples in blocks:
            steps = np.rint(samples * _FULL_SCALE).clip(-_FULL_SCALE, _FULL_SCALE - 1)
            sound.write(steps.astype(np.int16))
    return stream.getvalue()
