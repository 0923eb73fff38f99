"""The recordings of a corpus and their TextGrids or texts, from a folder, a glob or a manifest.

A recording without either is listed, too: it is later reported as failed, not left out. No file is
opened but a manifest and, beside a recording without a TextGrid, what may be another tool's
alignment. The same files give the same list whatever order the disk returns them in.
"""

from __future__ import annotations

import glob
import os
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import pairwise
from operator import itemgetter
from pathlib import Path
from typing import Literal, NamedTuple

from lemf.errors import CorpusError, shown
from lemf.reading.alignment_files import holds_alignment, other_names
from lemf.reading.rows import ROW_SUFFIXES, Row, is_index, read_rows
from lemf.transcription.text_files import TRANSCRIPT_SUFFIXES, find_beside

AUDIO_SUFFIXES = ("wav", "flac", "ogg")  # compared without case
TEXTGRID_SUFFIX = "textgrid"
_TEXT_COLUMNS = ("text", "transcript")
_NEAR_TEXT = ("text", "transcript", "transcription", "sentence", "utterance", "normalized_text")
_WORD_COLUMNS = frozenset(("textgrid", "text_file", *_TEXT_COLUMNS))
_WHOLE = re.compile(r"(?<=[0-9])\.0+\Z")  # as pandas writes whole numbers of a column with gaps


class Recording(NamedTuple):
    """A recording and its words.

    Attributes
    ----------
    id, audio : str
    textgrid : str or None
    speaker, channel : optional
        Take the place of the settings'.
    text_file : str or None
        Path of a plain text of what is said.
    text : str or None
        What is said, where a manifest has it.
    """

    id: str
    audio: str
    textgrid: str | None
    speaker: str | None = None
    channel: int | Literal["mix"] | None = None
    text_file: str | None = None
    text: str | None = None


class Listing(NamedTuple):
    """The recordings of a corpus in the order of their ids, and what was found besides.

    Attributes
    ----------
    recordings : list of Recording
        An id is the path below the folder without its suffix.
    unused_textgrids : list of str
        The TextGrids that belong to no recording.
    repeated_folders : list of str
        Links that were not followed, since they lead to folders that are searched anyway.
    unsearched : list of str
        Folders that cannot be searched, each with the reason.
    """

    recordings: list[Recording]
    unused_textgrids: list[str]
    repeated_folders: list[str]
    unsearched: list[str]


class _Found(NamedTuple):
    """The files below a folder, as paths relative to it; folders as in `Listing`."""

    names: list[str]
    repeated_folders: list[str]
    unsearched: list[str]


def list_recordings(
    source: str | Path, textgrids: str | Path | None = None, *, needs_text: bool = False
) -> Listing:
    """Find the recordings of a corpus.

    Parameters
    ----------
    source : str or Path
        A folder, searched with all folders in it; a pattern such as ``corpus/**/*.wav``; or a
        manifest, a ``.csv``, ``.tsv``, ``.jsonl`` or ``.parquet`` with the columns ``audio`` and
        ``textgrid``, ``text`` or ``transcript`` (what is said) or ``text_file``, and optionally
        ``id``, ``speaker`` and ``channel``; paths start at the folder of the manifest.
    textgrids : str or Path, optional
        The folder of the TextGrids when they do not lie beside the recordings but in a tree of the
        same shape, as the Montreal Forced Aligner writes them.
    needs_text : bool
        Whether a manifest must have texts rather than TextGrids.

    Returns
    -------
    Listing

    Raises
    ------
    CorpusError
        Nothing is found, the folder cannot be searched, two recordings have the same id, or a line
        of the manifest is wrong.
    """
    # Find the files
    source = str(source)
    if source.lower().endswith(ROW_SUFFIXES):
        if textgrids is not None:
            raise CorpusError(f"{source}: a manifest names its TextGrids; leave out --textgrids")
        listing = Listing(_read_manifest(source, needs_text), [], [], [])
    else:
        if textgrids is not None and not os.path.isdir(textgrids):  # noqa: PTH112 - plain str
            raise CorpusError(f"{textgrids}: there is no such folder of TextGrids; check the path")
        if os.path.isdir(source):  # noqa: PTH112
            root, found = source, _walk(source)
        elif glob.has_magic(source):
            root, found = _expand(source)
        elif source.endswith("/"):
            raise CorpusError(f"{source}: there is no such folder; check the path")
        else:
            raise CorpusError(
                f"{source or 'the empty path'}: neither a folder, nor a pattern, nor a manifest "
                f"({', '.join(ROW_SUFFIXES)}); check the path"
            )
        listing = _pair(root, found, None if textgrids is None else str(textgrids))
    recordings = listing.recordings
    if not recordings:
        kinds = ", ".join(AUDIO_SUFFIXES)
        unsearched = "".join(f"; {folder}" for folder in listing.unsearched[:1])
        raise CorpusError(f"{source}: no recording found ({kinds}); check the path{unsearched}")

    # Order them by id
    recordings.sort(key=itemgetter(0))
    for first, second in pairwise(recordings):
        if first.id == second.id:
            raise CorpusError(
                f"{source}: {first.audio} and {second.audio} have the same id {first.id!r}; "
                "choose by a pattern such as 'corpus/**/*.wav', or give ids in a manifest"
            )
    return listing


