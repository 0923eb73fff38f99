import pytest

from lemf.aligner.acoustics.mfcc import compute_cepstra
from lemf.aligner.espeak import open_espeak
from lemf.aligner.forced import group_phones
from lemf.aligner.transcript import read_words

TEXT = "The morning paper was lying on the table, so nobody noticed the broken window."


@pytest.fixture(scope="session")
def spoken():
    """The text as espeak-ng speaks it."""
    with open_espeak() as espeak:
        return espeak.speak([word.spoken for word in read_words(TEXT)], "en-us")


@pytest.fixture(scope="session")
def spoken_cepstra(spoken):
    return compute_cepstra([spoken.sound], spoken.rate_hz)


@pytest.fixture(scope="session")
def spoken_phones(spoken):
    """The names of the phones of each word."""
    return group_phones(spoken, len(read_words(TEXT)))
