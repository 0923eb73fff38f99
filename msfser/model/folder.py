"""The folder of a trained model: ``config.json`` and ``model.safetensors``.

The configuration is written last: a folder that holds one is complete. Nothing is unpickled.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from lemf import OutputError
from lemf.runtime.input import check_input, read_text_input
from lemf.runtime.json_text import parse_json
from msfser.config.model_facts import ModelFacts, plain_facts
from msfser.config.settings import ModelConfig
from msfser.config.written import written_settings
from msfser.errors import CheckpointError, ConfigError
from msfser.model.hub import find_folder
from msfser.outputs import make_folder, replace_output

if TYPE_CHECKING:
    from torch import Tensor

CONFIG_NAME = "config.json"
WEIGHTS_NAME = "model.safetensors"

_KEYS = ("msfser", "model", "wavlm", "facts")
_PartT = TypeVar("_PartT", ModelConfig, ModelFacts)


@dataclass(frozen=True, kw_only=True, eq=False)
class StoredModel:
    """A trained model as its folder holds it.

    Attributes
    ----------
    folder : Path
    config : ModelConfig
    wavlm : dict
        WavLM's own configuration.
    facts : ModelFacts
    weights : dict of str to Tensor
    """

    folder: Path
    config: ModelConfig
    wavlm: dict[str, Any]
    facts: ModelFacts
    weights: dict[str, Tensor]


def check_text_encoder(
    config: ModelConfig, facts: ModelFacts, *, name: str, revision: str, dim: int
) -> None:
    """Check that texts are encoded by the text encoder that a model learned from.

    Parameters
    ----------
    config, facts
        Of the model.
    name, revision : str
        Of the encoder of the texts.
    dim : int
        Size of its vectors.

    Raises
    ------
    CheckpointError
        The texts are encoded by another encoder, or by another revision of it.
    """
    known = facts.text_encoder_revision
    if dim != config.text_dim or (known and revision != known):
        raise CheckpointError(
            f"text encoder {name} ({revision[:8]}, {dim} values): the model learned from the texts "
            f"of {facts.text_encoder} ({known[:8]}, {config.text_dim} values); name that one with "
            "--encoder, in msfser encode or msfser predict"
        )


def write_model_folder(
    folder: Path,
    *,
    config: ModelConfig,
    wavlm: Mapping[str, Any],
    facts: ModelFacts,
    weights: Mapping[str, Tensor],
    force: bool = False,
) -> None:
    """Write a model into a folder, which is made if missing.

    Parameters
    ----------
    folder : Path
    config : ModelConfig
    wavlm : mapping
        WavLM's own configuration.
    facts : ModelFacts
    weights : mapping of str to Tensor
    force : bool
        Whether a model that is there already may be replaced.

    Raises
    ------
    lemf.LemfError
        The folder cannot be written, or holds a model already.
    """
    import safetensors.torch

    if not force and (folder / CONFIG_NAME).exists():
        raise OutputError(f"{folder}: holds a model already; name another folder")
    make_folder(folder)
    content = {
        "msfser": version("lemf"),
        "model": written_settings(config),
        "wavlm": dict(wavlm),
        "facts": plain_facts(facts),
    }
    plain = {name: weight.detach().cpu().contiguous() for name, weight in weights.items()}
    packed = safetensors.torch.save(plain, metadata={"format": "pt"})
    replace_output(folder / WEIGHTS_NAME, packed)
    text = json.dumps(content, indent=2, sort_keys=False) + "\n"
    replace_output(folder / CONFIG_NAME, text.encode())


def read_model_folder(name: str) -> StoredModel:
    """Read a model from its folder or from the hub.

    Parameters
    ----------
    name : str
        A local folder, or a name on the hub.

    Raises
    ------
    CheckpointError
        There is no such folder, a file is missing or damaged, or a key is unknown.
    """
    import safetensors
    import safetensors.torch

    folder = find_folder(name, (CONFIG_NAME, WEIGHTS_NAME))
    content = _read_config(folder / CONFIG_NAME)
    path = folder / WEIGHTS_NAME
    check_input(path, CheckpointError)
    try:
        weights = safetensors.torch.load_file(path)
    except FileNotFoundError:
        raise CheckpointError(
            f"{path}: no such file; the model is incomplete, copy it again"
        ) from None
    except (OSError, safetensors.SafetensorError) as error:
        raise CheckpointError(
            f"{path}: damaged or no safetensors file ({error}); copy it again"
        ) from error
    _check_weights(path, weights)
    return StoredModel(
        folder=folder,
        config=_make(ModelConfig, "model", content, folder / CONFIG_NAME),
        wavlm=dict(content["wavlm"]),
        facts=_make(ModelFacts, "facts", content, folder / CONFIG_NAME),
        weights=weights,
    )


def _check_weights(path: Path, weights: Mapping[str, Tensor]) -> None:
    """Refuse weights that are no numbers: of another kind than floats, NaN or infinite."""
    for name, weight in weights.items():
        if not weight.is_floating_point() or not bool(weight.float().isfinite().all()):
            raise CheckpointError(
                f"{path}: weight {name} holds {weight.dtype} or values that are not finite; copy "
                "the model again, or train it again"
            )


def _read_config(path: Path) -> dict[str, Any]:
    try:
        content = parse_json(read_text_input(path, CheckpointError))
    except FileNotFoundError:
        raise CheckpointError(
            f"{path}: no such file; name the folder of a trained model, such as RUN/best"
        ) from None
    except (OSError, ValueError) as error:
        raise CheckpointError(
            f"{path}: cannot be read as JSON ({error}); copy the model again"
        ) from error
    if not isinstance(content, dict) or not all(
        isinstance(content.get(k), dict) for k in _KEYS[1:]
    ):
        raise CheckpointError(
            f"{path}: not the configuration of a model of msfser; name another folder"
        )
    _check_keys(path, content, _KEYS, content)
    return content


def _make(kind: type[_PartT], part: str, content: Mapping[str, Any], path: Path) -> _PartT:
    values = content[part]
    _check_keys(path, values, tuple(field.name for field in fields(kind)), content, part + ".")
    arguments: dict[str, Any] = {
        key: tuple(value) if isinstance(value, list) else value for key, value in values.items()
    }
    try:
        return kind(**arguments)
    except ConfigError as error:
        raise CheckpointError(f"{path}: {error}") from error


def _check_keys(
    path: Path,
    values: Mapping[str, Any],
    known: tuple[str, ...],
    content: Mapping[str, Any],
    prefix: str = "",
) -> None:
    for key in values:
        if key not in known:
            raise CheckpointError(
                f"{path}: unknown key {prefix + key!r}; the model was written by msfser "
                f"{content.get('msfser')}, this is {version('lemf')}"
            )


def check_shapes(stored: StoredModel, weights: Mapping[str, Tensor]) -> None:
    """Check that the weights of a stored model have the names and shapes of those of a model.

    Parameters
    ----------
    stored : StoredModel
    weights : mapping of str to Tensor
        Of the model that is to hold them; their numbers are not read.

    Raises
    ------
    CheckpointError
        A weight is missing, unknown or of another shape.
    """
    here = {name: tuple(weight.shape) for name, weight in weights.items()}
    there = {name: tuple(weight.shape) for name, weight in stored.weights.items()}
    for name in sorted(here.keys() | there.keys()):
        if here.get(name) != there.get(name):
            raise CheckpointError(
                f"{stored.folder}: a model of another shape: weight {name} is "
                f"{there.get(name, 'missing')} there and {here.get(name, 'missing')} here"
            )
