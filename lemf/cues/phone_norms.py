"""How long each phone is expected to be: the mean over others of its kind, by a speaker."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lemf.reading.alignment import Word

_PRIOR = 4.0  # phones at the general mean that each label counts as seen besides its own


@dataclass(frozen=True, eq=False)
class PhoneNorms:
    """The natural logarithm of the duration to expect of a phone, in seconds.

    Attributes
    ----------
    by_label : mapping of str to float
    otherwise : float
        Of a label that is not among them; NaN without any phone.
    """

    by_label: Mapping[str, float]
    otherwise: float

    def of(self, label: str) -> float:
        """Give the expectation of a phone by its label."""
        return self.by_label.get(label, self.otherwise)


@dataclass(eq=False)
class PhoneTally:
    """Counts and summed ln durations of phones by label; grows word by word."""

    counts: dict[str, int] = field(default_factory=dict)
    sums: dict[str, float] = field(default_factory=dict)

    def add(self, words: Iterable[Word]) -> None:
        """Count the phones of words."""
        for word in words:
            for phone in word.phones:
                ln_s = math.log(phone.duration_s)
                self.counts[phone.label] = self.counts.get(phone.label, 0) + 1
                self.sums[phone.label] = self.sums.get(phone.label, 0.0) + ln_s

    def merge(self, other: PhoneTally) -> None:
        """Add what another has counted."""
        for label, count in other.counts.items():
            self.counts[label] = self.counts.get(label, 0) + count
            self.sums[label] = self.sums.get(label, 0.0) + other.sums[label]

    def norms(self, wider: PhoneNorms | None = None) -> PhoneNorms:
        """Give what to expect of each label: its mean, drawn to the general one where it is rare.

        (sum + 4 * prior) / (n + 4) over the n phones of a label. The prior is the mean of all
        phones; given wider norms, it is theirs plus how much slower the phones here are by them:
        a speaker's tempo.

        Parameters
        ----------
        wider : PhoneNorms, optional
            Those of the corpus, for the norms of a speaker.
        """
        n_all, sum_all = sum(self.counts.values()), math.fsum(self.sums.values())
        if n_all == 0:
            return wider or PhoneNorms({}, math.nan)
        if wider is None:
            wider = PhoneNorms({}, 0.0)
        tempo = (sum_all - math.fsum(n * wider.of(name) for name, n in self.counts.items())) / n_all
        expected = {name: value + tempo for name, value in wider.by_label.items()}
        expected |= {
            name: (self.sums[name] + _PRIOR * (wider.of(name) + tempo)) / (n + _PRIOR)
            for name, n in self.counts.items()
        }
        return PhoneNorms(expected, wider.otherwise + tempo)
