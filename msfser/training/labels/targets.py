"""What heads learn of each utterance beside its labels: gender, emotion, the votes on it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from msfser.config.settings import ModelConfig, SideHead
from msfser.data.examples import Examples
from msfser.errors import DataError
from msfser.ratings import RATINGS_NAME, Rating, read_ratings, vote_spread

GENDERS = {"male": 0.0, "female": 1.0}
RATINGS = "ratings"  # what DEER learns from, beside the targets of other heads


def emotion_classes(examples: Examples) -> tuple[str, ...]:
    """Return the emotions of the training utterances, in alphabetical order.

    Raises
    ------
    DataError
        There are fewer than two.
    """
    found = tuple(sorted({name for name in examples.emotions if name}))
    if len(found) < 2:
        shown = ", ".join(found) or "none"
        raise DataError(
            f"model.side_heads 'emotion': training utterances of two emotions or more are needed, "
            f"and there are: {shown}"
        )
    return found


def learns_votes(model: ModelConfig) -> bool:
    """Return whether a model learns from the votes of single raters, where there are any."""
    return model.output == "evidence" or "spread" in model.side_heads


def read_votes(folder: Path, model: ModelConfig) -> list[Rating]:
    """Read the votes on a corpus for a model that learns from them.

    Returns
    -------
    list of Rating
        Empty where there are none and the model does without.

    Raises
    ------
    DataError
        There are none, and a head learns from nothing else.
    lemf.LemfError
        The file of votes cannot be read.
    """
    path = folder / RATINGS_NAME
    if path.exists():
        return read_ratings(path)
    if "spread" in model.side_heads:
        raise DataError(
            f"{path}: no such file, and the votes of single raters are needed for "
            "model.side_heads 'spread'; leave the head out, or read a corpus that has them"
        )
    return []


def rating_targets(
    labels: NDArray[np.float32], votes: NDArray[np.float64], label_bounds: tuple[float, float]
) -> NDArray[np.float32]:
    """Build the ratings that DEER learns from.

    Parameters
    ----------
    labels : (utterances, 3) float32
        From 0 to 1; NaN where there is none.
    votes : (utterances, votes, 3) float64
        From `stack_votes`, on the scale of the corpus.
    label_bounds : (float, float)
        Ends of the rating scale.

    Returns
    -------
    (utterances, ratings, 3) float32
        The votes from 0 to 1, or the label as the only one where a dimension has no vote; NaN where
        there is no other.
    """
    low, high = label_bounds
    scaled = (votes - low) / (high - low)
    unrated = np.isnan(votes).all(axis=1)
    first = np.where(unrated, labels, np.nan)[:, np.newaxis]
    return np.concatenate([first, scaled], axis=1).astype(np.float32)


def side_targets(
    examples: Examples,
    heads: Sequence[SideHead],
    votes: NDArray[np.float64] | None,
    label_bounds: tuple[float, float],
) -> dict[str, NDArray[np.float32]]:
    """Build the targets of heads.

    Parameters
    ----------
    examples : Examples
        Of the training.
    heads : sequence of {"gender", "emotion", "spread"}
    votes : (utterances, votes, 3) float64, or None
        From `stack_votes`; read for the spread only.
    label_bounds : (float, float)
        Ends of the rating scale.

    Returns
    -------
    dict of str to (utterances, n) float32
        ``"gender"``, (utterances, 1): 1 for female, 0 for male; ``"emotion"``, (utterances, 1): the
        place in `emotion_classes`; ``"spread"``, (utterances, 6): the variance of the votes from 0
        to 1 in each dimension, and how many there are. NaN where unknown.

    Raises
    ------
    DataError
        No utterance has what a head learns.
    """
    targets: dict[str, NDArray[np.float32]] = {}
    if "gender" in heads:
        column = [GENDERS.get(name or "", np.nan) for name in examples.genders]
        targets["gender"] = np.array(column, dtype=np.float32)[:, np.newaxis]
    if "emotion" in heads:
        places = {name: float(place) for place, name in enumerate(emotion_classes(examples))}
        column = [places.get(name or "", np.nan) for name in examples.emotions]
        targets["emotion"] = np.array(column, dtype=np.float32)[:, np.newaxis]
    if "spread" in heads and votes is not None:
        low, high = label_bounds
        spread = vote_spread(votes)
        variance = np.square(spread.std / (high - low))
        targets["spread"] = np.concatenate([variance, spread.n_raters], axis=1).astype(np.float32)
    for name, rows in targets.items():
        if np.isnan(rows[:, 0]).all():
            lacking = "two votes in ratings.parquet" if name == "spread" else f"its {name}"
            raise DataError(
                f"model.side_heads {name!r}: no training utterance has {lacking}; leave the head "
                "out"
            )
    return targets
