"""A text encoder that needs no download: one random vector per word, without word order.

A folder in the format of transformers, with a BERT without layers and position embeddings: the
vector of a text is the mean of the vectors of its words. In the demo and in tests it stands in for
RoBERTa; it knows nothing of the meaning of words.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import torch

from lemf.runtime.input import read_input
from lemf.runtime.output import PARTIAL_SUFFIX
from msfser.config.settings import SEMANTICS
from msfser.errors import SemanticsError
from msfser.model.hub import quiet_transformers
from msfser.semantics.texts import read_texts

WORD_ENCODER_NAME = "word_encoder"

_TOKENIZER_NAME = "tokenizer.json"
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
_MOST_TOKENS = 512


class WordEncoder(NamedTuple):
    """The folder of a word encoder, and how many different words of the texts it does not know."""

    folder: Path
    n_unknown: int


def corpus_word_encoder(corpus: Path, *, force: bool = False) -> WordEncoder:
    """Return the word encoder of a corpus, made of all its texts where there is none.

    Parameters
    ----------
    corpus : Path
        The folder that holds `texts.parquet`; the encoder lies in ``word_encoder``, beside.
    force : bool
        Whether an encoder that is there is made anew, with the words of the texts of today.

    Raises
    ------
    SemanticsError
        There are no texts, or the encoder that is there is damaged.
    """
    texts = read_texts(corpus)
    every = [text.text for name in SEMANTICS for text in texts.of(name) if text.text]
    folder = (corpus / WORD_ENCODER_NAME).resolve()
    if force or not folder.exists():
        partial = folder.with_suffix(PARTIAL_SUFFIX)
        write_word_encoder(partial, every)
        if folder.exists():
            shutil.rmtree(folder)
        partial.rename(folder)
    known = _read_vocabulary(folder / _TOKENIZER_NAME)
    return WordEncoder(folder, len(_find_words(every) - known))


def _read_vocabulary(path: Path) -> set[str]:
    try:
        return set(json.loads(read_input(path, SemanticsError))["model"]["vocab"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SemanticsError(
            f"{path}: damaged ({error}); make it again with msfser encode --encoder words --force"
        ) from error


def _find_words(texts: Iterable[str]) -> set[str]:
    return {word for text in texts for word in re.findall(r"\w+|[^\w\s]", text.lower())}


def write_word_encoder(folder: Path, texts: Iterable[str], *, dim: int = 64) -> None:
    """Write an encoder that knows the words of some texts, in lower case.

    Parameters
    ----------
    folder : Path
        Made if missing; files of the same names are replaced.
    texts : iterable of str
    dim : int
        Size of the vectors.
    """
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    words = sorted(_find_words(texts))
    vocabulary = {word: place for place, word in enumerate((*_SPECIAL, *words))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    wrapped: Any = PreTrainedTokenizerFast
    wrapped(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        model_max_length=_MOST_TOKENS,
    ).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=dim,
        num_hidden_layers=0,
        num_attention_heads=1,
        intermediate_size=1,
        max_position_embeddings=_MOST_TOKENS,
        type_vocab_size=1,
    )
    with torch.random.fork_rng():
        torch.manual_seed(0)
        model = BertModel(config, add_pooling_layer=False)
    model.embeddings.position_embeddings.weight.data.zero_()
    with quiet_transformers():
        model.save_pretrained(folder)
