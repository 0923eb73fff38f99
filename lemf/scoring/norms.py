"""Norms of a recording, a speaker or a corpus: what each word is compared with.

A z-score over the sentence tells which of its words stands out. Over more words, it also tells how
much, on a scale that sentences share: by the mean and deviation of each cue, and the usual length
of each phone.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from lemf.arrays import FloatArray
from lemf.config import SINGLE_RECORDING_SCOPES, Settings
from lemf.contours.measurement import Measurement
from lemf.cues.phone_norms import PhoneNorms, PhoneTally
from lemf.cues.zscore import zscore_against
from lemf.reading.alignment import Word
from lemf.scoring.breaks import cut_at_breaks
from lemf.scoring.sentence import find_vowels, measure_cues

_NO_PHONES = PhoneNorms({}, math.nan)


@dataclass(frozen=True, eq=False)
class Norms:
    """The norms of a group of words.

    Attributes
    ----------
    phones : PhoneNorms
    cues : mapping of cue to (mean, standard deviation)
        Over the words in which the cue was measured; NaN if there are none.
    """

    phones: PhoneNorms
    cues: Mapping[str, tuple[float, float]]

    def standardise(self, name: str, values: FloatArray) -> FloatArray:
        """Compute the z-scores of a cue by these norms."""
        return zscore_against(values, *self.cues[name])


def gather_norms(
    recordings: Callable[[], Iterable[tuple[str, Measurement]]],
    settings: Settings,
    group_of: Callable[[str], str] = lambda name: name,
) -> dict[str, Norms]:
    """Compute the norms of each group of recordings; their order changes only rounding.

    Parameters
    ----------
    recordings : function
        Returns the ids and measurements; called once per pass. A second pass is needed where a cue
        of the set compares phones with their expected durations.
    settings : Settings
    group_of : function
        Returns the group of an id, such as its speaker.

    Returns
    -------
    dict of group to Norms
        In the order in which the groups first appear.
    """
    tallies: dict[str, PhoneTally] = {}
    if settings.needs_phone_norms:
        for name, measured in recordings():
            tally = tallies.setdefault(group_of(name), PhoneTally())
            for words in measured.alignment.sentences:
                tally.add(words)
    phones = _phone_norms(tallies)
    cues: dict[str, _CueMoments] = {}
    for name, measured in recordings():
        group = group_of(name)
        if group not in cues:
            cues[group] = _CueMoments(phones.get(group, _NO_PHONES))
        cues[group].add(measured, settings)
    return {group: moments.norms() for group, moments in cues.items()}


def recording_norms(measured: Measurement, settings: Settings) -> Norms:
    """Compute the norms of the words of one recording."""
    words = [word for sentence in measured.alignment.sentences for word in sentence]
    moments = _CueMoments(sentence_phones(words, settings))
    moments.add(measured, settings)
    return moments.norms()


def n_passes(settings: Settings) -> int:
    """Return how often `gather_norms` reads all recordings for the scope of the settings."""
    return 0 if settings.normalise in SINGLE_RECORDING_SCOPES else 1 + settings.needs_phone_norms


def sentence_phones(words: Iterable[Word], settings: Settings) -> PhoneNorms:
    """Compute the expected durations of phones from these words, if a cue of the set needs them."""
    tally = PhoneTally()
    if settings.needs_phone_norms:
        tally.add(words)
    return tally.norms()


def _phone_norms(tallies: Mapping[str, PhoneTally]) -> dict[str, PhoneNorms]:
    """Compute the phone norms of each group, those of few phones shrunk to those of all groups."""
    if len(tallies) < 2:
        return {group: tally.norms() for group, tally in tallies.items()}
    together = PhoneTally()
    for tally in tallies.values():
        together.merge(tally)
    wider = together.norms()
    return {group: tally.norms(wider) for group, tally in tallies.items()}


class _CueMoments:
    """The moments of each cue over the recordings of a group, which come one by one."""

    def __init__(self, phones: PhoneNorms) -> None:
        self._phones = phones
        self._moments: dict[str, _Moments] = {}

    def add(self, measured: Measurement, settings: Settings) -> None:
        measured = cut_at_breaks(measured, settings)
        vowels = find_vowels(measured.alignment, settings)
        for words in measured.alignment.sentences:
            cues = measure_cues(
                words, measured.contours, settings, measured.duration_s, self._phones, vowels
            )
            for name, values in cues.values.items():
                self._moments.setdefault(name, _Moments()).add(values)

    def norms(self) -> Norms:
        moments = {name: one.mean_and_deviation() for name, one in self._moments.items()}
        return Norms(self._phones, moments)


class _Moments:
    """Mean and variance of values that come in pieces (Chan et al. 1983)."""

    def __init__(self) -> None:
        self._n = 0
        self._mean = 0.0
        self._squares = 0.0

    def add(self, values: FloatArray) -> None:
        measured = values[np.isfinite(values)]
        if not len(measured):
            return
        n, mean = len(measured), float(measured.mean())
        step = mean - self._mean
        total = self._n + n
        self._squares += float(((measured - mean) ** 2).sum()) + step**2 * self._n * n / total
        self._mean += step * n / total
        self._n = total

    def mean_and_deviation(self) -> tuple[float, float]:
        if not self._n:
            return math.nan, math.nan
        return self._mean, math.sqrt(self._squares / self._n)
