"""Which intervals are silence or noise: by their labels, and by what lies under them.

A label of `SILENCE_LABELS` is known in every wrapping: ``sil``, ``SIL_S``, ``sil_1``, ``#SIL#`` and
``[sil]`` are one name. An interval with such a label is a word all the same if phones are spoken
under it or, where no phone tier tells, if it sounds as the words do.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple, Protocol, TypeVar

from lemf.reading.praat_tokens import shorten
from lemf.reading.textgrid import Interval, IntervalTier

# Labels as aligners and corpora write them: the list of docs/textgrids.md
SILENCE_LABELS: Mapping[str, str] = {
    "Montreal Forced Aligner": "sil sp spn <eps> <sil>",
    "Kaldi": "SIL SIL_S SIL_B SPN_S NSN NSN_S LAU LAU_S !SIL",
    "FAVE, P2FA": "sp {SL} {LG} {NS} {BR} {CG} {LS} br cg lg ls ns sl",
    "MAUS, WebMAUS": "<p:> <usb> <nib>",
    "Kiel Corpus, Verbmobil": "p: h: <P> <A> <#> <Geräusch> <Lachen> <Husten> <Räuspern> "
    "<Schmatzen> <Schlucken>",
    "HTK": "sil sp SENT-START SENT-END !ENTER !EXIT !NULL",
    "Julius": "silB silE sp <s> </s>",
    "TIMIT": "h# #h pau epi",
    "Buckeye": "SIL NOISE VOCNOISE <SIL> <NOISE> <VOCNOISE> <IVER> <LAUGH> {B_TRANS} {E_TRANS}",
    "Switchboard": "[silence] [noise] [vocalized-noise] [laughter]",
    "CMU Sphinx": "SIL <s> </s> <sil> [NOISE] [BREATH] [COUGH] [SMACK] ++NOISE++ ++BREATH++ "
    "++COUGH++ ++SMACK++ +NOISE+ +BREATH+",
    "Festival, MaryTTS, eSpeak": "pau _ # brth ssil _:",
    "rPraat": "#SIL# #SP#",
    "GAT, CHAT": "(.) (..) (-) (--) (0.5) ((laughs)) ((coughs)) &=laughs &=coughs",
    "SPPAS, CGN, CHAT": "# + * @ dummy gb fp ggg xxx yyy",
    "Opencpop, M4Singer": "SP AP <SP> <AP>",
    "DataBaker, Julius": "silv silS",
    "other languages": "pausa pauze paus pauza silencio silêncio silenzio stilte Stille cisza "
    "пауза тишина 静音 停顿 沉默 無音 无声 ポーズ 묵음 휴지",
    "others": "- -- ... * sp1 SIL0 sil_1 PAU REST pause short_pause long_pause short-pause "
    "shortpause silence nosound nonspeech non-speech noise breath cough laugh laughter [breathing] "
    "[inhale] [exhale] [click] [music] [applause] [bruit] [rire] [Stille] [Atmen]",
}
UNNOTED = frozenset({"", "sil", "sp", "spn", "<eps>", "<sil>", "<p:>"})

# What a label says alone. Only where no phone tier tells may the sound make a word of a "name",
# which could be one (`pau`, `rest`), of "content" in brackets that is no known noise (`[stole]`)
# and of a "symbol" (`&`); a "mark" (`_`, `h#`, `{LG}`) is silence then.
Kind = Literal["word", "mark", "name", "content", "symbol"]
# Whether the sound of the first intervals is as loud and as voiced as that of the second, the words
Hearing = Callable[[Sequence[Interval], Sequence[Interval]], bool]

_Timed = TypeVar("_Timed", bound="_HasTimes")


class _HasTimes(Protocol):
    @property
    def start_s(self) -> float: ...
    @property
    def end_s(self) -> float: ...


_BRACKETED = re.compile(
    r"(?:(?:<+[^<>]*>+|\[+[^\[\]]*\]+|\{+[^{}]*\}+|\(\([^()]*\)\)|&=[^\s&]+)\s*)+"
)
_TIMED_PAUSE = re.compile(r"[(<\[{]+ ?[.,]?\d[\d.,:]* ?(?:s|sec|sek|ms)? ?[)>\]}]+")
_LETTERS = re.compile(r"[^\W\d_]+")
_POSITION = re.compile(r"_[sbie][\W\d_]*$")  # Kaldi: the only, first, inner or last phone of a word
_AFTER_A_NAME = ".,;:!?…\"'-0123456789"
_SYMBOLS = frozenset("&%@")  # with Unicode's symbols, the signs that are read as words
_PAUSE_SIGNS = frozenset("_#-\u2013\u2014.,;:/…·() ")  # other signs may be phones of SAMPA
# Phones elsewhere (prenasalised ns, long p:), so that they are silence only under silence
_EITHER_PHONES = frozenset({"br", "cg", "gb", "lg", "ls", "ns", "sl", "p:", "h:"})
_DISC_VOWELS = frozenset("$1456789")  # only CELEX has them; there # and _ are phones, too
_DIGIT = re.compile(r"\d")  # a tone, a stress
_FEWEST_LETTERS = 3  # of an unknown label of a pause: fewer may be a word of one phone
_MOST_REPEATED = 3  # such labels in a recording
_N_NAMED = 6  # labels that a note names
_LONGEST_COMPOSED = 1000  # characters: to order a run of marks takes the square of their number
_N_REMEMBERED = 4096  # labels, most of which a tier repeats


@lru_cache(_N_REMEMBERED)
def fold(text: str) -> str:
    """Return a text composed (NFC), without case and outer blanks, so that texts compare.

    What is longer than any label is not composed.
    """
    text = " ".join(text.split())
    if len(text) > _LONGEST_COMPOSED:
        return text.casefold()
    composed = unicodedata.normalize("NFC", text)  # casefold depends on the form
    return unicodedata.normalize("NFC", composed.casefold())


def _has_letter(text: str) -> bool:
    return any(map(str.isalpha, text))


def _has_sound(text: str) -> bool:
    return any(char.isalpha() or char.isnumeric() for char in text)


def _name(text: str) -> str:
    """Return the letters of a folded label, words joined by hyphens; "" for a single letter."""
    name = "-".join(_LETTERS.findall(_POSITION.sub("", text)))
    return "" if len(name) == 1 and name.isascii() else name


_EXACT = frozenset(label for labels in SILENCE_LABELS.values() for label in fold(labels).split())
_NAMES = frozenset(map(_name, _EXACT)) - {""}
_BARE = frozenset(_name(text) for text in _EXACT if text[0].isalnum() and text[-1].isalnum())


def _names(text: str) -> set[str]:
    name = _name(text)
    return {name} if name in _NAMES else set(name.split("-"))


@lru_cache(_N_REMEMBERED)
def kind_of(label: str) -> Kind:
    """Return what a label of a word tier says alone; a "word" is one whatever lies under it.

    Examples
    --------
    >>> [kind_of(label) for label in ("stole", "#SIL#", "pau", "[stole]", "&")]
    ['word', 'mark', 'name', 'content', 'symbol']
    """
    text = fold(label)
    bracketed = _BRACKETED.fullmatch(text)
    if not _has_sound(text):
        signs = (char in _SYMBOLS or unicodedata.category(char)[0] == "S" for char in text)
        return "symbol" if not bracketed and any(signs) else "mark"
    is_written_so = text in _EXACT and not text.isalpha()
    if is_written_so or text in UNNOTED - {"sil"} or _TIMED_PAUSE.fullmatch(text):
        return "mark"
    names = _names(text)
    if text.lstrip("\"'").rstrip(_AFTER_A_NAME).replace(" ", "").isalpha():
        return "name" if names <= _BARE - {""} else "word"
    if names <= _NAMES:
        return "mark"
    is_remark = text[0] + text[-1] == "()" and not names.isdisjoint(_NAMES)
    return "content" if bracketed or is_remark else "word"


def is_silence(label: str, more: Collection[str] = ()) -> bool:
    """Check whether a label, taken alone, marks silence or noise; `more` are the user's labels."""
    return kind_of(label) != "word" or fold(label) in {fold(other) for other in more}


