"""What the weights that a run starts from (``train.init``) were trained and selected on.

``start.parquet`` lies in the folder of the run. It holds the hashes of all recordings that these
weights have met, those of earlier starts included.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from lemf import LemfError
from msfser.config.files import read_config
from msfser.config.settings import Config
from msfser.errors import CheckpointError
from msfser.evaluation.runs import BEST_NAME, CONFIG_NAME, DATA_NAME, model_folder
from msfser.outputs import replace_output
from msfser.parquet import convert_columns, format_parquet, read_parquet

START_NAME = "start.parquet"

_HASHES = ("samples_hash", "file_hash")

Recordings = Mapping[str, frozenset[int]]  # hashes of samples and files, by part of the data


@dataclass(frozen=True)
class Start:
    """What the weights that a run starts from have met.

    Attributes
    ----------
    recordings : mapping of str to frozenset of int
        Hashes of samples and of files by part: ``"train"``, and ``"development"`` where an epoch
        was chosen on it.
    unknown : tuple of str
        The models among them whose training data are not known.
    """

    recordings: Recordings = field(default_factory=dict)
    unknown: tuple[str, ...] = ()


def find_start(name: str) -> Start:
    """Find what the model that a run starts from has met, from the folder of the model's run.

    Parameters
    ----------
    name : str
        As `train.init`: a run, the folder of a model, or a name on the hub.
    """
    model = Path(model_folder(name))
    run = model.resolve().parent
    with suppress(LemfError):  # no run, or of an earlier version
        if model.is_dir() and (run / BEST_NAME).resolve() == model.resolve():
            config = read_config(run / CONFIG_NAME)
            own = read_recordings(run / DATA_NAME)
            before = read_start(run, config)
            if config.train.epochs == 1:  # nothing was chosen
                own.pop("development", None)
            met = {
                part: own.get(part, frozenset()) | before.recordings.get(part, frozenset())
                for part in sorted({*own, *before.recordings})
            }
            return Start(met, before.unknown)
    return Start(unknown=(name,))


def read_recordings(path: Path) -> dict[str, frozenset[int]]:
    """Read the hashes of samples and of files by the part of the data, from a table of a run.

    Raises
    ------
    CheckpointError
        There is no such table, or it is of an earlier version.
    """
    names = ("part", *_HASHES)
    table, _ = read_parquet(path, names, CheckpointError, "msfser train")
    types = {"part": "string", **dict.fromkeys(_HASHES, "int64")}
    found: dict[str, set[int]] = {}
    for row in convert_columns(path, table, types, CheckpointError).to_pylist():
        found.setdefault(row["part"], set()).update(row[name] for name in _HASHES)
    return {part: frozenset(hashes) for part, hashes in found.items()}


def read_start(run: Path, config: Config) -> Start:
    """Read what the weights that a run started from have met; unknown without the file."""
    if not config.train.init:
        return Start()
    path = run / START_NAME
    try:
        _, about = read_parquet(path, (), CheckpointError, "msfser train")
        return Start(read_recordings(path), tuple(map(str, about["unknown"])))
    except (CheckpointError, KeyError, TypeError):
        return Start(unknown=(config.train.init,))


def write_start(run: Path, start: Start) -> None:
    """Write what the weights that a run starts from have met.

    Raises
    ------
    lemf.LemfError
        The file cannot be written.
    """
    rows = [(part, one) for part, hashes in start.recordings.items() for one in sorted(hashes)]
    columns = [
        ("part", "string", lambda row: row[0]),
        *((name, "int64", lambda row: row[1]) for name in _HASHES),
    ]
    replace_output(run / START_NAME, format_parquet(rows, columns, {"unknown": start.unknown}))
