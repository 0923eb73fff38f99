"""The output files of a run over a corpus: tables, failed files, notes, and how they were made."""

from __future__ import annotations

import csv
import json
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from importlib.metadata import version as version_of
from itertools import chain, islice
from pathlib import Path
from typing import Any

from lemf.corpus.csv_table import write_rows
from lemf.corpus.parts import Part, Parts, read_json
from lemf.corpus.plan import Plan
from lemf.errors import CorpusError, OutputError
from lemf.reading.alignment import MATCHES_NOTHING
from lemf.runtime.output import (
    check_apart,
    check_output,
    check_suffix,
    open_output,
    write_output,
)

TABLE_SUFFIXES = (".parquet", ".csv")  # features are Parquet alone


@dataclass(frozen=True)
class Outputs:
    """The files that a run over a corpus writes; tables are Parquet, or CSV by their suffix."""

    table: Path
    sentence_table: Path | None = None
    features: Path | None = None

    @classmethod
    def of(
        cls,
        table: str | Path,
        sentence_table: str | Path | None = None,
        features: str | Path | None = None,
    ) -> Outputs:
        """Return the outputs with these paths."""
        others = (sentence_table, features)
        return cls(Path(table), *(None if path is None else Path(path) for path in others))

    @property
    def failed(self) -> Path:
        """The files that failed, with the reasons; only if there are any."""
        return self.table.with_suffix(".failed.csv")

    @property
    def notes(self) -> Path:
        """The notes on files; only if there are any."""
        return self.table.with_suffix(".notes.csv")

    @property
    def run(self) -> Path:
        """The settings and files that the output was made with."""
        return self.table.with_suffix(".run.json")

    @property
    def parts(self) -> Path:
        """The folder of the shards that are done; removed at the end."""
        return self.table.with_name(self.table.name + ".parts")

    @property
    def lock(self) -> Path:
        """The lock file of the run; removed at the end."""
        return self.table.with_name(self.table.name + ".lock")

    @property
    def tables(self) -> dict[str, Path]:
        """The Parquet files by the name of the table, in the order in which they appear."""
        paths = {
            "features": self.features,
            "sentences": self.sentence_table,
            "words": self.table,
        }
        return {name: path for name, path in paths.items() if path is not None}

    def check(self, source: Path, *, force: bool) -> None:
        """Refuse tables, and the files beside them, before any work is done for them.

        Raises
        ------
        OutputError
            A name does not end in .parquet or .csv, or is named twice, the source would be
            replaced, or `check_output` refuses a path.
        """
        for path in (self.table, self.sentence_table):
            check_suffix(path, TABLE_SUFFIXES)
        check_suffix(self.features, TABLE_SUFFIXES[:1])
        check_apart(self.tables.values(), [source])
        for path in self.tables.values():
            check_output(path, force=force)
        for path in (self.failed, self.notes, self.run):
            check_output(path, force=True)


