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
_OGG = ("OGG", "VORBIS")
_FLAC = {16: ("FLAC", "PCM_16"), 24: ("FLAC", "PCM_24")}
_BITS_OF_INTEGERS = 32  # in which libsndfile takes samples of any size


def encode_sound(
    blocks: Iterable[FloatArray], rate_hz: int, sound_format: SoundFormat, *, bits: int = 16
) -> bytes:
    """Encode samples from -1 to 1, those beyond clipped.

    Parameters
    ----------
    blocks : iterable of (samples,) float64
    rate_hz : int
    sound_format : {"flac", "ogg"}
        FLAC, which returns the samples of a recording of as many bits as they are, or Ogg Vorbis at
        the usual quality, up to 96 kHz.
    bits : {16, 24}
        Of FLAC.

    Returns
    -------
    bytes
    """
    kind, subtype = _OGG if sound_format == "ogg" else _FLAC[bits]
    full_scale = 2 ** (bits - 1)
    stream = io.BytesIO()
    with soundfile.SoundFile(stream, "w", rate_hz, 1, subtype=subtype, format=kind) as sound:
        for samples in blocks:
            if sound_format == "ogg":
                sound.write(samples.clip(-1.0, 1.0))
                continue
            steps = np.rint(samples * full_scale).clip(-full_scale, full_scale - 1)
            sound.write(steps.astype(np.int32) << (_BITS_OF_INTEGERS - bits))
    return stream.getvalue()
