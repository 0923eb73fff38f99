"""What a scan has found of the recordings of a corpus, kept beside its manifest.

``recordings.parquet`` makes the next start quick: a recording whose file has the size and the time
of change of before is not read again. It may be removed at any time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType

from lemf import OutputError
from lemf.runtime.progress import Watch, no_watch
from msfser.data.cache import ClipCache
from msfser.data.facts import ClipFacts
from msfser.data.scan import Scan, scan_clips
from msfser.errors import DataError
from msfser.outputs import replace_output
from msfser.parquet import Column, format_parquet, read_parquet

SCAN_NAME = "recordings.parquet"

_TYPES = {"sum": "float64", "square": "float64"}  # of columns; the others are int64
_READERS = ("lemf", "soundfile", "soxr")  # packages that decode and resample


def scan_corpus(
    folder: Path,
    paths: Sequence[Path],
    *,
    known: Mapping[Path, ClipFacts] = MappingProxyType({}),
    cache: ClipCache | None = None,
    watch: Watch = no_watch,
) -> Scan:
    """Read each recording that no earlier scan of the corpus has read, and keep what is found.

    Parameters
    ----------
    folder : Path
        Of the manifest. Where it cannot be written, nothing is kept.
    paths : sequence of Path
        Absolute.
    known, cache, watch
        As in `scan_clips`.

    Raises
    ------
    MsfserError
        As `scan_clips`.
    """
    kept = read_scan(folder)
    scan = scan_clips(paths, known={**known, **kept}, cache=cache, watch=watch)
    found = {paths[place]: facts for place, facts in scan.facts().items()}
    if any(kept.get(path) != facts for path, facts in found.items()):
        _write_scan(folder, kept | found)
    return scan


def read_scan(folder: Path) -> dict[Path, ClipFacts]:
    """Return what the scans of a corpus have found; nothing where other versions decoded."""
    names = ["wav", *ClipFacts._fields]
    try:
        table, metadata = read_parquet(folder / SCAN_NAME, names, DataError, "msfser train")
        if metadata != _readers():
            return {}
        wavs, *facts = (table[name].to_pylist() for name in names)
    except DataError:  # none yet, or damaged: all is read again
        return {}
    return dict(zip(map(Path, wavs), map(ClipFacts._make, zip(*facts, strict=True)), strict=True))


def _write_scan(folder: Path, facts: Mapping[Path, ClipFacts]) -> None:
    """Write what is known of the recordings in place of what was; a corpus may be read-only."""
    rows = sorted(facts.items())
    columns: list[Column[tuple[Path, ClipFacts]]] = [("wav", "string", lambda row: str(row[0]))]
    columns += [(name, _TYPES.get(name, "int64"), _field(name)) for name in ClipFacts._fields]
    content = format_parquet(rows, columns, _readers())
    with suppress(OutputError):
        replace_output(folder / SCAN_NAME, content)


def _field(name: str) -> Callable[[tuple[Path, ClipFacts]], object]:
    return lambda row: getattr(row[1], name)


def _readers() -> dict[str, str]:
    return {name: version(name) for name in _READERS}
