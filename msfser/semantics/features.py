"""The vectors of the texts on disk, `features/`, keyed by a hash of the text.

    features/index.json          the encoder: name, revision, dimension
    features/000000.safetensors  "mean" and "cls" (texts, dim) fp16, "hash" (texts, 16) uint8

A shard is written whole and never changes. Only `texts.parquet` maps utterances to texts: equal
texts share a vector, and a text that changes needs one new vector.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lemf.runtime.input import read_input
from msfser.config.les_settings import LesSettings
from msfser.config.settings import SEMANTICS, Semantic, TextPooling
from msfser.errors import SemanticsError
from msfser.outputs import replace_output
from msfser.semantics.texts import TEXTS_NAME, read_texts

FEATURES_FOLDER = "features"
HASH_BYTES = 16

_INDEX_NAME = "index.json"
_MAKE_AGAIN = "make it again with msfser encode --force"


@dataclass(frozen=True)
class Encoder:
    """The frozen text encoder that made the vectors.

    Attributes
    ----------
    name : str
        Hub id or folder, as the user named it.
    revision : str
        Commit of the hub, or the first half of the SHA-256 of the folder's model files.
    dim : int
    """

    name: str
    revision: str
    dim: int


class Features:
    """The vectors of all texts of a corpus; made by `open_features`.

    Attributes
    ----------
    encoder, revision : str
    dim : int
    les_settings : LesSettings
        How LES was found.
    """

    def __init__(
        self,
        folder: Path,
        made_by: Encoder,
        shards: list[dict[str, NDArray[Any]]],
        rows: dict[Semantic, dict[str, int]],
        les_settings: LesSettings,
    ) -> None:
        self.encoder = made_by.name
        self.revision = made_by.revision
        self.dim = made_by.dim
        self.les_settings = les_settings
        self._folder = folder
        self._shards = shards
        self._starts = np.cumsum([0, *(len(shard["hash"]) for shard in shards)])
        self._rows = rows

    def vectors(
        self, ids: Sequence[str], semantic: Semantic, pooling: TextPooling = "mean"
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return the vectors of utterances.

        Parameters
        ----------
        ids : sequence of str
        semantic : {"les", "gs", "es", "context"}
        pooling : {"mean", "cls"}
            Masked mean of the last layer, or its first token.

        Returns
        -------
        vectors : (ids, dim) float32
            Zeros where there is no text.
        present : (ids,) bool
            True where there is a text.

        Raises
        ------
        SemanticsError
            An id is not in `texts.parquet`.
        """
        vectors = np.zeros((len(ids), self.dim), dtype=np.float32)
        return vectors, self._fill(vectors, ids, semantic, pooling)

    def text_hashes(self, ids: Sequence[str], semantic: Semantic) -> NDArray[np.int64]:
        """Return the first 8 bytes of `hash_text` of the texts of utterances; 0 without a text.

        Returns
        -------
        (ids,) int64
        """
        hashes = np.zeros((len(ids), HASH_BYTES), dtype=np.uint8)
        self._fill(hashes, ids, semantic, "hash")
        return hashes[:, :8].copy().view("<i8")[:, 0]

    def _fill(
        self, rows: NDArray[Any], ids: Sequence[str], semantic: Semantic, name: str
    ) -> NDArray[np.bool_]:
        """Fill one row per utterance from an array of the shards; return which have a text."""
        row_of = self._rows[semantic]
        try:
            places = np.array([row_of[key] for key in ids], dtype=np.int64)
        except KeyError as error:
            raise SemanticsError(
                f"{self._folder / TEXTS_NAME}: no utterance {error.args[0]!r}; "
                "run msfser semantics again after a change of the manifest, then msfser encode"
            ) from None
        present = places >= 0
        owners = np.searchsorted(self._starts, places, side="right") - 1
        for owner in np.unique(owners[present]):
            chosen = present & (owners == owner)
            rows[chosen] = self._shards[owner][name][places[chosen] - self._starts[owner]]
        return present


