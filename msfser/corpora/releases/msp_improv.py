"""MSP-IMPROV: twelve actors in six sessions of two; labels from 1 to 5.

Each session is a fold: leaving one out leaves both of its speakers out. The consensus of all raters
is in one file, ``Evalution.txt`` as the release spells it. Public readers of the release disagree
on whether its activation runs from calm to excited or the other way, so the emotions decide.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean

from lemf import CorpusError
from lemf.runtime.progress import Watch, no_watch
from msfser.config.settings import OutsideLabels
from msfser.corpora.checks import Reading, check_utterances, count_note
from msfser.corpora.text_files import read_lines, read_transcript
from msfser.corpora.values import parse_label
from msfser.manifest import Manifest, Utterance

LABEL_BOUNDS = (1.0, 5.0)

_LABELS = ("evalution.txt", "evaluation.txt")
_NAME = re.compile(
    r"MSP-IMPROV-(?P<text>S\d+[A-Z])-(?P<gender>[FM])(?P<session>\d\d)-(?P<kind>[A-Z])-\w+"
)
# Only lines of the consensus name a file; those of raters begin with the rater. N is naturalness.
_LABEL_LINE = re.compile(
    r"UTD-IMPROV-([A-Z0-9-]+)\.avi\s*;\s*([A-Z])\s*;\s*A:(\S+)\s*;\s*V:(\S+)\s*;\s*D:(\S+)\s*;.*"
)
_LABELLED = re.compile(r"UTD-IMPROV-([A-Z0-9-]+)")
_ALIGNMENTS = re.compile(r"align", re.IGNORECASE)  # in the name of a folder, as Phonetic_Alignments
_GENDERS = {"F": "female", "M": "male"}


def read_msp_improv(
    root: Path, *, outside: OutsideLabels = "keep", watch: Watch = no_watch
) -> Reading:
    """Read the labels and recordings of MSP-IMPROV.

    Parameters
    ----------
    root : Path
        The folder with ``Evalution.txt`` (or ``Evaluation.txt``), there or one folder below, and
        anywhere in it the recordings, transcripts (``.txt``) and alignments (``.TextGrid``), by the
        names of the recordings.
    outside, watch
        As in `check_utterances`.

    Returns
    -------
    Reading
        One row per recording with a label, in the order of the labels; the fold is the session. A
        labelled recording that is missing, and a damaged line, are failed rows.

    Raises
    ------
    CorpusError
        The file of the labels is missing or cannot be used, or two recordings, transcripts or
        alignments have one name.
    """
    labels, found = _find_files(root)
    recordings = found[".wav"]
    rows, turned = turn_activation(_read_labels(labels, recordings))
    rows, text_notes = _with_texts(root, rows, found)
    unlabelled = sorted(recordings.keys() - {row.id for row in rows})
    manifest = Manifest(
        utterances=tuple(rows),
        corpus="msp-improv",
        version="",
        root=root.resolve(),
        label_bounds=LABEL_BOUNDS,
    )
    left_out = count_note("{} without a line of labels, left out", unlabelled)
    notes = [note for note in (left_out, turned, *text_notes) if note]
    return check_utterances(manifest, notes, outside=outside, watch=watch)


def turn_activation(rows: Sequence[Utterance]) -> tuple[list[Utterance], str]:
    """Turn activation round where anger has less than sadness: arousal is 6 minus A then.

    Parameters
    ----------
    rows : sequence of Utterance
        With A of the release as arousal, 1 to 5.

    Returns
    -------
    rows : list of Utterance
        With arousal from calm to excited.
    note : str
        What was found; empty if A runs from calm to excited.
    """
    angry, sad = (
        [row.arousal for row in rows if row.emotion == emotion and math.isfinite(row.arousal)]
        for emotion in "AS"
    )
    if not (angry and sad):
        return list(rows), (
            "no angry and sad utterances tell whether activation runs from calm to excited, so it "
            "is taken as written; some public readers take 6 minus it"
        )
    means = f"{fmean(angry):.2f} in {len(angry):,} angry, {fmean(sad):.2f} in {len(sad):,} sad"
    if fmean(angry) >= fmean(sad):
        return list(rows), ""
    low, high = LABEL_BOUNDS
    return [replace(row, arousal=low + high - row.arousal) for row in rows], (
        f"activation runs from excited to calm ({means} utterances): arousal is 6 minus it"
    )


def _with_texts(
    root: Path, rows: Sequence[Utterance], found: dict[str, dict[str, str]]
) -> tuple[list[Utterance], list[str]]:
    """Add transcripts and paths of alignments, and note what is missing or not read."""
    done, annotations, silent = [], [], []
    for row in rows:
        text, is_annotation = None, False
        if row.id in found[".txt"]:
            text, is_annotation = read_transcript(root / found[".txt"][row.id])
        if is_annotation:
            annotations.append(row.id)
        elif found[".txt"] and text is None:
            silent.append(row.id)
        done.append(replace(row, transcript=text, alignment=found[".textgrid"].get(row.id)))
    others = sorted(found["others"])
    return done, [
        count_note(
            "{} whose transcript is not read: the file holds labels with times or the like",
            annotations,
        ),
        count_note("{} without a transcript", silent),
        f"alignments in another form than TextGrid are not read: {len(others):,}, such as "
        f"{found['others'][others[0]]}; lemf align makes TextGrids"
        if others
        else "",
    ]


def _find_files(root: Path) -> tuple[Path, dict[str, dict[str, str]]]:
    """Find the file of the labels, and the paths of the other files by suffix and name.

    ``"others"`` holds files of `_ALIGNMENTS` that are no TextGrids.
    """
    if not root.is_dir():
        raise CorpusError(f"{root}: no such folder; name the folder of MSP-IMPROV")
    labels: list[Path] = []
    found: dict[str, dict[str, str]] = {
        ".wav": {}, ".txt": {}, ".textgrid": {}, "others": {}
    }  # fmt: skip
    for folder, folders, names in os.walk(root):
        folders.sort()
        for name in sorted(names):
            path = Path(folder, name)
            if name.casefold() in _LABELS and len(path.relative_to(root).parts) <= 2:
                labels.append(path)
            suffix, place = path.suffix.lower(), path.relative_to(root).as_posix()
            if suffix not in found:
                suffix = "others" if _ALIGNMENTS.search(place) else ""
            if not suffix or not _NAME.fullmatch(path.stem):
                continue
            same = found[suffix].setdefault(path.stem, place)
            if same != place and suffix != "others":
                raise CorpusError(f"{root}: {same} and {place} are one utterance; remove one")
    if not labels:
        raise CorpusError(
            f"{root}: no Evalution.txt with the labels, there or one folder below; name the folder "
            "that holds it"
        )
    return labels[0], found


def _read_labels(labels: Path, recordings: dict[str, str]) -> list[Utterance]:
    rows: dict[str, Utterance] = {}
    lines: dict[str, int] = {}
    for number, line in enumerate(read_lines(labels), 1):
        if (found := _LABELLED.match(line.strip())) is None:
            continue
        name, place = f"MSP-IMPROV-{found[1]}", f"{labels}: line {number}"
        if name in lines:
            raise CorpusError(f"{place}: {name} is also in line {lines[name]}; remove one of them")
        lines[name] = number
        wav = recordings.get(name, f"{name}.wav")
        rows[name] = _make_utterance(name, wav, line.strip(), place)
    if not rows:
        raise CorpusError(
            f"{labels}: no line begins with UTD-IMPROV-; name the folder of MSP-IMPROV"
        )
    return list(rows.values())


def _make_utterance(name: str, wav: str, line: str, place: str) -> Utterance:
    parts, whole = _NAME.fullmatch(name), _LABEL_LINE.fullmatch(line)
    row = Utterance(id=name, wav=wav)
    if parts is not None:
        row = replace(
            row,
            speaker=f"{parts['gender']}{parts['session']}",
            gender=_GENDERS[parts["gender"]],
            fold=int(parts["session"]),
        )
    if parts is None or whole is None:
        return replace(row, status="failed", reason=f"{place} is damaged")
    _, emotion, arousal, valence, dominance = whole.groups()  # in this order
    try:
        return replace(
            row,
            emotion=emotion,
            valence=parse_label(valence, "V", place),
            arousal=parse_label(arousal, "A", place),
            dominance=parse_label(dominance, "D", place),
        )
    except CorpusError as error:
        return replace(row, status="failed", reason=str(error))
