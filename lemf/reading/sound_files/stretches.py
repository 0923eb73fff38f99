"""A stretch of a recording as float32, decoded alone where it is then that of the whole recording.

It is so for integers in WAV and FLAC: libsndfile finds any sample of them, they are finite, and
their scale is known, where that of floats depends on the highest sample of the recording.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lemf.reading.channel_mixing import pick_channel
from lemf.reading.sound_files.decoding import Decoder
from lemf.reading.sound_files.rates import check_rate


class Stretch(NamedTuple):
    """Samples of a recording.

    Attributes
    ----------
    samples : (samples,) float32
        Mean of all channels, full scale at 1.
    rate_hz : int
    """

    samples: NDArray[np.float32]
    rate_hz: int


def read_stretch(
    path: Path, start: int = 0, stop: int | None = None, *, rate_hz: int | None = None
) -> Stretch | None:
    """Read some samples of a recording, or all of them, without measuring levels.

    They are those of `read_audio`, rounded to float32. What is not decoded is not checked.

    Parameters
    ----------
    path : Path
    start, stop : int
        Samples; None reads to the end.
    rate_hz : int, optional
        The only rate to be read.

    Returns
    -------
    Stretch or None
        None where only `read_audio` reads the samples: of floats, of formats other than WAV and
        FLAC, of joined files, at another rate, beyond the length that the header names.

    Raises
    ------
    AudioError
        As `read_audio`.
    """
    with Decoder(str(path), None) as sound:
        check_rate(sound.name, sound.rate_hz)
        if not sound.holds_integers or (rate_hz is not None and sound.rate_hz != rate_hz):
            return None
        if stop is not None:
            table = sound.stretch(start, stop)
            if table is None:
                return None
            samples = pick_channel(table, None).astype(np.float32)
        else:
            blocks = [pick_channel(table, None).astype(np.float32) for table in sound.blocks()]
            if not blocks or path.stat().st_size != sound.size:
                return None
            samples = np.concatenate(blocks)[start:]
        return Stretch(samples, sound.rate_hz)
