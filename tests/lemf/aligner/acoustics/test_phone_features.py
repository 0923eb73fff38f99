import pytest

from lemf.aligner.acoustics.graph import GLOTTAL_STOP, SILENCE
from lemf.aligner.acoustics.phone_features import nearest_phones, phone_distance

ENGLISH = ["aɪ", "aʊ", "b", "d", "dʒ", "ə", "f", "h", "i", "iː", "k", "l", "m", "n", "oʊ", "p", "s",
           "t", "tʃ", "uː", "v", "w", "z", "æ", "ð", "ŋ", "ɑː", "ɛ", "ɡ", "ɪ", "ɹ", "ʃ", "ʊ", "ʌ",
           "θ", GLOTTAL_STOP, SILENCE]  # fmt: skip


@pytest.mark.parametrize(
    ("phone", "nearest"),
    [("tʰ", "t"), ("dʲ", "d"), ("ɡː", "ɡ"), ("u", "uː"), ("ɑ̃", "ɑː"), ("ai˥˩", "aɪ"), ("ɖ", "d"),
     ("ɕ", "ʃ"), ("ʐ", "z"), ("q", "k"), ("ɲ", "ŋ"), ("y", "i"), ("ɯ", "uː"), ("t͡ɕ", "tʃ"),
     ("ɱ", "m"), ("β", "v"), ("ɬ", "s"), ("ɗ", "d"), ("n̩", "n"), ("ʔ", GLOTTAL_STOP)],
)  # fmt: skip
def test_nearest_phone(phone, nearest):
    assert nearest_phones(phone, ENGLISH) == (nearest,)


@pytest.mark.parametrize(
    ("phone", "ends"),
    [("əl", ("ə", "l")), ("ɑːɹ", ("ɑː", "ɹ")), ("yə", ("i", "ə"))],
)
def test_a_sequence_is_put_together_from_its_ends(phone, ends):
    assert nearest_phones(phone, ENGLISH) == ends


def test_neither_silence_nor_what_is_no_phone_is_near():
    assert nearest_phones("a", [SILENCE]) == ()
    assert nearest_phones("5", ENGLISH) == ()


def test_distances_are_symmetric_and_zero_of_the_same():
    for one in ENGLISH[:-1]:
        assert phone_distance(one, one) == 0
        for other in ENGLISH[:-1]:
            assert phone_distance(one, other) == phone_distance(other, one)
            assert one == other or phone_distance(one, other) > 0
    assert phone_distance("a", SILENCE) == float("inf")
