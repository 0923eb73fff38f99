"""Encode texts as vectors: those that are not encoded yet, one shard at a time."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lemf.runtime.locks import hold_lock
from lemf.runtime.output import PARTIAL_SUFFIX, open_output
from lemf.runtime.progress import Watch, no_watch
from msfser.config.settings import SEMANTICS
from msfser.errors import SemanticsError
from msfser.outputs import make_folder
from msfser.semantics.features import (
    FEATURES_FOLDER,
    HASH_BYTES,
    hash_text,
    read_encoder,
    read_shard,
    shard_paths,
    write_encoder,
)
from msfser.semantics.text_encoder import TextEncoder
from msfser.semantics.texts import read_texts

_SHARD_TEXTS = 1024  # a killed run loses no more than this


@dataclass(frozen=True)
class EncodingRun:
    """Counts of different texts, of those encoded now, and of those cut at `max_tokens`."""

    n_texts: int
    n_encoded: int
    n_cut: int
    max_tokens: int | None


def encode_texts(
    folder: Path,
    load: Callable[[], TextEncoder],
    *,
    batch_size: int = 64,
    force: bool = False,
    watch: Watch = no_watch,
) -> EncodingRun:
    """Encode all texts of a corpus that have no vector yet.

    Parameters
    ----------
    folder : Path
        The folder that holds `texts.parquet`.
    load : function
        Loads the encoder; called once.
    batch_size : int
    force : bool
        Whether to start over, with another encoder or after a damaged shard.
    watch : function, optional
        Called after every batch with the number of texts encoded, and the total.

    Raises
    ------
    SemanticsError
        No texts, vectors of another encoder, or a damaged shard.
    lemf.LemfError
        Another process encodes the same corpus, or the disk is full.
    """
    # texts that need a vector
    texts = read_texts(folder)
    wanted = {
        hash_text(text.text): text.text
        for semantic in SEMANTICS
        for text in texts.of(semantic)
        if text.text is not None
    }
    place = folder / FEATURES_FOLDER
    with hold_lock(folder / f"{FEATURES_FOLDER}.lock"):
        encoder = load()
        make_folder(place)
        _prepare(folder, encoder, force)
        # texts without a vector
        done = {
            row.tobytes()
            for path in shard_paths(folder)
            for row in read_shard(path, encoder.about.dim)["hash"]
        }
        todo = [text for key, text in wanted.items() if key not in done]
        todo.sort(key=lambda text: (-len(text), text))  # the longest first: they need most memory

        def show(n_before: int, n_encoded: int) -> None:
            watch(len(wanted) - len(todo) + n_before + n_encoded, len(wanted))

        # shards of new texts
        show(0, 0)
        next_shard = 1 + max((int(path.stem) for path in shard_paths(folder)), default=-1)
        for number, start in enumerate(range(0, len(todo), _SHARD_TEXTS), next_shard):
            path = place / f"{number:06d}.safetensors"
            shard = todo[start : start + _SHARD_TEXTS]
            _encode_shard(path, shard, encoder, batch_size, partial(show, start))
    return EncodingRun(len(wanted), len(todo), encoder.n_cut, encoder.max_tokens)


def _prepare(folder: Path, encoder: TextEncoder, force: bool) -> None:
    """Remove or refuse shards of another encoder, and remove partial files of a killed run."""
    try:
        before = read_encoder(folder)
    except SemanticsError:
        if not force:
            raise
        before = None
    if force or before is None:
        for path in shard_paths(folder):
            path.unlink()
    elif (before.revision, before.dim) != (encoder.about.revision, encoder.about.dim):
        raise SemanticsError(
            f"{folder / FEATURES_FOLDER}: made with {before.name} ({before.revision[:8]}), not "
            f"with {encoder.about.name} ({encoder.about.revision[:8]}); --force starts over"
        )
    for path in (folder / FEATURES_FOLDER).glob(f".[0-9]*.safetensors.*{PARTIAL_SUFFIX}"):
        path.unlink()  # of a killed run
    if force or before is None:
        write_encoder(folder, encoder.about)


def _encode_shard(
    path: Path,
    texts: Sequence[str],
    encoder: TextEncoder,
    batch_size: int,
    show: Callable[[int], None],
) -> None:
    from safetensors.numpy import save

    means, firsts = [], []
    for start in range(0, len(texts), batch_size):
        mean, cls = encoder.encode(texts[start : start + batch_size])
        means.append(mean)
        firsts.append(cls)
        show(start + len(mean))
    hashes = np.frombuffer(b"".join(hash_text(text) for text in texts), dtype=np.uint8)
    arrays: dict[str, NDArray[Any]] = {
        "mean": np.concatenate(means),
        "cls": np.concatenate(firsts),
        "hash": hashes.reshape(len(texts), HASH_BYTES),
    }
    about = {"encoder": json.dumps(asdict(encoder.about))}  # one key: several have no fixed order
    with open_output(path) as stream:
        stream.write(save(arrays, metadata=about))
