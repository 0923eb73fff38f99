import re

import numpy as np
import pytest

import lemf
from lemf.aligner.align import align
from lemf.aligner.espeak import open_espeak
from lemf.aligner.transcript import read_words
from lemf.errors import AlignerError

SAID = (
    "The morning paper was lying on the table. Nobody had noticed the broken window. "
    "We left for the station without breakfast."
)
OTHER = "Seventeen elephants carried enormous baskets through a narrow canyon yesterday afternoon."


@pytest.fixture(scope="module")
def voices():
    with open_espeak() as espeak:
        return {
            text: espeak.speak([word.spoken for word in read_words(text)], "en-us")
            for text in (SAID, OTHER)
        }


def confidences(grid):
    return [float(one.label) for one in grid.tiers[2].intervals if one.label]


def music(seconds, rate_hz):
    times_s = np.arange(int(seconds * rate_hz)) / rate_hz
    chord = sum(np.sin(2 * np.pi * f * times_s) for f in (220, 277, 330, 440, 554))
    return 0.05 * chord * (1 + np.sin(2 * np.pi * 2 * times_s))


def test_a_text_that_is_said_fits_without_a_note(voices):
    spoken = voices[SAID]
    grid = align(spoken.sound, SAID, language="en-us", rate_hz=spoken.rate_hz)
    assert grid.notes == ()
    assert min(confidences(grid)) > 0.5


def test_another_text_is_refused_with_its_place_unless_forced(voices):
    spoken = voices[SAID]
    with pytest.raises(
        AlignerError, match=r"words \d+ to \d+ \(.*\) do not fit the sound .* s.*--force-fit"
    ):
        align(spoken.sound, OTHER, language="en-us", rate_hz=spoken.rate_hz)
    grid = align(spoken.sound, OTHER, language="en-us", rate_hz=spoken.rate_hz, force_fit=True)
    assert "do not fit the sound" in grid.notes[0]
    labels = [one.label for one in grid.tiers[0].intervals if one.label]
    assert labels == [word.text for word in read_words(OTHER)]


def test_a_sentence_that_is_not_said_is_named(voices):
    spoken = voices[SAID]
    first, rest = SAID.split(". ", 1)
    text = f"{first}. {OTHER} {rest}"
    with pytest.raises(AlignerError) as caught:
        align(spoken.sound, text, language="en-us", rate_hz=spoken.rate_hz)
    start, end = map(int, re.search(r"words (\d+) to (\d+)", str(caught.value)).groups())
    assert abs(start - 9) <= 1
    assert abs(end - (8 + len(read_words(OTHER)))) <= 1


def test_a_sentence_that_is_not_written_is_named_with_its_time(voices):
    spoken = voices[SAID]
    first, _, last = SAID.split(". ")
    grid = align(spoken.sound, f"{first}. {last}", language="en-us", rate_hz=spoken.rate_hz)
    (note,) = (note for note in grid.notes if "lacks" in note)
    start_s, end_s = map(float, re.search(r"from ([\d.]+) to ([\d.]+) s", note).groups())
    words = [phone for phone in spoken.phones if 8 <= phone.word < 14]
    assert start_s == pytest.approx(words[0].start_s, abs=0.3)
    assert end_s == pytest.approx(words[-1].end_s, abs=0.5)
    assert "after 'table' and before 'We'" in note


def test_a_replaced_word_is_less_sure_than_the_right_one(voices):
    spoken = voices[SAID]
    right = align(spoken.sound, SAID, language="en-us", rate_hz=spoken.rate_hz)
    text = SAID.replace("breakfast", "mushrooms")
    wrong = align(spoken.sound, text, language="en-us", rate_hz=spoken.rate_hz, force_fit=True)
    assert confidences(wrong)[-1] < 0.5 < confidences(right)[-1]
    assert any("'mushrooms'" in note for note in wrong.notes)


@pytest.mark.parametrize("around", ["music", "speech", "silence"])
def test_words_are_found_between_other_sound(voices, around):
    spoken, rate_hz = voices[SAID], voices[SAID].rate_hz
    noise = np.random.default_rng(0).normal(0, 1e-3, 4 * rate_hz)
    other = {
        "music": music(4, rate_hz),
        "speech": voices[OTHER].sound,
        "silence": noise,
    }[around]
    sound = np.concatenate([other, noise[:rate_hz], spoken.sound, noise[:rate_hz], other])
    grid = align(sound, SAID, language="en-us", rate_hz=rate_hz)
    words = [one for one in grid.tiers[0].intervals if one.label]
    shift_s = len(other) / rate_hz + 1
    assert words[0].start_s == pytest.approx(shift_s + spoken.phones[0].start_s, abs=0.1)
    assert words[-1].end_s == pytest.approx(shift_s + spoken.phones[-1].end_s, abs=0.15)
    if around != "music":  # which may sound like silence
        assert any("lacks" in note for note in grid.notes) == (around == "speech")


@pytest.mark.parametrize("kind", ["silence", "music", "noise", "tone"])
def test_sound_without_speech_is_refused_in_one_line_or_aligned_with_doubt(kind):
    rate_hz = 16_000
    sound = {
        "silence": np.zeros(3 * rate_hz),
        "music": music(3, rate_hz),
        "noise": np.random.default_rng(0).normal(0, 0.1, 3 * rate_hz),
        "tone": 0.3 * np.sin(2 * np.pi * 440 * np.arange(3 * rate_hz) / rate_hz),
    }[kind]
    text = "The morning paper was lying on the table."
    with pytest.raises(lemf.LemfError) as caught:
        align(sound, text, language="en-us", rate_hz=rate_hz)
    assert "\n" not in str(caught.value)
    grid = align(sound, text, language="en-us", rate_hz=rate_hz, force_fit=True)
    assert max(confidences(grid)) < 0.5
    assert any("do not fit the sound" in note for note in grid.notes)


def test_words_of_noise_are_flagged_when_they_are_scored():
    noise = np.random.default_rng(1).normal(0, 0.1, 32_000)
    text = "The morning paper was lying."
    said = lemf.score(noise, rate_hz=16_000, text=text, language="en-us", force_fit=True)
    assert all("doubtful_alignment" in word.flags for word in said.words)


def test_a_text_that_takes_longer_than_the_recording_is_refused(voices):
    rate_hz = voices[SAID].rate_hz
    with pytest.raises(AlignerError, match="give the text of this recording"):
        align(voices[SAID].sound[: rate_hz // 5], SAID, language="en-us", rate_hz=rate_hz)
    with pytest.raises(AlignerError, match=r"50,000 words"):
        align(voices[SAID].sound, "word " * 50_000, language="en-us", rate_hz=rate_hz)


def test_texts_of_real_speech_fit_and_those_of_others_do_not(speech_data):
    texts = dict(
        line.split("|")[::2]
        for line in (speech_data / "ljspeech" / "metadata.csv").read_text("utf-8").splitlines()[:4]
    )
    names = sorted(texts)
    for name, other in zip(names, [*names[1:], names[0]], strict=True):
        path = speech_data / "ljspeech" / f"{name}.wav"
        assert align(path, texts[name], language="en-us").notes == ()
        with pytest.raises(AlignerError):
            align(path, texts[other], language="en-us")
