"""MSP-Podcast, releases 1.6 to 2.0, and BIIC-Podcast: labels from 1 to 7, official splits.

Releases differ only in how they spell names; all spellings are tried.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePath
from typing import Literal

from lemf import CorpusError
from lemf.runtime.progress import Watch, no_watch
from lemf.runtime.threads import threaded_map
from msfser.config.settings import OutsideLabels
from msfser.corpora.checks import Reading, check_utterances, count_note
from msfser.corpora.releases.msp_podcast_files import (
    Speakers,
    find_entry,
    read_consensus,
    read_partitions,
    read_speakers,
)
from msfser.corpora.releases.msp_podcast_votes import DETAILED, other_means, read_votes
from msfser.corpora.text_files import read_transcript
from msfser.manifest import Manifest, Utterance

Corpus = Literal["msp-podcast", "biic-podcast"]

LABEL_BOUNDS = (1.0, 7.0)

_STARTS: dict[Corpus, str] = {"msp-podcast": "MSP-PODCAST", "biic-podcast": "BIIC-PODCAST"}

_AUDIO = ("audios", "audio", "wavs", "wav")
_LABELS = ("labels", "label")
_CONSENSUS = (
    "labels_consensus.csv",
    "labels_concensus.csv",
    "labels_consensus.json",
    "labels_concensus.json",
)
_PARTITIONS = ("partitions.txt", "partition.txt")
_SPEAKERS = ("speaker_ids.txt", "speaker_id.txt")
_TRANSCRIPTS = ("transcripts", "transcript")
_ALIGNMENTS = ("forcealigned", "forcedaligned", "force_aligned", "forced_aligned")


def read_msp_podcast(
    root: Path,
    *,
    corpus: Corpus = "msp-podcast",
    release: str | None = None,
    outside: OutsideLabels = "keep",
    watch: Watch = no_watch,
) -> Reading:
    """Read the labels, splits, speakers, transcripts and recordings of MSP-Podcast.

    Parameters
    ----------
    root : Path
        The folder with ``Audios`` and ``Labels``.
    corpus : {"msp-podcast", "biic-podcast"}
        BIIC-Podcast was collected and labelled in the same way, and is laid out in the same way.
    release : str, optional
        Such as ``"1.12"``; by default, the number in the name of the folder.
    outside, watch
        As in `check_utterances`; `watch` counts first the transcripts, then the recordings.

    Returns
    -------
    Reading
        One row per recording in labels_consensus, then in Partitions.txt. Recordings that only
        Partitions.txt names, such as those of Test3, have no labels. The ratings are those of
        labels_detailed, where it is there.

    Raises
    ------
    CorpusError
        A folder or file of the release is missing, or its content cannot be used.
    """
    # files of the release
    audio = _need(root, _AUDIO, "recordings", "Audios")
    labels = find_entry(root, _LABELS) or root
    labelled = read_consensus(_need(labels, _CONSENSUS, "labels", _CONSENSUS[0]))
    _check_corpus(root, [row.wav for row in labelled], corpus)
    partitions, speaker_ids = find_entry(root, _PARTITIONS), find_entry(root, _SPEAKERS)
    splits = read_partitions(partitions) if partitions else {}
    speakers = read_speakers(speaker_ids) if speaker_ids else Speakers({}, {})
    # one row per recording
    known = {row.wav for row in labelled}
    _check_spellings({row.id: row.wav for row in labelled}, splits)
    unlabelled = [
        Utterance(id=PurePath(name).stem, wav=name) for name in splits if name not in known
    ]
    rows = [_complete(row, splits, speakers) for row in (*labelled, *unlabelled)]
    elsewhere = [row.id for row in rows if row.split != splits.get(row.wav, row.split)]
    unnamed = sorted(_list_stems(audio, ".wav").keys() - {row.id for row in rows})
    rows = [replace(row, wav=f"{audio.name}/{row.wav}") for row in rows]
    found = _with_texts(root, rows, watch)
    manifest = Manifest(
        utterances=tuple(row for row, _ in found),
        corpus=corpus,
        version=_release_of(root) if release is None else release,
        root=root.resolve(),
        label_bounds=LABEL_BOUNDS,
    )
    # notes on the release
    possible_notes = (
        "" if manifest.version else "no release in the name of the folder; name it with --release",
        count_note("{} in another split by Partitions.txt, which is not followed", elsewhere),
        count_note("{} in no list of labels or splits, left out", unnamed),
        count_note(
            "{} whose transcript is not read: the file holds labels with times or the like",
            [row.id for row, is_annotation in found if is_annotation],
        ),
    )
    detailed = find_entry(labels, DETAILED)
    votes, note = read_votes(detailed) if detailed else ([], "")
    notes = [one for one in (*possible_notes, note) if one]
    reading = check_utterances(manifest, notes, ratings=votes, outside=outside, watch=watch)
    unlike = count_note(
        "{} whose label is not the mean of the votes in labels_detailed",
        other_means(reading.ratings, manifest.utterances),
    )
    return replace(reading, notes=(*reading.notes, unlike)) if unlike else reading


def _need(folder: Path, names: tuple[str, ...], what: str, usual: str) -> Path:
    try:
        entry = find_entry(folder, names)
        names_found = sorted(path.name for path in folder.iterdir())
    except OSError as error:
        raise CorpusError(f"{folder}: cannot be listed ({error.strerror})") from error
    if entry is None:
        shown = ", ".join(names_found[:8]) or "nothing"
        raise CorpusError(f"{folder}: no {usual} with the {what}; it holds {shown}")
    return entry


def _check_spellings(labelled: Mapping[str, str], splits: Mapping[str, object]) -> None:
    """Refuse recordings whose suffix the labels spell in another way than the splits."""
    for name in splits:
        same = labelled.get(PurePath(name).stem, name)
        if same != name:
            raise CorpusError(
                f"{same} in the labels is {name} in Partitions.txt; write the suffix of the "
                "recording's file in both"
            )


def _check_corpus(root: Path, names: Sequence[str], corpus: Corpus) -> None:
    """Refuse recordings that bear the name of the other corpus."""
    for other, start in _STARTS.items():
        stray = [name for name in names if name.upper().startswith(start)]
        if other != corpus and stray:
            raise CorpusError(
                f"{root}: {stray[0]} and {len(stray) - 1:,} other recordings are named as those of "
                f"{other}; read the folder with msfser corpus {other}"
            )


def _release_of(root: Path) -> str:
    numbers = re.findall(r"(?<![\d.])\d+\.\d+(?![\d.])", root.resolve().name)
    return numbers[-1] if numbers else ""


def _complete(row: Utterance, splits: dict[str, str | None], speakers: Speakers) -> Utterance:
    """Add what labels_consensus lacks: speaker, gender, split."""
    speaker = row.speaker or speakers.of_file.get(row.wav)
    return replace(
        row,
        speaker=speaker,
        gender=row.gender or speakers.genders.get(speaker),
        split=row.split or splits.get(row.wav),
        dialogue="_".join(row.id.split("_")[:2]) if row.id.count("_") > 1 else None,
    )


def _with_texts(
    root: Path, utterances: list[Utterance], watch: Watch
) -> list[tuple[Utterance, bool]]:
    """Add transcripts and paths of alignments; True where the transcript is an annotation."""
    transcripts, alignments = find_entry(root, _TRANSCRIPTS), find_entry(root, _ALIGNMENTS)
    texts = _list_stems(transcripts, ".txt")
    grids = _list_stems(alignments, ".textgrid")

    def add(utterance: Utterance) -> tuple[Utterance, bool]:
        path, grid = texts.get(utterance.id), grids.get(utterance.id)
        text, is_annotation = read_transcript(path) if path else (None, False)
        with_texts = replace(
            utterance,
            transcript=text,
            alignment=f"{grid.parent.name}/{grid.name}" if grid else None,
        )
        return with_texts, is_annotation

    return threaded_map(add, utterances, watch)


def _list_stems(folder: Path | None, suffix: str) -> dict[str, Path]:
    if folder is None:
        return {}
    return {
        path.stem: path
        for path in folder.iterdir()
        if path.name.lower().endswith(suffix) and not path.name.startswith(".")
    }
