"""The recordings of a corpus and their TextGrids, from a folder, a glob or a manifest.

A recording without a TextGrid is listed, too: it is later reported as failed, not left out.
No file but a manifest is opened here.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator
from itertools import pairwise
from operator import itemgetter
from pathlib import Path
from typing import Literal, NamedTuple

from lemf.errors import CorpusError
from lemf.reading.rows import MANIFEST_SUFFIXES, Row, read_rows

AUDIO_SUFFIXES = ("wav", "flac", "ogg")  # compared without case
TEXTGRID_SUFFIX = "textgrid"


class Recording(NamedTuple):
    """A recording and its TextGrid; `speaker` and `channel` take the place of the settings'."""

    id: str
    audio: str
    textgrid: str | None
    speaker: str | None = None
    channel: int | Literal["mix"] | None = None


def list_recordings(
    source: str | Path, textgrids: str | Path | None = None
) -> tuple[list[Recording], list[str]]:
    """Find the recordings of a corpus.

    Parameters
    ----------
    source : str or Path
        A folder, searched with all folders in it; a pattern such as ``corpus/**/*.wav``; or a
        manifest, a ``.csv`` or ``.jsonl`` with the columns ``audio`` and ``textgrid`` and
        optionally ``id``, ``speaker`` and ``channel``; paths start at the folder of the manifest.
    textgrids : str or Path, optional
        The folder of the TextGrids when they do not lie beside the recordings but in a tree of the
        same shape, as the Montreal Forced Aligner writes them.

    Returns
    -------
    recordings : list of Recording
        In the order of their ids; an id is the path below the folder without its suffix.
    unused_textgrids : list of str
        The TextGrids that belong to no recording.

    Raises
    ------
    CorpusError
        Nothing is found, two recordings have the same id, or a line of the manifest is wrong.
    """
    # Find the files
    source = str(source)
    if source.lower().endswith(MANIFEST_SUFFIXES):
        if textgrids is not None:
            raise CorpusError(f"{source}: a manifest names its TextGrids; leave out --textgrids")
        unused: list[str] = []
        recordings = _read_manifest(source)
    else:
        if textgrids is not None and not os.path.isdir(textgrids):  # noqa: PTH112 - plain str
            raise CorpusError(f"{textgrids}: there is no such folder of TextGrids; check the path")
        if os.path.isdir(source):  # noqa: PTH112
            root, names = source, list(_walk(source))
        elif glob.has_magic(source):
            root, names = _expand(source)
        else:
            raise CorpusError(
                f"{source}: neither a folder, nor a pattern, nor a manifest "
                f"({', '.join(MANIFEST_SUFFIXES)}); check the path"
            )
        recordings, unused = _pair(root, names, None if textgrids is None else str(textgrids))
    if not recordings:
        kinds = ", ".join(AUDIO_SUFFIXES)
        raise CorpusError(f"{source}: no recording found ({kinds}); check the path")

    # Order them by id
    recordings.sort(key=itemgetter(0))
    for first, second in pairwise(recordings):
        if first.id == second.id:
            raise CorpusError(
                f"{source}: {first.audio} and {second.audio} have the same id {first.id!r}; "
                "choose by a pattern such as 'corpus/**/*.wav', or give ids in a manifest"
            )
    return recordings, sorted(unused)


def _walk(root: str) -> Iterator[str]:
    """Yield the paths of all files below a folder, relative to it; links are followed once."""
    seen: set[tuple[int, int]] = set()
    folders = [""]
    while folders:
        folder = folders.pop()
        path = os.path.join(root, folder)  # noqa: PTH118 - pathlib is too slow for 200,000 files
        status = os.stat(path)  # noqa: PTH116
        if (status.st_dev, status.st_ino) in seen:
            continue
        seen.add((status.st_dev, status.st_ino))
        try:
            with os.scandir(path) as entries:
                found = [(one.name, one.is_dir()) for one in entries if one.name[0] != "."]
        except OSError as error:
            raise CorpusError(f"{path}: cannot be searched ({error.strerror})") from error
        folders += [f"{folder}{name}/" for name, is_folder in found if is_folder]
        yield from (folder + name for name, is_folder in found if not is_folder)


