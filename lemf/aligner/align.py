"""A recording and its words -> TextGrid."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from numpy.typing import NDArray

from lemf.aligner.acoustics.mfcc import (
    Moments,
    compute_cepstra,
    measure_moments,
    standardise,
    warp,
)
from lemf.aligner.acoustics.models import PhoneModels, read_seed
from lemf.aligner.acoustics.vocal_tract import fit_vocal_tract
from lemf.aligner.espeak import open_espeak
from lemf.aligner.external.choice import align_externally, check_installed
from lemf.aligner.fitting import fit_words
from lemf.aligner.forced import AlignedText, group_phones
from lemf.aligner.transcript import TranscriptWord, read_words
from lemf.arrays import FloatArray
from lemf.config import AlignerName, AlignSettings
from lemf.errors import AlignerError, SettingsError, shown
from lemf.reading.audio import Audio, open_audio
from lemf.reading.sources import Source
from lemf.reading.textgrid import Interval, IntervalTier, TextGrid, fill_gaps
from lemf.runtime.progress import Watch, no_watch

_BLOCK_S = 60
_SHOWN = 5  # words in a note
_MOST_WORDS_PER_S = 25  # over twice the fastest speech
_TAG = re.compile(
    r"</?[A-Za-z][^<>\n]{0,200}>|\[\[[^\[\]\n]{1,200}\]\]"
)  # or phonemes of espeak-ng


def align(
    audio: Source | Audio | NDArray[Any],
    text: str,
    *,
    language: str | None = None,
    aligner: AlignerName = "espeak",
    force_fit: bool = False,
    rate_hz: int | None = None,
    watch: Watch = no_watch,
) -> TextGrid:
    """Find where each word and each phone of a recording is spoken.

    Parameters
    ----------
    audio : path, bytes of a file, file object, Audio, or (samples,) or (samples, channels) array
    text : str
        What is said.
    language : str
        Its code in espeak-ng, such as "en-us" or "de", or its English name; always needed.
    aligner : {"espeak", "praat", "viter", "mfa"}
        lemf's own, with the phones of espeak-ng; Praat's, through parselmouth; or the Montreal
        Forced Aligner, where its command is installed. viter aligns corpora only.
    force_fit : bool
        Whether a text that does not fit the sound is aligned all the same, with notes.
    rate_hz : int, optional
        Sampling rate of an array.
    watch : callable
        Is called with how many seconds are done, of how many: ``watch(done, total, note=...)``;
        twice from 0 on, first while the text is found, then its phones. lemf's own aligner only.

    Returns
    -------
    TextGrid
        Tiers ``words``, ``phones`` (as MFA writes them: empty labels where nothing is spoken) and
        ``confidence``, from 0 to 1, of each word; other aligners tell none.

    Raises
    ------
    AlignerError
        No words; an unknown language; a recording too short for the words, or that they do not
        fit; an aligner that does not run.
    AudioError
        As `read_audio`.
    SettingsError
        A language that is no str, or an unknown aligner.
    TypeError
        A text that is no str.
    MissingPackageError
        The extra ``align`` is not installed.

    Examples
    --------
    >>> grid = lemf.align("talk.wav", "So this is it.", language="en")  # doctest: +SKIP
    >>> lemf.score("talk.wav", grid)  # doctest: +SKIP
    """
    if not isinstance(text, str):
        raise TypeError(f"text {shown(text)}: give what is said, as a str")
    if language is None:
        raise SettingsError("language None: name that of the text by its code, such as 'en'")
    AlignSettings(language=language, aligner=aligner)  # refuses what is none
    if aligner != "viter":  # which aligns no recording alone
        check_installed(aligner)
    recording = open_audio(audio, rate_hz)
    words, phones, notes = speak_text(recording, text, language, force_fit=force_fit)
    if aligner == "espeak":
        features = compute_features(recording)
        aligned = align_words(recording, features, words, phones, force_fit=force_fit, watch=watch)
    else:
        aligned = align_externally(aligner, recording, words, phones, language)
    grid = to_textgrid(aligned, with_confidence=aligner == "espeak")
    path = f"<aligned by {aligner}, {language}>"
    return replace(grid, path=path, notes=(*notes, *grid.notes))


def speak_text(
    recording: Audio, text: str, language: str, *, force_fit: bool = False
) -> tuple[tuple[TranscriptWord, ...], list[list[str]], list[str]]:
    """Return the words of the text of a recording, the phones of each, and notes.

    A word in letters that the language lacks has no phones, and may sound like anything.

    Raises
    ------
    AlignerError
        There are no words, or more than anybody says in the time; the language is unknown, or
        lacks the letters of most words, unless `force_fit`.
    """
    words = read_words(text)
    if not words:
        raise AlignerError(f"{recording.name}: the text has no words; write what is said")
    if len(words) > 1 + _MOST_WORDS_PER_S * recording.duration_s:
        raise AlignerError(
            f"{recording.name}: {len(words):,} words in {recording.duration_s:.2f} s; give the "
            "text of this recording"
        )
    with open_espeak() as espeak:
        unreadable = espeak.find_unreadable([word.spoken for word in words], language)
        if 2 * len(unreadable) > len(words) and not force_fit:
            raise AlignerError(
                f"{recording.name}: espeak-ng cannot read the letters of "
                f"{shown(words[unreadable[0]].text)} in the language {shown(language)}; name the "
                "language of the text, or align it all the same with --force-fit (force_fit=True)"
            )
        spoken = espeak.speak([word.spoken for word in words], language, sound=False)
    phones = group_phones(spoken, len(words))
    for word in unreadable:
        phones[word] = []
    notes = [*note_markup(text), *note_unreadable([words[word].text for word in unreadable])]
    return words, phones, notes


def note_markup(text: str) -> list[str]:
    """Return a note on tags in a text, such as ``<b>``; none where there are none."""
    if (tag := _TAG.search(text)) is None:
        return []
    return [f"tags such as {shown(tag[0])} are words that are looked for in the sound; remove them"]


def note_unreadable(words: Sequence[str]) -> list[str]:
    """Return a note on words in letters that their language lacks; none where there are none."""
    if not words:
        return []
    more = f" and {len(words) - _SHOWN} more" if len(words) > _SHOWN else ""
    listed = f"{', '.join(map(shown, words[:_SHOWN]))}{more}"
    return [f"letters that the language lacks, so any sound is taken for these words: {listed}"]


def align_words(
    recording: Audio,
    features: FloatArray,
    words: Sequence[TranscriptWord],
    phones: Sequence[Sequence[str]],
    *,
    models: PhoneModels | None = None,
    force_fit: bool = False,
    watch: Watch = no_watch,
) -> AlignedText:
    """Align words whose phones are known.

    Parameters
    ----------
    recording : Audio
    features : (frames, 26) float64
        Of the recording, standardised.
    words : sequence of TranscriptWord
    phones : sequence of sequences of str
        The names of the phones of each word.
    models : PhoneModels, optional
        Of the corpus of the recording; without, those that ship with lemf.
    force_fit, watch
        As in `align`.

    Returns
    -------
    AlignedText

    Raises
    ------
    AlignerError
        The recording is too short for the words, or they do not fit it.
    """
    try:
        return fit_words(
            features,
            words,
            phones,
            models or read_seed(),
            recording.duration_s,
            force_fit=force_fit,
            watch=watch,
        )
    except AlignerError as error:
        raise AlignerError(f"{recording.name}: {error}") from None


def compute_features(
    recording: Audio, factor: float | None = None, moments: Moments | None = None
) -> FloatArray:
    """Compute the features of a recording, by which its frames are compared with models.

    Parameters
    ----------
    recording : Audio
    factor : float, optional
        By which its cepstra are warped; without, that of `fit_vocal_tract`.
    moments : Moments, optional
        Of all that the speaker says, warped; without, those of the recording.

    Returns
    -------
    (frames, 26) float64
    """
    cepstra = cepstra_of(recording)
    cepstra = warp(cepstra, factor or fit_vocal_tract(cepstra, read_seed()))
    return standardise(cepstra, moments or measure_moments(cepstra))


def cepstra_of(recording: Audio) -> FloatArray:
    """Compute the cepstra of a recording, (frames, 13) float64."""
    step = _BLOCK_S * recording.rate_hz
    spans = [
        (start, min(start + step, recording.n_samples))
        for start in range(0, recording.n_samples, step)
    ]
    return compute_cepstra(recording.slices(spans), recording.rate_hz)


def to_textgrid(aligned: AlignedText, *, with_confidence: bool = True) -> TextGrid:
    """Convert aligned words to a TextGrid with the tiers ``words``, ``phones``, ``confidence``."""
    words = [(word.start_s, word.end_s, word.text) for word in aligned.words]
    phones = [
        (phone.start_s, phone.end_s, phone.name) for word in aligned.words for phone in word.phones
    ]
    tiers = {"words": words, "phones": phones}
    if with_confidence:
        tiers["confidence"] = [
            (word.start_s, word.end_s, f"{word.confidence:.2f}") for word in aligned.words
        ]
    return TextGrid(
        0.0,
        aligned.duration_s,
        tuple(
            IntervalTier(name, 0.0, aligned.duration_s, cover(spans, 0.0, aligned.duration_s))
            for name, spans in tiers.items()
        ),
        notes=aligned.notes,
    )


def cover(
    spans: Sequence[tuple[float, float, str]], start_s: float, end_s: float
) -> tuple[Interval, ...]:
    """Return spans with a label that have a length as intervals of a tier without gaps."""
    labelled = (Interval(*span) for span in spans if span[1] > span[0])
    return tuple(fill_gaps(labelled, start_s, end_s))