class Labels(NamedTuple):
    """The spoken intervals of a tier, and the labels whose treatment a user should know.

    Attributes
    ----------
    spoken : list of Interval
    silent : Counter of str
        Labels taken for silence, but the user's and those that everyone knows (`UNNOTED`).
    unusual : Counter of str
        Labels of spoken intervals that look like silence, or hold no letter; but not those that
        could be words and lie over phones.
    """

    spoken: list[Interval]
    silent: Counter[str]
    unusual: Counter[str]


def find_words(
    tier: IntervalTier,
    phones: IntervalTier | None,
    silence: Collection[str] = (),
    hearing: Hearing | None = None,
) -> Labels:
    """Find the words of a word tier.

    Parameters
    ----------
    tier : IntervalTier
        In the order of time.
    phones : IntervalTier, optional
        The phones of the same speaker, for what lies under a label that looks like silence.
    silence : collection of str
        The user's labels of silence, which hold whatever lies under them.
    hearing : function, optional
        Tells by the sound where no phone tier does.

    Returns
    -------
    Labels
    """
    never = UNNOTED - {"sil"} | {fold(label) for label in silence}
    kinds = {i.label: kind_of(i.label) for i in tier.intervals if fold(i.label) not in never}
    candidates = [i for i in tier.intervals if i.label in kinds]
    repeated = _repeat_their_phone(candidates, kinds, phones)
    others = [i for i in candidates if kinds[i.label] == "word" and fold(i.label) not in repeated]
    for intervals in repeated.values():
        if others and hearing is not None and not hearing(intervals, others):
            kinds |= dict.fromkeys((i.label for i in intervals), "mark")
    words = [i for i in candidates if kinds[i.label] == "word"]
    unsure = [i for i in candidates if kinds[i.label] != "word"]
    below = _phones_below(unsure, phones, never) if unsure and phones is not None else None
    spoken, looks = set(words), [i.label for i in words if not _has_letter(i.label)]
    unheard: dict[str, list[Interval]] = {}
    for number, interval in enumerate(unsure):
        kind, inside = kinds[interval.label], None if below is None else below[number]
        if inside is None or (
            kind == "name" and inside and all(_is_unknown(phone.label) for phone in inside)
        ):
            unheard.setdefault(fold(interval.label), []).append(interval)
        elif _is_spoken(interval, kind, inside):
            spoken.add(interval)
            looks += [interval.label] if kind != "name" else []
    for intervals in unheard.values():
        can_be_word = kinds[intervals[0].label] != "mark"
        if can_be_word and words and hearing is not None and hearing(intervals, words):
            spoken.update(intervals)
            looks += [interval.label for interval in intervals]
    silent = (i.label for i in unsure if i not in spoken and fold(i.label) not in UNNOTED)
    return Labels([i for i in candidates if i in spoken], _count(silent), _count(looks))


