"""The record of a complete run: which TextGrids it made of which files, so that they stay.

A second run makes the TextGrids that are missing, and leaves the others, corrected by hand or not.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

from lemf.corpus.outputs import Summary
from lemf.corpus.parts import read_json
from lemf.corpus.plan import Plan, stamp_of
from lemf.errors import CorpusError, OutputError
from lemf.runtime.output import write_output

Row = dict[str, Any]


class Made(NamedTuple):
    """What a run made of a recording."""

    stamp: int  # of its files when they were read, as `plan.stamp_of` returned it
    row: Row | None  # of the table; None where the recording failed
    checksum: int | None  # of the TextGrid as it was written


@dataclass(frozen=True)
class RunRecord:
    """The record of a complete run.

    Attributes
    ----------
    identity : dict
        Of its plan.
    summary : Summary
    made : dict of str to Made
        By the ids of the recordings, in the order of the plan.
    """

    identity: dict[str, Any]
    summary: Summary
    made: dict[str, Made]

    @property
    def rows(self) -> list[Row]:
        """The rows of the table."""
        return [made.row for made in self.made.values() if made.row is not None]

    def write(self, path: Path) -> None:
        """Write the record as JSON.

        Raises
        ------
        OutputError
        """
        content = {"summary": asdict(self.summary), "plan": self.identity, "made": self.made}
        write_output(path, json.dumps(content).encode(), force=True)

    def keeps(self, name: str, stamp: int, path: Path) -> Made | None:
        """Return what was made of a recording, if its files are the same and its TextGrid exists.

        Parameters
        ----------
        name : str
            The id of the recording.
        stamp : int
            Of its files now.
        path : Path
            Of its TextGrid.
        """
        made = self.made.get(name)
        return made if made is not None and made.stamp == stamp and path.exists() else None

    def is_complete(self, plan: Plan, paths: Sequence[Path]) -> bool:
        """Check whether nothing is left to do for a plan of the same settings.

        Raises
        ------
        CorpusError
            The files of a recording have changed, and its TextGrid, perhaps corrected, exists.
        OutputError
            The TextGrid of a new recording exists.
        """
        complete, changed = True, list[tuple[str, Path]]()
        for recording, path in zip(plan.recordings, paths, strict=True):
            made, exists = self.made.get(recording.id), path.exists()
            if made is None and exists:
                raise OutputError(
                    f"{path}: exists already, and the run before did not make it; move it, or "
                    f"--force replaces {self._describe_loss(plan, paths)}"
                )
            if made is None or made.stamp != stamp_of(recording):
                complete = False
                if exists:
                    changed.append((recording.audio, path))
            elif made.row is not None and not exists:
                complete = False
        if changed:
            audio, path = changed[0]
            others = f" (and {len(changed) - 1:,} more)" if len(changed) > 1 else ""
            raise CorpusError(
                f"{path}: {audio} or its text changed since{others}; remove the TextGrid to have "
                f"it made again, or --force replaces {self._describe_loss(plan, paths)}"
            )
        return complete and len(self.made) == len(plan.recordings)

    def check_settings(self, plan: Plan, paths: Sequence[Path], output: Path) -> None:
        """Refuse a plan of other settings than those of the run.

        Raises
        ------
        CorpusError
        """
        if difference := settings_difference(plan, self.identity):
            raise CorpusError(
                f"{output}: {difference}; --force starts over and replaces "
                f"{self._describe_loss(plan, paths)}"
            )

    def _describe_loss(self, plan: Plan, paths: Iterable[Path]) -> str:
        """Count the TextGrids that ``--force`` replaces, and those corrected since, in words."""
        n_existing = n_corrected = 0
        for recording, path in zip(plan.recordings, paths, strict=True):
            try:
                checksum = zlib.crc32(path.read_bytes())
            except OSError:
                continue
            made = self.made.get(recording.id)
            n_existing += 1
            n_corrected += made is None or made.checksum != checksum
        corrected = f", {n_corrected:,} of them written or changed by others" if n_corrected else ""
        return f"all TextGrids ({n_existing:,}{corrected})"


def read_record(path: Path) -> RunRecord | None:
    """Read the record of a run; None where there is none.

    Raises
    ------
    OutputError
        The file is no record of lemf.
    """
    content = read_json(path)
    if content is None:
        return None
    try:
        made = {str(name): Made(*one) for name, one in content["made"].items()}
        return RunRecord(dict(content["plan"]), Summary(**content["summary"]), made)
    except (LookupError, TypeError, ValueError, AttributeError):
        raise OutputError(
            f"{path}: does not say how the TextGrids were made; --force replaces it and them"
        ) from None


def settings_difference(plan: Plan, identity: dict[str, Any]) -> str | None:
    """Describe how the settings of an earlier run differ from those of a plan, whatever files."""
    files = {name: plan.identity[name] for name in ("files", "list")}
    return plan.differs_from(identity | files)
