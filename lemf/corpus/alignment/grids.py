"""The outputs of a run that aligns a corpus: a folder of TextGrids, and the tables beside it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lemf.corpus.manifest import Recording
from lemf.corpus.outputs import Summary, write_table
from lemf.corpus.parts import Parts, read_json
from lemf.corpus.plan import Plan
from lemf.errors import CorpusError, OutputError, shown
from lemf.runtime.output import NO_BYTE, check_output, open_output, printable_path, write_output

Row = dict[str, Any]
GRIDS_TABLE = "grids"  # of the parts
_LONGEST_NAME, _LONGEST_PATH = 255, 4000  # bytes, on Linux
_COLUMNS = ("id", "audio", "textgrid", "duration_s", "words", "confidence")


@dataclass(frozen=True)
class GridOutputs:
    """The folder of the TextGrids, and the files beside it, which have its name."""

    folder: Path

    @property
    def table(self) -> Path:
        """One row per TextGrid, with its confidence if any: a manifest for ``lemf batch``."""
        return self._beside(".csv")

    @property
    def failed(self) -> Path:
        """The recordings without a TextGrid, with the reasons; only if there are any."""
        return self._beside(".failed.csv")

    @property
    def notes(self) -> Path:
        """The notes on recordings; only if there are any."""
        return self._beside(".notes.csv")

    @property
    def run(self) -> Path:
        """The settings and files that the TextGrids were made with."""
        return self._beside(".run.json")

    @property
    def parts(self) -> Path:
        """The folder of what is done; removed at the end."""
        return self._beside(".parts")

    @property
    def lock(self) -> Path:
        """The lock file of the run; removed at the end."""
        return self._beside(".lock")

    def paths(self, recordings: Iterable[Recording]) -> list[Path]:
        """Return the TextGrids of recordings: the ids as paths that stay below the folder.

        Raises
        ------
        CorpusError
            Two ids lead to the same TextGrid, or to one inside another; an id is no file name.
        """
        found: dict[str, str] = {}
        for recording in recordings:
            parts = NO_BYTE.sub("\ufffd", recording.id).split("/")
            names = [part for part in parts if part not in ("", ".", "..")]
            name = "/".join(names) or "recording"
            if name in found:
                raise CorpusError(
                    f"{self.folder}: {shown(found[name])} and {shown(recording.id)} would both be "
                    f"{name}.TextGrid; give ids in a manifest"
                )
            found[name] = recording.id
        paths = [self.folder / f"{name}.TextGrid" for name in found]
        folders = {folder for path in paths for folder in path.parents}
        for path, name in zip(paths, found.values(), strict=True):
            if path in folders:
                raise CorpusError(
                    f"{path}: the TextGrid of {shown(name)} would be a folder of others; give ids "
                    "in a manifest"
                )
            if fault := _name_fault(path):
                raise CorpusError(
                    f"{self.folder}: {shown(name)} cannot be the name of a TextGrid ({fault}); "
                    "give ids in a manifest"
                )
        return paths

    def check(self, paths: Iterable[Path]) -> None:
        """Refuse outputs that exist, before any work is done for them.

        Raises
        ------
        OutputError
        """
        for path in (*paths, self.table, self.failed, self.notes, self.run):
            if path.exists() or path.is_symlink():
                raise OutputError(f"{path}: exists already; --force replaces it")

    def check_place(self) -> None:
        """Refuse a folder that cannot be made or written.

        Raises
        ------
        OutputError
        """
        if self.folder.exists() and not self.folder.is_dir():
            raise OutputError(f"{self.folder}: this is a file; name a folder")
        check_output(self.run, force=True)

    def _beside(self, ending: str) -> Path:
        folder = Path(os.path.normpath(self.folder))
        if folder.name in ("", ".."):
            folder = Path(os.path.realpath(folder))
        if not folder.name:
            raise OutputError(f"{self.folder}: name a folder below, such as {folder}grids")
        return folder.with_name(folder.name + ending)


def find_complete_grids(
    outputs: GridOutputs, plan: Plan, paths: Sequence[Path]
) -> tuple[Summary, list[Row]] | None:
    """Return the summary and the rows of a complete run of this plan; None if files are missing.

    Raises
    ------
    CorpusError, OutputError
        The outputs were made in another way.
    """
    made = read_json(outputs.run)
    if made is None:
        outputs.check(paths)
        return None
    try:
        summary, rows = Summary(**made["summary"]), list(made["grids"])
        stamps = enumerate(map(int, made["stamps"]))
        difference = plan.differs_from(made["plan"]) or plan.find_changed(stamps)
    except (LookupError, TypeError, ValueError, AttributeError):
        raise OutputError(
            f"{outputs.run}: does not say how {outputs.folder} was made; --force replaces it"
        ) from None
    if difference:
        raise CorpusError(f"{outputs.folder}: {difference}; --force starts over")
    if all(path.exists() for number, path in enumerate(paths) if number not in made["failed"]):
        return summary, rows
    return None


def merge_grids(
    parts: Parts, plan: Plan, outputs: GridOutputs, paths: Sequence[Path], first: int
) -> tuple[Summary, list[Row]]:
    """Write the TextGrids from the parts, and then the tables, the record of the run last.

    Where there is a record, the run was complete, and only TextGrids that are missing are written:
    the others may have been corrected by hand.

    Parameters
    ----------
    parts : Parts
    plan : Plan
    outputs : GridOutputs
    paths : sequence of Path
        Of the TextGrids, in the order of the plan.
    first : int
        Number of the part of the first shard.

    Raises
    ------
    DamagedPartError
        A part differs from what was written.
    OutputError
        An output cannot be written.
    """
    was_complete = outputs.run.exists()
    rows: list[Row] = []
    failures: list[list[str]] = []
    notes: list[list[str]] = []
    stamps: list[int] = []
    without: list[int] = []
    for shard in range(plan.n_shards):
        part = parts.read(first + shard)
        stamps += part.stamps
        failures += part.failures
        notes += part.notes
        for number, grid in zip(plan.files_of(shard), _grids_of(part.tables), strict=True):
            path, recording = paths[number], plan.recordings[number]
            if grid is None:
                if not was_complete:
                    path.unlink(missing_ok=True)  # of a run before, which --force replaces
                without.append(number)
                continue
            _make_folder(path.parent)
            text = grid.pop("text")
            if not (was_complete and path.exists()):
                with open_output(path, force=True, sync=False) as stream:
                    stream.write(text.encode())
            there = outputs.table.parent
            places = {"audio": recording.audio, "textgrid": str(path)}
            rows.append(
                {"id": printable_path(recording.id)}
                | {key: printable_path(os.path.relpath(to, there)) for key, to in places.items()}
                | grid
            )
    summary = Summary(
        files=len(rows),
        failed=len(failures),
        words=sum(row["words"] for row in rows),
        audio_s=sum(row["duration_s"] for row in rows),
    )
    write_table(outputs.failed, ["id", "audio", "text", "reason"], failures)
    write_table(outputs.notes, ["id", "audio", "note"], notes)
    told = any(row["confidence"] is not None for row in rows)
    columns = [key for key in _COLUMNS if told or key != "confidence"]
    write_table(outputs.table, columns, [[row[key] for key in columns] for row in rows])
    if hasattr(os, "sync"):
        os.sync()  # no power cut leaves half of a TextGrid that the record calls complete
    made = {"summary": asdict(summary), "plan": plan.identity, "stamps": stamps}
    made |= {"grids": rows, "failed": without}
    write_output(outputs.run, json.dumps(made).encode(), force=True)
    return summary, rows


def find_unused_grids(outputs: GridOutputs, paths: Iterable[Path]) -> list[str]:
    """Return the TextGrids in the folder that no recording has, such as those of a run before."""
    used = set(paths)
    found = (
        Path(folder, name)
        for folder, _, names in os.walk(outputs.folder)
        for name in names
        if name.endswith(".TextGrid")
    )
    return sorted(str(path) for path in found if path not in used)


def _name_fault(path: Path) -> str | None:
    """Describe why no file can have a path; None if one can."""
    try:
        lengths = [len(os.fsencode(part)) for part in path.parts]
    except UnicodeEncodeError:
        return "half a character"
    if "\0" in str(path):
        return "a zero byte"
    long = max(lengths) > _LONGEST_NAME or sum(lengths) + len(lengths) > _LONGEST_PATH
    return f"{max(lengths)} bytes" if long else None


def _grids_of(tables: dict[str, bytes]) -> list[Row | None]:
    grids: list[Row | None] = json.loads(tables[GRIDS_TABLE])
    return grids


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made ({error.strerror})") from error
