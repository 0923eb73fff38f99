import json
import os
from pathlib import Path

import numpy as np
import pytest

import lemf
from lemf.aligner.align import align
from lemf.aligner.espeak import open_espeak
from lemf.aligner.transcript import read_words

TEXT = "The morning paper was lying on the table, so nobody noticed the broken window."


@pytest.fixture(scope="module")
def spoken():
    with open_espeak() as espeak:
        return espeak.speak([word.spoken for word in read_words(TEXT)], "en-us")


def starts_s(grid, tier):
    (words,) = (one for one in grid.tiers if one.name == tier)
    return np.array([interval.start_s for interval in words.intervals if interval.label])


def test_the_words_of_a_synthesiser_are_found_where_it_spoke_them(spoken):
    grid = align(spoken.sound, TEXT, language="en-us", rate_hz=spoken.rate_hz)
    n_words = len(read_words(TEXT))
    known_s = [
        next(phone.start_s for phone in spoken.phones if phone.word == word)
        for word in range(n_words)
    ]
    errors_s = np.abs(starts_s(grid, "words") - known_s)
    assert np.median(errors_s) < 0.03
    assert np.mean(errors_s < 0.1) > 0.9


def test_tiers_cover_the_recording_and_the_same_input_gives_the_same_grid(spoken):
    sound = spoken.sound[: len(spoken.sound) - 7]
    grid = align(sound, TEXT, language="en-us", rate_hz=spoken.rate_hz)
    duration_s = len(sound) / spoken.rate_hz
    assert [tier.name for tier in grid.tiers] == ["words", "phones", "confidence"]
    for tier in grid.tiers:
        edges = [interval.start_s for interval in tier.intervals]
        ends = [interval.end_s for interval in tier.intervals]
        assert edges == [0.0, *ends[:-1]]
        assert ends[-1] == grid.end_s == duration_s
        assert all(start < end for start, end in zip(edges, ends, strict=True))
    labels = [interval.label for interval in grid.tiers[0].intervals if interval.label]
    assert labels == [word.text for word in read_words(TEXT)]
    again = align(sound, TEXT, language="en-us", rate_hz=spoken.rate_hz)
    assert lemf.format_textgrid(again) == lemf.format_textgrid(grid)


def test_a_grid_of_lemf_is_one_that_lemf_scores():
    examples = Path(__file__).parents[3] / "examples"
    text = "I really didn't mean that"
    grid = align(examples / "really.wav", text, language="en-us")
    given = lemf.read_textgrid(examples / "really.TextGrid")
    np.testing.assert_allclose(starts_s(grid, "words"), starts_s(given, "words"), atol=0.03)
    assert lemf.score(examples / "really.wav", grid).sentences[0].ranked[0].word == "really"


def test_no_words_are_refused(spoken):
    with pytest.raises(lemf.AlignerError, match="<array>: the text has no words"):
        align(spoken.sound, " -- ", language="en-us", rate_hz=spoken.rate_hz)


def test_a_word_in_foreign_letters_takes_any_sound_and_a_text_of_them_is_refused(spoken):
    text = TEXT.replace("morning", "Москва")
    grid = align(spoken.sound, text, language="en-us", rate_hz=spoken.rate_hz)
    expected = align(spoken.sound, TEXT, language="en-us", rate_hz=spoken.rate_hz)
    assert any(note.endswith("any sound is taken for these words: 'Москва'") for note in grid.notes)
    assert "spn" in [interval.label for interval in grid.tiers[1].intervals]
    np.testing.assert_allclose(starts_s(grid, "words"), starts_s(expected, "words"), atol=0.05)
    with pytest.raises(
        lemf.AlignerError, match="cannot read the letters of 'мы' in the language 'en'"
    ):
        align(spoken.sound, "мы идём to", language="en", rate_hz=spoken.rate_hz)


@pytest.mark.parametrize(
    ("changed", "kind", "message"),
    [
        ({"text": None}, TypeError, "text None: give what is said"),
        (
            {"language": None},
            lemf.SettingsError,
            "language None: name that of the text by its code",
        ),
        ({"language": 5}, lemf.SettingsError, "language 5: write a code, such as 'en'"),
        ({"aligner": "foo"}, lemf.SettingsError, "unknown aligner 'foo'; there are: espeak"),
    ],
)
def test_arguments_of_other_kinds_are_refused(spoken, changed, kind, message):
    given = {"text": TEXT, "language": "en", **changed}
    with pytest.raises(kind, match=message):
        align(spoken.sound, rate_hz=spoken.rate_hz, **given)


def test_words_measured_by_hand_are_found():
    data = Path(os.environ.get("LEMF_SPEECH_DATA", "missing")) / "emodb"
    if not data.exists():
        pytest.skip("LEMF_SPEECH_DATA does not name the folder of real speech")
    errors_s = []
    for line in (data / "metadata.jsonl").read_text(encoding="utf-8").splitlines()[::10]:
        entry = json.loads(line)
        grid = align(data / entry["file"], entry["text"], language="de")
        known_s = [word["start"] for word in entry["words"]]
        errors_s += np.abs(starts_s(grid, "words") - known_s).tolist()
    assert np.median(errors_s) < 0.015
    assert np.mean(np.array(errors_s) < 0.05) > 0.9
