"""Transcription by Whisper, through faster-whisper or transformers, in batches of clips.

A batch is decoded without Whisper's retries at higher temperatures, which work clip by clip; a
clip whose text repeats itself or is unlikely is transcribed again alone, with these retries.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lemf import AlignerError, MissingPackageError, find_whisper_language
from lemf import load_whisper as load_whisper_model
from msfser.config.settings import RATE_HZ, Engine
from msfser.errors import SemanticsError, first_line
from msfser.model.hub import MODEL_FILES, UNLOADABLE, check_weights, find_folder

if TYPE_CHECKING:
    import torch

Samples = NDArray[np.float32]  # at 16 kHz

WINDOW_S = 30.0  # the longest clip that Whisper reads at once
BEAMS = 5

# Whisper's own limits: above, a text repeats itself; below, it is unlikely; and with both a high
# probability of no speech and an unlikely text, nothing was said.
_MOST_COMPRESSION = 2.4
_LEAST_LOGPROB = -1.0
_NO_SPEECH = 0.6

_ROUNDING_S = 0.001  # faster-whisper rounds the start of a segment to milliseconds


@dataclass(frozen=True, kw_only=True)
class WhisperSettings:
    """Which Whisper model transcribes, and how.

    Attributes
    ----------
    engine : {"faster-whisper", "transformers"}
    model : str
        Size or name on the hub, or a folder.
    language : str or None
        Such as ``"en"``; None lets Whisper detect it in each clip.
    device : {"cpu", "cuda"}
    """

    engine: Engine
    model: str
    language: str | None
    device: str


class Whisper(Protocol):
    """A loaded model."""

    def transcribe(self, clips: Sequence[Samples]) -> list[str]:
        """Return the text of each clip, empty where nothing is said."""


def load_whisper(settings: WhisperSettings) -> Whisper:
    """Load a model.

    Raises
    ------
    SemanticsError, CheckpointError
        There is no such model, it does not know the language, or CUDA is requested but absent.
    MissingPackageError
        The engine is not installed.
    """
    return (
        _FasterWhisper(settings)
        if settings.engine == "faster-whisper"
        else _TransformersWhisper(settings)
    )


class _FasterWhisper:
    def __init__(self, settings: WhisperSettings) -> None:
        try:
            import ctranslate2
            import faster_whisper
        except ModuleNotFoundError:
            raise MissingPackageError(
                "faster-whisper is missing: pip install 'lemf[whisper]'"
            ) from None
        if settings.device == "cuda" and ctranslate2.get_cuda_device_count() == 0:
            raise SemanticsError("--device cuda: ctranslate2 finds no GPU; use --device cpu")
        try:
            self._model = load_whisper_model(settings.model, device=settings.device, download=True)
        except AlignerError as error:
            raise SemanticsError(f"--model {error}") from error
        self._batched = faster_whisper.BatchedInferencePipeline(self._model)
        self._language = None if self._model.model.is_multilingual else "en"
        if settings.language is not None:
            try:
                self._language = find_whisper_language(
                    self._model, settings.language, settings.model
                )
            except AlignerError as error:
                raise SemanticsError(str(error)) from error

    def transcribe(self, clips: Sequence[Samples]) -> list[str]:
        """Return the text of each clip: those of up to 30 s as one batch, longer ones alone."""
        return _transcribe(clips, self._transcribe_batch, self._transcribe_alone)

    def _transcribe_batch(self, clips: Sequence[Samples]) -> list[str | None]:
        """Return the text of each clip; None where the clip is to be transcribed again alone."""
        ends = np.cumsum([len(clip) for clip in clips]) / RATE_HZ
        starts = [0.0, *ends[:-1].tolist()]
        segments, _ = self._batched.transcribe(
            np.concatenate(clips),
            clip_timestamps=[
                {"start": start, "end": end} for start, end in zip(starts, ends, strict=True)
            ],
            language=self._language,
            multilingual=self._language is None,
            beam_size=BEAMS,
            batch_size=len(clips),
        )
        texts: list[str | None] = [""] * len(clips)
        for segment in segments:
            begin_s = segment.start + _ROUNDING_S
            place = int(np.searchsorted(starts, begin_s, side="right")) - 1
            before = texts[place]
            if before is None:
                continue
            if segment.no_speech_prob > _NO_SPEECH and segment.avg_logprob < _LEAST_LOGPROB:
                continue
            poor = (
                segment.compression_ratio > _MOST_COMPRESSION
                or segment.avg_logprob < _LEAST_LOGPROB
            )
            texts[place] = None if poor else f"{before}{segment.text}"
        return texts

    def _transcribe_alone(self, clip: Samples) -> str:
        import ctranslate2

        ctranslate2.set_random_seed(0)  # the same clip, the same text
        segments, _ = self._model.transcribe(clip, language=self._language, beam_size=BEAMS)
        return "".join(segment.text for segment in segments)


class _TransformersWhisper:
    def __init__(self, settings: WhisperSettings) -> None:
        import torch
        from transformers import AutoModelForSpeechSeq2Seq, AutoProcessor

        from msfser.model.device import choose_device

        device = choose_device(settings.device)
        name = settings.model
        if "/" not in name and not Path(name).is_dir():
            name = f"openai/whisper-{name}"  # a size, as in faster-whisper
        folder = find_folder(name, MODEL_FILES)
        dtype = torch.float16 if settings.device == "cuda" else torch.float32
        try:
            self._processor: Any = AutoProcessor.from_pretrained(  # type: ignore[no-untyped-call]
                folder, trust_remote_code=False
            )
            model, report = AutoModelForSpeechSeq2Seq.from_pretrained(
                folder, dtype=dtype, output_loading_info=True, trust_remote_code=False
            )
        except UNLOADABLE as error:
            raise _not_loaded(settings, error) from error
        check_weights(f"--model {name}", report)
        self._model: Any = model.eval().to(device)
        known = self._model.generation_config
        self._multilingual = bool(getattr(known, "is_multilingual", hasattr(known, "lang_to_id")))
        self._language = settings.language

    def transcribe(self, clips: Sequence[Samples]) -> list[str]:
        """Return the text of each clip: those of up to 30 s as one batch, longer ones alone."""
        return _transcribe(clips, self._decode, lambda clip: self._decode([clip])[0])

    def _decode(self, clips: Sequence[Samples]) -> list[str]:
        import torch

        long = len(clips[0]) > WINDOW_S * RATE_HZ
        inputs: dict[str, torch.Tensor] = self._processor(
            [np.asarray(clip) for clip in clips],
            sampling_rate=RATE_HZ,
            return_tensors="pt",
            return_attention_mask=True,
            truncation=not long,
            padding="longest" if long else "max_length",
        ).to(self._model.device, self._model.dtype)
        options: dict[str, Any] = {"num_beams": 1 if long else BEAMS, "return_timestamps": long}
        if self._multilingual:
            options |= {"language": self._language, "task": "transcribe"}
        with torch.inference_mode():
            tokens = self._model.generate(**inputs, **options)
        texts: list[str] = self._processor.batch_decode(tokens, skip_special_tokens=True)
        return texts


def _transcribe(
    clips: Sequence[Samples],
    transcribe_batch: Callable[[Sequence[Samples]], Sequence[str | None]],
    transcribe_alone: Callable[[Samples], str],
) -> list[str]:
    """Transcribe short clips as one batch, and long or rejected clips alone."""
    short = [place for place, clip in enumerate(clips) if len(clip) <= WINDOW_S * RATE_HZ]
    batch = transcribe_batch([clips[place] for place in short]) if short else []
    texts = dict(zip(short, batch, strict=True))
    found = (texts.get(place) for place in range(len(clips)))
    return [
        transcribe_alone(clip) if text is None else text
        for clip, text in zip(clips, found, strict=True)
    ]


def _not_loaded(settings: WhisperSettings, error: Exception) -> SemanticsError:
    return SemanticsError(
        f"--model {settings.model}: cannot be loaded by {settings.engine} ({first_line(error)}); "
        "name a size, a hub id or a folder"
    )
