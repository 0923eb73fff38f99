"""Where the words of a recording come from."""

import dataclasses
import json

import numpy as np
import pytest

import lemf
from lemf.config import AlignSettings, Settings
from lemf.errors import AlignerError, SettingsError
from lemf.transcription import word_source
from lemf.transcription.text_files import read_transcript


@pytest.mark.parametrize("language", [None, "en"])
def test_words_beside_a_recording_get_phones_of_a_language_as_named_ones(
    tmp_path, monkeypatch, language
):
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"words": [{"word": "so", "start": 0.1, "end": 0.5}]}))
    audio = lemf.Audio.from_samples(np.full(16000, 0.1), 16000, name=str(tmp_path / "a.wav"))
    asked = []

    def complete_phones(recording, grid, settings, language):
        asked.append(language)
        return dataclasses.replace(grid, notes=(*grid.notes, "phones"))

    monkeypatch.setattr(word_source, "complete_phones", complete_phones)
    aligning = AlignSettings(language=language)
    notes = word_source.open_words(audio, None, Settings(), aligning=aligning).notes
    assert notes[0] == f"the words are those of {path}, beside the recording"
    assert asked == [language]
    assert notes[1:] == ("phones",)


NOISE = np.random.default_rng(0).normal(0, 0.1, 32000)


def test_an_unknown_language_in_a_file_is_refused_by_the_name_of_the_file():
    document = {
        "language": "xx",
        "segments": [{"words": [{"word": "so", "start": 0.1, "end": 0.5}]}],
    }
    textgrid = lemf.parse_textgrid(json.dumps(document), "talk.json")
    audio = lemf.Audio.from_samples(NOISE, 16000, name="talk.wav")
    with pytest.raises(AlignerError, match=r"^talk\.json: unknown language 'xx'; .*; --language d"):
        lemf.score(audio, textgrid)


def test_a_refusal_says_what_was_noticed_of_the_recording_and_the_text(tmp_path):
    path = tmp_path / "talk.txt"
    path.write_bytes("他们今天早上在市场上买了很多新鲜的水果。".encode("gb18030"))
    text = read_transcript(path)
    assert text.notes
    audio = lemf.Audio.from_samples(np.column_stack([NOISE, NOISE]), 16000, name="talk.wav")
    (mixed,) = audio.notes
    with pytest.raises(AlignerError, match="do not fit the sound") as caught:
        word_source.align_text(audio, text, AlignSettings(language="cmn"))
    assert str(caught.value).endswith(f"(note: {'; '.join((mixed, *text.notes))})")


@pytest.mark.parametrize(
    "marked", ["<b>so</b> it is", "so [[s'oU]] it is", '<break time="1s"/> so']
)
def test_tags_that_are_looked_for_in_the_sound_are_noted(marked):
    audio = lemf.Audio.from_samples(NOISE, 16000)
    notes = lemf.align(audio, marked, language="en", force_fit=True).notes
    assert any(note.startswith("tags such as ") for note in notes)
    notes = lemf.align(audio, "so 3 < 4 and 5 > 2", language="en", force_fit=True).notes
    assert not any(note.startswith("tags such as ") for note in notes)


def test_a_language_is_always_asked_for():
    with pytest.raises(SettingsError, match="language None: name that of the text by its code"):
        lemf.align(lemf.Audio.from_samples(NOISE, 16000), "so it is")
