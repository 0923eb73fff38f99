"""Features of a corpus -> a folder to browse: an index of all sentences, and pages of some.

`index.html` lists every sentence; `pages/NUMBER.html` is the page of a recording, by its number in
the features. Pages are made from the features; of a recording, only the sound is read again, and
left out where its energy has changed.
"""

from __future__ import annotations

import heapq
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lemf.config import Settings, check_choice
from lemf.contours.contours import measure_energy
from lemf.contours.measurement import Measurement
from lemf.corpus.feature_file import FeatureFile
from lemf.corpus.rescoring import change_settings, settings_of
from lemf.errors import LemfError, OutputError, SettingsError, printable
from lemf.option_choices import PAGE_SOUNDS, PAGE_SUFFIXES, PageSound
from lemf.page.content import page_content
from lemf.page.html import format_index, format_page
from lemf.page.sound import Sound, describe_sound, encode_recording
from lemf.pipeline import score_measurement
from lemf.reading.audio import Audio, read_audio
from lemf.runtime.output import check_output, write_output
from lemf.runtime.progress import Watch, no_watch
from lemf.scoring.word_emphasis import SentenceEmphasis

INDEX = "index.html"
PAGES = "pages"
_PAGE_NAME = re.compile(r"\d{6,}\.html")
_CHANGED_S = 1e-6
_SAME_ENERGY = 1e-6  # of the largest energy, since features may be rounded


@dataclass(frozen=True)
class FolderReport:
    """What was written: the numbers of sentences and pages, and why pages have no sound."""

    sentences: int
    pages: int
    silent: tuple[str, ...]


def report_features(
    features: str | Path,
    folder: str | Path,
    *,
    top: int | None = 20,
    cues: str | None = None,
    weights: Mapping[str, float] | None = None,
    decide: str | None = None,
    threshold: float | None = None,
    sound: PageSound = "auto",
    force: bool = False,
    watch: Watch = no_watch,
) -> FolderReport:
    """Write an index of the sentences of a corpus, and a page of each recording asked for.

    Parameters
    ----------
    features : str or Path
        Written by ``lemf batch --features``.
    folder : str or Path
        The folder to write, which is made.
    top : int or None
        Pages are made of the recordings that hold the sentences with the highest top scores, as
        many as this; None for all.
    cues, weights, decide, threshold : optional
        As in `rescore_features`.
    sound : {"auto", "flac", "ogg", "none"}
        As in `report`. A recording that is missing or has changed has a page without sound.
    force : bool
        Whether the files of an earlier report may be replaced.
    watch : Watch
        Called after every recording that was scored, and after every page.

    Returns
    -------
    FolderReport

    Raises
    ------
    CorpusError
        The features cannot be read.
    SettingsError
        Cues, weights or a decision that do not exist or do not fit; `top` below 0.
    OutputError
        The folder has the name of a page, holds other files, or cannot be written.
    """
    check_choice("sound", sound, PAGE_SOUNDS)
    if top is not None and top < 0:
        raise SettingsError(f"top {top}: write a number from 0")
    features, folder = Path(features), Path(folder)
    _check_folder(folder, force)
    source = FeatureFile(features)
    settings, _ = change_settings(
        settings_of(features, source.about),
        cues=cues, weights=weights, decide=decide, threshold=threshold,
    )  # fmt: skip
    _make_folder(folder / PAGES)

    # Score all, then make the pages of some
    rows: list[list[Any]] = []
    names: list[str] = []
    watch(0, source.n_files)
    for number, (name, measured) in enumerate(source.measurements(settings.duration)):
        emphasis = score_measurement(measured, settings)
        names.append(printable(name))
        rows += [_row(number, sentence) for sentence in emphasis.sentences]
        watch(number + 1, source.n_files)
    wanted = _choose(rows, top)
    silent: list[str] = []
    watch(0, len(wanted))
    n_pages = 0
    for number, (name, measured) in enumerate(source.measurements(settings.duration)):
        if number in wanted:
            page, fault = _page(name, measured, settings, sound)
            write_output(folder / PAGES / _page_name(number), page.encode(), force=True)
            silent += [fault] if fault else []
            n_pages += 1
            watch(n_pages, len(wanted))

    # The index appears last, when all that it leads to is there
    content = {
        "lemf": source.about.get("lemf", ""),
        "source": printable(features.name),
        "cues": settings.cues,
        "decided": any(row[_PROBABILITY] is not None for row in rows),
        "recordings": names,
        "pages": sorted(wanted),
        "rows": rows,
    }
    write_output(folder / INDEX, format_index(content).encode(), force=force)
    _remove_others(folder / PAGES, wanted)
    return FolderReport(len(rows), n_pages, tuple(silent))


