"""One recording of a corpus, scored in a worker, which returns plain rows.

A fault of a recording becomes the reason of its failure and stops no other recording.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass, field
from importlib import import_module
from importlib.metadata import version as version_of
from typing import TYPE_CHECKING

from lemf.config import AlignSettings, Settings
from lemf.corpus.manifest import Recording
from lemf.corpus.tables import Row, feature_row, sentence_rows, word_rows
from lemf.errors import AlignerError, one_line
from lemf.runtime.output import printable_path, printable_text
from lemf.runtime.workers import Failure, attempt

if TYPE_CHECKING:
    from lemf.reading.alignment import Alignment
    from lemf.reading.audio import Audio
    from lemf.transcription.text_files import Transcript

VERSION = version_of("lemf")  # read once: it takes as long as the cues of a sentence


@dataclass(frozen=True)
class FileTask:
    """A recording for a worker; relative paths start at `folder`, on the worker's machine, too."""

    number: int  # in the plan
    recording: Recording
    stamp: int  # of the files when they were handed out
    settings: Settings
    folder: str
    keep_features: bool
    aligning: AlignSettings | None = None  # of texts, where they may be aligned
    whisper: str | None = None  # the model that transcribes where there is no text


@dataclass(frozen=True)
class FileResult:
    """The rows of one recording, or the reason why there are none.

    Attributes
    ----------
    version : str
        Version of lemf in the worker.
    words, sentences : list of dict
        One dict per row.
    features : dict or None
        The measurement, if features are kept.
    failure : str or None
        Reason why there are no rows.
    """

    version: str
    duration_s: float = 0.0
    words: list[Row] = field(default_factory=list)
    sentences: list[Row] = field(default_factory=list)
    features: Row | None = None
    notes: tuple[str, ...] = ()
    failure: str | None = None


def score_file(task: FileTask) -> FileResult:
    """Score one recording; a fault of its files becomes the reason of its failure."""
    result = attempt(_score, task)
    if isinstance(result, Failure):
        return FileResult(
            VERSION, failure=shorten_paths(result.reason, task.recording, task.folder)
        )
    return result


def _score(task: FileTask) -> FileResult:
    from dataclasses import replace

    from lemf.contours.measurement import measure
    from lemf.pipeline import score_measurement
    from lemf.reading.audio import read_audio

    name, audio, textgrid, speaker, channel, text_file, text = task.recording
    is_written = text_file is not None or text is not None
    if textgrid is None and not is_written and task.whisper is None:
        return FileResult(VERSION, failure="no TextGrid")
    if textgrid is None and is_written and (task.aligning is None or not task.aligning.language):
        return FileResult(VERSION, failure="no TextGrid, but a text: --language aligns it")
    settings = task.settings
    if speaker is not None or channel is not None:
        settings = replace(
            settings, speaker=speaker or settings.speaker, channel=channel or settings.channel
        )
    if textgrid is None:
        settings = replace(settings, speaker=None)  # of the only voice
    path = _absolute(task.folder, audio)
    opened: str | Audio = path
    transcript = None
    if textgrid is None and is_written:
        transcript = read_text(task.recording, task.folder, settings.encoding)
    elif textgrid is None and task.whisper is not None:
        opened = read_audio(path, channel=settings.channel)
        language = None if task.aligning is None else task.aligning.language
        transcript = transcribe_in_worker(opened, task.whisper, language)
    measured = measure(
        opened,
        None if textgrid is None else _absolute(task.folder, textgrid),
        settings,
        text=transcript,
        aligning=task.aligning,
        with_detail=task.keep_features or settings.needs_detail,  # any cue set can rescore features
    )
    measured = replace(
        measured,
        audio=printable_path(audio),
        textgrid=printable_path(measured.textgrid if textgrid is None else textgrid),
        alignment=_storable(measured.alignment),
        notes=tuple(shorten_paths(note, task.recording, task.folder) for note in measured.notes),
    )
    emphasis = score_measurement(measured, settings)
    name = printable_path(name)
    return FileResult(
        VERSION,
        measured.duration_s,
        word_rows(name, emphasis),
        sentence_rows(name, emphasis),
        feature_row(name, measured) if task.keep_features else None,
        emphasis.notes,
    )


def transcribe_in_worker(recording: Audio, model: str, language: str | None) -> Transcript:
    """Transcribe a recording by Whisper; parameters and errors as in `transcribe`."""
    from lemf.transcription.whisper import transcribe

    # faster-whisper's lock between processes would be left behind by a worker that is ended
    import_module("tqdm").tqdm.set_lock(threading.RLock())
    return transcribe(recording, model, language=language)


def read_text(recording: Recording, folder: str, encoding: str | None) -> Transcript:
    """Read what is said in a recording, from the manifest or its text file.

    Raises
    ------
    AlignerError
        The text is empty, or its file cannot be read.
    """
    from lemf.transcription.text_files import describe_missing, make_transcript, read_transcript

    if recording.text is not None:
        return make_transcript(recording.text, f"the text of {recording.id}")
    if recording.text_file is None:
        raise AlignerError(describe_missing(_absolute(folder, recording.audio)))
    return read_transcript(_absolute(folder, recording.text_file), encoding=encoding)


def _storable(alignment: Alignment) -> Alignment:
    """Convert the labels of an alignment to text that UTF-8 can hold."""
    from dataclasses import replace

    words = [word for sentence in alignment.sentences for word in sentence]
    labels = [phone.label for word in words for phone in word.phones]
    try:
        " ".join([*labels, *(word.text for word in words)]).encode()
    except UnicodeEncodeError:
        pass
    else:
        return alignment
    sentences = tuple(
        tuple(
            replace(
                word,
                text=printable_text(word.text),
                phones=tuple(p._replace(label=printable_text(p.label)) for p in word.phones),
            )
            for word in words
        )
        for words in alignment.sentences
    )
    return replace(alignment, sentences=sentences)


def _absolute(folder: str, path: str) -> str:
    return os.path.join(folder, path)  # noqa: PTH118 - a plain str, as it stands in messages


def shorten_paths(text: str, recording: Recording, folder: str) -> str:
    """Remove the paths from a message: the tables have columns for them."""
    for path in (recording.audio, recording.textgrid, recording.text_file):
        if path is not None:
            start = _absolute(folder, path) + ": "
            text = text.replace(start, "").replace(f"{one_line(start)} ", "")  # as messages show it
    return printable_path(text)
