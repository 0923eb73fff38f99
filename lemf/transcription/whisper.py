"""The words of a recording by Whisper, through faster-whisper, which runs on any processor."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lemf.errors import AlignerError
from lemf.reading.audio import Audio, open_audio
from lemf.reading.sources import Source
from lemf.runtime.extras import importing
from lemf.transcription.text_files import Transcript

RATE_HZ = 16_000  # that Whisper hears
BEAMS = 5
ESPEAK_CODES = {"zh": "cmn", "no": "nb", "tl": "fil", "jw": "jv"}  # by Whisper's


def load_whisper(model: str, *, device: str = "cpu", download: bool = False) -> Any:  # noqa: ANN401
    """Load a model of faster-whisper.

    Parameters
    ----------
    model : str
        A folder, or a size or name on the hub.
    device : {"cpu", "cuda"}
    download : bool
        Whether a model that is not on this machine may be downloaded.

    Returns
    -------
    faster_whisper.WhisperModel

    Raises
    ------
    AlignerError
        There is no such model.
    MissingPackageError
        faster-whisper is not installed.
    """
    if not model.strip():
        raise AlignerError("no model of Whisper is named; name a folder, or a size such as tiny")
    with importing("lemf[whisper]"):
        import faster_whisper
    try:
        return faster_whisper.WhisperModel(
            model,
            device=device,
            compute_type="float16" if device == "cuda" else "int8",
            local_files_only=not download,
        )
    except (OSError, ValueError, RuntimeError) as error:
        if not download and not Path(model).exists():
            fault = "neither a folder nor a model on this machine; --download fetches one by its"
            raise AlignerError(f"{model}: {fault} name, such as tiny") from error
        raise AlignerError(
            f"{model}: cannot be loaded by faster-whisper ({_first_line(error)}); name a size, a "
            "hub id or a folder"
        ) from error


def transcribe(
    audio: Source | Audio | NDArray[Any],
    model: str,
    *,
    language: str | None = None,
    rate_hz: int | None = None,
    download: bool = False,
) -> Transcript:
    """Transcribe a recording; the same recording gives the same text.

    Parameters
    ----------
    audio : path, bytes of a file, file object, Audio, or (samples,) or (samples, channels) array
    model : str
        As in `load_whisper`.
    language : str, optional
        Such as ``"en"``; heard by Whisper when left out.
    rate_hz : int, optional
        Sampling rate of an array.
    download : bool
        Whether the model may be downloaded.

    Returns
    -------
    Transcript
        With its language, and a note on who transcribed it.

    Raises
    ------
    AlignerError
        There is no such model, Whisper does not know the language, or hears no speech.
    MissingPackageError
        faster-whisper is not installed.
    """
    recording = open_audio(audio, rate_hz)
    whisper = _load(model, download)
    asked = None if language is None else find_whisper_language(whisper, language, model)
    segments, info = transcribe_alone(whisper, resample(recording), asked)
    text = "".join(segment.text for segment in segments).strip()
    if not text:
        raise AlignerError(f"{recording.name}: Whisper hears no speech; give the text by --text")
    heard = language or ESPEAK_CODES.get(info.language, info.language)
    note = f"transcribed by Whisper ({model}), language {heard}"
    return Transcript(text, f"<Whisper's text of {recording.name}>", heard, (note,))


def find_whisper_language(whisper: Any, language: str, model: str) -> str:  # noqa: ANN401
    """Return the code by which a loaded model knows a language.

    Parameters
    ----------
    whisper : faster_whisper.WhisperModel
    language : str
        Such as ``"en"``, ``"en-us"`` or ``"cmn"``.
    model : str
        Name of the model in messages.

    Raises
    ------
    AlignerError
        The model does not know the language.
    """
    spoken = language.partition("-")[0].lower()
    code = {espeak: own for own, espeak in ESPEAK_CODES.items()}.get(spoken, spoken)
    if code not in whisper.supported_languages:
        known = ", ".join(whisper.supported_languages)
        raise AlignerError(f"--language {language}: {model} knows none but {known}")
    return code


def check_whisper(model: str, language: str | None = None, *, download: bool = False) -> None:
    """Refuse a model that cannot be loaded, or does not know a language, before any work.

    Raises
    ------
    AlignerError, MissingPackageError
    """
    whisper = load_whisper(model, download=download)
    if language is not None:
        find_whisper_language(whisper, language, model)


@lru_cache(maxsize=1)
def _load(model: str, download: bool) -> Any:  # noqa: ANN401
    """Load a model once for all recordings that a process transcribes."""
    return load_whisper(model, download=download)


def transcribe_alone(
    whisper: Any,  # noqa: ANN401
    samples: NDArray[np.float32],
    language: str | None,
) -> tuple[list[Any], Any]:
    """Return the segments that a loaded model hears at 16 kHz, and what it says of the language."""
    import ctranslate2

    ctranslate2.set_random_seed(0)  # the same recording, the same text
    segments, info = whisper.transcribe(samples, language=language, beam_size=BEAMS)
    return list(segments), info


def resample(recording: Audio) -> NDArray[np.float32]:
    """Return all samples of a recording at 16 kHz."""
    (samples,) = recording.slices([(0, recording.n_samples)])
    if recording.rate_hz == RATE_HZ:
        return samples.astype(np.float32)
    with importing("lemf[whisper]"):
        import soxr
    return np.asarray(soxr.resample(samples.astype(np.float32), recording.rate_hz, RATE_HZ))


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
