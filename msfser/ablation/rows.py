"""The rows of an ablation, as TOML: what each row changes, and its CCC in the paper."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import Any

from lemf.runtime.input import read_text_input
from msfser.config.files import make_config
from msfser.config.settings import Config
from msfser.errors import ConfigError
from msfser.manifest import DIMENSIONS

TABLE_2 = "table2.toml"  # of the paper; both files lie in the package
DEMO = "demo.toml"
RIVALS = "rivals.toml"
SHIPPED = (TABLE_2, RIVALS)  # that msfser ablate --config finds by their names

_ROW_KEYS = ("name", "paper", "model", "data", "train", "absent")
_PAPER_DATA_KEYS = ("corpus", "version", "split")


@dataclass(frozen=True)
class AblationRow:
    """One row of an ablation.

    Attributes
    ----------
    name : str
    config : Config
        With everything that the row changes.
    paper : tuple of 4 float, or None
        CCC of the three dimensions and their average in the paper.
    absent : str
        Why the row cannot be trained here; ``""`` for a row that can.
    paper_data : tuple of str
        Corpus, version and split of `paper`, beside whose results alone it is shown; empty where
        the file does not say.
    """

    name: str
    config: Config
    paper: tuple[float, ...] | None
    absent: str = ""
    paper_data: tuple[str, ...] = ()

    @property
    def slug(self) -> str:
        """Name of the row's folder."""
        return re.sub(r"[^a-z0-9+]+", "-", self.name.lower()).strip("-")


def read_ablation(
    path: Path | str, changes: Sequence[str] = (), *, preset: str = ""
) -> list[AblationRow]:
    """Read the rows of an ablation.

    Parameters
    ----------
    path : Path or str
        A TOML file with what `msfser.config.files.read_config` reads and a table ``[[rows]]`` per
        row: ``name``, optionally ``model``, ``data`` and ``train`` with what the row changes,
        ``paper``, and ``absent``. ``paper_data`` names corpus, version and split of ``paper``. A
        str is the name of a file in the package.
    changes : sequence of str
        ``part.key=value``, for all rows.
    preset : str
        Overrides the preset of the file.

    Raises
    ------
    ConfigError
        The file cannot be read, has no rows or two of the same name, or a row cannot be used.
    """
    name = path if isinstance(path, str) else str(path)
    try:
        if isinstance(path, str):
            text = (files("msfser.ablation") / path).read_text(encoding="utf-8")
        else:
            text = read_text_input(path, ConfigError)
        content = tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"{name}: cannot be read ({error.strerror}); check the path") from error
    except ValueError as error:
        raise ConfigError(f"{name}: not TOML ({error}); correct the file") from error
    paper_data = _read_paper_data(name, content.pop("paper_data", {}))
    rows = content.pop("rows", [])
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise ConfigError(f"{name}: no rows; write a [[rows]] table for each")
    made = [
        replace(_make_row(name, number, row, content, changes, preset), paper_data=paper_data)
        for number, row in enumerate(rows, 1)
    ]
    twice = [slug for slug, count in Counter(row.slug for row in made).items() if count > 1]
    if twice:
        raise ConfigError(f"{name}: two rows are named {twice[0]!r}; names must differ")
    return made


def _make_row(
    path: str,
    number: int,
    row: Mapping[str, Any],
    base: Mapping[str, Any],
    changes: Sequence[str],
    preset: str,
) -> AblationRow:
    name = row.get("name")
    if not isinstance(name, str) or not re.search(r"[A-Za-z0-9]", name):
        raise ConfigError(f'{path}: row {number}: no name; write name = "..."')
    place = f"{path}: row {name!r}"
    unknown = sorted(set(row) - {*_ROW_KEYS})
    if unknown:
        raise ConfigError(f"{place}: unknown key {unknown[0]!r}; there are: {', '.join(_ROW_KEYS)}")
    paper = row.get("paper")
    if paper is not None and (
        not isinstance(paper, list)
        or len(paper) != len(DIMENSIONS) + 1
        or not all(isinstance(value, int | float) for value in paper)
    ):
        raise ConfigError(
            f"{place}: paper {paper!r}: write four numbers, CCC of V, A, D and their average"
        )
    absent = row.get("absent", "")
    if not isinstance(absent, str) or (absent and {"model", "data", "train"} & row.keys()):
        raise ConfigError(f"{place}: absent: write why the row has no model, and no settings")
    merged = dict(base)
    for part in ("model", "data", "train"):
        changed, shared = row.get(part, {}), base.get(part, {})
        if not isinstance(changed, Mapping) or not isinstance(shared, Mapping):
            raise ConfigError(f"{place}: {part} must be a table such as {part} = {{ ... }}")
        merged[part] = {**shared, **changed}
    try:
        config = make_config(merged, changes, preset=preset)
    except ConfigError as error:
        raise ConfigError(f"{place}: {error}") from error
    scores = None if paper is None else tuple(map(float, paper))
    return AblationRow(name, config, scores, absent)


def _read_paper_data(path: str, content: object) -> tuple[str, ...]:
    """Return corpus, version and split of the paper's numbers; nothing where the file is silent."""
    if content == {}:
        return ()
    if not isinstance(content, Mapping) or {*content} != {*_PAPER_DATA_KEYS}:
        raise ConfigError(f"{path}: paper_data: must be a table of {', '.join(_PAPER_DATA_KEYS)}")
    return tuple(str(content[key]) for key in _PAPER_DATA_KEYS)
