"""Expected durations of phones: the mean over the phones with the same label."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lemf.reading.alignment import Word

_PRIOR = 4.0  # phones with the duration of the prior, added to those of each label


@dataclass(frozen=True, eq=False)
class PhoneNorms:
    """The natural logarithm of the expected duration of a phone in seconds.

    Attributes
    ----------
    by_label : mapping of str to float
    otherwise : float
        Value for other labels; NaN if there was no phone at all.
    """

    by_label: Mapping[str, float]
    otherwise: float

    def of(self, label: str) -> float:
        """Return the expected ln duration of a label."""
        return self.by_label.get(label, self.otherwise)


@dataclass(eq=False)
class PhoneTally:
    """Counts and sums of ln durations of phones by label."""

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
        """Add the counts and sums of another tally."""
        for label, count in other.counts.items():
            self.counts[label] = self.counts.get(label, 0) + count
            self.sums[label] = self.sums.get(label, 0.0) + other.sums[label]

    def norms(self, wider: PhoneNorms | None = None) -> PhoneNorms:
        """Compute the expected ln duration of each label: its mean, shrunk to a prior.

        (sum + 4 * prior) / (n + 4) over the n phones of a label. The prior is the mean of all
        phones; with wider norms, it is their expectation for the label plus the mean difference of
        the phones here from their expectations, which is a speaker's tempo.

        Parameters
        ----------
        wider : PhoneNorms, optional
            Norms of the corpus, for those of a speaker.
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
