"""The sound of a page: the channel that was scored, as a file that browsers play."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from lemf.arrays import FloatArray
from lemf.errors import AudioError
from lemf.option_choices import PageSound
from lemf.reading.audio import Audio
from lemf.reading.sound_files.encoding import HIGHEST_OGG_HZ, SoundFormat, encode_sound

LARGEST_FLAC = 8 << 20  # bytes, beyond which "auto" takes Ogg Vorbis
_BLOCK = 1 << 16  # samples: libvorbis keeps a whole block on its stack
_QUIET = 2.0**-6  # the highest amplitude up to which 16 bits leave fewer than 10 to the sound


class Sound(NamedTuple):
    """The bytes of a sound file, its media type, and how it differs from the recording, or ""."""

    content: bytes
    media_type: str
    note: str = ""


def describe_sound(sound: Sound | None, highpass_hz: float | None) -> list[str]:
    """Return notes on how what is heard differs from what was recorded and measured.

    Parameters
    ----------
    sound : Sound or None
    highpass_hz : float or None
        Of the settings by which the recording was measured.
    """
    if sound is None:
        return []
    notes = [sound.note] if sound.note else []
    if highpass_hz is not None:
        notes.append(
            f"the sound is as it was recorded; what was measured lies above {highpass_hz:g} Hz"
        )
    return notes


def encode_recording(recording: Audio, sound: PageSound) -> Sound | None:
    """Encode the samples that were scored, so that what is heard is what was measured.

    Samples beyond -1 and 1 are divided by a power of two, with a note, since players clip them.
    FLAC has the 16 bits of most recordings, and 24 for a quiet one of more.

    Parameters
    ----------
    recording : Audio
    sound : {"auto", "flac", "ogg", "none"}
        "auto" is FLAC, or Ogg Vorbis where FLAC takes more than 8 MiB and the rate is at most
        96 kHz.

    Returns
    -------
    Sound, or None for "none"

    Raises
    ------
    AudioError
        Ogg Vorbis of a higher rate.
    """
    if sound == "none":
        return None
    if sound == "ogg" and recording.rate_hz > HIGHEST_OGG_HZ:
        raise AudioError(
            f"{recording.name}: {recording.rate_hz:,} Hz is beyond the {HIGHEST_OGG_HZ:,} Hz of "
            "Ogg Vorbis; take --sound flac or none"
        )
    divisor, bits = _choose_scale(recording)
    note = ""
    if divisor > 1:
        note = (
            f"the sound is {20 * math.log10(divisor):.1f} dB below the recording, which reaches "
            "beyond full scale"
        )
    if sound != "ogg":
        content = _encode(recording, "flac", divisor, bits)
        if sound == "flac" or len(content) <= LARGEST_FLAC or recording.rate_hz > HIGHEST_OGG_HZ:
            return Sound(content, "audio/flac", note)
    return Sound(_encode(recording, "ogg", divisor, bits), "audio/ogg", note)


def _choose_scale(recording: Audio) -> tuple[float, int]:
    """Return the power of two by which samples are divided, and the bits of FLAC."""
    peak, is_16_bit = 0.0, True
    for samples in _blocks(recording):
        peak = max(peak, float(np.abs(samples).max(initial=0.0)))
        steps = samples * 2.0**15
        is_16_bit = is_16_bit and bool((steps == np.rint(steps)).all())
    divisor = 2.0 ** math.ceil(math.log2(peak)) if peak > 1 else 1.0
    return divisor, 16 if is_16_bit or peak > _QUIET else 24


def _encode(recording: Audio, sound_format: SoundFormat, divisor: float, bits: int) -> bytes:
    blocks = (samples / divisor for samples in _blocks(recording))
    return encode_sound(blocks, recording.rate_hz, sound_format, bits=bits)


def _blocks(recording: Audio) -> Iterator[FloatArray]:
    starts = range(0, recording.n_samples, _BLOCK)
    return recording.slices((start, min(start + _BLOCK, recording.n_samples)) for start in starts)