_SCORE, _PROBABILITY = 4, 6  # places in a row


def _row(number: int, sentence: SentenceEmphasis) -> list[Any]:
    """Return recording, sentence, words, emphasised words, score, lead, P, start, end, flags."""
    ranked = sentence.ranked
    marked = [word.index for word in sentence.emphasised]
    if sentence.decision is None and ranked[0].score <= 0:
        marked = []
    decisions = [word.decision for word in sentence.words if word.decision is not None]
    return [
        number,
        sentence.index,
        [printable(word.word) for word in sentence.words],
        marked,
        ranked[0].score,
        ranked[0].score - ranked[1].score if len(ranked) > 1 else None,
        max(one.probability for one in decisions) if decisions else None,
        sentence.start_s,
        sentence.end_s,
        " ".join([*sentence.flags, *filter(None, [ranked[0].doubts])]),
    ]


def _choose(rows: list[list[Any]], top: int | None) -> set[int]:
    """Return the recordings that hold the sentences with the highest scores."""
    if top is None:
        return {row[0] for row in rows}
    return {row[0] for row in heapq.nlargest(top, rows, key=lambda row: row[_SCORE])}


def _page(
    name: str, measured: Measurement, settings: Settings, sound: PageSound
) -> tuple[str, str]:
    """Make the page of a recording; return it, and why it has no sound."""
    emphasis = score_measurement(measured, settings)
    encoded, fault = _read_sound(measured, settings, sound)
    sound_notes = describe_sound(encoded, settings.highpass_hz)
    if fault:
        sound_notes.append(f"without sound: {fault}")
    content = page_content(measured, settings, emphasis)
    content |= {"audio": printable(name), "index": f"../{INDEX}"}
    return format_page(content, encoded, sound_notes), fault


def _read_sound(
    measured: Measurement, settings: Settings, sound: PageSound
) -> tuple[Sound | None, str]:
    if sound == "none":
        return None, ""
    try:
        recording = read_audio(measured.audio, channel=settings.channel)
        same_length = abs(recording.duration_s - measured.duration_s) <= _CHANGED_S
        if not same_length or not _has_energy(recording, measured, settings):
            return None, f"{measured.audio}: has changed since the features were made"
        return encode_recording(recording, sound), ""
    except LemfError as error:
        return None, str(error)


def _has_energy(recording: Audio, measured: Measurement, settings: Settings) -> bool:
    """Return whether a recording has the energy that the features have."""
    before, now = measured.contours.energy, measure_energy(recording, settings)
    largest = max(before.max(initial=0.0), now.max(initial=0.0))
    return len(before) == len(now) and bool(np.all(np.abs(before - now) <= _SAME_ENERGY * largest))


def _page_name(number: int) -> str:
    return f"{number:06}.html"


def _check_folder(folder: Path, force: bool) -> None:
    """Refuse a folder that holds what no report wrote, or a report that may not be replaced."""
    try:
        held = set(os.listdir(folder)) if folder.is_dir() else set()  # noqa: PTH208
    except OSError as error:
        raise OutputError(f"{folder}: cannot be read ({error.strerror})") from error
    if folder.suffix.lower() in PAGE_SUFFIXES and not folder.is_dir():
        raise OutputError(
            f"{folder}: the pages of a corpus fill a folder; name a folder, such as {folder.stem}"
        )
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder}: this is a file; name a folder")
    if others := sorted(held - {INDEX, PAGES}):
        raise OutputError(f"{folder}: holds other files, such as {others[0]}; name another folder")
    if held and not force:
        raise OutputError(f"{folder}: holds a report already; --force replaces it")
    if not folder.exists():
        check_output(folder)  # whether its own folder takes it


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made ({error.strerror})") from error


def _remove_others(folder: Path, wanted: set[int]) -> None:
    """Remove the pages of an earlier report."""
    kept = {_page_name(number) for number in wanted}
    for path in folder.iterdir():
        if _PAGE_NAME.fullmatch(path.name) and path.name not in kept:
            path.unlink(missing_ok=True)
