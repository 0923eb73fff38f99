"""Which tiers of a TextGrid hold the words and the phones.

They are found by the names that aligners give them (MFA, FAVE, MAUS) or by the user's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NoReturn, TypeVar

from lemf.config import Settings
from lemf.errors import NoWordsError, TextGridError
from lemf.reading.formats.praat_tokens import shorten
from lemf.reading.silence import find_words, group_by_midpoint
from lemf.reading.silence_labels import fold
from lemf.reading.textgrid import UNTIMED_TIERS, Interval, IntervalTier, TextGrid, Tier

# Names of tiers, most specific first; compared by `_fold`
WORD_TIER_NAMES = ("words", "word", "ort-mau", "ort", "kan-mau", "kan", "wrd")
PHONE_TIER_NAMES = (
    "phones", "phone", "mau", "segments", "segment", "phonemes", "phoneme",
    "phonetic", "phonetics", "phn",
)  # fmt: skip
CONFIDENCE_TIER = "confidence"  # of numbers from 0 to 1, one per word

_CONFIDENCE = re.compile(
    r"0|1|0?\.[0-9]{1,9}|1\.0{1,9}|[0-9](?:\.[0-9]{1,9})?[eE]-0?[1-9]", re.ASCII
)
_NUMBER = re.compile(r"[0-9]|^\s*(?:nan|[-+]?inf)\s*$", re.IGNORECASE)
_SPEAKER_TIER = re.compile(r"(?P<speaker>.*\S)\s+-\s+(?P<kind>words?|phones?)", re.IGNORECASE)

_Tier = TypeVar("_Tier", bound=Tier)


@dataclass
class _Speaker:
    """The tiers of one speaker that have a usual name; `name` is "" where tiers name no speaker."""

    name: str
    words: list[IntervalTier] = field(default_factory=list)
    phones: list[IntervalTier] = field(default_factory=list)


def select_tiers(
    textgrid: TextGrid, settings: Settings
) -> tuple[IntervalTier, IntervalTier | None]:
    """Find the word tier and, unless ``duration="word"``, the phone tier.

    Raises
    ------
    TextGridError
        No tier fits, or several do; the message lists the tiers of the file.
    """
    speakers = _speakers(textgrid)
    if settings.words_tier is not None:
        words = tier_by_name(textgrid, settings.words_tier, "--words-tier")
        name = _speaker_and_kind(words.name)[0] or settings.speaker or ""
        if settings.speaker is not None and _fold(settings.speaker) != _fold(name):
            raise TextGridError(
                f"{textgrid.path}: tier {words.name!r} belongs to {name!r}, not to "
                f"{settings.speaker!r}; drop --speaker or --words-tier"
            )
        if settings.speaker is not None and _fold(name) not in speakers:
            _fail_no_speaker(textgrid, list(speakers.values()), name)
        speaker = speakers.get(_fold(name), _Speaker(name))
    else:
        speaker = _choose_speaker(textgrid, speakers, settings)
        words = _one(textgrid, speaker.words, "--words-tier")
    if settings.duration == "word":
        return words, None
    if settings.phones_tier is not None:
        phones = tier_by_name(textgrid, settings.phones_tier, "--phones-tier")
        if phones is words:
            raise TextGridError(
                f"{textgrid.path}: tier {words.name!r} cannot hold both words and phones; "
                f"{_list_tiers(textgrid)}. Name another with --phones-tier, or use --duration word"
            )
        return words, phones
    if not speaker.phones:
        if not any(word.label.strip() for word in words.intervals):
            fail_no_words(textgrid, words)
        whose, named = "", "with --phones-tier"
        if speaker.name:
            whose, named = f" of {speaker.name!r}", repr(f"{speaker.name} - phones")
        raise TextGridError(
            f"{textgrid.path}: no phone tier{whose} for the words of tier {words.name!r}; "
            f"{_list_tiers(textgrid)}. Name one {named}, let --language CODE find the phones, or "
            "use --duration word"
        )
    return words, _one(textgrid, speaker.phones, "--phones-tier")


def fail_no_words(textgrid: TextGrid, words: IntervalTier) -> NoReturn:
    """Refuse a word tier that holds only silence."""
    raise NoWordsError(
        f"{textgrid.path}: tier {words.name!r} holds no word, only silence; "
        "name another tier with --words-tier"
    )


def speaker_names(textgrid: TextGrid) -> list[str]:
    """Return the speakers of the tiers that are named ``NAME - words``, in their order.

    Raises
    ------
    TextGridError
        There is none.
    """
    names = [one.name for one in _speakers(textgrid).values() if one.name and one.words]
    if not names:
        raise TextGridError(
            f"{textgrid.path}: no tier is named 'NAME - words'; {_list_tiers(textgrid)}; rename "
            "the tiers of each speaker, such as 'Anna - words' and 'Anna - phones'"
        )
    return names


def find_phone_tier(
    textgrid: TextGrid, words: IntervalTier, settings: Settings
) -> IntervalTier | None:
    """Find the phone tier of a word tier where there is exactly one, though it may not be used."""
    if settings.phones_tier is not None:
        name = _fold(settings.phones_tier)
        named = [tier for tier in textgrid.tiers if _fold(tier.name) == name]
        return _only([tier for tier in named if isinstance(tier, IntervalTier)])
    speaker = _fold(_speaker_and_kind(words.name)[0] or settings.speaker or "")
    return _only(_speakers(textgrid).get(speaker, _Speaker("")).phones)


def read_confidences(
    textgrid: TextGrid, words: Sequence[Interval]
) -> tuple[list[float | None], list[str]]:
    """Read how sure the aligner was of each word, from the tier ``confidence``.

    Returns
    -------
    list of float or None
        From 0 to 1; None for every word where there is no such tier, or its labels are no such
        numbers.
    list of str
        A note on labels that are no such numbers.
    """
    unknown: list[float | None] = [None] * len(words)
    tiers = [tier for tier in textgrid.tiers if _fold(tier.name) == CONFIDENCE_TIER]
    tier = _only([tier for tier in tiers if isinstance(tier, IntervalTier)])
    if tier is None:
        return unknown, []
    labelled = [interval for interval in tier.intervals if interval.label.strip()]
    others = [one for one in labelled if not _CONFIDENCE.fullmatch(one.label.strip())]
    if others:
        note = (
            f"tier {tier.name!r}: {len(others)} of {len(labelled)} labels are no numbers from 0 to "
            f"1, such as {shorten(others[0].label)}; no confidence is read"
        )
        are_words = not any(_NUMBER.search(one.label) for one in labelled)  # such as high and low
        return unknown, [] if are_words else [note]
    inside, _ = group_by_midpoint(words, labelled)
    return [float(held[0].label) if len(held) == 1 else None for held in inside], []


def any_tier_by_name(textgrid: TextGrid, name: str, option: str) -> Tier:
    """Find the one tier of a name, of points or intervals; messages name the `option`."""
    return _one(textgrid, _tiers_by_name(textgrid, name, option), option)


def _tiers_by_name(textgrid: TextGrid, name: str, option: str) -> list[Tier]:
    exact = [tier for tier in textgrid.tiers if tier.name == name]
    found = exact or [tier for tier in textgrid.tiers if _fold(tier.name) == _fold(name)]
    if not found:
        raise TextGridError(
            f"{textgrid.path}: no tier {name!r} for {option}; {_list_tiers(textgrid)}"
        )
    return found


def tier_by_name(textgrid: TextGrid, name: str, option: str) -> IntervalTier:
    """Find the one interval tier of a name; messages name the `option` to correct."""
    found = _tiers_by_name(textgrid, name, option)
    intervals = [tier for tier in found if isinstance(tier, IntervalTier)]
    if not intervals:
        raise TextGridError(
            f"{textgrid.path}: tier {name!r} holds points, but {option} needs intervals; "
            f"{_list_tiers(textgrid)}"
        )
    return _one(textgrid, intervals, option)


def _fold(name: str) -> str:
    """Strip the quotes that ELAN adds, outer blanks and case, and compose letters (NFC)."""
    return fold(name.strip().strip('"'))


def _speaker_and_kind(name: str) -> tuple[str, str]:
    """Split ``NAME - words`` into the speaker ("" for none) and "words", "phones" or ""."""
    match = _SPEAKER_TIER.fullmatch(name.strip().strip('"').strip())
    if match:
        kind = "words" if match["kind"].casefold().startswith("word") else "phones"
        return match["speaker"].strip(), kind
    if _fold(name) in WORD_TIER_NAMES:
        return "", "words"
    return "", "phones" if _fold(name) in PHONE_TIER_NAMES else ""


def _speakers(textgrid: TextGrid) -> dict[str, _Speaker]:
    """Group the interval tiers with a usual name by speaker, whose name is folded in the keys."""
    speakers: dict[str, _Speaker] = {}
    for tier in textgrid.tiers:
        name, kind = _speaker_and_kind(tier.name)
        if kind and isinstance(tier, IntervalTier):
            speaker = speakers.setdefault(_fold(name), _Speaker(name))
            (speaker.words if kind == "words" else speaker.phones).append(tier)
    for speaker in speakers.values():
        speaker.words = _most_specific(speaker.words, WORD_TIER_NAMES)
        speaker.phones = _most_specific(speaker.phones, PHONE_TIER_NAMES)
    return speakers


def _most_specific(tiers: list[IntervalTier], names: tuple[str, ...]) -> list[IntervalTier]:
    """Return the tiers whose name comes first in `names` (MAUS has both ORT and KAN)."""
    by_rank: dict[int, list[IntervalTier]] = {}
    for tier in tiers:
        rank = names.index(_fold(tier.name)) if _fold(tier.name) in names else 0
        by_rank.setdefault(rank, []).append(tier)
    return by_rank[min(by_rank)] if by_rank else []


def _choose_speaker(
    textgrid: TextGrid, speakers: dict[str, _Speaker], settings: Settings
) -> _Speaker:
    with_words = [speaker for speaker in speakers.values() if speaker.words]
    if settings.speaker is not None:
        found = speakers.get(_fold(settings.speaker))
        if found is not None and found.words and found.name:
            return found
        _fail_no_speaker(textgrid, with_words, settings.speaker)
    if not with_words:
        raise TextGridError(
            f"{textgrid.path}: no word tier; {_list_tiers(textgrid)}. "
            "Name it with --words-tier, or align the recording first"
        )
    if len(with_words) == 1:
        return with_words[0]
    talking = [
        speaker
        for speaker in with_words
        if any(
            find_words(tier, _only(speaker.phones), settings.silence).spoken
            for tier in speaker.words
        )
    ]
    if len(talking) > 1:
        unnamed = [tier.name for s in talking if not s.name for tier in s.words]
        also = f", or tier {unnamed[0]!r} with --words-tier" if unnamed else ""
        names = ", ".join(repr(speaker.name) for speaker in talking if speaker.name)
        raise TextGridError(
            f"{textgrid.path}: words of several speakers: {names}; choose one with --speaker{also}"
        )
    return talking[0] if talking else with_words[0]


def _fail_no_speaker(textgrid: TextGrid, known: list[_Speaker], name: str) -> NoReturn:
    named = ", ".join(repr(speaker.name) for speaker in known if speaker.name)
    found = f"there are: {named}" if named else "no tier is named 'NAME - words'"
    raise TextGridError(f"{textgrid.path}: no speaker {name!r}; {found}; {_list_tiers(textgrid)}")


def _one(textgrid: TextGrid, tiers: list[_Tier], option: str) -> _Tier:
    if len(tiers) > 1:
        names = ", ".join(repr(tier.name) for tier in tiers)
        speaker, kind = _speaker_and_kind(tiers[0].name)
        if speaker:
            raise TextGridError(
                f"{textgrid.path}: {len(tiers)} tiers of {kind} of one speaker: {names}; rename "
                "all but one, by more than case"
            )
        raise TextGridError(
            f"{textgrid.path}: {len(tiers)} tiers fit {option}: {names}; rename all but one"
        )
    return tiers[0]


def _only(tiers: list[IntervalTier]) -> IntervalTier | None:
    return tiers[0] if len(tiers) == 1 else None


def _list_tiers(textgrid: TextGrid) -> str:
    names = ", ".join(
        repr(tier.name) if isinstance(tier, IntervalTier) else f"{tier.name!r} (points)"
        for tier in textgrid.tiers
    )
    listed = f"its tiers are {names}" if names else "it has no tiers"
    return "; ".join((listed, *(n for n in textgrid.notes if n.startswith(UNTIMED_TIERS))))
