"""Global Semantics: the words, transcribed by Whisper or from the corpus's transcripts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

from lemf.runtime.progress import Watch, no_watch
from lemf.runtime.workers import Failure, attempt
from msfser.data.clips import Clip, read_clip
from msfser.errors import SemanticsError, first_line
from msfser.manifest import Manifest
from msfser.semantics.jobs import Job, Results, do_jobs, to_texts, usable_utterances
from msfser.semantics.texts import Text
from msfser.semantics.whisper import BEAMS, Whisper, WhisperSettings
from msfser.semantics.work_file import Shard, WorkFile

TRANSCRIPT = "transcript"

_N_READERS = 4


def take_transcripts(manifest: Manifest) -> dict[str, Text]:
    """Return the corpus's transcripts, with single spaces between words.

    Returns
    -------
    dict of id to Text
        Status ``"missing"`` where the transcript is missing or empty.
    """
    texts = {}
    for utterance in manifest.usable():
        text = " ".join((utterance.transcript or "").split())
        if text:
            texts[utterance.id] = Text(text=text, status="ok", source=TRANSCRIPT)
        else:
            texts[utterance.id] = Text(source=TRANSCRIPT, reason="the corpus has no transcript")
    return texts


def transcribe_texts(
    manifest: Manifest,
    work: WorkFile,
    settings: WhisperSettings,
    load: Callable[[], Whisper],
    *,
    batch_size: int = 16,
    shard: Shard | None = None,
    watch: Watch = no_watch,
) -> dict[str, Text]:
    """Transcribe every utterance that is not transcribed yet.

    Parameters
    ----------
    manifest : Manifest
    work : WorkFile
        Of the semantic ``"gs"``.
    settings : WhisperSettings
    load : function
        Loads the model that `settings` names; called if there is anything to transcribe.
    batch_size : int
        Clips at a time; does not change the texts.
    shard : Shard, optional
    watch : function, optional

    Returns
    -------
    dict of id to Text
        Status ``"missing"`` where nothing is said, ``"failed"`` where the recording cannot be read.

    Raises
    ------
    SemanticsError
        The model cannot be loaded, or memory runs out.
    """

    def make(todo: list[Job]) -> Results:
        whisper = load()
        for jobs, clips in _read_batches(todo, batch_size):
            waveforms = [clip.samples for clip in clips if not isinstance(clip, Failure)]
            try:
                texts = iter(whisper.transcribe(waveforms) if waveforms else [])
            except RuntimeError as error:  # of torch or ctranslate2 when memory runs out
                raise SemanticsError(
                    f"Whisper stopped ({first_line(error)}); try a smaller --batch-size; "
                    "what is done is kept"
                ) from error
            for job, clip in zip(jobs, clips, strict=True):
                if isinstance(clip, Failure):
                    yield job, clip
                elif text := " ".join(next(texts).split()):
                    yield job, {"status": "ok", "text": text}
                else:
                    yield job, {"status": "missing", "reason": "Whisper hears no speech"}

    depends_on = (settings.engine, settings.model, settings.language, settings.device, BEAMS)
    entries = do_jobs(
        manifest, usable_utterances(manifest, shard), work, depends_on, make, watch=watch
    )
    return to_texts(entries, source=settings.engine, model=settings.model)


def _read_batches(
    jobs: Sequence[Job], batch_size: int
) -> Iterator[tuple[list[Job], list[Clip | Failure]]]:
    """Yield batches of jobs with their clips, or failures to read one; the next is read ahead."""
    with ThreadPoolExecutor(_N_READERS) as readers:
        remaining = iter(jobs)
        batch = list(islice(remaining, batch_size))
        reading = [readers.submit(attempt, read_clip, job.wav) for job in batch]
        while batch:
            following = list(islice(remaining, batch_size))
            ahead = [readers.submit(attempt, read_clip, job.wav) for job in following]
            yield batch, [future.result() for future in reading]
            batch, reading = following, ahead
