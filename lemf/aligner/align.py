"""A recording and its words -> TextGrid."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

from lemf.aligner.acoustics.mfcc import compute_cepstra, measure_moments, standardise
from lemf.aligner.acoustics.models import PhoneModels, read_seed
from lemf.aligner.espeak import open_espeak
from lemf.aligner.forced import AlignedText, align_features
from lemf.aligner.transcript import read_words
from lemf.arrays import FloatArray
from lemf.errors import AlignerError
from lemf.reading.audio import Audio, read_audio
from lemf.reading.sources import Source
from lemf.reading.textgrid import Interval, IntervalTier, TextGrid

_BLOCK_S = 60


def align(
    audio: Source | Audio | NDArray[Any],
    text: str,
    *,
    language: str,
    rate_hz: int | None = None,
    models: PhoneModels | None = None,
) -> TextGrid:
    """Find where each word and each phone of a recording is spoken.

    Parameters
    ----------
    audio : path, bytes of a file, file object, Audio, or (samples,) array
    text : str
        What is said.
    language : str
        Its code in espeak-ng, such as "en-us" or "de".
    rate_hz : int, optional
        Of an array.
    models : PhoneModels, optional
        Of the corpus of the recording; without, those that ship with lemf.

    Returns
    -------
    TextGrid
        Tiers ``words``, ``phones`` (as MFA writes them: empty labels where nothing is spoken) and
        ``confidence``.

    Raises
    ------
    AlignerError
        No words; an unknown language; a recording too short for the words.
    AudioError
        As `read_audio`.
    MissingPackageError
        The extra ``align`` is not installed.
    """
    recording = _open(audio, rate_hz)
    words = read_words(text)
    if not words:
        raise AlignerError(f"{recording.name}: the text has no words; write what is said")
    with open_espeak() as espeak:
        spoken = espeak.speak([word.spoken for word in words], language, sound=False)
    cepstra = cepstra_of(recording)
    features = standardise(cepstra, measure_moments(cepstra))
    try:
        aligned = align_features(
            features, spoken, words, models or read_seed(), recording.duration_s
        )
    except AlignerError as error:
        raise AlignerError(f"{recording.name}: {error}") from None
    return to_textgrid(aligned)


def cepstra_of(recording: Audio) -> FloatArray:
    """Compute the cepstra of a recording, (frames, 13) float64."""
    step = _BLOCK_S * recording.rate_hz
    spans = [
        (start, min(start + step, recording.n_samples))
        for start in range(0, recording.n_samples, step)
    ]
    return compute_cepstra(recording.slices(spans), recording.rate_hz)


def to_textgrid(aligned: AlignedText) -> TextGrid:
    """Convert aligned words to a TextGrid with the tiers ``words``, ``phones``, ``confidence``."""
    words = [(word.start_s, word.end_s, word.text) for word in aligned.words]
    phones = [
        (phone.start_s, phone.end_s, phone.name) for word in aligned.words for phone in word.phones
    ]
    confidences = [(word.start_s, word.end_s, f"{word.confidence:.2f}") for word in aligned.words]
    tiers = {"words": words, "phones": phones, "confidence": confidences}
    return TextGrid(
        0.0,
        aligned.duration_s,
        tuple(_tier(name, spans, aligned.duration_s) for name, spans in tiers.items()),
        notes=aligned.notes,
    )


def _tier(name: str, spans: list[tuple[float, float, str]], duration_s: float) -> IntervalTier:
    """Build a tier that covers the recording, with empty labels between the spans."""
    intervals: list[Interval] = []
    reached_s = 0.0
    for start_s, end_s, label in [*spans, (duration_s, duration_s, "")]:
        if start_s > reached_s:
            intervals.append(Interval(reached_s, start_s, ""))
        if end_s > start_s:
            intervals.append(Interval(start_s, end_s, label))
        reached_s = end_s
    return IntervalTier(name, 0.0, duration_s, tuple(intervals))


def _open(audio: Source | Audio | NDArray[Any], rate_hz: int | None) -> Audio:
    import numpy as np

    if isinstance(audio, Audio):
        return audio
    if isinstance(audio, np.ndarray):
        if rate_hz is None:
            raise TypeError("an array needs rate_hz")
        return Audio.from_samples(audio, rate_hz)
    return read_audio(audio)
