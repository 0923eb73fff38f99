"""A text encoder that needs no download: one random vector per word, without word order.

A folder in the format of transformers, with a BERT without layers and position embeddings: the
vector of a text is the mean of the vectors of its words. In the demo and in tests it stands in for
RoBERTa; it knows nothing of the meaning of words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch

from msfser.model.hub import quiet_transformers

_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
_MOST_TOKENS = 512


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

    words = sorted({word for text in texts for word in re.findall(r"\w+|[^\w\s]", text.lower())})
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
