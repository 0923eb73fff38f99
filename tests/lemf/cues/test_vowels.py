import unicodedata

import pytest

from lemf.cues.vowels import are_vowels

# A sentence in each alphabet, the vowels in capitals of this test: label, is it one?
ARPABET = "DH-|AH0 +|V-|Y-|UW1 +|W-|ER0 +|L-|NG-|HH-|OY2 +"
X_SAMPA = "V +|@ +|S-|OY +|9 +|?-|6 +|N-|_t-|a~ +|2: +|4-|R-|'e +|dZ-|{ +"
IPA = "ə +|ˈaɪ +|ɹ-|ɪ +|ŋ-|ø +|y +|j-|w-|ʔ-|ɑ̃ +|tʲ-|aj +|ɚ +|n̩-|ᵻ +"  # noqa: RUF001 - as aligners write it


def split(text):
    labels = [part.rstrip("+- ") for part in text.split("|")]
    return labels, [part.endswith("+") for part in text.split("|")]


@pytest.mark.parametrize("text", [ARPABET, X_SAMPA, IPA])
def test_vowels_of_each_alphabet(text):
    labels, expected = split(text)
    assert dict(zip(labels, are_vowels(labels), strict=True)) == dict(
        zip(labels, expected, strict=True)
    )


def test_arpabet_in_lower_case_without_digits_and_with_places_in_the_word():
    labels, expected = split(ARPABET)
    assert are_vowels(label.lower().rstrip("012") for label in labels) == expected
    for place in "BIES":
        assert are_vowels(f"{label}_{place}" for label in labels) == expected


def test_one_foreign_label_makes_another_alphabet():
    assert are_vowels(["V", "Y"]) == [False, False]
    assert are_vowels(["V", "Y", "@"]) == [True, True, True]


def test_composed_and_decomposed_letters_are_alike():
    labels = ["ã", "é", "ç", "õ"]
    for form in ("NFC", "NFD"):
        plain = [unicodedata.normalize(form, label) for label in labels]
        assert are_vowels(plain) == [True, True, False, True]


def test_no_label_no_vowel():
    assert are_vowels([]) == []
    assert are_vowels(["", "'", "spoken noise"]) == [False, False, False]
