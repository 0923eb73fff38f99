"""The recordings of a corpus and their TextGrids or texts, from a folder, a glob or a manifest.

A recording without either is listed, too: it is later reported as failed, not left out. No file is
opened but a manifest and, beside a recording without a TextGrid, what may be another tool's
alignment. The same files give the same list whatever order the disk returns them in.
"""

from __future__ import annotations

import glob
import os
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from itertools import chain, pairwise, repeat
from operator import eq, itemgetter
from pathlib import Path
from typing import NamedTuple

from lemf.corpus.manifest import Recording, prefix_of, read_manifest
from lemf.errors import CorpusError
from lemf.reading.alignment_files import holds_alignment, other_names
from lemf.reading.rows import ROW_SUFFIXES, SPREADSHEET_SUFFIXES
from lemf.transcription.text_files import TRANSCRIPT_SUFFIXES

AUDIO_SUFFIXES = ("wav", "flac", "ogg")  # compared without case
TEXTGRID_SUFFIX = "textgrid"


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
    source: str | Path,
    textgrids: str | Path | None = None,
    *,
    needs_text: bool = False,
    transcribes: bool = False,
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
    transcribes : bool
        Whether a manifest needs neither.

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
    if source.lower().endswith((*ROW_SUFFIXES, *SPREADSHEET_SUFFIXES)):
        if textgrids is not None:
            raise CorpusError(f"{source}: a manifest names its TextGrids; leave out --textgrids")
        listing = Listing(read_manifest(source, needs_text, transcribes), [], [], [])
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
    ids = [one[0] for one in recordings]
    are_alike = any(map(eq, ids, ids[1:]))
    for first, second in pairwise(recordings) if are_alike else ():
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
            names, below = _look_into(path, folder)
        except OSError as error:
            reason = f"{path}: cannot be searched ({error.strerror})"
            if not folder:
                raise CorpusError(reason) from error
            found.unsearched.append(reason)
            continue
        found.names.extend(names)
        folders += sorted((name for name, is_link in below if not is_link), reverse=True)
        links += [name for name, is_link in below if is_link]
    for names in found:
        names.sort()
    return found


def _look_into(path: str, folder: str) -> tuple[list[str], list[tuple[str, bool]]]:
    """Return the files in a folder, and the folders in it, each with whether it is a link."""
    names, below = [], []
    with os.scandir(path) as entries:
        for one in entries:
            name = one.name
            if name[0] == ".":
                continue
            try:
                is_folder = one.is_dir()
            except OSError:  # a link that leads to itself
                is_folder = False
            if is_folder:
                below.append((f"{folder}{name}/", one.is_symlink()))
            else:
                names.append(folder + name)
    names.sort()  # here, where they share the processor's cache, and few are out of order later
    return names, below


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
    by_suffix: defaultdict[str, list[str]] = defaultdict(list)
    for name in found.names:
        by_suffix[name.rpartition(".")[2]].append(name)
    audio, beside = _of_kinds(by_suffix, AUDIO_SUFFIXES), _of_kinds(by_suffix, (TEXTGRID_SUFFIX,))
    texts = _by_stem([one for kind in TRANSCRIPT_SUFFIXES for one in _of_kinds(by_suffix, (kind,))])
    prefix = prefix_of(root)
    repeated_folders, unsearched = found.repeated_folders, found.unsearched
    others_prefix = prefix
    if textgrids is not None:
        others_prefix, found = prefix_of(textgrids), _walk(textgrids)
        beside = [name for name in found.names if name.lower().endswith(f".{TEXTGRID_SUFFIX}")]
        repeated_folders = repeated_folders + found.repeated_folders
        unsearched = unsearched + found.unsearched

    # Whole lists at a time: a call for each of 200,000 recordings takes longer than the disk
    stems = _stems(audio)
    grids: Sequence[str | None] = beside
    unused = list[str]()
    if stems != _stems(beside):  # else each recording has its TextGrid
        grids = _find_grids(audio, beside, found.names, others_prefix)
        used = set(grids)
        unused = [others_prefix + name for name in beside if name not in used]
    paths = [prefix + name for name in audio]
    grids = [None if grid is None else others_prefix + grid for grid in grids]
    text_files: Iterable[str | None] = repeat(None)
    if texts:
        found_texts = (_match(stem, texts) for stem in stems)
        text_files = (None if text is None else prefix + text for text in found_texts)
    none = repeat(None)  # speakers, channels, texts of a manifest
    columns = zip(stems, paths, grids, none, none, text_files, none, strict=False)
    recordings = list(map(Recording._make, columns))
    return Listing(recordings, unused, repeated_folders, unsearched)


def _find_grids(
    audio: Sequence[str], beside: Sequence[str], names: Sequence[str], prefix: str
) -> list[str | None]:
    """Find for each recording its TextGrid, or what another tool has written, below `prefix`."""
    by_stem = _by_stem(beside)
    grids = [_match(stem, by_stem) for stem in _stems(audio)]
    if None in grids:
        composed = {_compose(name): name for name in names}
        for i, grid in enumerate(grids):
            if grid is None:
                grids[i] = _find_other(audio[i], composed, prefix)
    return grids


def _of_kinds(by_suffix: Mapping[str, list[str]], kinds: Collection[str]) -> list[str]:
    """Return the names with a suffix of these kinds, which ignore case, in their order."""
    found = [names for suffix, names in by_suffix.items() if suffix.lower() in kinds]
    return found[0] if len(found) == 1 else sorted(chain.from_iterable(found))


def _stems(names: Iterable[str]) -> list[str]:
    return [name.rpartition(".")[0] for name in names]


def _is_audio(name: str) -> bool:
    return name.rpartition(".")[2].lower() in AUDIO_SUFFIXES


def _find_other(audio: str, names: dict[str, str], prefix: str) -> str | None:
    """Find the alignment of a recording that another tool has written; `names` by their NFC."""
    candidates = (names.get(_compose(name)) for name in other_names(audio))
    return next((name for name in candidates if name and holds_alignment(prefix + name)), None)


def _by_stem(names: Sequence[str]) -> dict[str, str]:
    """Return names by their stem and its composed form; of several with one stem, the first."""
    stems = dict(zip(reversed(_stems(names)), reversed(names), strict=True))
    composed = {_compose(stem): name for stem, name in stems.items() if not stem.isascii()}
    return composed | stems if composed else stems


def _match(stem: str, names: Mapping[str, str]) -> str | None:
    found = names.get(stem)
    return names.get(_compose(stem)) if found is None and not stem.isascii() else found


def _compose(stem: str) -> str:
    """Return a name in Unicode's composed form (NFC), since file systems differ in the form."""
    return stem if stem.isascii() else unicodedata.normalize("NFC", stem)
