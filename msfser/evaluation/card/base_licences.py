"""What is known of the licences of the pretrained models that a model is built on.

A card says them so that nobody shares a model unaware; who depends on one reads the source again.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import NamedTuple

from msfser.config.settings import TINY_ACOUSTIC
from msfser.semantics.text_encoder import MINILM
from msfser.semantics.word_encoder import WORD_ENCODER_NAME


class Licence(NamedTuple):
    """The licence of a pretrained model, and where it stands."""

    name: str
    source: str


_WAVLM = Licence(
    "open: two texts disagree",
    "the repository of WavLM, github.com/microsoft/unilm, has the MIT licence, and the card of the "
    "model on the hub refers to github.com/microsoft/UniSpeech/blob/main/LICENSE, which is "
    "CC BY-SA 3.0; which of them holds for the weights is asked in "
    "github.com/microsoft/unilm/issues/1757, open in September 2026. Until it is answered, count "
    "on the stricter: name the authors, and share what is made from the weights, such as this "
    "model, under CC BY-SA 3.0",
)
_WHISPER = Licence(
    "MIT",
    "the README of github.com/openai/whisper names it for code and weights; the cards on the hub "
    "name Apache-2.0",
)


def _card(name: str, model: str) -> Licence:
    """Return a licence that the card of a model of a family names, read in November 2026."""
    return Licence(name, f"the card of huggingface.co/{model}; read that of another of its family")


_BY_NAME = (  # the beginning of a name on the hub; the first that fits
    ("microsoft/wavlm", _WAVLM),
    ("facebook/wav2vec2", _card("Apache-2.0", "facebook/wav2vec2-base")),
    ("facebook/hubert", _card("Apache-2.0", "facebook/hubert-large-ll60k")),
    ("openai/whisper", _WHISPER),
    ("roberta-", _card("MIT", "FacebookAI/roberta-large")),
    ("FacebookAI/roberta-", _card("MIT", "FacebookAI/roberta-large")),
    (MINILM, _card("Apache-2.0", "sentence-transformers/all-MiniLM-L6-v2")),
)
_DRAWN = Licence("none needed", "random vectors of the words of the corpus, which msfser has drawn")
_NONE = Licence("none needed", "its weights were drawn at random, and nothing was downloaded")
_UNKNOWN = Licence("not known", "read what came with it before you share this model")


def find_licence(name: str) -> Licence:
    """Return what is known of the licence of a pretrained model.

    Parameters
    ----------
    name : str
        As a run names an encoder: a name on the hub, ``"minilm"``, ``"tiny"``, or a folder, of
        which nothing is known unless it is the word encoder of a corpus.
    """
    if PurePath(name).name == WORD_ENCODER_NAME:
        return _DRAWN
    if name == TINY_ACOUSTIC:
        return _NONE
    return next((licence for start, licence in _BY_NAME if name.startswith(start)), _UNKNOWN)
