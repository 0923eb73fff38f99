"""The recordings that are open: read and measured once, scored as often as words are corrected.

The contours of a recording do not depend on its words, so a correction costs no second tracking of
F0. One recording is measured at a time, and few stay open, so that memory is bounded.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from functools import partial
from pathlib import Path
from typing import TypeVar

from lemf.aligner.align import align
from lemf.config import AlignSettings, Settings
from lemf.contours.contours import Work, measure_contours
from lemf.contours.measurement import join_contours
from lemf.contours.voice import sounds_like_words
from lemf.display.textgrid_output import format_textgrid
from lemf.errors import AlignerError, OutputError
from lemf.page.sound import encode_recording
from lemf.reading.alignment import align as align_tiers
from lemf.reading.audio import Audio, read_audio
from lemf.reading.textgrid import TextGrid
from lemf.reading.tiers import find_phone_tier, select_tiers
from lemf.runtime.cores import count_cores
from lemf.runtime.output import write_output
from lemf.serve.correction import Correction, count_changes
from lemf.serve.folder import Entry, check_place, find_words
from lemf.serve.opened import (
    Choice,
    Corrected,
    ExistsError,
    NoWordsYetError,
    Opened,
    Tracked,
    read_revision,
)
from lemf.serve.steps import correct
from lemf.serve.typed import read_typed
from lemf.transcription.text_files import read_transcript
from lemf.transcription.word_source import open_words

MOST_OPEN = 4


class Workbench:
    """The recordings of a folder, opened, corrected and saved.

    Parameters
    ----------
    folder : Path
    settings : Settings
        With which pages open.
    aligning : AlignSettings
        For recordings with a text but no times.
    """

    def __init__(self, folder: Path, settings: Settings, aligning: AlignSettings) -> None:
        self.folder, self.settings, self.aligning = folder, settings, aligning
        self._lock = threading.Lock()
        self._tracked: OrderedDict[str, Tracked] = OrderedDict()
        self._opened: OrderedDict[tuple[str, Choice], Opened] = OrderedDict()

    def track(self, entry: Entry) -> Tracked:
        """Read a recording and measure its contours, unless that was done before.

        Raises
        ------
        LemfError
            The recording cannot be used.
        """
        with self._lock:
            return self._track(entry)

    def _track(self, entry: Entry) -> Tracked:
        revision = read_revision(entry.path)
        tracked = self._tracked.get(entry.id)
        if tracked is None or tracked.revision != revision:
            recording = read_audio(entry.path, channel=self.settings.channel)
            work = Work(count_cores())
            contours = measure_contours(recording, self.settings, with_detail=True, work=work)
            sound = encode_recording(recording, "auto")
            assert sound is not None
            tracked = Tracked(revision, recording, contours, sound, {})
        _keep(self._tracked, entry.id, tracked)
        return tracked

    def open(self, entry: Entry, choice: Choice) -> Opened:
        """Read a recording and its words, unless that was done before.

        Parameters
        ----------
        entry : Entry
        choice : {"corrected", "original"}
            Where no words were corrected before, the original ones are opened in either case.

        Raises
        ------
        LemfError
            The recording or its words cannot be used; `NoWordsYetError` where there are none.
        """
        with self._lock:
            files = find_words(self.folder, entry)
            source = files.alignment or files.transcript
            if choice == "corrected" and files.corrected is not None:
                source = files.corrected
            if source is None:
                raise NoWordsYetError(f"{entry.name}: no words beside the recording")
            choice = "corrected" if source == files.corrected else "original"
            tracked = self._track(entry)
            revision = read_revision(entry.path, source)
            opened = self._opened.get((entry.id, choice))
            if opened is None or opened.revision != revision:
                grid = self._read_words(tracked.recording, source, source == files.transcript)
                opened = Opened(entry, choice, revision, grid, tracked)
            _keep(self._opened, (entry.id, choice), opened)
            return opened

    def _read_words(self, recording: Audio, source: Path, is_text: bool) -> TextGrid:
        return open_words(
            recording,
            None if is_text else source,
            self.settings,
            text=read_transcript(source, encoding=self.settings.encoding) if is_text else None,
            aligning=self.aligning,
        )

    def correct(self, opened: Opened, correction: Correction) -> Corrected:
        """Measure a recording with corrected words.

        Raises
        ------
        TextGridError
            The correction does not fit the words, or leaves none.
        """
        grid, counts = opened.textgrid, ""
        if correction:
            words, phones = select_tiers(grid, self.settings)
            phones = phones or find_phone_tier(grid, words, self.settings)
            grid = correct(grid, words, phones, correction)
            counts = count_changes(correction, words)
        recording = opened.tracked.recording
        with self._lock:
            hearing = partial(sounds_like_words, recording, known=opened.tracked.heard)
            alignment = align_tiers(grid, self.settings, recording.duration_s, hearing)
        measured = join_contours(
            recording, grid.path, alignment, self.settings, opened.tracked.contours
        )
        return Corrected(recording, grid, measured, counts)

    def place_to_save(self, opened: Opened) -> Path:
        """Return where corrected words are written: beside the words that were there before.

        Words that were aligned from a text become the TextGrid of the recording.
        """
        files = find_words(self.folder, opened.entry)
        if files.alignment is None and files.corrected is None:
            return opened.entry.path.with_suffix(".TextGrid")
        return opened.entry.corrected

    def save(
        self, opened: Opened, correction: Correction, replaces: str | None
    ) -> tuple[Path, str]:
        """Write the corrected TextGrid.

        Parameters
        ----------
        opened : Opened
        correction : Correction
        replaces : object
            The revision of the file that may be replaced, or ``"any"``; what else is none.

        Returns
        -------
        path : Path
        revision : str
            Of the written file.

        Raises
        ------
        ExistsError
            The file exists and has another revision.
        OutputError
            It cannot be written.
        """
        path = self.place_to_save(opened)
        check_place(self.folder, path)
        text = format_textgrid(self.correct(opened, correction).textgrid)
        agreed = path.exists() and replaces in ("any", read_revision(path))
        if path.exists() and not agreed:
            raise ExistsError(f"{path.name}: exists already")
        write_output(path, text.encode(), force=agreed)
        return path, read_revision(path)

    def align_text(self, entry: Entry, text: str, aligning: AlignSettings) -> Path:
        """Align what is said in a recording, and write its TextGrid beside the recording.

        Raises
        ------
        LemfError
            The text does not fit or cannot be read, or the TextGrid exists.
        """
        text = read_typed(text, entry.name)
        if aligning.language is None:
            raise AlignerError(f"{entry.name}: choose the language of the text")
        path = entry.path.with_suffix(".TextGrid")
        check_place(self.folder, path)
        if path.exists():
            raise OutputError(f"{path.name}: exists already; correct its words in the page")
        with self._lock:
            grid = align(
                entry.path,
                text,
                language=aligning.language,
                aligner=aligning.aligner,
                force_fit=aligning.force_fit,
            )
        write_output(path, format_textgrid(grid).encode())
        return path


Key = TypeVar("Key")
Value = TypeVar("Value")


def _keep(kept: OrderedDict[Key, Value], key: Key, value: Value) -> None:
    """Keep a value as the latest, and drop the oldest where there are too many."""
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > MOST_OPEN:
        kept.popitem(last=False)
