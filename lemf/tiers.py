"""Which tiers of a TextGrid hold the words and the phones, and which labels are silence.

Tiers are found by the names that aligners give them (MFA, FAVE, MAUS) or by the user's.
"""

from __future__ import annotations

import re

from lemf.config import Settings
from lemf.errors import TextGridError
from lemf.textgrid import IntervalTier, TextGrid

# Names of tiers, most specific first; compared without case and without ELAN's extra quotes.
WORD_TIER_NAMES = ("words", "word", "ort-mau", "ort", "kan-mau", "kan", "wrd")
PHONE_TIER_NAMES = ("phones", "phone", "mau", "segments", "segment", "phonemes", "phoneme")

_SPEAKER_TIER = re.compile(r"(?P<speaker>.*\S)\s+-\s+(?P<kind>words?|phones?)", re.IGNORECASE)
_SILENCES = frozenset({"", "sil", "sp", "spn"})
_BRACKETED = re.compile(r"<.*>|\[.*\]|\{.*\}", re.DOTALL)


def is_silence(label: str, more: tuple[str, ...] = ()) -> bool:
    """Tell whether a label marks silence or noise, on a word tier or a phone tier.

    Empty, ``sil``, ``sp``, ``spn`` and whatever stands in ``<>``, ``[]`` or ``{}``, and the labels
    in `more`; compared without case.
    """
    label = label.strip()
    if label.casefold() in _SILENCES or _BRACKETED.fullmatch(label):
        return True
    return label.casefold() in {other.strip().casefold() for other in more}


def select_tiers(
    textgrid: TextGrid, settings: Settings
) -> tuple[IntervalTier, IntervalTier | None]:
    """Find the word tier and, unless ``duration="word"``, the phone tier.

    Raises
    ------
    TextGridError
        None or several fit; the message lists what the file holds.
    """
    groups = _speakers(textgrid)
    if settings.words_tier is not None:
        words = tier_by_name(textgrid, settings.words_tier, "--words-tier")
        speaker = settings.speaker or _speaker_and_kind(words.name)[0]
    else:
        speaker = _choose_speaker(textgrid, groups, settings)
        words = _one(textgrid, groups[speaker]["words"], "--words-tier")
    if settings.duration == "word":
        return words, None
    if settings.phones_tier is not None:
        return words, tier_by_name(textgrid, settings.phones_tier, "--phones-tier")
    phones = groups.get(speaker, {}).get("phones", [])
    if not phones:
        whose = f" of {speaker!r}" if speaker else ""
        raise TextGridError(
            f"{textgrid.path}: no phone tier{whose} for the words of tier {words.name!r}; "
            f"{_list_tiers(textgrid)}. Name one with --phones-tier, or use --duration word"
        )
    return words, _one(textgrid, phones, "--phones-tier")


def tier_by_name(textgrid: TextGrid, name: str, option: str) -> IntervalTier:
    """Find the one interval tier of that name; `option` is what a message says to correct."""
    exact = [tier for tier in textgrid.tiers if tier.name == name]
    folded = name.strip().casefold()
    found = exact or [t for t in textgrid.tiers if t.name.strip().casefold() == folded]
    if not found:
        raise TextGridError(
            f"{textgrid.path}: no tier {name!r} for {option}; {_list_tiers(textgrid)}"
        )
    intervals = [tier for tier in found if isinstance(tier, IntervalTier)]
    if not intervals:
        raise TextGridError(
            f"{textgrid.path}: tier {name!r} holds points, but {option} needs intervals; "
            f"{_list_tiers(textgrid)}"
        )
    return _one(textgrid, intervals, option)


def _speaker_and_kind(name: str) -> tuple[str, str]:
    """Split ``NAME - words`` into the speaker ("" for none) and "words", "phones" or ""."""
    bare = name.strip().strip('"').strip()
    match = _SPEAKER_TIER.fullmatch(bare)
    if match:
        kind = "words" if match["kind"].casefold().startswith("word") else "phones"
        return match["speaker"].strip(), kind
    folded = bare.casefold()
    if folded in WORD_TIER_NAMES:
        return "", "words"
    return "", "phones" if folded in PHONE_TIER_NAMES else ""


def _speakers(textgrid: TextGrid) -> dict[str, dict[str, list[IntervalTier]]]:
    """Group the interval tiers with a usual name by speaker and kind."""
    groups: dict[str, dict[str, list[IntervalTier]]] = {}
    for tier in textgrid.tiers:
        speaker, kind = _speaker_and_kind(tier.name)
        if kind and isinstance(tier, IntervalTier):
            groups.setdefault(speaker, {}).setdefault(kind, []).append(tier)
    for group in groups.values():
        for kind, names in (("words", WORD_TIER_NAMES), ("phones", PHONE_TIER_NAMES)):
            group[kind] = _most_specific(group.get(kind, []), names)
    return groups


def _most_specific(tiers: list[IntervalTier], names: tuple[str, ...]) -> list[IntervalTier]:
    """Keep the tiers whose name stands first in `names` (MAUS has both ORT and KAN)."""
    by_rank: dict[int, list[IntervalTier]] = {}
    for tier in tiers:
        folded = tier.name.strip().strip('"').strip().casefold()
        by_rank.setdefault(names.index(folded) if folded in names else 0, []).append(tier)
    return by_rank[min(by_rank)] if by_rank else []


def _choose_speaker(
    textgrid: TextGrid, groups: dict[str, dict[str, list[IntervalTier]]], settings: Settings
) -> str:
    with_words = [speaker for speaker, group in groups.items() if group["words"]]
    named = ", ".join(repr(speaker) for speaker in with_words if speaker)
    if settings.speaker is not None:
        wanted = settings.speaker.strip().casefold()
        found = [speaker for speaker in with_words if speaker.casefold() == wanted and speaker]
        if len(found) == 1:
            return found[0]
        there = f"there are: {named}" if named else "no tier is named 'NAME - words'"
        raise TextGridError(
            f"{textgrid.path}: no speaker {settings.speaker!r}; {there}; {_list_tiers(textgrid)}"
        )
    if not with_words:
        raise TextGridError(
            f"{textgrid.path}: no word tier; {_list_tiers(textgrid)}. "
            "Name it with --words-tier, or align the recording first"
        )
    talking = [
        speaker
        for speaker in with_words
        if any(not is_silence(i.label) for t in groups[speaker]["words"] for i in t.intervals)
    ]
    if len(talking) > 1:
        choices = ", ".join(repr(speaker) if speaker else "(no name)" for speaker in talking)
        raise TextGridError(
            f"{textgrid.path}: words of several speakers: {choices}; choose one with --speaker"
        )
    return talking[0] if talking else with_words[0]


def _one(textgrid: TextGrid, tiers: list[IntervalTier], option: str) -> IntervalTier:
    if len(tiers) > 1:
        raise TextGridError(
            f"{textgrid.path}: {len(tiers)} tiers are named {tiers[0].name!r}; rename all but the "
            f"one for {option} in Praat"
        )
    return tiers[0]


def _list_tiers(textgrid: TextGrid) -> str:
    names = ", ".join(repr(tier.name) for tier in textgrid.tiers)
    return f"its tiers are {names}" if names else "it has no tiers"
