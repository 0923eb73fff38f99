"""Which phones are vowels, by the alphabet that their labels are written in."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# ARPABET as the CMU dictionary, MFA, FAVE and TIMIT write it; case and stress digits do not count.
_ARPABET_VOWELS = frozenset(
    [
        "aa", "ae", "ah", "ao", "aw", "ax", "ax-h", "axr", "ay", "eh", "er", "ey", "ih",
        "ix", "iy", "ow", "oy", "uh", "uw", "ux",
    ]
)  # fmt: skip
_ARPABET = _ARPABET_VOWELS | frozenset(
    [
        "b", "bcl", "ch", "d", "dcl", "dh", "dx", "el", "em", "en", "eng", "epi", "f",
        "g", "gcl", "hh", "hv", "jh", "k", "kcl", "l", "m", "n", "ng", "nx", "p", "pcl",
        "q", "r", "s", "sh", "t", "tcl", "th", "v", "w", "wh", "y", "z", "zh",
    ]
)  # fmt: skip
_ARPABET_SUFFIX = re.compile(r"[0-2]?(_[BIES])?$")  # stress; Kaldi's place in the word
# The first letter of a vowel in the IPA and in (X-)SAMPA, which agree where both have it.
_VOWELS = frozenset(
    "iyɨʉɯuɪʏʊeøɘɵɤoəɛœɜɞʌɔæɐaɶɑɒɚɝᵻᵿ"  # noqa: RUF001 - IPA
    "1}MIYU2@87E93VO{6&AQ"  # the rest of X-SAMPA
)
_STRESS_MARKS = "ˈˌ'\"%"


def are_vowels(labels: Iterable[str]) -> list[bool]:
    """Tell which phones are vowels.

    Where all labels are ARPABET's, they are read as such; otherwise as the IPA or X-SAMPA, in which
    a vowel is known by its first letter. So ``V`` is a consonant beside ``AH1`` and a vowel beside
    ``@``.

    Parameters
    ----------
    labels : iterable of str
        Of a sentence or more, so that the alphabet shows.

    Returns
    -------
    list of bool
        Diphthongs are vowels, syllabic consonants are none.
    """
    labels = list(labels)
    plain = [_ARPABET_SUFFIX.sub("", label).casefold() for label in labels]
    if set(plain) <= _ARPABET:
        return [label in _ARPABET_VOWELS for label in plain]
    return [_first_letter(label) in _VOWELS for label in labels]


def _first_letter(label: str) -> str:
    return unicodedata.normalize("NFD", label.lstrip(_STRESS_MARKS))[:1]
