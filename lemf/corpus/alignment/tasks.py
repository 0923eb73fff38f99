"""One recording of a corpus that is aligned, in a worker: heard, learnt from, aligned.

What a worker returns is plain, so that it can be kept: the same bytes whoever made them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from lemf.config import AlignSettings
from lemf.corpus.manifest import Recording
from lemf.corpus.recording import read_text, shorten_paths, transcribe_in_worker
from lemf.errors import AlignerError, LemfError, with_notes
from lemf.runtime.workers import Failure, attempt

if TYPE_CHECKING:
    from lemf.aligner.acoustics.mfcc import Moments
    from lemf.aligner.acoustics.models import PhoneModels
    from lemf.aligner.acoustics.training import Statistics
    from lemf.aligner.forced import AlignedText
    from lemf.aligner.transcript import TranscriptWord
    from lemf.reading.audio import Audio
    from lemf.transcription.text_files import Transcript


_Result = TypeVar("_Result")


@dataclass(frozen=True, eq=False)
class AlignTask:
    """A recording for a worker; relative paths start at `folder`.

    Attributes
    ----------
    number : int
        In the plan.
    recording : Recording
    stamp : int
        Of the files when they were handed out.
    aligning : AlignSettings
    encoding : str or None
        Of text files.
    folder : str
    whisper : str or None
        The model that transcribes where there is no text.
    heard : str
        What `hear_file` returned; empty before.
    moments : Moments or None
        Of the cepstra of all that the speaker says; None: those of the recording.
    models : PhoneModels or None
        None: those that ship with lemf.
    """

    number: int
    recording: Recording
    stamp: int
    aligning: AlignSettings
    encoding: str | None
    folder: str
    whisper: str | None = None
    heard: str = ""
    moments: Moments | None = None
    models: PhoneModels | None = None


def hear_file(task: AlignTask) -> str | Failure:
    """Return the words of a recording with their phones, its warp and its moments, as JSON."""
    return _attempt(_hear, task)


def learn_file(task: AlignTask) -> Statistics | Failure:
    """Return what the models learn from a recording."""
    return _attempt(_learn, task)


def align_file(task: AlignTask) -> dict[str, Any] | Failure:
    """Return the TextGrid of a recording as text, its notes, and the numbers of its row."""
    return _attempt(_align, task)


def align_together(
    tasks: Sequence[AlignTask], heard: Sequence[str], speakers: Sequence[str | None]
) -> list[str]:
    """Align all recordings by viter, and return what was heard of each with the times added.

    Parameters
    ----------
    tasks : sequence of AlignTask
        In the order of their numbers.
    heard : sequence of str
        What `hear_file` returned of each.
    speakers : sequence of str or None
    """
    from lemf.aligner.external.viter import SpokenRecording, align_with_viter

    contents = [json.loads(text) for text in heard]
    well = [number for number, content in enumerate(contents) if "failure" not in content]
    recordings = [
        SpokenRecording(
            _open(tasks[number]),
            _words(contents[number]),
            contents[number]["phones"],
            speakers[number] or "",
        )
        for number in well
    ]
    for number, aligned in zip(well, align_with_viter(recordings), strict=True):
        contents[number]["aligned"] = (
            None
            if aligned is None
            else [
                [word.start_s, word.end_s, [[p.name, p.start_s, p.end_s] for p in word.phones]]
                for word in aligned.words
            ]
        )
    return [json.dumps(content, ensure_ascii=False) for content in contents]


def failed_text(reason: str) -> str:
    """Return what stands for the words of a recording that could not be heard."""
    return json.dumps({"failure": reason})


def _attempt(function: Callable[[AlignTask], _Result], task: AlignTask) -> _Result | Failure:
    result = attempt(function, task)
    if isinstance(result, Failure):
        return Failure(shorten_paths(result.reason, task.recording, task.folder))
    return result


def _hear(task: AlignTask) -> str:
    from lemf.aligner.acoustics.mfcc import measure_moments, standardise, warp
    from lemf.aligner.acoustics.models import read_seed
    from lemf.aligner.acoustics.vocal_tract import fit_vocal_tract
    from lemf.aligner.align import align_words, cepstra_of, speak_text
    from lemf.aligner.fitting import LACKS

    recording, transcript = _open_with_words(task)
    read = (*recording.notes, *transcript.notes)
    try:
        words, phones, notes = speak_text(
            recording,
            transcript.text,
            str(task.aligning.language),
            force_fit=task.aligning.force_fit,
        )
    except AlignerError as error:
        raise with_notes(error, read) from None
    cepstra = cepstra_of(recording)
    factor = fit_vocal_tract(cepstra, read_seed())
    cepstra = warp(cepstra, factor)
    moments, fits = measure_moments(cepstra), task.aligning.aligner == "espeak"
    if fits:  # no other recording learns from one whose text is not what is said
        try:
            aligned = align_words(recording, standardise(cepstra, moments), words, phones)
            fits = not any(note.startswith(LACKS) for note in aligned.notes)
        except AlignerError:
            fits = False
    return json.dumps(
        {
            "words": [[word.text, word.spoken, word.sentence] for word in words],
            "phones": phones,
            "factor": factor,
            "moments": [moments.n_frames, moments.sums.tolist(), moments.squares.tolist()],
            "fits": fits,
            "notes": [*read, *notes],
        },
        ensure_ascii=False,
    )


def _learn(task: AlignTask) -> Statistics:
    from lemf.aligner.acoustics.models import read_seed
    from lemf.aligner.align import compute_features
    from lemf.aligner.long_recordings import learn_from

    heard = _read_heard(task)
    features = compute_features(_open(task), heard["factor"], task.moments)
    sentences = [sentence for *_, sentence in heard["words"]]
    return learn_from(features, heard["phones"], sentences, task.models or read_seed())


def _align(task: AlignTask) -> dict[str, Any]:
    from lemf.aligner.align import to_textgrid
    from lemf.display.textgrid_output import format_textgrid

    recording, aligned, notes = (_align_internally if task.heard else _align_externally)(task)
    told = task.aligning.aligner == "espeak"
    return {
        "text": format_textgrid(to_textgrid(aligned, with_confidence=told)),
        "duration_s": recording.duration_s,
        "words": len(aligned.words),
        "confidence": round(aligned.confidence, 3) if told else None,
        "notes": [*notes, *aligned.notes],
    }


def _align_internally(task: AlignTask) -> tuple[Audio, AlignedText, Sequence[str]]:
    from lemf.aligner.align import align_words, compute_features

    recording, heard = _open(task), _read_heard(task)
    if "aligned" in heard:
        return recording, _read_aligned(heard, recording), heard["notes"]
    try:
        aligned = align_words(
            recording,
            compute_features(recording, heard["factor"], task.moments),
            _words(heard),
            heard["phones"],
            models=task.models,
            force_fit=task.aligning.force_fit,
        )
    except AlignerError as error:
        raise with_notes(error, heard["notes"]) from None
    return recording, aligned, heard["notes"]


def _align_externally(task: AlignTask) -> tuple[Audio, AlignedText, Sequence[str]]:
    from lemf.aligner.align import speak_text
    from lemf.aligner.external.choice import align_externally

    recording, transcript = _open_with_words(task)
    language = str(task.aligning.language)
    words, phones, notes = speak_text(
        recording, transcript.text, language, force_fit=task.aligning.force_fit
    )
    aligned = align_externally(task.aligning.aligner, recording, words, phones, language)
    return recording, aligned, [*recording.notes, *transcript.notes, *notes]


def _read_aligned(heard: dict[str, Any], recording: Audio) -> AlignedText:
    from lemf.aligner.forced import AlignedPhone, AlignedText, AlignedWord

    if heard["aligned"] is None:
        raise AlignerError(f"{recording.name}: viter finds no way through it; check its text")
    words = tuple(
        AlignedWord(
            word.text, word.sentence, start_s, end_s, tuple(AlignedPhone(*p) for p in phones), 1.0
        )
        for word, (start_s, end_s, phones) in zip(_words(heard), heard["aligned"], strict=True)
    )
    return AlignedText(words, recording.duration_s, 1.0)


def _open_with_words(task: AlignTask) -> tuple[Audio, Transcript]:
    """Open a recording, and read what is said in it, or have it transcribed."""
    is_written = task.recording.text is not None or task.recording.text_file is not None
    if not is_written and task.whisper is not None:
        recording = _open(task)
        return recording, transcribe_in_worker(recording, task.whisper, task.aligning.language)
    transcript = read_text(task.recording, task.folder, task.encoding)  # the text is named first
    return _open(task), transcript


def _open(task: AlignTask) -> Audio:
    from lemf.reading.audio import read_audio

    path = os.path.join(task.folder, task.recording.audio)  # noqa: PTH118 - as in messages
    return read_audio(path, channel=task.recording.channel)


def _read_heard(task: AlignTask) -> dict[str, Any]:
    heard: dict[str, Any] = json.loads(task.heard)
    if "failure" in heard:
        raise LemfError(heard["failure"])
    return heard


def _words(heard: dict[str, Any]) -> list[TranscriptWord]:
    from lemf.aligner.transcript import TranscriptWord

    return [TranscriptWord(*word) for word in heard["words"]]
