"""The words of a text, as they are written and as a synthesiser is to speak them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

_SPOKEN_SIGNS = frozenset("%&@#+=°§№\u00d7÷±")  # and those of money; emoji are not
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
        With the punctuation, for the synthesiser.
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
        Punctuation alone, emoji and control characters are no words.
    """
    words: list[TranscriptWord] = []
    sentence = 0
    for paragraph in _PARAGRAPH.split(text):
        tokens = _read_tokens(paragraph)
        begin = 0
        for end in sentence_ends(tokens):
            words += [TranscriptWord(_bare(token), token, sentence) for token in tokens[begin:end]]
            begin, sentence = end, sentence + 1
    return tuple(words)


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
    text = _part_han(_PARTING.sub(" ", _clean(paragraph)))
    tokens: list[str] = []
    opening = ""
    for token in _REPEATED.sub(r"\1", text).split():
        if any(_is_spoken(character) for character in token):
            tokens.append(opening + token)
            opening = ""
            continue
        marks = "".join(mark for mark in token if unicodedata.category(mark)[0] == "P")
        if tokens:
            tokens[-1] += marks
        else:
            opening += marks
    return tokens


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
    """Strip what is neither letter, mark, number nor a sign that is spoken from both ends."""
    kept = [
        place
        for place, character in enumerate(token)
        if _is_spoken(character) or (unicodedata.category(character)[0] == "M")
    ]
    return token[kept[0] : kept[-1] + 1] if kept else ""