def _walk(root: str) -> _Found:
    """Find all files below a folder.

    Links are followed after all folders that are none have been searched, in the order of their
    names, and each folder is searched once, so that links in a circle come to an end.

    Raises
    ------
    CorpusError
        The folder itself cannot be searched.
    """
    found = _Found([], [], [])
    seen: set[tuple[int, int]] = set()
    folders, links = [""], list[str]()
    while folders or links:
        if not folders:
            folders, links = sorted(links, reverse=True), []
        folder = folders.pop()
        path = os.path.join(root, folder)  # noqa: PTH118 - pathlib is too slow for 200,000 files
        try:
            status = os.stat(path)  # noqa: PTH116
            if (status.st_dev, status.st_ino) in seen:
                found.repeated_folders.append(path)
                continue
            seen.add((status.st_dev, status.st_ino))
            with os.scandir(path) as entries:
                inside = [(one, _is_folder(one)) for one in entries if one.name[0] != "."]
        except OSError as error:
            reason = f"{path}: cannot be searched ({error.strerror})"
            if not folder:
                raise CorpusError(reason) from error
            found.unsearched.append(reason)
            continue
        found.names.extend(folder + one.name for one, is_folder in inside if not is_folder)
        below = [
            (f"{folder}{one.name}/", one.is_symlink()) for one, is_folder in inside if is_folder
        ]
        folders += sorted((name for name, is_link in below if not is_link), reverse=True)
        links += [name for name, is_link in below if is_link]
    for names in found:
        names.sort()
    return found


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def _expand(pattern: str) -> tuple[str, _Found]:
    """Split a pattern into the folder before its first wildcard and the files that it matches."""
    parts = pattern.split("/")
    n_plain = next(i for i, part in enumerate(parts) if glob.has_magic(part))
    root = "/".join(parts[:n_plain]) or ("/" if pattern.startswith("/") else ".")
    parts = [part for part in parts[n_plain:] if part]
    if "**" in parts:  # `glob` would follow links in a circle
        found = _walk(root) if os.path.isdir(root) else _Found([], [], [])  # noqa: PTH112
        names = [name for name in found.names if _matches(name.split("/"), parts)]
    else:
        matches = glob.glob("/".join(parts), root_dir=root)  # noqa: PTH207
        names = [name for name in matches if not os.path.isdir(f"{root}/{name}")]  # noqa: PTH112
        found = _Found([], [], [])
    names = [name for name in names if not name.lower().endswith(f".{TEXTGRID_SUFFIX}")]
    for stem in {name.rpartition(".")[0] for name in names}:
        stems = (stem, _compose(stem), unicodedata.normalize("NFD", stem))
        both = [f"{one}.{suffix}" for one in stems for suffix in ("TextGrid", "textgrid")]
        names += [one for one in both if os.path.exists(f"{root}/{one}")][:1]  # noqa: PTH110
    others = {one for name in names if _is_audio(name) for one in other_names(name)} - {*names}
    names += sorted(one for one in others if os.path.exists(f"{root}/{one}"))  # noqa: PTH110
    return root, found._replace(names=names)


def _matches(names: Sequence[str], pattern: Sequence[str]) -> bool:
    """Check whether a path matches a pattern, both cut at ``/``; ``**`` matches any folders."""
    if not pattern:
        return not names
    if pattern[0] == "**":
        rests = (names[n_skipped:] for n_skipped in range(len(names) + 1))
        return any(_matches(rest, pattern[1:]) for rest in rests)
    return bool(names) and fnmatchcase(names[0], pattern[0]) and _matches(names[1:], pattern[1:])


def _pair(root: str, found: _Found, textgrids: str | None) -> Listing:
    """Find for each recording the TextGrid of the same relative path without suffix.

    Where there is none, what another tool has written takes its place.
    """
    audio: list[tuple[str, str]] = []
    by_suffix: dict[str, list[str]] = {}
    for name in found.names:
        stem, _, suffix = name.rpartition(".")
        if _is_audio(name):
            audio.append((stem, name))
        else:
            by_suffix.setdefault(suffix.lower(), []).append(name)
    beside = by_suffix.get(TEXTGRID_SUFFIX, [])
    texts = _by_stem(name for suffix in TRANSCRIPT_SUFFIXES for name in by_suffix.get(suffix, []))
    prefix = _prefix(root)
    repeated_folders, unsearched = found.repeated_folders, found.unsearched
    if textgrids is None:
        grids_prefix = prefix
    else:
        grids_prefix, found = _prefix(textgrids), _walk(textgrids)
        beside = [name for name in found.names if name.lower().endswith(f".{TEXTGRID_SUFFIX}")]
        repeated_folders = repeated_folders + found.repeated_folders
        unsearched = unsearched + found.unsearched
    grids = _by_stem(sorted(beside))
    others = {_compose(name): name for name in found.names}
    recordings = []
    for stem, name in audio:
        grid = _match(stem, grids) or _find_other(name, others, grids_prefix)
        text = _match(stem, texts)
        recordings.append(
            Recording(
                stem,
                prefix + name,
                grid and grids_prefix + grid,
                text_file=text and prefix + text,
            )
        )
    used = {recording.textgrid for recording in recordings}
    unused = [name for name in map(grids_prefix.__add__, sorted(beside)) if name not in used]
    return Listing(recordings, unused, repeated_folders, unsearched)


