"""The sound of a page: the channel that was scored, as a file that browsers play."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from lemf.arrays import FloatArray
from lemf.errors import AudioError
from lemf.option_choices import PageSound
from lemf.reading.audio import Audio
from lemf.reading.sound_files.encoding import HIGHEST_OGG_HZ, SoundFormat, encode_sound

LARGEST_FLAC = 8 << 20  # bytes, beyond which "auto" takes Ogg Vorbis
_BLOCK = 1 << 16  # samples: libvorbis keeps a whole block on its stack


class Sound(NamedTuple):
    """The bytes of a sound file, and its media type."""

    content: bytes
    media_type: str


def encode_recording(recording: Audio, sound: PageSound) -> Sound | None:
    """Encode the samples that were scored, so that what is heard is what was measured.

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
    if sound != "ogg":
        content = _encode(recording, "flac")
        if sound == "flac" or len(content) <= LARGEST_FLAC or recording.rate_hz > HIGHEST_OGG_HZ:
            return Sound(content, "audio/flac")
    return Sound(_encode(recording, "ogg"), "audio/ogg")


def _encode(recording: Audio, sound_format: SoundFormat) -> bytes:
    return encode_sound(_blocks(recording), recording.rate_hz, sound_format)


def _blocks(recording: Audio) -> Iterator[FloatArray]:
    starts = range(0, recording.n_samples, _BLOCK)
    return recording.slices((start, min(start + _BLOCK, recording.n_samples)) for start in starts)
