"""MELD: utterances of a series in dialogues, with one of seven emotions and no other labels.

The release holds films; their sound has to be extracted first, under the same names.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from lemf import CorpusError, read_rows
from lemf.runtime.progress import Watch, no_watch
from msfser.corpora.checks import Reading, check_utterances, count_note
from msfser.corpora.rows import Row, rows_as_text
from msfser.corpora.values import is_missing
from msfser.manifest import UNLABELLED_BOUNDS, Manifest, Utterance
from msfser.outputs import counted

EMOTIONS = ("anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise")

_SPLITS = {"train": "train", "dev": "development", "test": "test"}
_COLUMNS = {
    "transcript": "Utterance",
    "speaker": "Speaker",
    "emotion": "Emotion",
    "dialogue": "Dialogue_ID",
    "utterance": "Utterance_ID",
    "season": "Season",
    "episode": "Episode",
    "start": "StartTime",
    "end": "EndTime",
}
_NEEDED = ("emotion", "dialogue", "utterance")
_SOUND = (".wav", ".flac")
_FILM = ".mp4"
_TIME = re.compile(r"(?:(\d+):(\d\d):)?(\d+(?:[.,]\d+)?)")  # of the episode: 00:16:16,059
_NAME = re.compile(r"dia\d+_utt\d+")
_C1 = re.compile("[\x80-\x9f]")  # bytes of Windows' alphabet that were taken for Latin-1
_EXTRACT = "ffmpeg -i dia0_utt0.mp4 -ac 1 -ar 16000 dia0_utt0.wav extracts the sound of one"


class Turn(NamedTuple):
    """The times of a turn in its episode; NaN where the table has none."""

    episode: tuple[str, str]  # season and episode
    start_s: float
    end_s: float


def read_meld(root: Path, *, watch: Watch = no_watch) -> Reading:
    """Read the emotions, words, speakers and recordings of MELD.

    Parameters
    ----------
    root : Path
        The folder with ``train_sent_emo.csv``, ``dev_sent_emo.csv`` and ``test_sent_emo.csv``,
        there or further below, and the recordings, ``dia0_utt0.wav``, in folders whose names begin
        with or hold the name of their split.
    watch : Watch
        As in `check_utterances`.

    Returns
    -------
    Reading
        One row per line of the tables, with ids such as ``train_dia0_utt0`` and NaN for valence,
        arousal and dominance; `start_s` counts from the first turn of the dialogue. A
        recording that is missing makes a failed row.

    Raises
    ------
    CorpusError
        A table is missing or cannot be used; there are films alone; two recordings have one name.
    """
    tables, recordings, n_films = _find_files(root)
    rows: list[Utterance] = []
    untimed: list[str] = []
    for split, path in tables.items():
        found, dialogues = _read_split(split, path, recordings)
        rows += found
        untimed += dialogues
    if not recordings:
        what = f"{n_films:,} films and no sound" if n_films else "no recording"
        raise CorpusError(f"{root}: {what} named as dia0_utt0.wav; {_EXTRACT}")
    notes = [
        f"no {split}_sent_emo.csv: the split is left out"
        for split in _SPLITS
        if split not in tables
    ]
    unlisted = recordings.keys() - {row.id for row in rows}
    notes.append(count_note("{} in no table, left out", sorted(unlisted)))
    if untimed:
        notes.append(
            f"{counted(len(untimed), 'dialogue')} with times that are missing, of two episodes or "
            f"end before they begin, the first: {untimed[0]}; its turns are in the order of "
            "Utterance_ID"
        )
    manifest = Manifest(
        utterances=tuple(rows),
        corpus="meld",
        version="",
        root=root.resolve(),
        label_bounds=UNLABELLED_BOUNDS,
    )
    return check_utterances(manifest, [note for note in notes if note], watch=watch)


def _find_files(root: Path) -> tuple[dict[str, Path], dict[str, str], int]:
    """Find the tables by split, the recordings by id, and the number of films."""
    if not root.is_dir():
        raise CorpusError(f"{root}: no such folder; name the folder of MELD")
    tables: dict[str, Path] = {}
    recordings: dict[str, str] = {}
    n_films = 0
    for folder, folders, names in os.walk(root):
        folders.sort()
        parts = Path(folder).relative_to(root).parts
        for name in sorted(names):
            path, place = Path(folder, name), Path(*parts, name).as_posix()
            for split in _SPLITS:
                if name == f"{split}_sent_emo.csv" and split not in tables:
                    tables[split] = path
            n_films += path.suffix.lower() == _FILM
            if path.suffix.lower() not in _SOUND or not _NAME.fullmatch(path.stem):
                continue  # such as the final_videos_test... of the release, which are doubles
            split_name = _split_of(parts)
            if split_name is None:
                raise CorpusError(
                    f"{root}: {place} lies in no folder of a split, and its name is used in each; "
                    "put it into a folder train, dev or test"
                )
            number = f"{split_name}_{path.stem}"
            if number in recordings:
                raise CorpusError(
                    f"{root}: {recordings[number]} and {place} are one utterance; remove one"
                )
            recordings[number] = place
    if not tables:
        raise CorpusError(
            f"{root}: no train_sent_emo.csv, dev_sent_emo.csv or test_sent_emo.csv in it; name the "
            "folder of MELD"
        )
    return {split: tables[split] for split in _SPLITS if split in tables}, recordings, n_films


def _split_of(folders: Sequence[str]) -> str | None:
    """Return the split that the innermost folder with the name of one stands for."""
    for folder in reversed(folders):
        words = re.split(r"[^a-z]+", folder.casefold())
        for split in _SPLITS:
            if split in words:
                return split
    return None


def _read_split(
    split: str, path: Path, recordings: dict[str, str]
) -> tuple[list[Utterance], list[str]]:
    """Read the rows of a split, and the dialogues whose times cannot be used."""
    table = read_rows(path)
    for name in _NEEDED:
        if _COLUMNS[name] not in table.columns:
            raise CorpusError(
                f"{path}: no column {_COLUMNS[name]}; it has {', '.join(table.columns) or 'none'}"
            )
    if not table.rows:
        raise CorpusError(f"{path}: no row below the names of the columns; unpack the file again")
    names = {name: column for name, column in _COLUMNS.items() if column in table.columns}
    utterances: dict[str, Utterance] = {}
    times: dict[str, list[Turn]] = {}
    for place, row in rows_as_text(table, names).rows:
        utterance = _make_utterance(split, place, row, recordings)
        if utterance.id in utterances:
            raise CorpusError(f"{place}: {utterance.id} is named twice; remove one of the lines")
        utterances[utterance.id] = utterance
        times.setdefault(utterance.dialogue or "", []).append(_read_turn(place, row))
    starts = {name: turn_starts(turns) for name, turns in times.items()}
    found = [replace(row, start_s=starts[row.dialogue or ""].pop(0)) for row in utterances.values()]
    has_times = _COLUMNS["start"] in table.columns
    untimed = [row.dialogue or "" for row in found if has_times and math.isnan(row.start_s)]
    return found, list(dict.fromkeys(untimed))


def turn_starts(turns: Sequence[Turn]) -> list[float]:
    """Return when the turns of a dialogue begin, in seconds from the first of them.

    Returns
    -------
    list of float
        NaN for all where a time is missing, the turns are of two episodes, or one ends before it
        begins.
    """
    if (
        len({turn.episode for turn in turns}) > 1
        or any(math.isnan(turn.start_s) for turn in turns)
        or any(turn.end_s < turn.start_s for turn in turns)
    ):
        return [math.nan] * len(turns)
    first_s = min(turn.start_s for turn in turns)
    return [round(turn.start_s - first_s, 3) for turn in turns]


def _read_turn(place: str, row: Row) -> Turn:
    return Turn(
        episode=(row.get("season", ""), row.get("episode", "")),
        start_s=_parse_time(place, "start", row.get("start", "")),
        end_s=_parse_time(place, "end", row.get("end", "")),
    )


def _parse_time(place: str, name: str, text: str) -> float:
    """Read a time such as 00:16:16,059 in seconds; NaN for none."""
    if is_missing(text):
        return math.nan
    match = _TIME.fullmatch(text)
    if match is None:
        raise CorpusError(
            f"{place}: {_COLUMNS[name]} {text!r}; write hours, minutes and seconds as 00:16:16,059"
        )
    hours, minutes, seconds = match.groups(default="0")
    return 3600 * int(hours) + 60 * int(minutes) + float(seconds.replace(",", "."))


def _make_utterance(split: str, place: str, row: Row, recordings: dict[str, str]) -> Utterance:
    for name in ("dialogue", "utterance"):
        if not row.get(name, "").isdecimal():
            raise CorpusError(f"{place}: {_COLUMNS[name]} {row.get(name, '')!r}; write a number")
    emotion = row.get("emotion")
    if emotion is not None and emotion not in EMOTIONS:
        raise CorpusError(
            f"{place}: Emotion {emotion!r}; the corpus has none but {', '.join(EMOTIONS)}"
        )
    stem = f"dia{int(row['dialogue'])}_utt{int(row['utterance'])}"
    number = f"{split}_{stem}"
    text = row.get("transcript")
    return Utterance(
        id=number,
        wav=recordings.get(number, f"{split}/{stem}.wav"),
        transcript=None if text is None else " ".join(_mend(text).split()) or None,
        speaker=row.get("speaker"),
        emotion=emotion,
        split=_SPLITS[split],
        dialogue=number.rpartition("_")[0],
    )


def _mend(text: str) -> str:
    """Put back the quotation marks and dashes that the tables hold as control characters."""
    return _C1.sub(lambda found: found[0].encode("latin-1").decode("cp1252", "ignore"), text)