def _is_audio(name: str) -> bool:
    return name.rpartition(".")[2].lower() in AUDIO_SUFFIXES


def _find_other(audio: str, names: dict[str, str], prefix: str) -> str | None:
    """Find the alignment of a recording that another tool has written; `names` by their NFC."""
    candidates = (names.get(_compose(name)) for name in other_names(audio))
    return next((name for name in candidates if name and holds_alignment(prefix + name)), None)


def _by_stem(names: Iterable[str]) -> dict[str, str]:
    """Return names by their stem and its composed form; of several with one stem, the first."""
    stems: dict[str, str] = {}
    for name in names:
        stems.setdefault(name.rpartition(".")[0], name)
    return {_compose(stem): name for stem, name in stems.items()} | stems


def _match(stem: str, names: Mapping[str, str]) -> str | None:
    return names.get(stem) or names.get(_compose(stem))


def _compose(stem: str) -> str:
    """Return a name in Unicode's composed form (NFC), since file systems differ in the form."""
    return stem if stem.isascii() else unicodedata.normalize("NFC", stem)


def _prefix(folder: str) -> str:
    """Return a folder as the prefix of paths, without ``./``, as a user would write it."""
    return "" if folder == "." else folder.rstrip("/") + "/"


def _read_manifest(source: str, needs_text: bool) -> list[Recording]:
    folder = str(Path(source).parent)
    columns, rows = read_rows(source)
    has_words = needs_text or _WORD_COLUMNS.intersection(columns)
    needed = ["audio"] if has_words else ["audio", "textgrid"]
    if not source.lower().endswith(".jsonl") and not set(needed) <= set(columns):
        read_rows(source, required=needed)  # raises
    recordings = [_recording(place, folder, row) for place, row in rows]
    if needs_text and recordings and not any(one.text_file or one.text for one in recordings):
        near = [
            name for name in columns if name.lower() in _NEAR_TEXT and name not in _TEXT_COLUMNS
        ]
        remedy = f"rename the column {shown(near[0])}" if near else "add what is said"
        raise CorpusError(
            f"{source}: no text in a column text, transcript or text_file, nor beside the "
            f"recordings; {remedy}"
        )
    places: dict[str, str] = {}
    for (place, _), recording in zip(rows, recordings, strict=True):
        if recording.id in places:
            raise CorpusError(
                f"{places[recording.id]} and {place.removeprefix(source + ': ')} have the same id "
                f"{shown(recording.id)}; the ids of a manifest must differ, or, where it has none, "
                "the paths of the recordings without their suffixes"
            )
        places[recording.id] = place
    return recordings


def _recording(place: str, folder: str, row: Row) -> Recording:
    """Convert a row to a recording; other columns are ignored."""
    channel = row.pop("channel", None)
    for key in ("speaker", *_TEXT_COLUMNS):  # numbers of speakers, and numbers that are said
        if isinstance(number := row.get(key), int | float) and not isinstance(number, bool):
            row[key] = _WHOLE.sub("", str(number))
    for key in ("id", "audio", "textgrid", "speaker", "text_file", *_TEXT_COLUMNS):
        if not isinstance(row.get(key, ""), str):
            raise CorpusError(f"{place}: {key} must be text, not {shown(row[key])}")
    if not row.get("audio"):
        raise CorpusError(f"{place}: no audio; name the recording")
    audio = str(row["audio"])
    texts = [str(row[key]) for key in _TEXT_COLUMNS if row.get(key)]
    text_file = _join(folder, str(row["text_file"])) if row.get("text_file") else None
    if not texts and text_file is None and not row.get("textgrid"):
        text_file = find_beside(_join(folder, audio), TRANSCRIPT_SUFFIXES)
    return Recording(
        str(row.get("id") or os.path.splitext(audio)[0]),  # noqa: PTH122
        _join(folder, audio),
        _join(folder, str(row["textgrid"])) if row.get("textgrid") else None,
        str(row["speaker"]) if "speaker" in row else None,
        None if channel is None else _channel(place, channel),
        text_file,
        texts[0] if texts else None,
    )


def _join(folder: str, path: str) -> str:
    return path if os.path.isabs(path) else _prefix(folder) + path  # noqa: PTH117


def _channel(place: str, value: object) -> int | Literal["mix"]:
    if value == "mix":
        return "mix"
    text = _WHOLE.sub("", str(value))
    if not (is_index(text) and int(text) >= 1):
        raise CorpusError(f"{place}: channel {shown(value)}; write a number from 1, or mix")
    return int(text)
