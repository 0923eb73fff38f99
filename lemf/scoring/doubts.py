"""Words whose alignment plainly failed, or whose F0 is missing or a lone outlier: flags and notes.

Aligners give every word a place, also where the recording says something else. Such places show:
phones of impossible length, rows of phones of the least length, words where there is no sound.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from lemf.arrays import FloatArray
from lemf.contours.contours import Contours
from lemf.cue_sets import CUE_SETS
from lemf.cues.pooling import median_of, percentile_of
from lemf.cues.sentence_contours import clear_semitones
from lemf.reading.alignment import Alignment, Word
from lemf.reading.frames import frames_of_each
from lemf.scoring.word_emphasis import SentenceEmphasis

LONGEST_PHONE_S = 1.5
LONGEST_LETTER_S = 0.25  # of a word without phones, beside one phone as long as that
LEAST_PHONE_S = 0.03  # three frames of 10 ms, one for each state of an aligner's phone
LEAST_RUN = 8  # phones of the least length in a row
SOUND_WITHIN_S = 0.25
OUTLIER_ST = 6.0  # above all clear F0 of the word: half an octave
LEAST_CONFIDENCE = 0.5  # of a word, below which its place is doubtful
_ROUNDING_S = 1e-3
_LEAST_DROP = 10.0  # from the speech to the silence around it, as a ratio of energies: 20 dB
_LARGEST_DROP = 1e4
_SHOWN = 3  # words in a note
_FEWEST_UNVOICED = 3  # words that make a note; the flags of fewer are enough
_NOTED = 10  # sentences with a note of their own
TOP_AMONG_THEM = ", the top word among them"  # in a note: what depends on weights
TRY_LISTENERS = ", or use --cues listeners"  # ends a note where these cues are not used
_OF_LISTENERS = CUE_SETS["listeners"].keys()


def alignment_flags(words: Sequence[Word], sound_s: FloatArray) -> list[tuple[str, ...]]:
    """Find the words of a sentence where the alignment plainly failed.

    Parameters
    ----------
    words : sequence of Word
    sound_s : (frames,) float64
        The times at which there is sound, from `find_sound`.

    Returns
    -------
    list of tuple of str
        ``stretched_phone``: a phone over 1.5 s, or a word without phones that is longer than that
        and 0.25 s per letter. ``minimum_phones``: most of its phones are in a row of eight or more
        that have the same length of 0.03 s or less. ``no_sound``: no sound within 0.25 s.
        ``doubtful_alignment``: a confidence below 0.5.
    """
    found = {
        "stretched_phone": np.array([_is_stretched(word) for word in words]),
        "minimum_phones": _in_minimum_runs(words),
        "no_sound": _far_from(words, sound_s),
        "doubtful_alignment": np.array(
            [word.confidence is not None and word.confidence < LEAST_CONFIDENCE for word in words]
        ),
    }
    return [tuple(flag for flag in found if found[flag][i]) for i in range(len(words))]


def find_sound(words: Iterable[Word], contours: Contours) -> FloatArray:
    """Find when there is sound in a recording.

    The level of the speech is the upper quartile of the words' loudest frames, or the 95th
    percentile of all frames, if that is higher; the silence is the 5th percentile. There is sound
    in frames above the middle between the two, in dB, if that is at least 20 dB below the speech,
    and otherwise above 20 dB below the speech.

    Parameters
    ----------
    words : iterable of Word
        All words of the recording.
    contours : Contours

    Returns
    -------
    (frames,) float64
        Times in seconds; of all frames in a recording that is silent throughout.
    """
    energy, times_s = contours.energy, contours.times_s
    if not len(energy):
        return times_s
    spans = frames_of_each([(word.start_s, word.end_s) for word in words], times_s)
    loudest = sorted(energy[span].max(initial=0.0) for span in spans)
    ordered = np.sort(energy)
    silence, loud = percentile_of(ordered, 5), percentile_of(ordered, 95)
    speech = max(loud, percentile_of(loudest, 75))
    middle = math.sqrt(speech * max(silence, speech / _LARGEST_DROP))
    heard: FloatArray = times_s[energy >= min(middle, speech / _LEAST_DROP)]
    return heard


def pitch_flags(words: Sequence[Word], contours: Contours) -> list[tuple[str, ...]]:
    """Find the words of a sentence whose F0 maximum is a lone outlier.

    It lies over 6 semitones above all clear F0 of the word, or above the sentence's median where
    the word has none. F0 is clear as in `clear_semitones`, except that any frame is periodic: in
    frames that are loud enough and not at an edge of voicing.

    Returns
    -------
    list of tuple of str
        ``doubtful_pitch`` or nothing, for every word.
    """
    spans = frames_of_each([(word.start_s, word.end_s) for word in words], contours.times_s)
    inside = slice(min(span.start for span in spans), max(span.stop for span in spans))
    f0_hz, energy = contours.f0_hz[inside], contours.energy[inside]
    clear = np.isfinite(clear_semitones(f0_hz, energy, np.ones(len(f0_hz))))
    with np.errstate(divide="ignore"):
        semitones = 12.0 * np.log2(f0_hz)  # -inf where unvoiced
    usual = median_of(np.sort(semitones[clear])) if clear.any() else np.inf
    flags: list[tuple[str, ...]] = []
    for span in spans:
        own = slice(span.start - inside.start, span.stop - inside.start)
        highest = semitones[own].max(initial=-np.inf)
        clearest = semitones[own][clear[own]].max(initial=-np.inf)
        heard = clearest if np.isfinite(clearest) else usual
        flags.append(("doubtful_pitch",) if highest > heard + OUTLIER_ST else ())
    return flags


def doubt_notes(sentences: Sequence[SentenceEmphasis]) -> list[str]:
    """Write one note per sentence whose alignment failed, and one on each other kind of doubt."""
    notes = []
    for sentence in sentences:
        failed = [word for word in sentence.words if word.misaligned]
        if failed:
            where = f"sentence {sentence.index}: " if len(sentences) > 1 else ""
            shown = ", ".join(
                f"{word.word} ({word.start_s:.2f}-{word.end_s:.2f} s, {word.doubts})"
                for word in failed[:_SHOWN]
            )
            more = f" and {len(failed) - _SHOWN} more" if len(failed) > _SHOWN else ""
            top = TOP_AMONG_THEM if sentence.ranked[0] in failed else ""
            notes.append(
                f"{where}the alignment plainly failed at {shown}{more}{top}; correct the TextGrid"
            )
    if len(notes) > _NOTED:
        notes[_NOTED:] = [f"sentences where the alignment failed, too: {len(notes) - _NOTED}"]
    words = [word for sentence in sentences for word in sentence.words]
    unsure = [word for word in words if "doubtful_alignment" in word.flags]
    if unsure:
        shown = ", ".join(
            f"{word.word} ({word.start_s:.2f}-{word.end_s:.2f} s)" for word in unsure[:_SHOWN]
        )
        notes.append(
            f"words that the aligner is not sure of (doubtful_alignment): {len(unsure)} of "
            f"{len(words)}, such as {shown}; listen there"
        )
    if doubtful := sum("doubtful_pitch" in word.flags for word in words):
        remedy = "" if words[0].cues.keys() >= _OF_LISTENERS else TRY_LISTENERS
        notes.append(
            f"words whose F0 maximum is a lone outlier (doubtful_pitch): {doubtful} of "
            f"{len(words)}; compare another --pitch{remedy}"
        )
    return notes


def voice_notes(sentences: Sequence[SentenceEmphasis]) -> list[str]:
    """Write a note if most of the words have no voiced frame, as in a whisper."""
    words = [word for sentence in sentences for word in sentence.words]
    if len({word.energy for word in words if not np.isnan(word.energy)}) <= 1:
        return []  # silence, which has a note
    n_unvoiced = sum(
        np.isnan(word.pitch) and "no_frame" not in word.flags and not word.misaligned
        for word in words
    )
    if n_unvoiced < _FEWEST_UNVOICED or 2 * n_unvoiced <= len(words):
        return []
    return [
        f"{n_unvoiced} of {len(words)} words have no voiced frame: their pitch counts as average; "
        "is this a whisper? Otherwise check --pitch-range, the channel and --highpass"
    ]


def unheard_notes(sentences: Sequence[SentenceEmphasis]) -> list[str]:
    """Write a note on sentences without any clear voice."""
    if not (n_unheard := sum("unheard" in one.flags for one in sentences)):
        return []
    return [
        f"no clear voice in {n_unheard} of {len(sentences)} sentences (unheard): no pitch to go "
        "by, and a decision rests on durations, loudness and spectrum alone; is it speech?"
    ]


def fundamental_notes(sentences: Sequence[SentenceEmphasis]) -> list[str]:
    """Write a note on sentences whose fundamental Harvest misses."""
    if not (n_missing := sum("missing_fundamental" in one.flags for one in sentences)):
        return []
    return [
        f"no F0 to go by in {n_missing} of {len(sentences)} sentences: Harvest finds voice in few "
        "of the loud frames, as on the telephone (missing_fundamental); use --pitch praat or swift"
    ]


def vowel_notes(alignment: Alignment, vowels: frozenset[str]) -> list[str]:
    """Write a note if half of the words that have phones hold no vowel."""
    words = [word for sentence in alignment.sentences for word in sentence if word.phones]
    without = [word for word in words if not any(p.label in vowels for p in word.phones)]
    if 2 * len(without) < len(words) or not words:
        return []
    labels = " ".join(phone.label for phone in without[0].phones)
    return [
        f"tier {alignment.phones_tier!r}: no vowel known in {len(without)} of {len(words)} words, "
        f"such as {without[0].text} ({labels}): cues of vowels count as average there"
    ]


def _is_stretched(word: Word) -> bool:
    if word.phones:
        return max(phone.duration_s for phone in word.phones) > LONGEST_PHONE_S
    letters = sum(letter.isalnum() for letter in word.text)
    return word.end_s - word.start_s > LONGEST_PHONE_S + LONGEST_LETTER_S * letters


def _in_minimum_runs(words: Sequence[Word]) -> NDArray[np.bool_]:
    """Check for every word whether most of its phones are in a long run of the least length."""
    owner = np.repeat(np.arange(len(words)), [len(word.phones) for word in words])
    times_s = np.array([phone[1:] for word in words for phone in word.phones]).reshape(-1, 2)
    length_s = times_s[:, 1] - times_s[:, 0]
    least = length_s < LEAST_PHONE_S + _ROUNDING_S
    goes_on = np.zeros(len(owner), dtype=bool)  # the run of the phone before
    goes_on[1:] = (
        (least[1:] & least[:-1])
        & (np.abs(np.diff(length_s)) < _ROUNDING_S)
        & (np.abs(times_s[1:, 0] - times_s[:-1, 1]) < _ROUNDING_S)
    )
    run = np.cumsum(~goes_on) - 1
    in_run = np.bincount(run, minlength=1)[run] >= LEAST_RUN if len(run) else least
    n_phones = np.bincount(owner, minlength=len(words))
    n_in_run = np.bincount(owner, in_run, minlength=len(words))
    most: NDArray[np.bool_] = 2 * n_in_run > n_phones
    return most


def _far_from(words: Sequence[Word], sound_s: FloatArray) -> NDArray[np.bool_]:
    starts = np.array([word.start_s for word in words]) - SOUND_WITHIN_S
    ends = np.array([word.end_s for word in words]) + SOUND_WITHIN_S
    far: NDArray[np.bool_] = np.searchsorted(sound_s, starts) == np.searchsorted(sound_s, ends)
    return far
