"""The sampling rates that recordings may have."""

from __future__ import annotations

from lemf.errors import AudioError

LOWEST_RATE_HZ = 8000
HIGHEST_RATE_HZ = 384_000


def check_rate(name: str, rate_hz: int) -> None:
    """Check that a rate is one of sound; `name` is that of the recording.

    Raises
    ------
    AudioError
        It is not between 8 and 384 kHz.
    """
    if not LOWEST_RATE_HZ <= rate_hz <= HIGHEST_RATE_HZ:
        raise AudioError(
            f"{name}: a rate of {rate_hz} Hz is not between {LOWEST_RATE_HZ} and "
            f"{HIGHEST_RATE_HZ} Hz; resample the recording or correct its header"
        )
