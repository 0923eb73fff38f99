"""CREMA-D: 91 actors, twelve sentences, six emotions; no labels of valence, arousal, dominance.

The emotion is the one that was acted, in the name of the file, or the one that most raters of the
voice heard, ``VoiceVote`` of ``processedResults/summaryTable.csv``.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

from lemf import CorpusError, read_rows
from lemf.runtime.progress import Watch, no_watch
from msfser.corpora.checks import Reading, check_utterances, count_note
from msfser.corpora.rows import Row, rows_as_text
from msfser.corpora.speaker_split import describe_speaker_splits, with_speaker_splits
from msfser.corpora.values import parse_gender
from msfser.manifest import UNLABELLED_BOUNDS, Manifest, Utterance

Emotions = Literal["acted", "heard"]

SENTENCES = {
    "IEO": "It's eleven o'clock",
    "TIE": "That is exactly what happened",
    "IOM": "I'm on my way to the meeting",
    "IWW": "I wonder what this is about",
    "TAI": "The airplane is almost full",
    "MTI": "Maybe tomorrow it will be cold",
    "IWL": "I would like a new alarm clock",
    "ITH": "I think I have a doctor's appointment",
    "DFA": "Don't forget a jacket",
    "ITS": "I think I've seen this before",
    "TSI": "The surface is slick",
    "WSI": "We'll stop in a couple of minutes",
}
ACTED = {
    "ANG": "anger",
    "DIS": "disgust",
    "FEA": "fear",
    "HAP": "happiness",
    "NEU": "neutral",
    "SAD": "sadness",
}
_HEARD = {name[0]: emotion for name, emotion in ACTED.items()}
_NAME = re.compile(r"(?P<actor>\d{4})_(?P<sentence>[A-Z]{3})_(?P<emotion>[A-Z]{3})_[A-Z]{1,2}")
_VOTES = {"file": "FileName", "vote": "VoiceVote"}
_ACTORS = {"actor": "ActorID", "gender": "Sex"}


def read_crema_d(
    root: Path, *, emotions: Emotions = "acted", speaker_seed: int = 0, watch: Watch = no_watch
) -> Reading:
    """Read the emotions, sentences, actors and recordings of CREMA-D.

    Parameters
    ----------
    root : Path
        The folder with ``AudioWAV``.
    emotions : {"acted", "heard"}
        By the name of the file, or by most raters of the voice; none where raters are divided.
    speaker_seed : int
        The corpus has no splits: they are drawn by speakers, as `split_speakers` does.
    watch : Watch
        As in `check_utterances`.

    Returns
    -------
    Reading
        One row per recording, sorted by name, with NaN for valence, arousal and dominance.

    Raises
    ------
    CorpusError
        There are no recordings, or a table is missing or cannot be used.
    """
    folder = root / "AudioWAV"
    if not folder.is_dir():
        raise CorpusError(f"{root}: no folder AudioWAV; name the folder of CREMA-D")
    names = sorted(path.stem for path in folder.iterdir() if path.suffix.lower() == ".wav")
    known = [name for name in names if (found := _NAME.fullmatch(name)) and _is_known(found)]
    if not known:
        raise CorpusError(f"{folder}: no recording named as 1001_DFA_ANG_XX.wav; unpack it again")
    votes = _read_votes(root) if emotions == "heard" else None
    genders = _read_genders(root)
    rows = [_make_utterance(name, votes, genders) for name in known]
    notes = [
        count_note("{} of another name than 1001_DFA_ANG_XX.wav, left out",
                   sorted(set(names) - set(known))),
        count_note("{} without one emotion that most raters heard",
                   [row.id for row in rows if row.emotion is None]),
        count_note("{} of summaryTable.csv without a recording",
                   sorted((votes or {}).keys() - set(names))),
        "" if genders else "no VideoDemographics.csv: genders are unknown",
    ]  # fmt: skip
    if len({row.speaker for row in rows}) > 2:
        rows = list(with_speaker_splits(rows, seed=speaker_seed))
        notes += describe_speaker_splits(rows, speaker_seed)
    manifest = Manifest(
        utterances=tuple(rows),
        corpus="crema-d",
        version="",
        root=root.resolve(),
        label_bounds=UNLABELLED_BOUNDS,
    )
    return check_utterances(manifest, [note for note in notes if note], watch=watch)


def _is_known(found: re.Match[str]) -> bool:
    return found["sentence"] in SENTENCES and found["emotion"] in ACTED


def _make_utterance(
    name: str, votes: dict[str, str] | None, genders: dict[str, str | None]
) -> Utterance:
    actor, sentence, emotion, _ = name.split("_")
    return Utterance(
        id=name,
        wav=f"AudioWAV/{name}.wav",
        transcript=SENTENCES[sentence],
        speaker=actor,
        gender=genders.get(actor),
        emotion=ACTED[emotion] if votes is None else _HEARD.get(votes.get(name, "")),
    )


def _read_votes(root: Path) -> dict[str, str]:
    """Read what most raters of the voice heard, such as ``A``, or ``A:D`` where divided."""
    path = root / "processedResults" / "summaryTable.csv"
    if not path.is_file():
        raise CorpusError(f"{path}: no such file; without it the emotions are those acted")
    votes: dict[str, str] = {}
    for place, row in _read_table(path, _VOTES, "file"):
        name, vote = row["file"], row.get("vote", "")
        if not {*vote.split(":")} <= {"", *_HEARD}:
            raise CorpusError(
                f"{place}: VoiceVote {vote!r}; write letters of {', '.join(_HEARD)}, as A or A:D"
            )
        if votes.setdefault(name, vote) != vote:
            raise CorpusError(f"{place}: {name} has another vote above; remove one of the two")
    return votes


def _read_genders(root: Path) -> dict[str, str | None]:
    path = root / "VideoDemographics.csv"
    if not path.is_file():
        return {}
    rows = _read_table(path, _ACTORS, "actor")
    genders: dict[str, str | None] = {}
    for place, row in rows:
        gender = parse_gender(row.get("gender", ""))
        if genders.setdefault(row["actor"], gender) != gender:
            raise CorpusError(
                f"{place}: actor {row['actor']} has another sex above; remove one of the two"
            )
    return genders


def _read_table(path: Path, names: dict[str, str], key: str) -> list[tuple[str, Row]]:
    """Read the rows of a table with their places, each with a value of `key`."""
    table = read_rows(path)
    for column in names.values():
        if column not in table.columns:
            raise CorpusError(
                f"{path}: no column {column}; it has {', '.join(table.columns) or 'none'}"
            )
    rows = rows_as_text(table, names).rows
    for place, row in rows:
        if key not in row:
            raise CorpusError(f"{place}: no {names[key]}; complete the row, or remove it")
    return rows
