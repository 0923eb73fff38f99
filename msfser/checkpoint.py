"""Trained models on disk, with what must be known to use them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from msfser.config import ModelConfig
from msfser.errors import CheckpointError
from msfser.model.msf_ser import MsfSer
from msfser.model.wavlm import load_wavlm
from msfser.model_folder import ModelFacts, read_model_folder


@dataclass(frozen=True, eq=False)
class Pretrained:
    """A trained model and the facts that go with its weights."""

    model: MsfSer
    facts: ModelFacts


def build_model(config: ModelConfig) -> MsfSer:
    """Make an untrained model around the acoustic encoder that a configuration names.

    Raises
    ------
    CheckpointError
        The encoder cannot be loaded.
    """
    return MsfSer(config, load_wavlm(config))


def load_weights(model: MsfSer, name: str, *, text_encoder_revision: str = "") -> None:
    """Start from the weights of a trained model of the same shape.

    Parameters
    ----------
    model : MsfSer
    name : str
        A folder, or a name on the hub.
    text_encoder_revision : str
        Of the encoder of the texts that the model is to read; empty where it reads none.

    Raises
    ------
    CheckpointError
        There is no such model, it is of another shape, or it learned from another text encoder.
    """
    stored = read_model_folder(name)
    known = stored.facts.text_encoder_revision
    if known and text_encoder_revision and known != text_encoder_revision:
        raise CheckpointError(
            f"{stored.folder}: learned from the texts of {stored.facts.text_encoder} "
            f"({known[:8]}), not ({text_encoder_revision[:8]}); run msfser encode with that"
        )
    model.load_weights(stored)


def save_pretrained(folder: Path, model: MsfSer, facts: ModelFacts) -> None:
    """Write a model with its facts, in the place of the one that is there.

    Raises
    ------
    lemf.LemfError
        The folder cannot be written.
    """
    model.facts = facts
    model.save_pretrained(folder, force=True)


def load_pretrained(name: str | Path) -> Pretrained:
    """Load a trained model from its folder or from the hub, in evaluation mode.

    Raises
    ------
    CheckpointError
        There is no such model, or its files are incomplete or do not fit each other.
    """
    model = MsfSer.from_pretrained(name)
    return Pretrained(model, model.facts)
