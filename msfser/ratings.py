"""The votes of single raters, beside the manifest: one row per utterance and rater, as Parquet.

A manifest holds the mean of the votes. Their spread tells how far the raters agree.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lemf.runtime.output import write_output
from msfser.errors import ManifestError
from msfser.parquet import (
    Column,
    convert_columns,
    format_parquet,
    read_parquet,
)

RATINGS_NAME = "ratings.parquet"

_DIMENSIONS = ("valence", "arousal", "dominance")


@dataclass(frozen=True, kw_only=True, slots=True)
class Rating:
    """The vote of one rater on one utterance.

    Attributes
    ----------
    id : str
        Of the utterance, as in the manifest.
    rater : str
    valence, arousal, dominance : float
        In the scale of the corpus; NaN where the rater gave none.
    emotion : str or None
        As the corpus names it.
    """

    id: str
    rater: str
    valence: float = math.nan
    arousal: float = math.nan
    dominance: float = math.nan
    emotion: str | None = None


_TYPES = dict.fromkeys(_DIMENSIONS, "float64")
_COLUMNS: tuple[Column[Rating], ...] = tuple(
    (field.name, _TYPES.get(field.name, "string"), attrgetter(field.name))
    for field in fields(Rating)
)


@dataclass(frozen=True, eq=False)
class Spread:
    """How the votes on some utterances scatter.

    Attributes
    ----------
    std : (utterances, 3) float64
        Standard deviation of the votes with n - 1 in the denominator, in the order of `DIMENSIONS`
        and the scale of the corpus; NaN for fewer than two votes.
    n_raters : (utterances, 3) float64
        Votes in each dimension.
    """

    std: NDArray[np.float64]
    n_raters: NDArray[np.float64]


def write_ratings(path: Path, ratings: Sequence[Rating], *, force: bool = False) -> None:
    """Write votes as Parquet, whole or not at all.

    Raises
    ------
    lemf.LemfError
        The file cannot be written, or exists already and `force` is not set.
    """
    write_output(path, format_parquet(ratings, _COLUMNS, {}), force=force)


def read_ratings(path: Path) -> list[Rating]:
    """Read votes that `write_ratings` wrote.

    Parameters
    ----------
    path : Path
        The Parquet file, or the folder that holds `RATINGS_NAME`.

    Raises
    ------
    ManifestError
        The file is missing, not written by msfser, or lacks a column.
    """
    if path.is_dir():
        path = path / RATINGS_NAME
    names = [name for name, _, _ in _COLUMNS]
    table, _ = read_parquet(path, names, ManifestError, "msfser corpus")
    table = convert_columns(path, table, {name: kind for name, kind, _ in _COLUMNS}, ManifestError)
    rows = table.to_pylist()
    for row in rows:
        for name in _DIMENSIONS:
            row[name] = math.nan if row[name] is None else row[name]
    return [Rating(**row) for row in rows]


def vote_spread(ids: Sequence[str], ratings: Sequence[Rating]) -> Spread:
    """Compute the spread of the votes on utterances; votes on others are ignored.

    Parameters
    ----------
    ids : sequence of str
    ratings : sequence of Rating

    Returns
    -------
    Spread
        NaN and 0 for utterances without votes.
    """
    at, votes = _votes_on(ids, ratings)
    known = ~np.isnan(votes)
    n, mean = _mean_votes(len(ids), at, votes)
    squares = np.zeros_like(mean)
    np.add.at(squares, at, np.where(known, votes - np.nan_to_num(mean)[at], 0.0) ** 2)
    enough = n >= 2
    std = np.sqrt(squares / np.where(enough, n - 1, 1.0))
    return Spread(np.where(enough, std, np.nan), n)


def vote_means(ids: Sequence[str], ratings: Sequence[Rating]) -> NDArray[np.float64]:
    """Compute the means of the votes on utterances, (utterances, 3); NaN without votes."""
    return _mean_votes(len(ids), *_votes_on(ids, ratings))[1]


def _votes_on(
    ids: Sequence[str], ratings: Sequence[Rating]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the place of the utterance and the values, (votes, 3), of each vote on one of them."""
    places = {name: place for place, name in enumerate(ids)}
    used = [rating for rating in ratings if rating.id in places]
    at = np.array([places[rating.id] for rating in used], dtype=np.int64)
    rows = [(rating.valence, rating.arousal, rating.dominance) for rating in used]
    return at, np.array(rows, dtype=np.float64).reshape(len(used), len(_DIMENSIONS))


def _mean_votes(
    n_utterances: int, at: NDArray[np.int64], votes: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return how many votes each utterance has, (utterances, 3), and their means."""
    known = ~np.isnan(votes)
    n, sums = (np.zeros((n_utterances, len(_DIMENSIONS))) for _ in range(2))
    np.add.at(n, at, known)
    np.add.at(sums, at, np.where(known, votes, 0.0))
    return n, np.where(n > 0, sums / np.maximum(n, 1.0), np.nan)
