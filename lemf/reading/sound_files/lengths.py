"""How long recordings are, and their number of channels, by the header where it can be believed."""

from __future__ import annotations

from lemf.reading.sound_files.decoding import open_sound
from lemf.reading.sound_files.rates import check_rate
from lemf.reading.sources import Source


def read_duration(source: Source) -> float:
    """Read the length of a recording in seconds, that of the samples that `read_audio` reads.

    Parameters, errors and what is trusted are those of `read_length`.
    """
    rate_hz, n_samples = read_length(source)
    return n_samples / rate_hz


def claimed_duration(source: Source) -> float:
    """Return the length by the header of a recording in seconds, NaN where it names none.

    Nothing is decoded, so `read_audio` may read another length. Parameters and errors are those of
    `read_length`.
    """
    with open_sound(source) as sound:
        n_samples = sound.header_samples()
        return (sound.claimed_samples if n_samples is None else n_samples) / sound.rate_hz


def read_length(source: Source) -> tuple[int, int]:
    """Read the sampling rate of a recording and the number of samples that `read_audio` reads.

    It is taken from the header where the header can be believed; a compressed recording is decoded.

    Parameters
    ----------
    source : path, bytes of a file, or file object
        As in `read_audio`.

    Returns
    -------
    (rate_hz, n_samples)

    Raises
    ------
    AudioError
        The file is missing, is no audio, is damaged, or has a rate not between 8 and 384 kHz.
    """
    with open_sound(source) as sound:
        check_rate(sound.name, sound.rate_hz)
        n_samples = sound.header_samples()
        if n_samples is None:
            n_samples = sum(map(len, sound.blocks()))
        return sound.rate_hz, n_samples


def count_channels(source: Source) -> int:
    """Return the number of channels of a recording; parameters and errors as `read_length`."""
    with open_sound(source) as sound:
        return sound.n_channels
