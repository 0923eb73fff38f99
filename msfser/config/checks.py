"""Checks of the values of settings: their types, choices and ranges, each refused in one line."""

from __future__ import annotations

import json
import reprlib
from collections.abc import Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, get_args, get_type_hints

from msfser.errors import ConfigError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

MOST = 2**63 - 1  # of the integers of TOML
WIDEST = 2**16  # vectors and layers


def check_fields(part: DataclassInstance, name: str) -> None:
    """Check the type of every field, and convert whole numbers to float where needed."""
    hints = get_type_hints(type(part))
    for setting in fields(part):
        hint, key = hints[setting.name], f"{name}.{setting.name}"
        value = getattr(part, setting.name)
        if hint is float and type(value) is int and abs(value) <= MOST:
            object.__setattr__(part, setting.name, float(value))
        elif hint in (int, float, bool, str):
            if type(value) is not hint:
                raise ConfigError(f"{key} {shown_value(value)}: must be of type {hint.__name__}")
        elif getattr(hint, "__origin__", None) is tuple:
            if not isinstance(value, tuple):
                raise ConfigError(f"{key} {shown_value(value)}: must be a list")
        else:
            check_choice(key, value, get_args(hint))


def check_choice(key: str, value: object, choices: Sequence[str]) -> None:
    """Check that a value is one of the choices."""
    if value not in choices:
        shown = reprlib.repr(value) if isinstance(value, str) else shown_value(value)
        raise ConfigError(f"{key} {shown}: must be one of {', '.join(map(repr, choices))}")


def check_names(key: str, values: Sequence[object], choices: Sequence[str]) -> None:
    """Check that each value is one of the choices, and that none comes twice."""
    for value in values:
        check_choice(key, value, choices)
    if len(set(values)) < len(values):
        raise ConfigError(f"{key} {shown_value(list(values))}: each at most once")


def shown_value(value: object) -> str:
    """Format a value of TOML for a message."""
    try:
        return json.dumps(value, default=str)
    except (ValueError, RecursionError):  # an integer of more digits than Python writes
        return f"a very large {type(value).__name__}"


def check_range(key: str, value: float, low: float, high: float) -> None:
    """Check that a number lies between two others, both allowed."""
    if not low <= value <= high:
        shown = shown_value(value) if isinstance(value, int) else f"{value:g}"
        top = f"{high:,}" if isinstance(high, int) else f"{high:g}"
        bounds = f"{low:g} or more" if value < low and high > 1 else f"{low:g} to {top}"
        raise ConfigError(f"{key} {shown}: must be {bounds}")
