"""How what a user gave as a setting becomes its plain type.

The functions raise TypeError or ValueError where it cannot.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def _text(value: Any) -> str:  # noqa: ANN401 - whatever a user gave
    if not isinstance(value, str):
        raise TypeError
    return value


def _text_or_none(value: Any) -> str | None:  # noqa: ANN401
    return None if value is None else _text(value)


def _hz_or_none(value: Any) -> float | None:  # noqa: ANN401
    return None if value is None else float(value)


def _labels(value: Any) -> tuple[str, ...]:  # noqa: ANN401
    if isinstance(value, str):
        raise TypeError
    return tuple(_text(label) for label in value)


def _weights(value: Any) -> dict[str, float] | None:  # noqa: ANN401
    if value is None:
        return None
    return {name: float(weight) for name, weight in value.items()}


def _channel(value: Any) -> Any:  # noqa: ANN401
    if value is None or value == "mix":
        return value
    number = int(value)
    if number != float(value):
        raise ValueError
    return number


def _flag(value: Any) -> bool:  # noqa: ANN401
    if not isinstance(value, bool):
        raise TypeError
    return value


# How each setting becomes its plain type, and what a user writes who gave another
SETTING_TYPES: Mapping[str, tuple[Callable[[Any], object], str]] = {
    "weights": (_weights, "a mapping of cues to numbers"),
    "pitch_floor_hz": (float, "a frequency in Hz"),
    "pitch_ceiling_hz": (float, "a frequency in Hz"),
    "highpass_hz": (_hz_or_none, "a frequency in Hz, or None"),
    "sentences": (_text, "'whole', 'pause:S', 'breaks' or the name of a tier"),
    "words_tier": (_text_or_none, "the name of a tier"),
    "phones_tier": (_text_or_none, "the name of a tier"),
    "speaker": (_text_or_none, "the name of a speaker"),
    "channel": (_channel, "a number from 1 or 'mix'"),
    "encoding": (_text_or_none, "the name of an encoding"),
    "silence": (_labels, "a tuple of labels"),
    "breaks": (_flag, "True or False"),
    "measures": (_flag, "True or False"),
    "decide": (_text_or_none, "'emphasis', 'accent', 'off' or the path of a file"),
    "threshold": (float, "a probability above 0 and below 1"),
}