@dataclass(frozen=True)
class Summary:
    """Numbers of files, failed files and words; `audio_s` counts the scored files only.

    `decisions` counts sentences with ``"none"``, ``"one"`` or ``"several"`` emphasised words, where
    that is decided, `uncertain` those whose alignment is too uncertain to judge them; `threshold`
    is that of a decision made anew.
    """

    files: int
    failed: int
    words: int
    audio_s: float
    decisions: dict[str, int] = field(default_factory=dict)
    threshold: float | None = None
    uncertain: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Convert to plain types; without what was not decided or counted."""
        optional = ("decisions", "threshold", "uncertain")
        return {k: v for k, v in asdict(self).items() if v or k not in optional}


def find_complete(outputs: Outputs, plan: Plan, force: bool) -> Summary | None:
    """Return the summary of a complete output of this plan; None if there is no output."""
    if force:
        return None
    if not outputs.table.exists():
        for path in (*outputs.tables.values(), outputs.failed, outputs.notes, outputs.run):
            check_output(path)
        return None
    try:
        made = read_json(outputs.run) or {}
        summary = Summary(**made["summary"])
        stamps = enumerate(map(int, made["stamps"]))
        difference = plan.differs_from(made["plan"]) or plan.find_changed(stamps)
    except (LookupError, TypeError, ValueError, AttributeError):
        raise OutputError(
            f"{outputs.table}: exists already, and {outputs.run.name} does not say how it was "
            "made; --force replaces it"
        ) from None
    if difference:
        raise CorpusError(f"{outputs.table}: {difference}; --force starts over")
    for path in outputs.tables.values():
        if not path.exists():
            raise CorpusError(f"{path}: is missing; --force writes all tables again")
    return summary


def merge_parts(parts: Parts, plan: Plan, outputs: Outputs) -> Summary:
    """Write the output from the parts; the table of words appears last, when all others have.

    Raises
    ------
    DamagedPartError
        A part differs from what was written; no output appears.
    OutputError
        An output cannot be written.
    """
    from lemf.corpus.parquet import open_tables

    # A pass for each output over the heads of the parts, of which one at a time is held
    shards = range(plan.n_shards)
    summary, about_nothing, with_confidence = _sum_up(map(parts.read_head, shards))
    about = describe_output(plan.identity["settings"], summary, plan.identity.get("decision"))
    stamps = list[int]()
    with open_tables(
        outputs.tables, plan.settings, about, force=True, with_confidence=with_confidence
    ) as tables:
        for shard in shards:
            part = parts.read(shard)
            stamps += part.stamps
            for name, table in tables.items():
                table.add(part.tables[name])
        failures = (row for shard in shards for row in parts.read_head(shard).failures)
        write_table(outputs.failed, ["id", "audio", "textgrid", "reason"], failures)
        notes = (row for shard in shards for row in parts.read_head(shard).notes)
        write_notes(outputs, notes, about_nothing, summary.files)
        made = {"summary": summary.to_dict(), "plan": plan.identity, "stamps": stamps}
        write_output(outputs.run, json.dumps(made).encode(), force=True)
    return summary


def _sum_up(heads: Iterable[Part]) -> tuple[Summary, Counter[str], bool]:
    """Return the summary, the counts for `write_notes`, and whether there are confidences."""
    n_files = n_failed = n_words = n_uncertain = 0
    lengths_s = list[float]()
    decisions, about_nothing = Counter[str](), Counter[str]()
    with_confidence = False
    for head in heads:
        n_files += head.n_files
        n_failed += len(head.failures)
        n_words += head.n_words
        n_uncertain += head.n_uncertain
        lengths_s.append(head.audio_s)
        decisions.update(head.decisions)
        about_nothing.update(count_about_nothing(head.notes))
        with_confidence |= head.with_confidence
    summary = Summary(
        files=n_files,
        failed=n_failed,
        words=n_words,
        audio_s=math.fsum(lengths_s),
        decisions=dict(decisions),
        uncertain=n_uncertain,
    )
    return summary, about_nothing, with_confidence


def read_failures(failed: Path, most: int) -> list[tuple[str, str]]:
    """Read the paths of the first recordings that failed, with the reasons."""
    with suppress(OSError), failed.open(encoding="utf-8", newline="") as stream:
        rows = islice(csv.DictReader(stream), most)
        return [(row["audio"], row["reason"]) for row in rows]
    return []


def describe_output(
    settings: dict[str, Any], summary: Summary, decision: dict[str, Any] | None
) -> dict[str, Any]:
    """Return the metadata of the Parquet files, which does not depend on the run."""
    return {
        "lemf": version_of("lemf"),
        "settings": settings,
        **({} if decision is None else {"decision": decision}),
        "files": summary.files,
        "failed": summary.failed,
        "audio_s": summary.audio_s,
    }


def count_about_nothing(notes: Iterable[list[str]]) -> Counter[str]:
    """Count the notes (id, audio, note) that an option matches nothing, by their text."""
    return Counter(note for *_, note in notes if note.endswith(MATCHES_NOTHING))


def write_notes(
    outputs: Outputs, notes: Iterable[list[str]], about_nothing: Mapping[str, int], n_files: int
) -> None:
    """Write the table of notes (id, audio, note), or remove that of an earlier run.

    That an option matches nothing is written once, and only if it does so in all `n_files` files,
    which is told by `about_nothing`, as `count_about_nothing` returns it.
    """
    due = {note for note, count in about_nothing.items() if count == n_files}

    def shown() -> Iterator[list[str]]:
        for row in notes:
            if row[-1].endswith(MATCHES_NOTHING):
                if row[-1] not in due:
                    continue
                due.remove(row[-1])
            yield row

    write_table(outputs.notes, ["id", "audio", "note"], shown())


def write_table(path: Path, header: list[str], rows: Iterable[list[str]]) -> None:
    """Write a table, or remove that of an earlier run if there are no rows."""
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        path.unlink(missing_ok=True)
        return
    with open_output(path, force=True) as stream:
        write_rows(stream, chain([header, first], rows))
