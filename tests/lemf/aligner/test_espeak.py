"""Phones and their words from the real espeak-ng."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lemf.aligner import espeak_client
from lemf.aligner.espeak import open_espeak
from lemf.aligner.transcript import read_words

pytest.importorskip("espeakng_loader")


@pytest.fixture(scope="module", autouse=True)
def packaged_library():
    """Use the version of the package: another speaks some words otherwise."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(espeak_client, "_find_system_libraries", list)
        yield


@pytest.fixture(scope="module")
def espeak(packaged_library):
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
        ("ru", "Я не знаю", ["j a", "nʲ ɪ", "z n ɑ j u"]),
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


@pytest.mark.parametrize("other", ["Other words!", "1984"])
def test_a_text_is_spoken_the_same_whatever_was_spoken_before(espeak, other):
    words = ["He", "lives", "in", "the", "house."]
    with open_espeak() as fresh:
        expected = fresh.speak(words, "en")
    espeak.speak([other], "de")
    spoken = espeak.speak(words, "en")
    assert spoken.phones == expected.phones
    np.testing.assert_array_equal(spoken.sound, expected.sound)
    assert espeak.speak(words, "en", sound=False).phones == expected.phones


def test_words_without_sound_have_no_phones(espeak):
    spoken = espeak.speak(["one", "-", "two"], "en")
    assert {phone.word for phone in spoken.phones} == {0, 2}
    assert espeak.speak([], "en").phones == ()
    assert len(espeak.speak([], "en").sound) == 0


def test_commands_and_markup_are_spoken_as_text(espeak):
    text = "<break time='9s'/> [[h@l'oU]] \x01 5P <audio src='x.wav'>"
    spoken, words = speak(espeak, text, "en-us")
    assert words["0 break"] == "b ɹ eɪ k"
    assert words["2 h@l'oU"] != "h ə l oʊ"
    assert len(spoken.sound) / spoken.rate_hz < 9


def test_a_long_sentence_is_spoken_in_parts(espeak):
    words = ["house"] * 200
    spoken = espeak.speak(words, "en", sound=False)
    assert [phone.word for phone in spoken.phones] == [i for i in range(200) for _ in "haʊs"[:3]]


@pytest.mark.parametrize("language", ["cmn", "ja", "th", "yue", "my", "ko"])
@pytest.mark.parametrize(
    "text", ["我昨天去了北京", "私は学校に行きました", "ฉันไม่รู้", "나는 갔다", "hello"]
)
def test_any_script_is_spoken_in_any_language(espeak, language, text):
    spoken, _ = speak(espeak, text, language)
    assert spoken.phones


@settings(max_examples=15, deadline=None)
@given(st.text(max_size=80), st.sampled_from(["en-us", "de", "hi", "ar", "cmn"]))
def test_any_text_is_spoken(espeak, text, language):
    words = read_words(text)
    spoken = espeak.speak([word.spoken for word in words], language)
    owners = [phone.word for phone in spoken.phones]
    assert owners == sorted(owners)
    assert set(owners) <= set(range(len(words)))
    assert all(phone.start_s <= phone.end_s for phone in spoken.phones)
    assert all(a.end_s <= b.start_s for a, b in pairwise(spoken.phones))