def find_phones(tier: IntervalTier, silence: Collection[str] = ()) -> Labels:
    """Find the phones of a phone tier; `silence` are the user's labels."""
    never = {fold(label) for label in silence} | {""}
    texts = {i.label: fold(i.label) for i in tier.intervals}
    silent = _silent_phones(texts.values())
    others = set(texts.values()) - silent - never
    if not others.isdisjoint(_DISC_VOWELS) and all(len(text) == 1 for text in others):
        silent -= {"_", "#"}
    found = [i for i in tier.intervals if texts[i.label] not in silent | never]
    taken = (i.label for i in tier.intervals if texts[i.label] in silent - never - UNNOTED)
    return Labels(found, _count(taken), Counter())


def group_by_midpoint(
    spans: Sequence[Interval], timed: Iterable[_Timed]
) -> tuple[list[list[_Timed]], list[_Timed]]:
    """Group what has a time by the span that holds its midpoint; return what lies in none, too.

    The spans follow each other in the order of time.
    """
    starts = [span.start_s for span in spans]
    inside: list[list[_Timed]] = [[] for _ in spans]
    outside: list[_Timed] = []
    for one in timed:
        midpoint_s = (one.start_s + one.end_s) / 2
        index = bisect_right(starts, midpoint_s) - 1
        is_inside = index >= 0 and midpoint_s < spans[index].end_s
        (inside[index] if is_inside else outside).append(one)
    return inside, outside


def describe_labels(words: str, found: Labels, phones: Mapping[str, Labels]) -> list[str]:
    """Return the notes on labels taken for silence, or for words against their looks, by tier."""
    tiers = {words: found, **phones}
    taken = [f"{_list(one.silent)} of tier {name!r}" for name, one in tiers.items() if one.silent]
    notes = [f"taken for silence or noise: {', '.join(taken)}"] if taken else []
    if found.unusual:
        notes.append(
            "scored as words, though they look like silence or hold no letter: "
            f"{_list(found.unusual)} of tier {words!r}; --silence LABEL leaves one out"
        )
    return notes


