"""Pretrained models: in a local folder, or by name on the Hugging Face hub."""

from __future__ import annotations

import logging
import pickle
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msfser.errors import CheckpointError, SemanticsError, first_line

# Files of a model of transformers: no pickles, and no copies of the weights in other formats.
MODEL_FILES = ("*.json", "*.txt", "*.model", "model.safetensors", "model-*.safetensors")

# What transformers raises for a folder that holds no model, or a damaged or hostile one.
UNLOADABLE = (
    OSError, ValueError, KeyError, ImportError, RuntimeError, AttributeError, TypeError,
    pickle.UnpicklingError,
)  # fmt: skip

_UNUSED = "pooler."  # weights that the last layer does not depend on
_NOT_LOGGED_IN = (401, 403)
_HUB_NAME = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")


def find_folder(name: str, patterns: Sequence[str]) -> Path:
    """Find the folder of a pretrained model, downloading it where it is on the hub.

    Parameters
    ----------
    name : str
        A local folder, or ``"owner/name"`` on the hub. What was downloaded before is found offline.
    patterns : sequence of str
        The files that are needed, such as ``"*.safetensors"``; no others are downloaded.

    Raises
    ------
    CheckpointError
        There is no such folder, and the hub cannot be reached or has no such model.
    """
    folder = Path(name).expanduser()
    if name and folder.is_dir():
        return folder
    if not _HUB_NAME.fullmatch(name):
        raise CheckpointError(
            f"{name or repr(name)}: no such folder; name a model's folder, or owner/name on the hub"
        )
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import LocalEntryNotFoundError, RepositoryNotFoundError

    try:
        return Path(snapshot_download(name, allow_patterns=list(patterns)))
    except LocalEntryNotFoundError as error:
        raise CheckpointError(
            f"{name}: no such folder, and huggingface.co cannot be reached; name a local folder"
        ) from error
    except RepositoryNotFoundError as error:
        raise CheckpointError(
            f"{name}: no such folder, and no such model on huggingface.co; check the name"
        ) from error
    except OSError as error:
        raise CheckpointError(
            f"{name}: cannot be downloaded ({first_line(error)}); try again, or name a local folder"
        ) from error


def push_folder(folder: Path, name: str, files: Sequence[str], *, private: bool) -> str:
    """Upload files of a folder to the Hugging Face hub, into a model's repository.

    The token is that of ``hf auth login`` or of ``HF_TOKEN``.

    Parameters
    ----------
    folder : Path
    name : str
        ``"owner/name"``; the repository is made if there is none.
    files : sequence of str
        Names in the folder; nothing else is uploaded.
    private : bool
        Whether a repository that is made is seen by its owner only.

    Returns
    -------
    str
        The address of the model.

    Raises
    ------
    CheckpointError
        The name is none, the hub cannot be reached, or it refuses.
    """
    if not _HUB_NAME.fullmatch(name):
        raise CheckpointError(f"{name or repr(name)}: no name on the hub; write owner/name")
    from huggingface_hub import HfApi
    from huggingface_hub import errors as hub_errors

    hub = HfApi(library_name="msfser")
    try:
        address = hub.create_repo(name, private=private, exist_ok=True)
        hub.upload_folder(
            repo_id=name,
            folder_path=folder,
            allow_patterns=list(files),
            commit_message="Upload a model of msfser",
        )
    except hub_errors.HfHubHTTPError as error:
        status = error.response.status_code
        remedy = (
            "log in: hf auth login" if status in _NOT_LOGGED_IN else "check the name and try again"
        )
        raise CheckpointError(
            f"{name}: the hub refuses ({status}: {first_line(error)}); {remedy}"
        ) from error
    except ValueError as error:
        raise CheckpointError(
            f"{name}: {' '.join(str(error).split())}; correct the card"
        ) from error
    except (OSError, hub_errors.HTTPError) as error:  # type: ignore[attr-defined]
        raise CheckpointError(
            f"{name}: huggingface.co cannot be reached ({first_line(error)}); try again"
        ) from error
    return str(address)


def check_weights(place: str, report: Mapping[str, Any]) -> None:
    """Check that a folder held all weights of a model: random ones would take their place.

    Parameters
    ----------
    place : str
        The option and its value, for the message.
    report : mapping
        What `from_pretrained` returns with ``output_loading_info=True``.

    Raises
    ------
    SemanticsError
        Weights are missing.
    """
    missing = sorted(key for key in report["missing_keys"] if not key.startswith(_UNUSED))
    if missing:
        raise SemanticsError(
            f"{place}: {len(missing)} weights are missing, {missing[0]} among them; "
            "name the folder of a whole model"
        )


@contextmanager
def quiet_transformers() -> Iterator[None]:
    """Silence the bars and reports of transformers; callers check the reports."""
    from transformers.utils import logging as hf_logging

    verbosity, bar = hf_logging.get_verbosity(), hf_logging.is_progress_bar_enabled()
    hf_logging.set_verbosity(logging.ERROR)
    hf_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        hf_logging.set_verbosity(verbosity)
        if bar:
            hf_logging.enable_progress_bar()  # type: ignore[no-untyped-call]
