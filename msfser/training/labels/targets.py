"""What the heads beside valence, arousal and dominance learn of each utterance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from msfser.config.settings import SideHead
from msfser.data.examples import Examples
from msfser.errors import DataError
from msfser.ratings import Rating, vote_spread

GENDERS = {"male": 0.0, "female": 1.0}


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


def side_targets(
    examples: Examples,
    heads: Sequence[SideHead],
    ratings: Sequence[Rating],
    label_bounds: tuple[float, float],
) -> dict[str, NDArray[np.float32]]:
    """Build the targets of heads.

    Parameters
    ----------
    examples : Examples
        Of the training.
    heads : sequence of {"gender", "emotion", "spread"}
    ratings : sequence of Rating
        Of the corpus; read for the spread only.
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
    if "spread" in heads:
        low, high = label_bounds
        spread = vote_spread(examples.ids, ratings)
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
