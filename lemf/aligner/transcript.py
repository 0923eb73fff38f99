"""The words of a text, as they are written and as a synthesiser is to speak them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_SPOKEN_SIGNS = frozenset("%&@#+=°§№\u00d7÷±")  # and those of money; emoji are not
_BEFORE_NUMBER = frozenset("+±\u2212#§№\u00d7÷=")  # and signs of money: read with the number
_AFTER_NUMBER = frozenset("%\u2030°+\u2032\u2033")
_MINUS = frozenset("-\u2212")
_WITH_SIGNS = re.compile(  # "C++", "A#", "US$", "°C", "@me"
    r"^\W*?(?:[A-Z](?:\+\+?|#)|[A-Z]{2,3}[$£€¥]|°[CFK]|@\w+(?:[.-]\w+)*)[^\w+#@]*$"
)
_SENTENCE_MARKS = frozenset("!\"',.:;?¡¿\u2026\u203c\u2047\u2048\u2049")  # of Latin script
_EMPHASISED = re.compile(r"([*~`^]{1,3}|==|__)([^\W\d_]+)\1")  # a part of a word, too
_HEADING = re.compile(r"(?m)^[ \t]*(?:#+|\+)[ \t]+(?=[^\W\d])|(?<=\w)[ \t]+#+[ \t]*$")
_JOINERS = frozenset("\u200c\u200d")  # of Persian, Hindi and others: part of the spelling
_ZERO_WIDTH_SPACE = "\u200b"
_KEYCAPS = re.compile("[\u20e3\ufe00-\ufe0f\U000e0100-\U000e01ef]")  # and variants of a character
_PARAGRAPH = re.compile(r"\n\s*\n|[\f\u2029]")
_PARTING = re.compile(  # brackets of markup and of phonemes; dashes and dots between two words
    r"[<>{}|\[\]\\]+|(?<=\w)(?:[\u2014\u2015]+|--+|\.\.+|\u2026+)(?=\w)"
)
_REPEATED = re.compile(r"([^\w\s])\1{3,}")
_SENTENCE_END = re.compile(r"[.!?\u2026\u061f\u06d4\u0964\u0965\u3002\uff01\uff0e\uff1f][^\w\s]*$")
_ABBREVIATION = re.compile(  # "J.", "z.B.", "3." and titles
    r"^\W*(?:[^\W\d_]|\w+(?:\.\w+)+|\d{1,2}|Dr|Mrs?|Ms|St|Prof|Hr|Fr|Mme|Mlle|Sra?|bzw|ca|Nr|vs)\.\W*$"
)
_HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_KANA = "\u3041-\u30ff\uff66-\uff9f"
_BLANKS_IN_HAN = re.compile(f"[{_HAN}{_KANA}][ \u3000]+[{_HAN}{_KANA}]")
_AFTER_STOP = re.compile("(?<=[\u3001\u3002\uff01\uff0c\uff0e\uff1a\uff1b\uff1f])(?=\\w)")
_AROUND_HAN = re.compile(f"(?<=\\w)(?=[{_HAN}])|(?<=[{_HAN}])(?=\\w)")
_KANA_TO_HAN = re.compile(f"(?<=[{_KANA}])(?=[{_HAN}])")


@dataclass(frozen=True)
class TranscriptWord:
    """A word of a text.

    Attributes
    ----------
    text : str
        As written, without the punctuation around it.
    spoken : str
        With the punctuation, for the synthesiser; letters of other widths and fonts as ordinary.
    sentence : int
        Its sentence, counted from 0.
    """

    text: str
    spoken: str
    sentence: int


def read_words(text: str) -> tuple[TranscriptWord, ...]:
    """Read the words of a text.

    Parameters
    ----------
    text : str
        Markup is text: ``<b>`` is the word "b".

    Returns
    -------
    tuple of TranscriptWord
        In NFC. Blanks part words, and so do zero-width spaces, dashes between words, and the
        brackets of markup. Where Chinese is written without blanks, each character is a word; in
        Japanese, a word begins where kanji follow kana. Thai and others need blanks between words.
        Punctuation alone, emoji, control characters, and marks that frame words or begin headings
        (``**so**``, ``# So``) are no words, nor parts of any.
    """
    words: list[TranscriptWord] = []
    sentence = 0
    for paragraph in _PARAGRAPH.split(text):
        tokens = _read_tokens(paragraph)
        begin = 0
        for end in sentence_ends(tokens):
            words += [
                TranscriptWord(_bare(token), _ordinary(token), sentence)
                for token in tokens[begin:end]
            ]
            begin, sentence = end, sentence + 1
    return tuple(words)


def spoken_form(label: str) -> str:
    """Return the label of a word as a synthesiser is to speak it, without marks that frame it."""
    return " ".join(_ordinary(_unframed(token)) for token in label.split())


def sentence_ends(tokens: Sequence[str]) -> list[int]:
    """Find where sentences end: behind their last words, counted from 1.

    A full stop ends no sentence behind an initial, an ordinal or an abbreviation with further
    stops, nor does any mark before a small letter.
    """
    ends = [
        place
        for place, (token, after) in enumerate(pairwise(tokens), 1)
        if _SENTENCE_END.search(token)
        and not _ABBREVIATION.match(token)
        and not _bare(after)[:1].islower()
    ]
    return [*ends, len(tokens)] if tokens else []


def _read_tokens(paragraph: str) -> list[str]:
    """Return the words with their punctuation; punctuation alone joins the word before."""
    text = _EMPHASISED.sub(r"\2", _clean(_HEADING.sub(" ", paragraph)))
    text = _part_han(_PARTING.sub(" ", text))
    tokens: list[str] = []
    opening = ""
    for token in map(_unframed, _REPEATED.sub(r"\1", text).split()):
        if any(map(_is_spoken, token)):
            tokens.append(opening + token)
            opening = ""
        elif tokens:
            tokens[-1] += token
        else:
            opening += token
    return tokens


def _unframed(token: str) -> str:
    """Remove marks that sentences do not have around a word, but for signs read with numbers."""
    places = [place for place, character in enumerate(token) if character.isalnum()]
    if not places:
        signs = [sign for sign in token if not _is_punctuation(sign)]
        repeated = len(signs) > 1 and len(set(signs)) == 1
        return token if any(map(_is_spoken, signs)) and not repeated else _marks(token)
    first, end = places[0], places[-1] + 1
    while end < len(token) and unicodedata.category(token[end])[0] == "M":
        end += 1
    head, tail = token[:first], token[end:]
    framing = frozenset(head) & frozenset(tail)
    if not framing and _WITH_SIGNS.match(token):
        return token
    before = _marks(head, token[first], _BEFORE_NUMBER - framing, framing)
    after = _marks(tail, token[places[-1]], _AFTER_NUMBER - framing, framing)
    return before + token[first:end] + after


def _marks(
    marks: str,
    neighbour: str = "",
    signs: frozenset[str] = frozenset(),
    framing: frozenset[str] = frozenset(),
) -> str:
    """Return the punctuation among marks, and the signs that are read with a number beside."""
    return "".join(
        mark
        for mark in marks
        if _is_punctuation(mark)
        or (
            neighbour.isnumeric()
            and (mark in signs or (unicodedata.category(mark) == "Sc" and mark not in framing))
        )
    )


def _is_punctuation(mark: str) -> bool:
    """Check whether a character is a mark that sentences have, in any script."""
    category = unicodedata.category(mark)
    ordinary = unicodedata.normalize("NFKC", mark)[0]
    if category == "Po" and (ordinary < "\xc0" or "\u2000" <= ordinary < "\u2070"):
        return mark in _SENTENCE_MARKS or ordinary in _SENTENCE_MARKS
    return mark in _JOINERS or (category[0] == "P" and category != "Pc")


def _ordinary(token: str) -> str:
    """Return a word in letters and digits of the ordinary width and font."""
    ordinary = (
        unicodedata.normalize("NFKC", character)
        if character.isalnum()
        and (
            unicodedata.decomposition(character).startswith(("<wide>", "<narrow>", "<font>"))
            or "\ufb00" <= character <= "\ufb06"
        )
        else character
        for character in token
    )
    return unicodedata.normalize("NFC", "".join(ordinary))


def _clean(text: str) -> str:
    """Return text in NFC, with a blank for each control character and each sign not spoken."""
    characters = []
    for character in _KEYCAPS.sub("", unicodedata.normalize("NFC", text)):
        category = unicodedata.category(character)
        if category == "Cf" and character not in _JOINERS and character != _ZERO_WIDTH_SPACE:
            continue  # marks of direction, soft hyphens
        unspoken = category[0] == "C" and character not in _JOINERS
        sign = category in ("So", "Sk") and character not in _SPOKEN_SIGNS and character > "\xff"
        characters.append(" " if unspoken or sign else character)
    return "".join(characters)


def _part_han(text: str) -> str:
    """Separate the words of Chinese and Japanese by blanks, unless the text has blanks."""
    text = _AFTER_STOP.sub(" ", text)
    if _BLANKS_IN_HAN.search(text):
        return text
    return (_KANA_TO_HAN if re.search(f"[{_KANA}]", text) else _AROUND_HAN).sub(" ", text)


def _is_spoken(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] in "LN" or category == "Sc" or character in _SPOKEN_SIGNS


def _bare(token: str) -> str:
    """Strip what is neither letter, mark, number, a sign that is spoken, nor a minus."""
    kept = [
        place
        for place, character in enumerate(token)
        if _is_spoken(character) or (unicodedata.category(character)[0] == "M")
    ]
    if not kept:
        return ""
    first, end = kept[0], kept[-1] + 1
    is_negative = first and token[first - 1] in _MINUS and token[first - 1] not in token[end:]
    return token[first - 1 if is_negative and token[first].isnumeric() else first : end]
