"""IEMOCAP's own forced alignment (Sphinx's .wdseg and .phseg) as TextGrids with words and phones.

A line has start frame, end frame, score and label; frames last 10 ms, and the end is included.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from lemf import CorpusError, Interval, IntervalTier, TextGrid, format_textgrid
from lemf.runtime.locks import hold_lock
from lemf.runtime.output import remove_partials
from lemf.runtime.progress import Watch, no_watch
from lemf.runtime.threads import threaded_map
from msfser.corpora.checks import Reading, count_note
from msfser.corpora.text_files import read_lines
from msfser.manifest import Manifest, Utterance
from msfser.outputs import make_folder, write_once

_FRAMES_PER_S = 100
_BEYOND_S = 0.05  # the last frames may reach a little beyond the recording
_LINE = re.compile(r"\s*(\d+)\s+(\d+)\s+-?\d+\s+(\S+).*")
_VARIANT = re.compile(r"\(\d+\)$")  # WHAT(2): the second pronunciation
_FILLER = re.compile(r"<.*>|\+.*\+|SIL", re.IGNORECASE)  # silence, noise, laughter


def convert_alignments(
    manifest: Manifest, folder: Path, *, force: bool = False, watch: Watch = no_watch
) -> Reading:
    """Write a TextGrid for each utterance that IEMOCAP aligned, and name it in the manifest.

    Parameters
    ----------
    manifest : Manifest
        As from `read_iemocap`.
    folder : Path
        Of the TextGrids, ``DIALOGUE/UTTERANCE.TextGrid``. An existing TextGrid with the
        same content is not written again.
    force : bool
        Whether a TextGrid that differs may be replaced.
    watch : Watch
        Called with the number of utterances done, and the total.

    Returns
    -------
    Reading
        The alignments are absolute paths. Utterances whose alignment is missing or damaged have
        none; `notes` names them.

    Raises
    ------
    lemf.LemfError
        A TextGrid cannot be written, or differs from the one that is there; the folder cannot be
        made, or another process works in it.
    """
    folder = folder.resolve()

    def convert(utterance: Utterance) -> tuple[Utterance, str | None]:
        words, phones = _segment_paths(manifest.wav_path(utterance))
        if utterance.status == "failed":
            return utterance, None
        if not (words.is_file() and phones.is_file()):
            return utterance, ""
        path = folder / words.parent.name / f"{utterance.id}.TextGrid"
        remove_partials(path)  # of a killed run
        try:
            grid = make_textgrid(words, phones, utterance.duration_s)
        except CorpusError as error:
            return utterance, f"no alignment: {error}"
        write_once(path, format_textgrid(grid).encode(), force=force)
        return replace(utterance, alignment=str(path)), None

    # TextGrids of all utterances
    make_folder(folder)
    with hold_lock(folder.with_name(f"{folder.name}.lock")):
        done = threaded_map(convert, manifest.utterances, watch)
    # manifest and notes
    absent = count_note("{} without .wdseg or .phseg", [row.id for row, note in done if note == ""])
    return Reading(
        manifest=replace(manifest, utterances=tuple(row for row, _ in done)),
        notes=tuple(note for note in (absent, *(note for _, note in done)) if note),
    )


def make_textgrid(words: Path, phones: Path, duration_s: float) -> TextGrid:
    """Convert a .wdseg and a .phseg to the TextGrid of a recording.

    Words become lower case and lose the number of their pronunciation; silence, noise and
    laughter become empty labels.

    Raises
    ------
    CorpusError
        A file cannot be read, is cut, has segments that are not in order or reach beyond the
        recording, or holds no word.
    """
    word_tier = _read_tier(words, "words", duration_s)
    if not any(interval.label for interval in word_tier.intervals):
        raise CorpusError(f"{words}: no word in it")
    return TextGrid(0.0, duration_s, (word_tier, _read_tier(phones, "phones", duration_s)))


def _read_tier(path: Path, name: str, duration_s: float) -> IntervalTier:
    """Read segments and fill the gaps between them, as a TextGrid must."""
    segments = read_segments(path)
    if segments and segments[-1].end_s > duration_s + _BEYOND_S:
        raise CorpusError(
            f"{path}: ends at {segments[-1].end_s:.2f} s, the recording at {duration_s:.2f} s"
        )
    intervals: list[Interval] = []
    reached_s = 0.0
    for segment in (*segments, Interval(duration_s, duration_s, "")):
        start_s, end_s = min(segment.start_s, duration_s), min(segment.end_s, duration_s)
        if start_s > reached_s:
            intervals.append(Interval(reached_s, start_s, ""))
        if end_s > start_s:
            intervals.append(Interval(start_s, end_s, _clean(segment.label, name)))
        reached_s = max(reached_s, end_s)
    return IntervalTier(name, 0.0, duration_s, tuple(intervals))


def read_segments(path: Path) -> list[Interval]:
    """Read the segments of a .wdseg or .phseg, with unchanged labels.

    Raises
    ------
    CorpusError
        The file cannot be read, is cut, or its segments are not in order.
    """
    lines = read_lines(path)
    # segments, line by line
    segments: list[Interval] = []
    whole = False
    for number, line in enumerate(lines, 1):
        if not line.strip() or "SFrm" in line:
            continue
        if line.lstrip().startswith("Total"):
            whole = True
            continue
        match = _LINE.fullmatch(line)
        if match is None or whole:
            raise CorpusError(f"{path}: line {number} is damaged")
        start_s, end_s = int(match[1]) / _FRAMES_PER_S, (int(match[2]) + 1) / _FRAMES_PER_S
        segments.append(Interval(start_s, end_s, match[3], line=number))
    # whole and in order
    if not whole:
        raise CorpusError(f"{path}: no total score in its last line; the file is cut")
    for first, second in pairwise(segments):
        if second.start_s < first.end_s:
            raise CorpusError(f"{path}: line {second.line} begins before line {first.line} ends")
    return segments


def _clean(label: str, tier: str) -> str:
    if _FILLER.fullmatch(label):
        return ""
    return _VARIANT.sub("", label).lower() if tier == "words" else label


def _segment_paths(wav: Path) -> tuple[Path, Path]:
    """Return the paths of the alignment of ``sentences/wav/DIALOGUE/UTTERANCE.wav``."""
    folder = wav.parents[2] / "ForcedAlignment" / wav.parent.name
    return folder / f"{wav.stem}.wdseg", folder / f"{wav.stem}.phseg"
