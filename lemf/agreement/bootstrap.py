"""Bootstrap: how much a measure depends on the sentences or the speakers that were drawn."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from lemf.agreement.measures import MEASURES, Judgement
from lemf.arrays import FloatArray, IntArray
from lemf.config import N_RESAMPLES

Unit = Literal["sentences", "speakers"]  # what the bootstrap draws
Intervals = Mapping[Unit, Mapping[str, tuple[float, float]]]
MOST_UNDEFINED = 0.05  # of the draws, as with two speakers of whom one has no emphasised word
UNDRAWN = (
    f"No interval where a measure has no value in more than {MOST_UNDEFINED:.0%} of the draws, as "
    "with few speakers: too few to say how it varies."
).replace("%", " %")


def resample(
    judgement: Judgement,
    groups: Sequence[Hashable] | None = None,
    *,
    n_resamples: int = N_RESAMPLES,
    seed: int = 0,
) -> dict[str, FloatArray]:
    """Compute the measures of a judgement over sentences drawn with replacement.

    The same seed and groups give the same draws, so two systems can be compared draw by draw.

    Parameters
    ----------
    judgement : Judgement
    groups : sequence of hashable, optional
        Group of each sentence, such as its speaker; the sentences of a group are drawn together.
        By default each sentence is drawn alone.
    n_resamples : int
    seed : int

    Returns
    -------
    dict of str to (n_resamples,) float64
        One array for each of `MEASURES`; NaN in draws where no sentence counts for the measure.
    """
    groups = range(judgement.values.shape[1]) if groups is None else groups
    times = times_drawn(groups, n_resamples=n_resamples, seed=seed)
    draws = [judgement.summary(one) for one in times]
    return {name: np.array([draw[name] for draw in draws]) for name in MEASURES}


def times_drawn(groups: Sequence[Hashable], *, n_resamples: int, seed: int) -> Iterator[IntArray]:
    """Draw groups with replacement; yield how often each sentence is in a draw.

    Parameters
    ----------
    groups : sequence of hashable
        Group of each sentence.
    n_resamples, seed : int

    Yields
    ------
    (sentences,) int64
    """
    numbers = {group: i for i, group in enumerate(dict.fromkeys(groups))}
    group_of = np.array([numbers[group] for group in groups])
    rng = np.random.default_rng(seed)
    for _ in range(n_resamples):
        drawn = rng.integers(len(numbers), size=len(numbers))
        yield np.bincount(drawn, minlength=len(numbers))[group_of]


def bootstrap_interval(
    draws: FloatArray, level: float = 0.95, *, most_undefined: float = 1.0
) -> tuple[float, float]:
    """Compute the percentile interval of bootstrap draws.

    Parameters
    ----------
    draws : (n_resamples,) float64
        NaN where a draw had no value.
    level : float
        Share of the draws inside the interval, from 0 to 1.
    most_undefined : float
        Share of draws that may have no value.

    Returns
    -------
    low, high : float
        NaN where no draw has a value, or more than `most_undefined` of them have none.
    """
    known = draws[np.isfinite(draws)]
    if not len(known) or len(draws) - len(known) > most_undefined * len(draws):
        return np.nan, np.nan
    low, high = np.quantile(known, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


@dataclass(frozen=True, eq=False)
class Spread:
    """The measures of a system, and those of every draw.

    Attributes
    ----------
    measures : mapping of str to float
    draws : mapping of unit to mapping of str to (n_resamples,) float64
    """

    measures: Mapping[str, float]
    draws: Mapping[Unit, Mapping[str, FloatArray]]

    def minus(self, other: Spread) -> Spread:
        """Subtract the measures of another system, draw by draw."""
        return Spread(
            {name: value - other.measures[name] for name, value in self.measures.items()},
            {
                unit: {name: values - other.draws[unit][name] for name, values in draws.items()}
                for unit, draws in self.draws.items()
            },
        )

    def intervals(self, most_undefined: float = 1.0) -> Intervals:
        """Compute the 95 % interval of each measure, as `bootstrap_interval` does."""
        return {
            unit: {
                name: bootstrap_interval(values, most_undefined=most_undefined)
                for name, values in draws.items()
            }
            for unit, draws in self.draws.items()
        }


def lacks_intervals(measures: Mapping[str, float], intervals: Intervals) -> bool:
    """Check for a measure that has a value, but no interval."""
    return any(
        np.isfinite(measures[name]) and np.isnan(low)
        for spans in intervals.values()
        for name, (low, _) in spans.items()
    )


def draw_spread(
    judgement: Judgement, speakers: list[str] | None, *, n_resamples: int, seed: int
) -> Spread:
    """Draw sentences, and speakers where two or more are known.

    Parameters
    ----------
    judgement : Judgement
    speakers : list of str, optional
        Speaker of each sentence.
    n_resamples, seed : int
    """
    draws = {
        unit: resample(judgement, groups, n_resamples=n_resamples, seed=seed)
        for unit, groups in units_of(speakers).items()
    }
    return Spread(judgement.summary(), draws)


def units_of(speakers: list[str] | None) -> dict[Unit, list[str] | None]:
    """Return what is drawn, and the group of each sentence, None where it is drawn alone."""
    several = speakers is not None and len(set(speakers)) > 1
    return {"sentences": None, "speakers": speakers} if several else {"sentences": None}
