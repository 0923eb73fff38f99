import pytest

from lemf.aligner.acoustics.mfcc import compute_cepstra
from lemf.aligner.espeak import open_espeak
from lemf.aligner.transcript import read_words

TEXT = "The morning paper was lying on the table, so nobody noticed the broken window."


@pytest.fixture(scope="session")
def spoken_cepstra():
    with open_espeak() as espeak:
        spoken = espeak.speak([word.spoken for word in read_words(TEXT)], "en-us")
    return compute_cepstra([spoken.sound], spoken.rate_hz)
