"""Recordings and their texts -> a folder of TextGrids; the corpus trains the aligner on itself.

Whatever ends a run, the next one continues it. The output depends neither on the number of workers
nor on how often the run was ended.
"""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from lemf.config import AlignerName, AlignSettings, Settings
from lemf.corpus.alignment.grids import (
    GridOutputs,
    find_complete_grids,
    find_unused_grids,
    merge_grids,
)
from lemf.corpus.alignment.passes import Passes
from lemf.corpus.alignment.record import Row, RunRecord, read_record
from lemf.corpus.listing import Listing, list_recordings
from lemf.corpus.manifest import Recording
from lemf.corpus.outputs import Summary
from lemf.corpus.parts import DamagedPartError, Parts
from lemf.corpus.plan import Plan, make_plan
from lemf.corpus.speakers import speaker_finder
from lemf.errors import CorpusError
from lemf.runtime.locks import hold_lock
from lemf.runtime.progress import Watch, no_watch
from lemf.runtime.workers import local_workers

N_TRAINING = 4  # passes in which the models are trained


@dataclass(frozen=True)
class AlignRun:
    """How a run that aligns a corpus ended.

    Attributes
    ----------
    outputs : GridOutputs
        The files that were written.
    summary : Summary
        Numbers of files and words, and the seconds of audio that were aligned.
    grids : list of dict
        One row per TextGrid, with its `confidence`.
    listing : Listing
        The recordings, and the folders that were left out.
    unused_textgrids : list of str
        The TextGrids in the folder that belong to no recording: a run before made them, perhaps.
    n_kept : int
        Number of the TextGrids of a run before that stayed as they are.
    seconds : float
        Of work; 0 where the output was complete before.
    """

    outputs: GridOutputs
    summary: Summary
    grids: list[Row]
    listing: Listing
    unused_textgrids: list[str]
    n_kept: int = 0
    seconds: float = 0.0


def align_corpus(
    source: str | Path,
    output: str | Path,
    *,
    language: str,
    aligner: AlignerName = "espeak",
    force_fit: bool = False,
    train: bool = True,
    speaker_pattern: str | None = None,
    encoding: str | None = None,
    whisper: str | None = None,
    download: bool = False,
    jobs: int = 1,
    force: bool = False,
    watch: Watch = no_watch,
) -> AlignRun:
    """Align all recordings of a corpus with their texts.

    Whatever ends a run, the same call continues it.

    Parameters
    ----------
    source : str or Path
        A folder with a ``.txt`` or ``.lab`` beside each recording, a pattern, or a manifest with a
        column ``text`` or ``text_file``, as `list_recordings` takes them.
    output : str or Path
        The folder of the TextGrids, with the subfolders of the corpus. Tables of its name are
        written beside it.
    language, aligner, force_fit : optional
        As in `align`.
    train : bool
        Whether the models learn from the corpus; otherwise each recording is aligned by itself.
    speaker_pattern : str, optional
        A regular expression that finds the speaker in an id, as its first group if it has one; by
        default the folder. Recordings in no folder are normalised each by itself.
    encoding : str, optional
        Of text files without a byte order mark.
    whisper : str, optional
        Model of faster-whisper, as `transcribe` takes it, that transcribes recordings without a
        text.
    download : bool
        Whether that model may be downloaded.
    jobs : int
        Number of processes.
    force : bool
        Start over where the output, or a part of it, exists and was made in another way.
    watch : Watch
        Called after every file of every pass.

    Returns
    -------
    AlignRun

    Raises
    ------
    AlignerError
        An unknown language; an aligner that does not run.
    CorpusError
        The output was made with other settings or files; no recordings; no workers.
    OutputError
        An output cannot be written, exists, or another process works on it.
    """
    started = time.monotonic()
    aligning = AlignSettings(language=language, aligner=aligner, force_fit=force_fit)
    outputs = GridOutputs(Path(output))
    may_be_complete = outputs.run.exists() and not force
    if not may_be_complete:  # else the place may be read-only
        outputs.check_place()
    parts = Parts(outputs.parts)
    parts.check()
    with ExitStack() as stack:
        workers = stack.enter_context(local_workers(jobs))  # which start while files are listed
        check_aligner(aligning)
        transcribes = whisper is not None
        listing = list_recordings(source, needs_text=not transcribes, transcribes=transcribes)
        recordings = [_without_times(one) for one in listing.recordings]
        plan = make_plan(
            recordings, Settings(encoding=encoding), aligning=aligning, whisper=whisper
        )
        n_training = N_TRAINING if train and aligner == "espeak" else 0
        plan.identity["align"] |= {"training": n_training, "speaker_pattern": speaker_pattern}
        speakers = _find_speakers(source, plan, speaker_pattern)
        paths = outputs.paths(recordings)

        def end(record: RunRecord, n_kept: int, seconds: float = 0.0) -> AlignRun:
            unused = find_unused_grids(outputs, paths)
            return AlignRun(outputs, record.summary, record.rows, listing, unused, n_kept, seconds)

        # A complete output needs no lock, where no killed run left one
        left = outputs.parts.exists() or outputs.lock.exists()
        if may_be_complete and not left:
            record, complete = find_complete_grids(outputs, plan, paths)
            if record is not None and complete:
                return end(record, record.summary.files)
        outputs.check_place()
        stack.enter_context(hold_lock(outputs.lock))
        before = parts.read_plan()
        record = None
        if force:
            outputs.run.unlink(missing_ok=True)  # so that no TextGrid is kept
        elif before is None:
            record, complete = find_complete_grids(outputs, plan, paths)
            if record is not None and complete:
                return end(record, record.summary.files)
        elif (record := read_record(outputs.run)) is not None:
            record.check_settings(plan, paths, outputs.folder)
        difference = None if before is None else plan.differs_from(before)
        if difference and not force and record is None:
            raise CorpusError(f"{outputs.parts}: unfinished, {difference}; --force starts over")
        if whisper is not None:
            from lemf.transcription.whisper import check_whisper

            check_whisper(whisper, language, download=download)
        if before is None or difference:
            parts.start(plan.identity)
        run = Passes(workers, plan, parts, aligning, speakers, n_training, watch)
        while True:
            try:
                run.finish()
                made = merge_grids(parts, plan, outputs, paths, run.last_part, record)
                break
            except DamagedPartError as error:  # such as by a power cut: its shard is done again
                error.path.unlink()
        parts.remove()
        return end(*made, time.monotonic() - started)


def _without_times(recording: Recording) -> Recording:
    """Return a recording with its text alone."""
    return recording._replace(textgrid=None)


def check_aligner(aligning: AlignSettings) -> None:
    """Refuse an unknown language, and an aligner that is not installed, before any work.

    Raises
    ------
    AlignerError, MissingPackageError
    """
    from lemf.aligner.espeak import check_language
    from lemf.aligner.external.choice import check_installed

    check_installed(aligning.aligner)
    check_language(str(aligning.language))


def _find_speakers(source: str | Path, plan: Plan, pattern: str | None) -> list[str | None]:
    """Return the speaker of each recording: the manifest's, the pattern's, or the folder."""
    find = speaker_finder(source, pattern)
    return [
        recording.speaker
        or (find(recording.id) if pattern is not None or "/" in recording.id else None)
        for recording in plan.recordings
    ]
