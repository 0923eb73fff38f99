"""The outputs of a run that aligns a corpus: a folder of TextGrids, and the tables beside it."""

from __future__ import annotations

import json
import math
import os
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from lemf.corpus.alignment.record import Made, Row, RunRecord, read_record
from lemf.corpus.manifest import Recording
from lemf.corpus.outputs import Summary, write_table
from lemf.corpus.parts import Parts
from lemf.corpus.plan import Plan
from lemf.errors import CorpusError, OutputError, shown
from lemf.runtime.output import NO_BYTE, check_output, open_output, printable_path

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
        if self.folder.is_dir():
            check_output(self.folder / "any.TextGrid", force=True)

    def _beside(self, ending: str) -> Path:
        folder = Path(os.path.normpath(self.folder))
        if folder.name in ("", ".."):
            folder = Path(os.path.realpath(folder))
        if not folder.name:
            raise OutputError(f"{self.folder}: name a folder below, such as {folder}grids")
        return folder.with_name(folder.name + ending)


def find_complete_grids(
    outputs: GridOutputs, plan: Plan, paths: Sequence[Path]
) -> tuple[RunRecord | None, bool]:
    """Return the record of a complete run, if any, and whether nothing is left to do.

    Raises
    ------
    CorpusError
        The run had other settings, or files have changed whose TextGrids exist.
    OutputError
        TextGrids exist that no run made.
    """
    record = read_record(outputs.run)
    if record is None:
        outputs.check(paths)
        return None, False
    record.check_settings(plan, paths, outputs.folder)
    return record, record.is_complete(plan, paths)


def merge_grids(
    parts: Parts,
    plan: Plan,
    outputs: GridOutputs,
    paths: Sequence[Path],
    first: int,
    record: RunRecord | None,
) -> tuple[RunRecord, int]:
    """Write the TextGrids from the parts, and then the tables, the record of the run last.

    Parameters
    ----------
    parts : Parts
    plan : Plan
    outputs : GridOutputs
    paths : sequence of Path
        Of the TextGrids, in the order of the plan.
    first : int
        Number of the part of the first shard in the last pass.
    record : RunRecord or None
        Of the complete run before, whose TextGrids stay where their recordings are the same.

    Returns
    -------
    record : RunRecord
        Of this run.
    n_kept : int
        Number of the TextGrids that stayed.

    Raises
    ------
    CorpusError
        A recording of the run before has changed, and its TextGrid exists.
    DamagedPartError
        A part differs from what was written.
    OutputError
        An output cannot be written.
    """
    made: dict[str, Made] = {}
    failures: list[list[str]] = []
    notes: list[list[str]] = []
    n_kept = 0
    for shard in range(plan.n_shards):
        part = parts.read(first + shard)
        stamps = parts.read_head(shard).stamps  # of when the files were read first
        failures += part.failures
        notes += part.notes
        files = plan.files_of(shard)
        for number, stamp, grid in zip(files, stamps, _grids_of(part.tables), strict=True):
            path, recording = paths[number], plan.recordings[number]
            places = {"audio": recording.audio, "textgrid": str(path)}
            row: Row = {"id": printable_path(recording.id)} | {
                key: printable_path(os.path.relpath(place, outputs.table.parent))
                for key, place in places.items()
            }
            kept = record.keeps(recording.id, stamp, path) if record else None
            if kept is not None:
                made[recording.id] = kept._replace(row=kept.row and kept.row | row)
                n_kept += 1
                continue
            text = b"" if grid is None else grid.pop("text").encode()
            if record is not None and path.exists() and path.read_bytes() != text:
                raise CorpusError(
                    f"{path}: {recording.audio} or its text changed since it was made; remove the "
                    "TextGrid to have it made again, and run the same command"
                )
            if grid is None:
                path.unlink(missing_ok=True)  # of a run before, which --force replaces
                made[recording.id] = Made(stamp, None, None)
                continue
            _make_folder(path.parent)
            with open_output(path, force=True, sync=False) as stream:
                stream.write(text)
            made[recording.id] = Made(stamp, row | grid, zlib.crc32(text))
    rows = [one.row for one in made.values() if one.row is not None]
    summary = Summary(
        files=len(rows),
        failed=len(made) - len(rows),
        words=sum(row["words"] for row in rows),
        audio_s=math.fsum(row["duration_s"] for row in rows),
    )
    there = {row["id"] for row in rows}
    failures = [failure for failure in failures if failure[0] not in there]
    write_table(outputs.failed, ["id", "audio", "text", "reason"], failures)
    write_table(outputs.notes, ["id", "audio", "note"], notes)
    told = any(row["confidence"] is not None for row in rows)
    columns = [key for key in _COLUMNS if told or key != "confidence"]
    write_table(outputs.table, columns, [[row[key] for key in columns] for row in rows])
    if hasattr(os, "sync"):
        os.sync()  # no power cut leaves half of a TextGrid that the record calls complete
    new = RunRecord(plan.identity, summary, made)
    new.write(outputs.run)
    return new, n_kept


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
