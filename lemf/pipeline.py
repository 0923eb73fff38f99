"""Audio + alignment + settings -> Emphasis: the steps of section 2.2 in their order."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from numpy.typing import NDArray

from lemf import __version__
from lemf.alignment import Alignment, Word, align
from lemf.audio import Audio, read_audio
from lemf.config import Settings
from lemf.contours import Contours, Track, measure_contours
from lemf.cues import word_cues, word_flags
from lemf.emphasis import CueShare, Emphasis, Segment, SentenceEmphasis, WordEmphasis
from lemf.frames import FloatArray
from lemf.listener_cues import listener_cues
from lemf.scoring import contributions, emphasis_score, emphasis_segment, is_flat, rank_words
from lemf.sentence_contours import SentenceContours, cut_sentence
from lemf.textgrid import TextGrid, read_textgrid
from lemf.zscore import is_constant, zscore


@dataclass(frozen=True, eq=False)
class Measurement:
    """What is known of a recording before any cue is pooled; scoring it needs no audio.

    Attributes
    ----------
    audio, textgrid : str
        The inputs as they were named.
    rate_hz : int
    duration_s : float
        Length of the recording.
    alignment : Alignment
        Sentences of words with their phones.
    contours : Contours
    notes : tuple of str
    """

    audio: str
    textgrid: str
    rate_hz: int
    duration_s: float
    alignment: Alignment
    contours: Contours
    notes: tuple[str, ...]


def score(
    audio: str | os.PathLike[str] | Audio | NDArray[Any],
    textgrid: str | os.PathLike[str] | TextGrid,
    settings: Settings | None = None,
    *,
    rate_hz: int | None = None,
    track: Track | None = None,
    threads: int = 1,
) -> Emphasis:
    """Find the emphasised words of a recording and say why.

    Parameters
    ----------
    audio : path, Audio, or (samples,) or (samples, channels) array
        An array needs `rate_hz`.
    textgrid : path or TextGrid
    settings : Settings, optional
        The paper's by default.
    rate_hz : int, optional
        Sampling rate of an array.
    track : function, optional
        Wraps the pieces of a long recording to show progress, as ``tqdm.tqdm`` does.
    threads : int
        Threads in which Harvest works; their number changes nothing else.

    Returns
    -------
    Emphasis

    Raises
    ------
    LemfError
        An input that cannot be used; the message says which, where and what to do.
    TypeError
        `rate_hz` without an array, or an array without it; another channel than the Audio's.

    Examples
    --------
    >>> emphasis = lemf.score("really.wav", "really.TextGrid")  # doctest: +SKIP
    >>> emphasis.segment.text  # doctest: +SKIP
    "I really didn't"
    """
    settings = settings or Settings()
    measured = measure(audio, textgrid, settings, rate_hz=rate_hz, track=track, threads=threads)
    return score_measurement(measured, settings)


def measure(
    audio: str | os.PathLike[str] | Audio | NDArray[Any],
    textgrid: str | os.PathLike[str] | TextGrid,
    settings: Settings,
    *,
    rate_hz: int | None = None,
    with_detail: bool | None = None,
    track: Track | None = None,
    threads: int = 1,
) -> Measurement:
    """Do the part of `score` that needs the audio; the parameters and errors are those of `score`.

    Parameters
    ----------
    with_detail : bool, optional
        Whether to measure what cues beyond the paper's need; by default if those of the settings
        do.

    Returns
    -------
    Measurement
    """
    recording = _open_audio(audio, rate_hz, settings)
    grid = textgrid if isinstance(textgrid, TextGrid) else read_textgrid(textgrid)
    alignment = align(grid, settings, recording.duration_s)
    return Measurement(
        audio=recording.name,
        textgrid=grid.path,
        rate_hz=recording.rate_hz,
        duration_s=recording.duration_s,
        alignment=alignment,
        contours=measure_contours(
            recording,
            settings,
            with_detail=settings.needs_detail if with_detail is None else with_detail,
            track=track,
            threads=threads,
        ),
        notes=recording.notes + alignment.notes,
    )


def score_measurement(measured: Measurement, settings: Settings) -> Emphasis:
    """Do the rest of `score`: pool, standardise, weigh and rank.

    Parameters
    ----------
    measured : Measurement
    settings : Settings
        Those of the measurement, but for `cues`, `weights` and `duration`; cues beyond the paper's
        need a measurement with detail.

    Returns
    -------
    Emphasis
    """
    sentences = tuple(
        _score_sentence(index, words, measured.contours, settings, measured.duration_s)
        for index, words in enumerate(measured.alignment.sentences)
    )
    return Emphasis(
        version=__version__,
        audio=measured.audio,
        textgrid=measured.textgrid,
        rate_hz=measured.rate_hz,
        duration_s=measured.duration_s,
        settings=_resolved(settings, measured.alignment),
        sentences=sentences,
        contours=measured.contours,
        notes=measured.notes,
    )


def _open_audio(
    audio: str | os.PathLike[str] | Audio | NDArray[Any], rate_hz: int | None, settings: Settings
) -> Audio:
    if isinstance(audio, Audio | str | os.PathLike):
        if rate_hz is not None:
            raise TypeError("rate_hz goes with an array of samples; a file has its own rate")
        if not isinstance(audio, Audio):
            return read_audio(audio, channel=settings.channel)
        if settings.channel is not None and settings.channel != audio.channel:
            raise TypeError(
                f"channel {settings.channel} is set, but the Audio was read with {audio.channel}; "
                "give read_audio the channel"
            )
        return audio
    if rate_hz is None:
        raise TypeError("an array of samples needs rate_hz")
    return Audio.from_samples(audio, rate_hz, channel=settings.channel)


def _resolved(settings: Settings, alignment: Alignment) -> dict[str, Any]:
    return asdict(settings) | {
        "weights": settings.cue_weights,
        "words_tier": alignment.words_tier,
        "phones_tier": alignment.phones_tier,
        "silence": list(settings.silence),
    }


def _score_sentence(
    index: int,
    words: tuple[Word, ...],
    contours: Contours,
    settings: Settings,
    recording_s: float,
) -> SentenceEmphasis:
    weights = settings.cue_weights
    values = word_cues(words, contours, settings.duration)
    flags = word_flags(words, contours, settings.duration, recording_s)
    if settings.needs_detail:
        sentence = cut_sentence(words, contours)
        others = [name for name in weights if name not in values]
        values |= listener_cues(words, sentence, settings.duration, others)
        flags = _flags_of_clarity(flags, sentence, weights)
    z = {name: zscore(cue) for name, cue in values.items()}
    scores = emphasis_score(z, weights)
    ranks = rank_words(scores)
    shares = _shares(values, z, weights)
    scored = tuple(
        WordEmphasis(
            index=i,
            word=word.word,
            start_s=word.start_s,
            end_s=word.end_s,
            pitch=float(values["pitch"][i]),
            energy=float(values["energy"][i]),
            duration=float(values["duration"][i]),
            z_pitch=float(z["pitch"][i]),
            z_energy=float(z["energy"][i]),
            z_duration=float(z["duration"][i]),
            cues=shares[i],
            score=float(scores[i]),
            rank=int(ranks[i]),
            flags=flags[i],
        )
        for i, word in enumerate(words)
    )
    segment = emphasis_segment(int(ranks.argmin()), len(words))
    return SentenceEmphasis(
        index=index,
        text=_text(words),
        start_s=words[0].start_s,
        end_s=words[-1].end_s,
        flags=_sentence_flags({name: values[name] for name in weights}, scores),
        words=scored,
        segment=Segment(
            words=tuple(segment),
            text=_text(words[segment.start : segment.stop]),
            start_s=words[segment.start].start_s,
            end_s=words[segment.stop - 1].end_s,
        ),
    )


def _shares(
    values: Mapping[str, FloatArray], z: Mapping[str, FloatArray], weights: Mapping[str, float]
) -> list[dict[str, CueShare]]:
    added = contributions(z, weights)
    n_words = len(next(iter(values.values())))
    return [
        {
            name: CueShare(float(values[name][i]), float(z[name][i]), weight, float(added[name][i]))
            for name, weight in weights.items()
        }
        for i in range(n_words)
    ]


def _flags_of_clarity(
    flags: list[tuple[str, ...]], sentence: SentenceContours, weights: Mapping[str, float]
) -> list[tuple[str, ...]]:
    """Say of each word whether its F0 is drawn through; `unvoiced` is of the paper's pitch."""
    unheard = () if "pitch" in weights else ("unvoiced",)
    return [
        (
            *(flag for flag in found if flag not in unheard),
            *(() if sentence.clear[span].any() or span.start == span.stop else ("unclear_pitch",)),
        )
        for found, span in zip(flags, sentence.spans, strict=True)
    ]


def _sentence_flags(values: Mapping[str, FloatArray], scores: FloatArray) -> tuple[str, ...]:
    flags = []
    if len(scores) == 1:
        flags.append("one_word")
    else:
        flags += [f"constant_{name}" for name, cue in values.items() if is_constant(cue)]
    if is_flat(scores):
        flags.append("flat")
    return tuple(flags)


def _text(words: tuple[Word, ...]) -> str:
    return " ".join(word.word for word in words)
