"""The languages that espeak-ng speaks, and which of them a user means."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from lemf.errors import AlignerError, shown

_PREFERRED = {"en": "en-us"}  # most English corpora are American; espeak-ng prefers British
_MOST_SHOWN = 12  # languages in a message
_LIKE = 0.6  # similarity of a misspelt name


@dataclass(frozen=True)
class Language:
    """A language of espeak-ng.

    Attributes
    ----------
    code : str
        Such as ``de`` or ``en-us``.
    name : str
        In English, with the region in parentheses.
    identifier : str
        Of the voice of espeak-ng.
    ranks : tuple of (str, int)
        All codes, each with a rank: the voice with the lowest speaks it.
    """

    code: str
    name: str
    identifier: str
    ranks: tuple[tuple[str, int], ...] = ()

    @property
    def plain_name(self) -> str:
        """The English name in lower case, without the region."""
        return self.name.lower().partition(" (")[0]


def find_language(wanted: str, languages: Sequence[Language]) -> Language:
    """Find the language that a user means.

    Parameters
    ----------
    wanted : str
        A code of espeak-ng (``en-gb``), a longer one (``de-DE``, ``zh_CN``), or the English name.
    languages : sequence of Language

    Raises
    ------
    AlignerError
        There is no such language; the message lists some like it.
    """
    code = "-".join(wanted.strip().lower().replace("_", "-").split())
    while code:
        if found := _of_code(_PREFERRED.get(code, code), languages):
            return found
        code = code.rpartition("-")[0]
    name = " ".join(wanted.lower().split())
    for language in languages:
        if name == language.name.lower():
            return language
    for language in languages:
        if name == language.plain_name:
            base = language.code.partition("-")[0]
            return _of_code(_PREFERRED.get(base, base), languages) or language
    raise AlignerError(_unknown(wanted, name, languages))


def _of_code(code: str, languages: Sequence[Language]) -> Language | None:
    ranked = [
        (rank, place)
        for place, language in enumerate(languages)
        for known, rank in language.ranks
        if known.lower() == code
    ]
    return languages[min(ranked)[1]] if ranked else None


def _unknown(wanted: str, name: str, languages: Sequence[Language]) -> str:
    names = {language.plain_name: language for language in languages}
    like = [names[found] for found in difflib.get_close_matches(name, names, _MOST_SHOWN, _LIKE)]
    near = [language for language in languages if name[:2] and language.code.startswith(name[:2])]
    listed = list(dict.fromkeys([*like, *near]))[:_MOST_SHOWN]
    some = (
        f"like it: {', '.join(f'{item.code} ({item.name})' for item in listed)}; " if listed else ""
    )
    return (
        f"unknown language {shown(wanted)}; {some}lemf align --languages lists all {len(languages)}"
    )