def _silent_phones(texts: Iterable[str]) -> set[str]:
    """Return which of the folded labels of a phone tier are silence or noise.

    Where most labels stand in brackets, as in ``[a]``, brackets are a way to write phones.
    """
    texts = set(texts)
    silent = {text for text in texts if _is_silent_phone(text)}
    bracketed = {
        text
        for text in texts - _EXACT
        if _BRACKETED.fullmatch(text) and _has_sound(text) and not _NAMES.issuperset(_names(text))
    }
    plain = texts - silent - bracketed
    return silent - bracketed if len(bracketed) > max(len(plain), 1) else silent | bracketed


def _is_silent_phone(text: str) -> bool:
    if _BRACKETED.fullmatch(text) or _has_sound(text):
        return not _is_either(text) and kind_of(text) in ("mark", "name")
    return _PAUSE_SIGNS.issuperset(text)


def _is_unknown(label: str) -> bool:
    return _name(fold(label)) == "spn"


def _is_either(text: str) -> bool:
    return text in _EITHER_PHONES or (text[0].isalnum() and _name(text) in _EITHER_PHONES)


def _repeat_their_phone(
    candidates: Sequence[Interval], kinds: Mapping[str, Kind], phones: IntervalTier | None
) -> dict[str, list[Interval]]:
    """Group the words whose only phone bears their label, as unknown labels of pauses do.

    More such labels than an aligner has for pauses are syllables, and are not returned.
    """
    if phones is None:
        return {}
    labels = {fold(one.label) for one in phones.intervals if len(one.label) >= _FEWEST_LETTERS}
    alike = [i for i in candidates if kinds[i.label] == "word" and fold(i.label) in labels]
    filled = [phone for phone in phones.intervals if phone.label.strip()]
    found: dict[str, list[Interval]] = {}
    for interval, inside in zip(alike, group_by_midpoint(alike, filled)[0], strict=True):
        text = fold(interval.label)
        if [fold(phone.label) for phone in inside] == [text] and not _DIGIT.search(text):
            found.setdefault(text, []).append(interval)
    return found if len(found) <= _MOST_REPEATED else {}


def _phones_below(
    unsure: Sequence[Interval], phones: IntervalTier, never: Collection[str]
) -> list[list[Interval]] | None:
    """Return the phones in each interval by the midpoint rule; None if the tier holds no phone.

    The phone ``spn`` is among them: it stands for a word that the aligner did not know.
    """
    texts = [fold(phone.label) for phone in phones.intervals]
    silent = _silent_phones(texts).union(never)
    if silent.issuperset(texts):
        return None
    kept = zip(phones.intervals, texts, strict=True)
    speech = [phone for phone, text in kept if text not in silent or _is_unknown(text)]
    return group_by_midpoint(unsure, speech)[0]


def _is_spoken(interval: Interval, kind: Kind, inside: Sequence[Interval]) -> bool:
    """Check whether phones fill half of an interval, or are two: one may have drifted there.

    A phone that repeats the label of a noise (`lg` under `{LG}`, `?` under `?`) is none.
    """
    text = fold(interval.label)
    own = set() if kind == "content" else {text, _name(text)} - {""}
    labels = [fold(phone.label) for phone in inside]
    phones = [
        phone
        for phone, label in zip(inside, labels, strict=True)
        if own.isdisjoint({label, _name(label)})
        and not _is_unknown(label)
        and not _is_either(label)
    ]
    overlap_s = sum(min(p.end_s, interval.end_s) - max(p.start_s, interval.start_s) for p in phones)
    longer_s = max(interval.end_s - interval.start_s, sum(p.end_s - p.start_s for p in phones))
    return len(phones) > 1 or 2 * overlap_s >= longer_s


def _count(labels: Iterable[str]) -> Counter[str]:
    return Counter(" ".join(label.split()) for label in labels)


def _list(labels: Counter[str]) -> str:
    named = [f"{shorten(label)} ({n})" for label, n in labels.most_common(_N_NAMED)]
    others = len(labels) - len(named)
    return ", ".join(named) + (f" and {others} more" if others else "")