def _expand(pattern: str) -> tuple[str, list[str]]:
    """Split a pattern into the folder before its first wildcard and the names that it matches."""
    parts = pattern.split("/")
    n_plain = next(i for i, part in enumerate(parts) if glob.has_magic(part))
    root = "/".join(parts[:n_plain]) or ("/" if pattern.startswith("/") else ".")
    names = glob.glob("/".join(parts[n_plain:]), root_dir=root, recursive=True)  # noqa: PTH207
    beside = [
        f"{stem}.{suffix}"
        for stem in {name.rpartition(".")[0] for name in names}
        for suffix in ("TextGrid", "textgrid")
        if os.path.exists(f"{root}/{stem}.{suffix}")  # noqa: PTH110
    ]
    return root, [*(n for n in names if not n.lower().endswith(f".{TEXTGRID_SUFFIX}")), *beside]


def _pair(
    root: str, names: Iterable[str], textgrids: str | None
) -> tuple[list[Recording], list[str]]:
    """Find for each recording the TextGrid of the same relative path without suffix."""
    audio: list[tuple[str, str]] = []
    grids: dict[str, str] = {}
    for name in names:
        stem, _, suffix = name.rpartition(".")
        suffix = suffix.lower()
        if suffix in AUDIO_SUFFIXES:
            audio.append((stem, name))
        elif suffix == TEXTGRID_SUFFIX:
            grids[stem] = name
    prefix = grids_prefix = _prefix(root)
    if textgrids is not None:
        grids_prefix = _prefix(textgrids)
        grids = {
            name.rpartition(".")[0]: name
            for name in _walk(textgrids)
            if name.lower().endswith(f".{TEXTGRID_SUFFIX}")
        }
    recordings = [
        Recording(stem, prefix + name, grids_prefix + grids[stem] if stem in grids else None)
        for stem, name in audio
    ]
    for stem, _ in audio:
        grids.pop(stem, None)
    return recordings, [grids_prefix + name for name in grids.values()]


def _prefix(folder: str) -> str:
    """Return a folder as the prefix of paths, without ``./``, as a user would write it."""
    return "" if folder == "." else folder.rstrip("/") + "/"


def _read_manifest(source: str) -> list[Recording]:
    folder = str(Path(source).parent)
    rows = read_rows(source, suffixes=MANIFEST_SUFFIXES, required=("audio", "textgrid")).rows
    return [_recording(place, folder, row) for place, row in rows]


def _recording(place: str, folder: str, row: Row) -> Recording:
    """Convert a row to a recording; other columns are ignored."""
    channel = row.pop("channel", None)
    for key in ("id", "audio", "textgrid", "speaker"):
        if not isinstance(row.get(key, ""), str):
            raise CorpusError(f"{place}: {key} must be text, not {row[key]!r}")
    if "audio" not in row:
        raise CorpusError(f"{place}: no audio; name the recording")
    audio = str(row["audio"])
    textgrid = str(row["textgrid"]) if "textgrid" in row else None
    return Recording(
        str(row.get("id") or os.path.splitext(audio)[0]),  # noqa: PTH122
        audio if os.path.isabs(audio) else _prefix(folder) + audio,  # noqa: PTH117
        textgrid if textgrid is None or os.path.isabs(textgrid) else _prefix(folder) + textgrid,  # noqa: PTH117
        str(row["speaker"]) if "speaker" in row else None,
        None if channel is None else _channel(place, channel),
    )


def _channel(place: str, value: object) -> int | Literal["mix"]:
    if value == "mix":
        return "mix"
    text = str(value)
    if not (text.isascii() and text.isdigit() and int(text) >= 1):
        raise CorpusError(f"{place}: channel {value!r}; write a number from 1, or mix")
    return int(text)
