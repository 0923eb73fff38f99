"""Who speaks in a recording, told by its id."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from lemf.errors import CorpusError, SettingsError


def speaker_finder(source: str | Path, pattern: str | None) -> Callable[[str], str]:
    """Return the function that finds the speaker in an id: its folder, or what a pattern finds.

    Raises
    ------
    SettingsError
        The pattern is no regular expression.
    """
    try:
        found = re.compile(pattern if pattern is not None else r"(.+)/")
    except re.error as error:
        raise SettingsError(f"speaker pattern {pattern!r}: {error}") from error

    def speaker_of(name: str) -> str:
        match = found.search(name)
        speaker = match[min(found.groups, 1)] if match else None
        if speaker is None:
            remedy = (
                "correct --speaker-pattern"
                if pattern is not None
                else "it lies in no folder; give --speaker-pattern, such as '^[^_]+'"
            )
            raise CorpusError(f"{source}: no speaker in the id {name!r}; {remedy}")
        return speaker

    return speaker_of