def open_features(folder: Path) -> Features:
    """Open the vectors of a corpus; vectors stay on disk until they are used.

    Parameters
    ----------
    folder : Path
        The folder that holds `texts.parquet` and `features/`.

    Returns
    -------
    Features

    Raises
    ------
    SemanticsError
        There are no vectors, a file is damaged, or texts have changed since they were encoded.
    """
    made_by = read_encoder(folder)
    if made_by is None:
        place = folder / FEATURES_FOLDER
        raise SemanticsError(f"{place}: no vectors; make them with msfser encode {folder}")
    # place of each vector
    shards = [read_shard(path, made_by.dim) for path in shard_paths(folder)]
    hashes = [row.tobytes() for shard in shards for row in shard["hash"]]
    row_of = {value: row for row, value in enumerate(hashes)}
    # vector of each text
    texts = read_texts(folder)
    rows: dict[Semantic, dict[str, int]] = {}
    for semantic in SEMANTICS:
        rows[semantic] = {}
        for name, text in zip(texts.ids, texts.of(semantic), strict=True):
            row = -1 if text.text is None else row_of.get(hash_text(text.text))
            if row is None:
                raise SemanticsError(
                    f"{folder / FEATURES_FOLDER}: no vector for {semantic} of {name!r}, whose text "
                    f"is new; run msfser encode {folder}"
                )
            rows[semantic][name] = row
    return Features(folder, made_by, shards, rows, texts.les_settings)


def hash_text(text: str) -> bytes:
    """Return the key of a text: the first 16 bytes of its SHA-256."""
    return hashlib.sha256(text.encode()).digest()[:HASH_BYTES]


def shard_paths(folder: Path) -> list[Path]:
    """Return the paths of the shards, in their order."""
    return sorted((folder / FEATURES_FOLDER).glob("[0-9]*.safetensors"))


def read_encoder(folder: Path) -> Encoder | None:
    """Read which encoder made the vectors of a corpus; None where there are none.

    Raises
    ------
    SemanticsError
        The index is damaged.
    """
    path = folder / FEATURES_FOLDER / _INDEX_NAME
    try:
        content = json.loads(read_input(path, SemanticsError))
        return Encoder(str(content["name"]), str(content["revision"]), int(content["dim"]))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise SemanticsError(f"{path}: damaged ({error}); {_MAKE_AGAIN}") from error


def write_encoder(folder: Path, made_by: Encoder) -> None:
    """Write which encoder makes the vectors of a corpus, before the first of them is written."""
    path = folder / FEATURES_FOLDER / _INDEX_NAME
    replace_output(path, json.dumps(asdict(made_by), indent=1).encode() + b"\n")


def read_shard(path: Path, dim: int) -> dict[str, NDArray[Any]]:
    """Map the arrays of a shard into memory.

    Returns
    -------
    dict
        ``"mean"`` and ``"cls"`` (texts, dim) float16, ``"hash"`` (texts, 16) uint8.

    Raises
    ------
    SemanticsError
        The file is damaged or of another dimension.
    """
    try:
        with path.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            header = json.loads(stream.read(length))
        n_texts = int(header["hash"]["shape"][0])
        arrays: dict[str, NDArray[Any]] = {}
        for name, dtype, width in (
            ("mean", np.float16, dim), ("cls", np.float16, dim), ("hash", np.uint8, HASH_BYTES),
        ):  # fmt: skip
            start, stop = header[name]["data_offsets"]
            shape = (n_texts, width)
            if header[name]["shape"] != list(shape):
                raise ValueError(f"{name} has the shape {header[name]['shape']}")
            arrays[name] = np.memmap(path, dtype, "r", offset=8 + length + start, shape=shape)
            if stop - start != arrays[name].nbytes:
                raise ValueError(f"{name} has {stop - start} bytes")
    except (OSError, ValueError, KeyError, TypeError, MemoryError) as error:
        raise SemanticsError(f"{path}: damaged ({error}); {_MAKE_AGAIN}") from error
    return arrays
