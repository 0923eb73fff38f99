"""Audio + alignment + settings -> Emphasis: the steps of section 2.2 in their order."""

from __future__ import annotations

import os
from dataclasses import replace
from importlib.metadata import version as version_of
from typing import Any

from numpy.typing import NDArray

from lemf.arrays import FloatArray
from lemf.config import AlignerName, AlignSettings, Settings
from lemf.contours.contours import Track, Work
from lemf.contours.measurement import Measurement, measure
from lemf.cues.zscore import zscore
from lemf.errors import SettingsError
from lemf.reading.audio import Audio, open_audio
from lemf.reading.sources import Source
from lemf.reading.textgrid import TextGrid
from lemf.scoring.breaks import add_breaks, cut_at_breaks, measure_breaks
from lemf.scoring.decision_models import find_model
from lemf.scoring.doubts import (
    alignment_flags,
    doubt_notes,
    find_sound,
    fundamental_notes,
    pitch_flags,
    unheard_notes,
    voice_notes,
    vowel_notes,
)
from lemf.scoring.edges import edge_flags, edge_notes, flag_uncertain
from lemf.scoring.emphasis import Emphasis, Heard
from lemf.scoring.measures import find_clear_f0
from lemf.scoring.norms import Norms, recording_norms, sentence_phones
from lemf.scoring.sentence import (
    add_measures,
    decide_sentence,
    find_vowels,
    flag_voice,
    measure_cues,
    score_sentence,
)

_VERSION = version_of("lemf")  # read once: it takes as long as the cues of a sentence


def score(
    audio: Source | Audio | NDArray[Any],
    textgrid: Source | TextGrid | None = None,
    settings: Settings | None = None,
    *,
    text: str | None = None,
    language: str | None = None,
    aligner: AlignerName = "espeak",
    force_fit: bool = False,
    rate_hz: int | None = None,
    track: Track | None = None,
    threads: int = 1,
) -> Emphasis:
    """Find the emphasised words of a recording, and explain each by its cues.

    Parameters
    ----------
    audio : path, bytes of a file, file object, Audio, or (samples,) or (samples, channels) array
        An array needs `rate_hz`.
    textgrid : path, bytes of a file, file object, or TextGrid, optional
        Where the words and phones are.
    settings : Settings, optional
        The paper's by default.
    text : str, optional
        What is said, to be aligned in place of a TextGrid. Where there is neither, they are
        searched beside the recording: of ``talk.wav``, ``talk.TextGrid``, else ``talk.txt``, else
        ``talk.lab``, and a note names what was found.
    language : str, optional
        Language of the text, as `align` takes it; told from its words when left out, with a note.
    aligner, force_fit : optional
        As in `align`.
    rate_hz : int, optional
        Sampling rate of an array.
    track : function, optional
        Wraps the pieces of a long recording to show progress, as ``tqdm.tqdm`` does.
    threads : int
        Threads in which Harvest works; their number changes no result.

    Returns
    -------
    Emphasis

    Raises
    ------
    LemfError
        An input that cannot be used; the message names the file, the place and the remedy.
    TypeError
        `rate_hz` without an array, or an array without it; another channel than the Audio's; both
        a TextGrid and a text.

    Examples
    --------
    >>> emphasis = lemf.score("really.wav", "really.TextGrid")  # doctest: +SKIP
    >>> emphasis.segment.text  # doctest: +SKIP
    "I really didn't"
    """
    settings = settings or Settings()
    work = Work(threads, track)
    recording = open_audio(audio, rate_hz, settings.channel)
    measured = measure(
        recording,
        textgrid,
        settings,
        text=text,
        aligning=AlignSettings(language=language, aligner=aligner, force_fit=force_fit),
        work=work,
    )
    is_file = isinstance(audio, str | os.PathLike)  # which is read again when a notebook plays it
    heard = Heard(measured, None if is_file else recording)
    return replace(score_measurement(measured, settings), _heard=heard)


def score_measurement(
    measured: Measurement, settings: Settings, norms: Norms | None = None
) -> Emphasis:
    """Score a measurement: pool, standardise, weigh and rank.

    Parameters
    ----------
    measured : Measurement
    settings : Settings
        Those of the measurement, except that `cues`, `weights` and `normalise` may differ; cues
        beyond the paper's need a measurement with detail.
    norms : Norms, optional
        Norms of the speaker or the corpus, where `normalise` is ``"speaker"`` or ``"corpus"``.

    Returns
    -------
    Emphasis

    Raises
    ------
    SettingsError
        `normalise` is ``"speaker"`` or ``"corpus"``, and there are no norms.
    """
    measured = cut_at_breaks(measured, settings)
    if settings.normalise == "recording":
        norms = recording_norms(measured, settings)
    elif settings.normalise == "sentence":
        norms = None
    elif norms is None:
        raise SettingsError(
            f"normalise {settings.normalise!r}: needs several recordings; use lemf rescore, "
            "or 'recording' for one"
        )
    model = find_model(settings)
    contours = measured.contours
    alignment = measured.alignment
    vowels = find_vowels(alignment, settings)
    sound_s = find_sound((word for words in alignment.sentences for word in words), contours)
    of_edges = edge_flags(alignment.sentences, contours.times_s, sound_s, settings)
    sentences = []
    for index, words in enumerate(alignment.sentences):
        expected = norms.phones if norms else sentence_phones(words, settings)
        cues = measure_cues(
            words,
            contours,
            settings,
            measured.duration_s,
            expected,
            vowels,
            further=model.absolute if model else (),
        )
        cues = cues.with_flags(alignment_flags(words, sound_s)).with_flags(of_edges[index])
        if "pitch" in settings.cue_weights:
            cues = cues.with_flags(pitch_flags(words, contours))
        standardise = norms.standardise if norms else _standardise
        sentence = score_sentence(index, words, cues, standardise, settings.cue_weights)
        sentence = flag_uncertain(sentence, settings)
        if model is not None:
            sentence = decide_sentence(sentence, cues.values, model, settings.threshold)
        if settings.measures or settings.has_extra_cues or model is not None:
            clear = find_clear_f0(words, contours, settings.pitch)
            sentence = flag_voice(sentence, clear)
            if settings.measures:
                sentence = add_measures(sentence, words, clear, measured.rate_hz)
        sentences.append(sentence)
    if settings.breaks:
        sentences = add_breaks(sentences, measure_breaks(measured))
    notes = [*doubt_notes(sentences), *edge_notes(sentences), *voice_notes(sentences)]
    notes += unheard_notes(sentences)
    if not any("--highpass" in note for note in measured.notes):  # which comes first
        notes += fundamental_notes(sentences)
    if settings.needs_vowels:
        notes += vowel_notes(alignment, vowels)
    return Emphasis(
        version=_VERSION,
        audio=measured.audio,
        textgrid=measured.textgrid,
        rate_hz=measured.rate_hz,
        duration_s=measured.duration_s,
        notes=(*measured.notes, *notes),
        settings=replace(
            settings,
            weights=settings.cue_weights,
            words_tier=alignment.words_tier,
            phones_tier=alignment.phones_tier,
            decide=settings.decide if model is None else settings.decide or model.name,
        ),
        sentences=tuple(sentences),
        contours=contours,
        decision=model,
    )


def _standardise(name: str, values: FloatArray) -> FloatArray:
    return zscore(values)
