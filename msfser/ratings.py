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
    write_output(path, format_ratings(ratings), force=force)


def format_ratings(ratings: Sequence[Rating]) -> bytes:
    """Format votes as Parquet; the same votes give the same bytes."""
    return format_parquet(ratings, _COLUMNS, {})


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


def vote_spread(votes: NDArray[np.float64]) -> Spread:
    """Compute the spread of the votes on utterances.

    Parameters
    ----------
    votes : (utterances, votes, 3) float64
        From `stack_votes`.

    Returns
    -------
    Spread
        NaN and 0 for utterances without votes.
    """
    known = ~np.isnan(votes)
    n = known.sum(axis=1).astype(np.float64)
    means = vote_means(votes)
    squares = np.where(known, votes - means[:, np.newaxis], 0.0) ** 2
    std = np.sqrt(squares.sum(axis=1) / np.maximum(n - 1, 1.0))
    return Spread(np.where(n >= 2, std, np.nan), n)


def vote_means(votes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute the means of stacked votes, (utterances, 3); NaN without votes."""
    n = (~np.isnan(votes)).sum(axis=1)
    return np.where(n > 0, np.nansum(votes, axis=1) / np.maximum(n, 1), np.nan)


def stack_votes(ids: Sequence[str], ratings: Sequence[Rating]) -> NDArray[np.float64]:
    """Stack the votes on utterances; votes on others are ignored.

    Parameters
    ----------
    ids : sequence of str
    ratings : sequence of Rating

    Returns
    -------
    (utterances, votes, 3) float64
        In the order of `DIMENSIONS` and the scale of the corpus, as many as the utterance with the
        most votes has; those of an utterance in the order of its raters, whatever that of
        `ratings`, then NaN.
    """
    found: dict[str, list[tuple[str, tuple[float, float, float]]]] = {name: [] for name in ids}
    for rating in ratings:
        if rating.id in found:
            values = (rating.valence, rating.arousal, rating.dominance)
            found[rating.id].append((rating.rater or "", values))
    most = max(map(len, found.values()), default=0)
    stacked = np.full((len(ids), most, len(_DIMENSIONS)), np.nan)
    for row, name in zip(stacked, ids, strict=True):
        for place, (_, values) in enumerate(sorted(found[name], key=repr)):
            row[place] = values
    return stacked
