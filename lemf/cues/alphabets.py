"""Vowels, known by their labels: the alphabet of a recording is the one that fits most of them.

No label says which alphabet it belongs to: ``V`` is a consonant beside ``AH1`` and a vowel beside
``@``. So every alphabet is tried on all labels of the recording; labels that belong to none, such
as those of noise, do not change how the others are read.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache
from itertools import pairwise

_LEAST_FAULTS = 1.5  # by which a later alphabet must fit better: one fault may be chance

Reading = Callable[[str], bool | None]  # label -> a vowel? None: not of this alphabet

# ARPABET as the CMU dictionary, BEEP, MFA, FAVE, TIMIT and Buckeye write it; a final n nasalises.
_ARPABET_VOWEL = re.compile(
    r"(?:aa|ae|ah|ao|aw|ax|ax-h|axr|ay|ea|eh|er|ey|ia|ih|ix|iy|oh|ow|oy|ua|uh|uw|ux)n?[0-9]?"
)
_ARPABET_CONSONANT = re.compile(
    r"[bdfgklmnpqrstvwyz]|[bdgkpt]cl|[cdhjstwz]h|hv|[dn]x|e[lmn]|e?ng|epi|tq"
)
_NOTATION = re.compile(r"\[(.+)\]|/(.+)/")
_PLACE_IN_WORD = re.compile(r"_[BIES]$")  # as Kaldi marks it, in any alphabet

# The IPA and X-SAMPA agree where both have a letter, so they are read as one.
_VOWELS = (
    "iyɨʉɯuɪʏʊeøɘɵɤoəɛœɜɞʌɔæɐaɶɑɒɚɝᵻᵿıɩɷᴇɿʅʮʯ"  # noqa: RUF001 - IPA, Turkish, Sinologists' letters
    "1}MIYU2@87E93VO{6&AQ"  # the rest of X-SAMPA
)
_CONSONANTS = (
    "bcdfghjklmnpqrstvwxzɡŋɲɴɱʔɹɾɽʀʁɻɺɬɮʃʒʂʐɕʑθðɸβʝɣχħʕʜʢʡɦʍɥɰʎʟɫɭʋⱱʙɢɖʈɟɗɓʄɠʛɧɳǀǁǂǃʘʦʣʧʤʨʥ"  # noqa: RUF001
    "BCDFGHJKLNPRSTXWZ?45"  # the rest of X-SAMPA
)
_LONGEST = 1000  # characters read of a label: to order marks takes the square of their number
_MARKS = "ˈˌ'\"%#$"  # of stress; in the Kiel corpus, of where a word or a syllable begins: ##d
_GLIDES = "jwyɥɰ"
_TONES = "˥˦˧˨˩⁰¹²³⁴⁵"
_DIACRITICS = re.compile(r"(?<=.)(?:_[^_]|[:~`=';\\^.#<>-])")  # of X-SAMPA, Kiel and eSpeak
_NO_LETTERS = ("Mn", "Lm", "Sk", "No")  # kinds of characters that only modify: ã, tʰ, a˥, a³

# CELEX's DISC, in which each sound of Dutch, English and German is one character
_DISC_VOWEL = re.compile(r"[iIyYeEaAoOuU1-9{}&@VQ#$!()*<|/KLMWBX^cq0~]")
_DISC_CONSONANT = re.compile(r"[pbtdkgNmnlrfvTDszSZjxGhw+=J_CFHPR]")

_PINYIN_INITIAL = re.compile(r"zh|ch|sh|gw|kw|ng|[bpmfdtnlgkhjqxrzcsyw]", re.IGNORECASE)
_PINYIN_FINAL = re.compile(
    rf"(?:{_PINYIN_INITIAL.pattern})?(?:[aeiouvü]{{1,4}}|i[ixyrz]+)(?:ng|[nrmptk])?[0-9]?",
    re.IGNORECASE,
)
# As the grapheme-to-phoneme rules of Halabi for Arabic and of Cho for Korean write them
_ARABIC_VOWEL = re.compile(r"aa?|AA?|(?:ii?|uu?|II?|UU?)[01]")
_ARABIC_CONSONANT = re.compile(r"[<>bt^jHxd*rzs$SDTZEgfqklmnhwyv]")
_KOREAN_VOWEL = re.compile(r"ii|ee|qq|aa|xx|vv|uu|oo|y[eqavuo]|w[ieqav]|xi")
_KOREAN_CONSONANT = re.compile(r"[ptkshc]0|[ptk]h|pp|tt|kk|ss|ch|cc|mm|nn|ng|ll|rr|[ptk]f")

# Letters of other scripts: by their names in Unicode, or from this list
_LETTERS = frozenset("уыюяіїєүұөәъѣαεηιουωաեէըիոօاآىَُِ")
_VOWEL_NAME = re.compile(
    r"VOWEL|SYLLABLE|SARA|HEBREW POINT|CJK UNIFIED|JUNGSEONG|PROLONGED SOUND"
    r"|HANGUL LETTER [YW]?[AEIOU]+$|(?:BOPOMOFO|GEORGIAN) LETTER [AEIOU]+(?:NG?|R)?$"
    r"|(?:HIRAGANA|KATAKANA) LETTER (?!SMALL TU).*[AEIOU]$|LETTER (?:[AEIOU]+|VOCALIC .*)$"
)


def vowel_labels(words: Iterable[Sequence[str]]) -> frozenset[str]:
    """Find the labels of a recording that stand for vowels.

    Of the alphabets, the one counts in which the fewest labels are unknown and the speech is most
    regular: words hold a vowel, and vowels and consonants alternate. A label that the alphabet does
    not have is a vowel if it is one of the IPA's or of X-SAMPA's.

    Parameters
    ----------
    words : iterable of sequence of str
        The labels of the phones of each word.

    Returns
    -------
    frozenset of str
        Diphthongs, syllables and all that bears a tone count as vowels, syllabic consonants do not.
    """
    words = list(words)
    labels = {label: _unwrapped(label) for word in words for label in word}
    margin = _LEAST_FAULTS / max(sum(map(len, words)), 1)
    vowels: frozenset[str] = frozenset()
    least = math.inf
    for alphabet, otherwise, most_unknown in _alphabets():
        known = {label: alphabet(bare) for label, bare in labels.items()}
        unknown = sum(vowel is None for vowel in known.values()) / max(len(labels), 1)
        if unknown >= least or unknown > most_unknown:
            continue
        found = frozenset(
            label
            for label, vowel in known.items()
            if (otherwise(labels[label]) if vowel is None else vowel)
        )
        if (misfit := unknown + _irregularity(words, found)) < least - margin:
            vowels, least = found, misfit
    return vowels


def _irregularity(words: Iterable[Sequence[str]], vowels: frozenset[str]) -> float:
    """Compute the faults per phone: words without a vowel, pairs of vowels or of consonants."""
    faults = places = 0
    for word in words:
        kinds = [label in vowels for label in word]
        faults += (not any(kinds)) + sum(one == other for one, other in pairwise(kinds))
        places += len(kinds)
    return faults / max(places, 1)


@cache
def _alphabets() -> list[tuple[Reading, Reading, float]]:
    """Return the alphabets in the order in which they are preferred.

    Each has its reading, that of labels which it lacks, and the share of labels that it may lack.
    """
    ipa, first_letter = _ipa()
    variants = (
        _ipa(consonants="y"),  # romanised: Japanese, Indian languages, Prosodylab's French
        _ipa(consonants="Q"),  # the glottal stop of the Kiel corpus
        _ipa(vowels="0W"),  # Kirshenbaum's, as eSpeak writes it
    )
    alphabets: list[tuple[Reading, Reading, float]] = [
        (lambda label: _arpabet(label) if label == label.upper() else None, ipa, 1.0),
        (lambda label: _arpabet(label) if label == label.lower() else None, ipa, 1.0),
        (ipa, first_letter, 1.0),
        *((*variant, 1.0) for variant in variants),
        (_inventory(_DISC_VOWEL, _DISC_CONSONANT), ipa, 0.1),  # any character means something
        (_inventory(_PINYIN_FINAL, _PINYIN_INITIAL), ipa, 1.0),
        (_inventory(_ARABIC_VOWEL, _ARABIC_CONSONANT), ipa, 1.0),
        (_inventory(_KOREAN_VOWEL, _KOREAN_CONSONANT), ipa, 1.0),
        (_arpabet, ipa, 1.0),  # in mixed case
    ]
    return [(_of_plain(one), _of_plain(other), share) for one, other, share in alphabets]


def _of_plain(read: Reading) -> Reading:
    """Return the reading of labels with blanks and marks; that of one label is computed once."""
    return lru_cache(maxsize=4096)(lambda label: read(_plain(label)))


def _inventory(vowel: re.Pattern[str], consonant: re.Pattern[str]) -> Reading:
    """Return the reading of an alphabet by the patterns of all its labels."""

    def read(label: str) -> bool | None:
        return True if vowel.fullmatch(label) else False if consonant.fullmatch(label) else None

    return read


def _arpabet(label: str) -> bool | None:
    return _inventory(_ARPABET_VOWEL, _ARPABET_CONSONANT)(label.casefold())


def _ipa(*, vowels: str = "", consonants: str = "") -> tuple[Reading, Reading]:
    """Return the reading of labels that are one phone, and that of any label by its first letter.

    Parameters
    ----------
    vowels, consonants : str
        Letters that are read otherwise than in the IPA and X-SAMPA.
    """
    v = set(_VOWELS + vowels) - set(consonants)
    c = set(_CONSONANTS + consonants) - set(vowels)
    a_vowel, a_consonant = (f"[{re.escape(''.join(sorted(letters)))}]" for letters in (v, c))
    phone = re.compile(
        rf"{a_vowel}(?:[jw]|[aeiouyIUOEY6@39{{}}&ɪʊəɐɛɔʉøœɑʏ]{{1,2}})?"
        rf"|[{_GLIDES}]{a_vowel}{{1,2}}|[aeiouyəø]{{1,2}}[0-9]|{a_consonant}"
        rf"|[pbtdkgɡʈɖʔq][szfvxSZCʃʒʂʐɕʑθðçɬɮχ]|((?![hH]){a_consonant})\1"  # noqa: RUF001
    )

    def first_letter(label: str) -> bool:
        letters = unicodedata.normalize("NFD", label)
        glide = letters[:1] in _GLIDES and letters[1:2] in v
        return letters[glide : glide + 1] in v or _bears_vowel(label) or label == "ъ"  # Bulgarian

    def read(label: str) -> bool | None:
        letters = _DIACRITICS.sub("", unicodedata.normalize("NFD", label))
        bare = "".join(x for x in letters if unicodedata.category(x) not in _NO_LETTERS)
        one = phone.fullmatch(bare) or (bare.isalpha() and not _is_latin(bare))
        return first_letter(label) if one or _bears_vowel(label) else None

    return read, first_letter


def _bears_vowel(label: str) -> bool:
    """Check whether a label holds a tone, or a vowel or syllable of another script than ours."""
    letters = unicodedata.normalize("NFC", label).casefold()
    return any(_is_vowel_of_script(letter) for letter in letters)


@lru_cache(maxsize=4096)
def _is_vowel_of_script(letter: str) -> bool:
    name = unicodedata.name(letter, "")
    if name.startswith("GREEK"):
        letter = unicodedata.normalize("NFD", letter)[0]  # without its accent
    return (
        letter in _TONES
        or letter in _LETTERS
        or (
            not name.startswith(("LATIN", "MODIFIER", "COMBINING"))
            and bool(_VOWEL_NAME.search(name))
        )
    )


def _is_latin(letters: str) -> bool:
    return any(unicodedata.name(letter, "").startswith("LATIN") for letter in letters)


def _unwrapped(label: str) -> str:
    """Remove the brackets of phonetic and the slashes of phonemic notation: [a], /a/."""
    wrapped = _NOTATION.fullmatch(label.strip())
    return (wrapped[1] or wrapped[2]) if wrapped else label


def _plain(label: str) -> str:
    """Remove blanks, the place in the word, and marks of stress or of a boundary."""
    label = _PLACE_IN_WORD.sub("", label.strip()[:_LONGEST])
    return label.lstrip(_MARKS) or label
