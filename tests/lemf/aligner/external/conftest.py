"""A spoken sentence of which the times are known: that of the synthesiser itself."""

import numpy as np
import pytest

from lemf.aligner.espeak import open_espeak
from lemf.aligner.forced import group_phones
from lemf.aligner.spoken_languages import find_language
from lemf.aligner.transcript import read_words
from lemf.reading.audio import Audio


class Spoken:
    """A recording with 0.3 s of silence before and after its words."""

    def __init__(self, text, language="en-us"):
        with open_espeak() as espeak:
            self.words = read_words(text)
            spoken = espeak.speak([word.spoken for word in self.words], language)
            self.language = find_language(language, espeak.languages)
        self.phones = group_phones(spoken, len(self.words))
        silence = np.zeros(int(0.3 * spoken.rate_hz))
        samples = np.concatenate([silence, spoken.sound, silence])
        self.recording = Audio.from_samples(samples, spoken.rate_hz)
        self.starts_s = [
            0.3 + next(phone.start_s for phone in spoken.phones if phone.word == place)
            for place in range(len(self.words))
        ]


@pytest.fixture(scope="package")
def synthesise():
    pytest.importorskip("espeakng_loader")
    return Spoken


@pytest.fixture(scope="package")
def sentence(synthesise):
    return synthesise("He lives in the old house, doctor.")
