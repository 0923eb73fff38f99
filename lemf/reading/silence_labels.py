"""What a label says alone: silence or noise, a word, or what could be either.

A label of `SILENCE_LABELS` is known in every wrapping: ``sil``, ``SIL_S``, ``sil_1``, ``#SIL#`` and
``[sil]`` are one name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from typing import Literal

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


def has_letter(text: str) -> bool:
    """Check whether a text holds a letter of any script."""
    return any(map(str.isalpha, text))


def _has_sound(text: str) -> bool:
    return any(char.isalpha() or char.isnumeric() for char in text)


def plain_name(text: str) -> str:
    """Return the letters of a folded label, words joined by hyphens; "" for a single letter."""
    name = "-".join(_LETTERS.findall(_POSITION.sub("", text)))
    return "" if len(name) == 1 and name.isascii() else name


_EXACT = frozenset(label for labels in SILENCE_LABELS.values() for label in fold(labels).split())
_NAMES = frozenset(map(plain_name, _EXACT)) - {""}
_BARE = frozenset(plain_name(text) for text in _EXACT if text[0].isalnum() and text[-1].isalnum())


def _names(text: str) -> set[str]:
    name = plain_name(text)
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


def silent_phones(texts: Iterable[str]) -> set[str]:
    """Return which of the folded labels of a phone tier are silence or noise.

    Where most labels stand in brackets, as in ``[a]``, brackets are a way to write phones.
    """
    texts = set(texts)
    silent = set(filter(_is_silent_phone, texts))
    bracketed = set(filter(_is_bracketed_phone, texts))
    plain = texts - silent - bracketed
    return silent - bracketed if len(bracketed) > max(len(plain), 1) else silent | bracketed


@lru_cache(_N_REMEMBERED)
def _is_bracketed_phone(text: str) -> bool:
    bracketed = text not in _EXACT and _BRACKETED.fullmatch(text)
    return bool(bracketed) and _has_sound(text) and not _NAMES.issuperset(_names(text))


@lru_cache(_N_REMEMBERED)
def _is_silent_phone(text: str) -> bool:
    if _BRACKETED.fullmatch(text) or _has_sound(text):
        return not is_either(text) and kind_of(text) in ("mark", "name")
    return _PAUSE_SIGNS.issuperset(text)


def is_unknown(label: str) -> bool:
    """Check whether a label is ``spn``, speech that the aligner does not know, in any wrapping."""
    return plain_name(fold(label)) == "spn"


def is_either(text: str) -> bool:
    """Check whether a folded label of a phone tier may be a phone or a noise, such as ``ns``."""
    return text in _EITHER_PHONES or (text[0].isalnum() and plain_name(text) in _EITHER_PHONES)
