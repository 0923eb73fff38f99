"""Where the words of a recording come from."""

import dataclasses
import json

import numpy as np
import pytest

import lemf
from lemf.config import AlignSettings, Settings
from lemf.transcription import word_source


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
