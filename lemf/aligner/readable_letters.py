"""Which words of a text a language of espeak-ng can read: by the scripts of their letters.

Letters of other scripts are spelled out ("Chinese letter", "em, o, es"), which nobody says.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from lemf.aligner.spoken_languages import Language

# By the first word of the names of their letters; all languages read Latin ones
_LANGUAGES = {
    "ARABIC": "ar fa ur sd ug",
    "ARMENIAN": "hy hyw",
    "BENGALI": "as bn bpy",
    "CHEROKEE": "chr",
    "CJK": "cmn zh yue hak",
    "CYRILLIC": "ba be bg bs cv hr kaa kk ky mk mn nog ru sr tt uk uz xex",
    "DEVANAGARI": "hi kok mr ne sd",
    "ETHIOPIC": "am ti",
    "GEORGIAN": "ka xex",
    "GREEK": "el grc",
    "GUJARATI": "gu",
    "GURMUKHI": "pa",
    "HANGUL": "ko",
    "HEBREW": "he",
    "HIRAGANA": "ja",
    "KANNADA": "kn",
    "KATAKANA": "ja",
    "MALAYALAM": "ml",
    "MYANMAR": "my shn",
    "ORIYA": "or",
    "SINHALA": "si",
    "TAMIL": "ta",
    "TELUGU": "te",
    "THAI": "th",
}
_READERS = {script: frozenset(codes.split()) for script, codes in _LANGUAGES.items()}


def find_unreadable(words: Sequence[str], language: Language) -> list[int]:
    """Find the words with letters that the voice of a language spells out.

    A single Greek letter is read by its name, as it should be. Letters of the phonetic alphabet
    are unreadable, but for those of Azerbaijani.
    """
    codes = {code.partition("-")[0] for code in (language.code, *dict(language.ranks))}
    return [
        place
        for place, word in enumerate(words)
        if not word.isascii() and not _is_readable([c for c in word if c.isalpha()], codes)
    ]


def _is_readable(letters: Sequence[str], codes: set[str]) -> bool:
    if any("\u0250" <= c <= "\u02af" and (c != "\u0259" or "az" not in codes) for c in letters):
        return False
    scripts = [unicodedata.name(letter, "").partition(" ")[0] for letter in letters]
    unknown = [one for one in scripts if one in _READERS and not _READERS[one] & codes]
    return not unknown or unknown == ["GREEK"]
