"""How alike two phones of the International Phonetic Alphabet are.

A language may have phones of which no model was trained; the model of the likest one serves.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from functools import cache

import numpy as np

from lemf.arrays import FloatArray

# Manner of articulation: sonority, noise, nasality, laterality, and vibration of the tongue
_MANNERS = {
    "stop": (0.0, 0.1, 0.0, 0.0, 0.0),
    "affricate": (0.2, 1.0, 0.0, 0.0, 0.0),
    "fricative": (1.0, 1.0, 0.0, 0.0, 0.0),
    "nasal": (2.0, 0.0, 1.0, 0.0, 0.0),
    "lateral": (2.5, 0.0, 0.0, 1.0, 0.0),
    "lateral fricative": (1.2, 1.0, 0.0, 1.0, 0.0),
    "tap": (2.0, 0.1, 0.0, 0.2, 0.7),
    "trill": (2.0, 0.2, 0.0, 0.0, 1.0),
    "approximant": (3.0, 0.0, 0.0, 0.0, 0.0),
}
# Voiceless and voiced consonants by manner and place; a blank where there is none
_PLACES = (0.0, 0.4, 0.9, 1.2, 1.7, 2.0, 2.1, 2.6, 3.4, 3.9, 4.4, 5.0)  # from lips to glottis
_CONSONANTS = {  # bilabial, labiodental, dental, alveolar, postalveolar, retroflex,
    # alveolo-palatal, palatal, velar, uvular, pharyngeal, glottal
    "stop": ("pb", "  ", "  ", "td", "  ", "ʈɖ", "  ", "cɟ", "kɡ", "qɢ", "ʡ ", "ʔ "),
    "affricate": ("  ", "  ", "  ", "ʦʣ", "ʧʤ", "  ", "ʨʥ", "  ", "  ", "  ", "  ", "  "),
    "fricative": ("ɸβ", "fv", "θð", "sz", "ʃʒ", "ʂʐ", "ɕʑ", "çʝ", "xɣ", "χʁ", "ħʕ", "hɦ"),
    "nasal": (" m", " ɱ", "  ", " n", "  ", " ɳ", "  ", " ɲ", " ŋ", " ɴ", "  ", "  "),
    "lateral": ("  ", "  ", "  ", " l", "  ", " ɭ", "  ", " ʎ", " ʟ", "  ", "  ", "  "),
    "lateral fricative": ("  ", "  ", "  ", "ɬɮ", "  ", "  ", "  ", "  ", "  ", "  ", "  ", "  "),
    "tap": ("  ", " ⱱ", "  ", " ɾ", " ɺ", " ɽ", "  ", "  ", "  ", "  ", "  ", "  "),
    "trill": (" ʙ", "  ", "  ", " r", "  ", "  ", "  ", "  ", "  ", " ʀ", "  ", "  "),
    "approximant": ("ʍw", " ʋ", "  ", " ɹ", "  ", " ɻ", "  ", " j", " ɰ", "  ", "  ", "  "),
}
# Vowels: openness (0 to 3), backness (0 to 1), roundness
VOWELS = {
    "i": (0, 0, 0), "y": (0, 0, 1), "ɨ": (0, 0.5, 0), "ʉ": (0, 0.5, 1), "ɯ": (0, 1, 0),
    "u": (0, 1, 1), "ɪ": (0.5, 0.2, 0), "ʏ": (0.5, 0.2, 1), "ʊ": (0.5, 0.8, 1),
    "ᵻ": (0.6, 0.4, 0), "ᵿ": (0.6, 0.6, 1), "e": (1, 0, 0), "ø": (1, 0, 1), "ɘ": (1, 0.5, 0),
    "ɵ": (1, 0.5, 1), "ɤ": (1, 1, 0), "o": (1, 1, 1), "ə": (1.5, 0.5, 0), "ɚ": (1.5, 0.5, 0.3),
    "ɛ": (2, 0, 0), "œ": (2, 0, 1), "ɜ": (2, 0.5, 0), "ɝ": (2, 0.5, 0.3), "ɞ": (2, 0.5, 1),
    "ʌ": (2, 0.8, 0), "ɔ": (2, 1, 1), "æ": (2.5, 0, 0), "ɐ": (2.5, 0.5, 0), "a": (3, 0.3, 0),
    "ɶ": (3, 0, 1), "ɑ": (3, 1, 0), "ɒ": (3, 1, 1),
}  # fmt: skip
_OTHER_NAMES = {
    "g": "ɡ", "ɓ": "b", "ɗ": "d", "ʄ": "ɟ", "ɠ": "ɡ", "ʛ": "ɢ", "ɫ": "l", "ɥ": "j", "ɧ": "ʃ",
    "ʜ": "ħ", "ʢ": "ʕ", "ʘ": "p", "ǀ": "t", "ǃ": "t", "ǂ": "c", "ǁ": "t", "ɩ": "ɪ", "ɷ": "ʊ",
    "ɼ": "r", "ᵝ": "β",
}  # fmt: skip
_LIGATURES = {
    "ts": "ʦ", "dz": "ʣ", "tʃ": "ʧ", "dʒ": "ʤ", "tɕ": "ʨ", "dʑ": "ʥ", "tʂ": "ʧ", "dʐ": "ʤ",
    "ʈʂ": "ʧ", "ɖʐ": "ʤ",
}  # fmt: skip
_VOWEL_SONORITY = 4.0
_FRONT, _BACK = 2.6, 3.4  # places of vowels
_LONG, _NASAL, _SYLLABIC, _DEVOICED = "ː", "\u0303", "\u0329", "\u0325"
_TIES = "\u0361\u035c"
_MARK = 0.15  # distance that one mark makes, such as length or aspiration
_LIKE = 0.8  # least distance of a sequence that is put together from its ends
_OTHER_COUNT = 1.0  # distance between one sound and two


def nearest_phones(phone: str, names: Iterable[str]) -> tuple[str, ...]:
    """Return the names that are likest to a phone.

    Parameters
    ----------
    phone : str
        In the International Phonetic Alphabet; tones and stress do not count.
    names : iterable of str
        Other names than those of phones are passed over.

    Returns
    -------
    tuple of str
        One name; of a diphthong or another sequence that is like none, those for its first and its
        last sound; none where the phone is none of the alphabet.
    """
    known = [name for name in names if _sounds(name)]
    sounds = _sounds(phone)
    if not sounds or not known:
        return ()
    nearest = min(known, key=lambda name: phone_distance(phone, name))
    single = {name: _sounds(name)[0] for name in known if len(_sounds(name)) == 1}
    if len(sounds) == 1 or not single or phone_distance(phone, nearest) <= _LIKE:
        return (nearest,)
    first, last = (
        min(single, key=lambda name, end=end: _distance(end, single[name]))  # type: ignore[misc]
        for end in (sounds[0], sounds[-1])
    )
    return first, last


def phone_distance(one: str, other: str) -> float:
    """Compute how unlike two phones are.

    A diphthong or another sequence is compared by its first and its last sound.

    Returns
    -------
    float
        0 of the same phone, about 0.15 of a long and a short one, 1 of neighbours such as p and b,
        above 4 of a vowel and a stop; inf where one of them is no phone.
    """
    first, second = _sounds(one), _sounds(other)
    if not first or not second:
        return float("inf")
    ends = [_distance(first[i], second[i]) for i in (0, -1)]
    counts = _OTHER_COUNT * ((len(first) > 1) != (len(second) > 1))
    marks = _MARK * len(_marks(one) ^ _marks(other))
    return sum(ends) / 2 + counts + marks


def _distance(one: FloatArray, other: FloatArray) -> float:
    return float(np.sqrt(np.square(one - other).sum()))


@cache
def _sounds(phone: str) -> tuple[FloatArray, ...]:
    """Return the features of each sound of a phone: manner (5), place, voice, and of vowels (3)."""
    letters = "".join(mark for mark in unicodedata.normalize("NFD", phone) if mark not in _TIES)
    for pair, ligature in _LIGATURES.items():
        letters = letters.replace(pair, ligature)
    sounds: list[FloatArray] = []
    for letter in letters.replace("c\u0327", "ç"):
        features = _features().get(_OTHER_NAMES.get(letter, letter))
        if features is not None:
            sounds.append(features.copy())
        elif sounds and letter == _NASAL:
            sounds[-1][2] = 0.5
        elif sounds and letter == _DEVOICED:
            sounds[-1][6] = 0.0
        elif sounds and letter == _SYLLABIC:
            sounds[-1][0] += 0.5
    return tuple(sounds)


def _marks(phone: str) -> set[str]:
    """Return the marks that tell a phone from a plainer one: length, aspiration and the like."""
    return {mark for mark in phone if mark == _LONG or unicodedata.category(mark) == "Lm"} - set(
        "ˈˌ"
    )


@cache
def _features() -> dict[str, FloatArray]:
    table: dict[str, FloatArray] = {}
    for manner, rows in _CONSONANTS.items():
        for place, pair in zip(_PLACES, rows, strict=True):
            for voice, letter in enumerate(pair):
                table[letter] = np.array([*_MANNERS[manner], place, voice, 0.0, 0.0, 0.0])
    for letter, (openness, backness, roundness) in VOWELS.items():
        place = _FRONT + backness * (_BACK - _FRONT)
        sonority = _VOWEL_SONORITY + openness / 3
        table[letter] = np.array(
            [sonority, 0, 0, 0, 0, place, 1.0, openness, 2.0 * backness, roundness]
        )
    table["j"][7:] = 0.0, 0.0, 0.0
    table["w"][5:] = _BACK, 1.0, 0.0, 2.0, 1.0
    del table[" "]
    return table
