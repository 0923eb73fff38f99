"""Phones and their words from the real espeak-ng."""

import pytest

from lemf.aligner.espeak import open_espeak
from lemf.aligner.transcript import read_words
from lemf.errors import AlignerError

pytest.importorskip("espeakng_loader")


@pytest.fixture(scope="module")
def espeak():
    with open_espeak() as process:
        yield process


def speak(espeak, text, language):
    words = read_words(text)
    spoken = espeak.speak([word.spoken for word in words], language)
    return spoken, {
        f"{place} {word.text}": " ".join(p.name for p in spoken.phones if p.word == place)
        for place, word in enumerate(words)
    }


@pytest.mark.parametrize(
    ("language", "text", "phones"),
    [
        ("en-us", "He lives in the house.", ["h iː", "l ɪ v z", "ɪ n", "ð ə", "h aʊ s"]),
        ("en-us", "in the 25 men", ["ɪ n", "ð ə", "t w ɛ n t i f aɪ v", "m ɛ n"]),
        ("en-us", "Dr. Smith", ["d ɑː k t ɚ", "s m ɪ θ"]),
        ("en-us", "5 % & 1️⃣", ["f aɪ v", "p ɚ s ɛ n t", "æ n d", "w ʌ n"]),
        ("de", "Er ist im Haus.", ["ɛ ɾ", "ɪ s t", "ɪ m", "h aʊ s"]),
        ("fr-fr", "Les enfants", ["l e z", "ɑ̃ f ɑ̃"]),
        ("ru", "Я не знаю", ["ja", "nʲ ɪ", "z n ɑ ju"]),
        ("hi", "मैं कल", ["m ɛ̃", "k ʌ l"]),
        ("ar", "ذهب الولد", ["ð a h a b", "ʔ a l w a l a d"]),
        ("cmn", "我 昨天 去", ["w o", "ts uo tʰ iɛ n", "tɕʰ y"]),
        ("ru", "слово hello", ["s ɭ o v ʌ", "h ə l əʊ"]),
    ],
)
def test_each_word_gets_its_own_phones(espeak, language, text, phones):
    assert list(speak(espeak, text, language)[1].values()) == phones


def test_phones_follow_each_other_within_the_sound(espeak):
    spoken, _ = speak(espeak, "One two. Three, four! Five", "en-us")
    times = [time for phone in spoken.phones for time in (phone.start_s, phone.end_s)]
    assert times == sorted(times)
    assert times[-1] <= len(spoken.sound) / spoken.rate_hz
    assert abs(spoken.sound).max() > 0.1


def test_an_unknown_language_lists_near_ones(espeak):
    with pytest.raises(AlignerError, match=r"'germn'; like it: de \(German\)"):
        espeak.speak(["a"], "germn")
