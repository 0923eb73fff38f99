"""Phrase boundaries: the strength of the break after each word, and sentences cut at them.

strength = log2(1 + pause / 0.1 s) + max(lengthening, 0) / 1.5 phones + max(reset, 0) / 6 st

A pause of 100 ms alone makes a minor break, one of 300 ms a major one. Listeners hear boundaries by
the length and the F0 of what stands before them, each by itself and both together (Streeter 1978),
so the terms are added.

References
----------
L. A. Streeter, "Acoustic determinants of phrase boundary perception", Journal of the Acoustical
Society of America 64, 1978.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from lemf.arrays import FloatArray
from lemf.config import Settings
from lemf.contours.measurement import Measurement
from lemf.cues.break_cues import f0_resets, final_lengthening, pauses_after
from lemf.cues.phone_norms import PhoneTally
from lemf.cues.sentence_contours import cut_sentence
from lemf.reading.alignment import Word
from lemf.scoring.word_emphasis import SentenceEmphasis, WordBreak

PAUSE_S = 0.1
LENGTHENING = 1.5  # average phones
RESET_ST = 6.0
MINOR, MAJOR = 1.0, 2.0  # least strength at the end of an intermediate, an intonational phrase


def break_strength(
    pause_s: FloatArray, lengthening: FloatArray, reset_st: FloatArray
) -> FloatArray:
    """Compute the strength of the break after each word.

    Parameters
    ----------
    pause_s, lengthening, reset_st : (words,) float64
        As `lemf.cues.break_cues` measures them. What is NaN of the last two adds nothing.

    Returns
    -------
    (words,) float64
        0 or more; NaN where the pause is NaN, at the end of the recording.
    """
    lengthened = np.fmax(lengthening, 0.0) / LENGTHENING
    reset = np.fmax(reset_st, 0.0) / RESET_ST
    strength: FloatArray = np.log2(1 + pause_s / PAUSE_S) + lengthened + reset
    return strength


def break_kinds(strength: FloatArray) -> list[str]:
    """Name the breaks: ``"none"``, ``"minor"`` from 1, ``"major"`` from 2, ``"end"`` for NaN.

    They stand for the break indices 0 to 2, 3 and 4 of ToBI.
    """
    names = np.array(["none", "minor", "major", "major"])
    kinds = np.where(np.isnan(strength), "end", names[np.digitize(strength, [MINOR, MAJOR])])
    found: list[str] = kinds.tolist()
    return found


def measure_breaks(measured: Measurement) -> list[WordBreak]:
    """Measure the break after each word of a recording, across its sentences.

    The phones of the recording tell the expected durations.

    Parameters
    ----------
    measured : Measurement
        With detail.

    Returns
    -------
    list of WordBreak
        One per word; the last one is the end of the recording.
    """
    from lemf.cues.alphabets import vowel_labels

    words = _words_of(measured)
    tally = PhoneTally()
    tally.add(words)
    vowels = vowel_labels([phone.label for phone in word.phones] for word in words)
    contours = cut_sentence(words, measured.contours)
    pause_s = pauses_after(
        np.array([word.start_s for word in words]), np.array([word.end_s for word in words])
    )
    lengthening = final_lengthening(words, tally.norms(), vowels)
    reset_st = f0_resets(contours.semitones, contours.clear, contours.spans)
    strength = break_strength(pause_s, lengthening, reset_st)
    columns = (column.tolist() for column in (strength, pause_s, lengthening, reset_st))
    return [
        WordBreak(kind, *values)
        for kind, values in zip(break_kinds(strength), zip(*columns, strict=True), strict=True)
    ]


def cut_at_breaks(measured: Measurement, settings: Settings) -> Measurement:
    """Return a measurement whose sentences end at the major breaks, if the settings ask for it.

    Breaks need contours, so the sentences are cut after they were measured; cut once more, they
    stay as they are.
    """
    if not settings.sentences_from_breaks:
        return measured
    sentences: list[list[Word]] = [[]]
    for word, after in zip(_words_of(measured), measure_breaks(measured), strict=True):
        sentences[-1].append(word)
        if after.kind == "major":
            sentences.append([])
    cut = tuple(tuple(sentence) for sentence in sentences)
    return replace(measured, alignment=replace(measured.alignment, sentences=cut))


def add_breaks(
    sentences: Iterable[SentenceEmphasis], breaks: Sequence[WordBreak]
) -> list[SentenceEmphasis]:
    """Return sentences whose words know the break after them, one per word of the recording."""
    after = iter(breaks)
    return [
        replace(one, words=tuple(replace(w, break_after=next(after)) for w in one.words))
        for one in sentences
    ]


def _words_of(measured: Measurement) -> tuple[Word, ...]:
    return tuple(word for sentence in measured.alignment.sentences for word in sentence)
