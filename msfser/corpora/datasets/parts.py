"""The parts of a folder of Hugging Face `datasets`, and their rows as Arrow holds them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lemf import CorpusError

NO_SPLIT = "all"  # the part of rows without a split

_BATCH = 64  # rows that are in memory at a time
_SHARD = re.compile(r"(.+?)-\d+-of-\d+(-\w+)?$")  # of a Parquet file of the hub
_DICT, _STATE = "dataset_dict.json", "state.json"  # what save_to_disk writes


@dataclass(frozen=True)
class Part:
    """A part of a folder, such as a split.

    Attributes
    ----------
    folder : Path
        Of all parts.
    name : str
        ``""`` for a dataset without parts.
    features : datasets.Features
    n_rows : int
    about : str
        The description that is stored with the dataset.
    source : datasets.Dataset, or list of Path of Parquet files
    """

    folder: Path
    name: str
    features: Any
    n_rows: int
    about: str
    source: Any

    def rows(self) -> Iterator[dict[str, Any]]:
        """Yield each row as Arrow holds it: sounds not decoded, classes by name, -1 as None."""
        classes = {
            name: feature.names
            for name, feature in self.features.items()
            if type(feature).__name__ == "ClassLabel"
        }
        for batch in self._batches():
            for row in batch.to_pylist():
                for name, names in classes.items():
                    number = row[name]
                    known = number is not None and 0 <= number < len(names)
                    row[name] = names[number] if known else None
                yield row

    def _batches(self) -> Iterator[Any]:
        import pyarrow.parquet

        try:
            if isinstance(self.source, list):
                for path in self.source:
                    yield from pyarrow.parquet.ParquetFile(path).iter_batches(_BATCH)
            else:
                yield from self.source.with_format("arrow").iter(_BATCH)
        except _faults() as error:
            raise _damaged(self.folder, error) from None


def _faults() -> tuple[type[Exception], ...]:
    """Return what `datasets` and Arrow raise where a file is damaged."""
    import pyarrow

    return OSError, ValueError, KeyError, TypeError, IndexError, pyarrow.ArrowException


def _damaged(folder: Path, error: Exception) -> CorpusError:
    fault = str(error).partition("\n")[0]
    return CorpusError(f"{folder}: not readable as a dataset ({fault}); write it again")


def import_datasets() -> Any:  # noqa: ANN401 - the module
    """Import `datasets`, without its progress bars.

    Raises
    ------
    CorpusError
        It is not installed.
    """
    try:
        import datasets
    except ImportError:
        raise CorpusError(
            "datasets is missing, which reads and writes such folders: pip install 'lemf[datasets]'"
        ) from None
    datasets.disable_progress_bars()
    return datasets


def open_parts(folder: Path) -> list[Part]:
    """Open the parts of a folder, without reading their rows.

    Raises
    ------
    CorpusError
        The folder is none of `datasets`, is damaged, or its parts have other columns.
    """
    datasets = import_datasets()
    if not folder.is_dir():
        raise CorpusError(f"{folder}: no such folder; name one that save_to_disk wrote")
    try:
        if (folder / _DICT).is_file() or (folder / _STATE).is_file():
            loaded = datasets.load_from_disk(str(folder))
            named = loaded if isinstance(loaded, datasets.DatasetDict) else {"": loaded}
            parts = [
                Part(folder, name, one.features, len(one), one.info.description or "", one)
                for name, one in named.items()
            ]
        else:
            parts = _open_parquet(folder)
    except _faults() as error:
        raise _damaged(folder, error) from None
    for part in parts[1:]:
        if set(part.features) != set(parts[0].features):
            raise CorpusError(
                f"{folder}: the columns of {part.name!r} ({', '.join(part.features)}) are not "
                f"those of {parts[0].name!r} ({', '.join(parts[0].features)})"
            )
    return parts


def _open_parquet(folder: Path) -> list[Part]:
    """Open the Parquet files of a folder, those of a part by the begin of their names."""
    import pyarrow.parquet

    files: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*.parquet")):
        found = _SHARD.fullmatch(path.stem)
        files.setdefault(found[1] if found else path.stem, []).append(path)
    if not files:
        raise CorpusError(
            f"{folder}: neither a folder of save_to_disk ({_DICT} or {_STATE}) nor one with "
            "Parquet files"
        )
    parts = []
    for name, paths in files.items():
        heads = [pyarrow.parquet.ParquetFile(path) for path in paths]
        features = import_datasets().Features.from_arrow_schema(heads[0].schema_arrow)
        n_rows = sum(head.metadata.num_rows for head in heads)
        parts.append(Part(folder, name, features, n_rows, "", paths))
    return parts


def read_about(parts: list[Part]) -> dict[str, Any]:
    """Return what msfser stored of a corpus with its dataset; empty for those of others."""
    try:
        about = json.loads(parts[0].about)["msfser"]
        low, high = about["label_bounds"]
        return {
            "corpus": str(about["corpus"]),
            "version": str(about["version"]),
            "label_bounds": (float(low), float(high)),
        }
    except (ValueError, KeyError, TypeError):
        return {}


def format_about(corpus: str, version: str, label_bounds: tuple[float, float]) -> str:
    """Format what `read_about` returns, as the description of a dataset."""
    about = {"corpus": corpus, "version": version, "label_bounds": label_bounds}
    return json.dumps({"msfser": about})
