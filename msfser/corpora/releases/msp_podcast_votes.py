"""The votes of single raters in MSP-Podcast: ``labels_detailed.csv`` or ``.json``.

Releases 1.7 to 1.12 have a line per vote, ``FILE.wav,WORKER1; Neutral; ...; A:4.0; V:3.0; D:5.0;``;
release 1.6 has a column for each; JSON has an object of workers per recording.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from lemf import CorpusError
from lemf.runtime.json_text import parse_json
from msfser.corpora.text_files import read_lines, read_text
from msfser.corpora.values import is_missing, parse_label
from msfser.manifest import DIMENSIONS, Utterance, label_array
from msfser.ratings import Rating, stack_votes, vote_means

DETAILED = ("labels_detailed.json", "labels_detailed.csv")

_LETTERS = {"A": "arousal", "V": "valence", "D": "dominance"}
_COLUMNS = {"EmoAct": "arousal", "EmoVal": "valence", "EmoDom": "dominance"}
_WORKERS = ("Workers", "Worker")
_EMOTION = "EmoClass_Major"
_MEANS_APART = 0.01
_VALUE = re.compile(r"([AVD])\s*:\s*([^;]+)")


def read_votes(path: Path) -> tuple[list[Rating], str]:
    """Read the votes of single raters.

    Parameters
    ----------
    path : Path
        ``labels_detailed.csv`` or ``.json``.

    Returns
    -------
    (list of Rating, str)
        The votes in the order of the file, and a note on entries that hold none, or ``""``. A vote
        without any of the three values is left out.

    Raises
    ------
    CorpusError
        The file cannot be read, or a value is no number.
    """
    found = _json_votes(path) if path.suffix.lower() == ".json" else _csv_votes(path)
    votes, unread = [], []
    for place, vote in found:
        if vote is None:
            unread.append(place)
        elif not all(getattr(vote, name) != getattr(vote, name) for name in DIMENSIONS):  # NaN
            votes.append(vote)
    note = ""
    if unread:
        entries = "entries" if len(unread) > 1 else "entry"
        note = f"{path.name}: {len(unread):,} {entries} without a vote, the first: {unread[0]}"
    return votes, note


def other_means(votes: Sequence[Rating], utterances: Sequence[Utterance]) -> list[str]:
    """Return the ids of utterances whose label is not the mean of their votes, to 0.01."""
    mean = vote_means(stack_votes([row.id for row in utterances], votes))
    labels = label_array(utterances)
    unlike = (np.abs(mean - labels) > _MEANS_APART).any(axis=1)
    return [utterances[place].id for place in np.flatnonzero(unlike).tolist()]


def _csv_votes(path: Path) -> Iterator[tuple[str, Rating | None]]:
    lines = read_lines(path)
    if not lines:
        return
    head = next(csv.reader([lines[0].removeprefix("\ufeff")]))
    names = {name.strip().casefold(): name.strip() for name in head}
    has_columns = all(name.casefold() in names for name in _COLUMNS)
    for number, line in enumerate(lines[1:], 2):
        if not line.strip():
            continue
        place = f"{path.name} line {number}"
        if has_columns:
            cells = next(csv.reader([line]))
            row = {name.strip().casefold(): cell for name, cell in zip(head, cells, strict=False)}
            yield place, _vote_of_columns(row, f"{path}: line {number}")
        else:  # the details hold commas, and are quoted in some releases only
            name, _, detail = line.partition(",")
            yield place, _vote_of_detail(name, detail, f"{path}: line {number}")


def _vote_of_columns(row: Mapping[str, str], place: str) -> Rating | None:
    name = row.get("filename", "")
    worker = next((row[key.casefold()] for key in _WORKERS if key.casefold() in row), "")
    if is_missing(name) or is_missing(worker):
        return None
    values = {
        ours: parse_label(row.get(theirs.casefold(), ""), theirs, place)
        for theirs, ours in _COLUMNS.items()
    }
    emotion = row.get(_EMOTION.casefold(), "")
    return _make_vote(name, worker, emotion, values)


def _vote_of_detail(name: str, detail: str, place: str) -> Rating | None:
    parts = [part.strip() for part in detail.strip().strip('"').split(";")]
    found = {_LETTERS[letter]: text for letter, text in _VALUE.findall(detail)}
    if not name.strip().lower().endswith(".wav") or not found or not parts[0]:
        return None
    values = {
        ours: parse_label(text.strip().strip('"'), ours, place) for ours, text in found.items()
    }
    emotion = parts[1] if len(parts) > 1 and ":" not in parts[1] else ""
    return _make_vote(name, parts[0], emotion, values)


def _json_votes(path: Path) -> Iterator[tuple[str, Rating | None]]:
    try:
        content = parse_json(read_text(path))
    except ValueError as error:
        raise CorpusError(f"{path}: not JSON ({error}); correct the file") from error
    if not isinstance(content, dict):
        raise CorpusError(f"{path}: expected an object with one key per recording")
    for name, workers in content.items():
        place = f"{path.name} {name}"
        if not isinstance(workers, dict):
            yield place, None
            continue
        for worker, vote in workers.items():
            yield place, _vote_of_object(name, worker, vote, f"{path}: {name}: {worker}")


def _vote_of_object(name: str, worker: str, vote: Any, place: str) -> Rating | None:  # noqa: ANN401
    if not isinstance(vote, dict) or not any(key in vote for key in _COLUMNS):
        return None
    values = {
        ours: parse_label("" if vote.get(theirs) is None else str(vote[theirs]), theirs, place)
        for theirs, ours in _COLUMNS.items()
    }
    emotion = vote.get(_EMOTION)
    return _make_vote(name, worker, emotion if isinstance(emotion, str) else "", values)


def _make_vote(name: str, worker: str, emotion: str, values: Mapping[str, float]) -> Rating:
    return Rating(
        id=PurePath(name.strip().strip('"')).stem,
        rater=worker.strip(),
        emotion=None if is_missing(emotion) else emotion.strip(),
        **values,
    )
