"""IEMOCAP: ten actors in five sessions of two; valence, activation and dominance from 1 to 5.

Each session is a fold: leaving one out leaves both of its speakers out.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

from lemf import CorpusError
from lemf.runtime.progress import Watch, no_watch
from msfser.config.settings import OutsideLabels
from msfser.corpora.checks import Reading, check_utterances
from msfser.corpora.releases.iemocap_files import (
    UTTERANCE,
    Evaluation,
    Label,
    read_evaluation,
    read_transcription,
)
from msfser.corpora.releases.iemocap_votes import read_evaluator_votes
from msfser.manifest import Manifest, Utterance
from msfser.ratings import Rating

LABEL_BOUNDS = (1.0, 5.0)

_SESSIONS = range(1, 6)
_GENDERS = {"F": "female", "M": "male"}


def read_iemocap(
    root: Path, *, outside: OutsideLabels = "keep", watch: Watch = no_watch
) -> Reading:
    """Read the labels, transcripts and recordings of IEMOCAP.

    Parameters
    ----------
    root : Path
        The folder with ``Session1`` to ``Session5``, or the folder above.
    outside, watch
        As in `check_utterances`. Some labels of the corpus may lie a little outside 1 to 5.

    Returns
    -------
    Reading
        One row per utterance, in the order of the corpus, without alignments; the fold is the
        session. An utterance whose label line is missing or damaged is a failed row. The ratings
        are those of the evaluators.

    Raises
    ------
    CorpusError
        The folder has no session, or a file of labels cannot be used.
    """
    root = _find_release(root)
    utterances: list[Utterance] = []
    notes: list[str] = []
    votes: list[Rating] = []
    sessions = [number for number in _SESSIONS if (root / f"Session{number}").is_dir()]
    if absent := [str(number) for number in _SESSIONS if number not in sessions]:
        notes.append(f"{root}: without session {', '.join(absent)}")
    for session in sessions:
        for dialogue in _list_dialogues(root / f"Session{session}", session):
            rows, damaged = _read_dialogue(root, session, dialogue)
            utterances += rows
            notes += damaged
            evaluation = root / f"Session{session}/dialog/EmoEvaluation/{dialogue}.txt"
            votes += read_evaluator_votes(evaluation) if evaluation.exists() else []
    if not utterances:
        raise CorpusError(
            f"{root}: no dialogue in Session*/dialog/EmoEvaluation; unpack the release again"
        )
    manifest = Manifest(
        utterances=tuple(utterances),
        corpus="iemocap",
        version="",
        root=root.resolve(),
        label_bounds=LABEL_BOUNDS,
    )
    return check_utterances(manifest, notes, ratings=votes, outside=outside, watch=watch)


def _find_release(root: Path) -> Path:
    for folder in (root, root / "IEMOCAP_full_release"):
        if any((folder / f"Session{number}").is_dir() for number in _SESSIONS):
            return folder
    raise CorpusError(f"{root}: no folder Session1 to Session5 in it; name IEMOCAP_full_release")


def _list_dialogues(folder: Path, session: int) -> list[str]:
    """List the dialogues with labels or recordings, without the hidden files of macOS."""
    labelled = [path.stem for path in (folder / "dialog/EmoEvaluation").glob("[!.]*.txt")]
    recorded = [path.name for path in (folder / "sentences/wav").glob("[!.]*") if path.is_dir()]
    names = sorted({*labelled, *recorded})
    for name in names:
        if not name.startswith(f"Ses{session:02d}"):
            raise CorpusError(
                f"{folder}: {name} is not of session {session}; move it to its own session"
            )
    return names


def _read_dialogue(root: Path, session: int, dialogue: str) -> tuple[list[Utterance], list[str]]:
    """Read the rows of a dialogue, and note its damaged lines."""
    place = f"Session{session}/dialog/EmoEvaluation/{dialogue}.txt"
    wavs = f"Session{session}/sentences/wav/{dialogue}"
    texts = root / f"Session{session}/dialog/transcriptions/{dialogue}.txt"
    # labels and transcripts
    transcripts = read_transcription(texts) if texts.exists() else {}
    reasons: dict[str, str] = {}
    if (root / place).exists():
        evaluation = read_evaluation(root / place)
        reasons |= {
            name: f"{place}: line {number} is damaged"
            for number, name in evaluation.damaged.items()
        }
    else:
        evaluation = Evaluation(labels={}, damaged={})
    # recordings without labels
    for path in sorted((root / wavs).glob("[!.]*.wav")):
        reasons.setdefault(path.stem, f"no line in {place}")
    # rows of the manifest
    utterances = [
        _make_utterance(name, wavs, session, label, transcripts.get(name))
        for name, label in evaluation.labels.items()
    ]
    utterances += [
        replace(
            _make_utterance(name, wavs, session, None, transcripts.get(name)),
            status="failed",
            reason=reason,
        )
        for name, reason in reasons.items()
        if name not in evaluation.labels and UTTERANCE.fullmatch(name)
    ]
    return utterances, [f"{place}: line {number} is damaged" for number in evaluation.damaged]


def _make_utterance(
    name: str, wavs: str, session: int, label: Label | None, transcript: str | None
) -> Utterance:
    speaker = name.rpartition("_")[2][0]
    return Utterance(
        id=name,
        wav=f"{wavs}/{name}.wav",
        transcript=transcript,
        speaker=f"Ses{session:02d}{speaker}",
        gender=_GENDERS[speaker],
        emotion=label.emotion if label else None,
        valence=label.valence if label else math.nan,
        arousal=label.arousal if label else math.nan,
        dominance=label.dominance if label else math.nan,
        fold=session,
        dialogue=name.rpartition("_")[0],
        start_s=label.start_s if label else math.nan,
    )
