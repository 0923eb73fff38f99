"""Predictions in the format of the MSP-Podcast challenges.

The script that the owners of the corpus publish for Test3 writes ``FileName``, ``EmoAct``,
``EmoVal`` and ``EmoDom``, in this order, and values clipped to the rating scale
(``eval_dim_ser_test3.py`` in github.com/msplabresearch/MSP-Podcast_Challenge).
"""

from __future__ import annotations

from pathlib import PurePosixPath

import numpy as np

from msfser.errors import DataError
from msfser.evaluation.predictions import Predictions
from msfser.manifest import DIMENSIONS
from msfser.outputs import counted

SUBMISSION_COLUMNS = {"EmoAct": "arousal", "EmoVal": "valence", "EmoDom": "dominance"}
SUBMISSION_SCALE = (1.0, 7.0)


def make_submission(predictions: Predictions) -> tuple[list[list[str]], int]:
    """Build the rows of a submission, sorted by the names of the recordings.

    Parameters
    ----------
    predictions : Predictions
        Of the utterances of one split.

    Returns
    -------
    rows : list of list of str
        The head, then a row for each utterance; values to six decimals.
    n_clipped : int
        Values outside the scale, which are written as its ends.

    Raises
    ------
    DataError
        The scale is not that of the challenge, a value is missing, or two recordings have one
        name.
    """
    if predictions.label_bounds != SUBMISSION_SCALE:
        low, high = predictions.label_bounds
        raise DataError(
            f"the rating scale is {low:g} to {high:g}, and that of the challenge 1 to 7; predict "
            "with a model of MSP-Podcast"
        )
    for name, values in zip(DIMENSIONS, predictions.values.T, strict=True):
        if (missing := np.isnan(values)).any():
            raise DataError(
                f"no prediction of {name} for {counted(int(missing.sum()), 'utterance')}, such as "
                f"{predictions.ids[int(missing.argmax())]}; the challenge wants all three"
            )
    names = [f"{PurePosixPath(one).name}.wav" for one in predictions.ids]
    if len(set(names)) < len(names):
        raise DataError("two recordings of one name; choose the split of one corpus with --split")
    columns = [DIMENSIONS.index(name) for name in SUBMISSION_COLUMNS.values()]
    clipped = np.clip(predictions.values, *SUBMISSION_SCALE)
    rows = [
        [name, *(f"{value:.6f}" for value in row)]
        for name, row in sorted(zip(names, clipped[:, columns].tolist(), strict=True))
    ]
    n_clipped = int((clipped != predictions.values).sum())
    return [["FileName", *SUBMISSION_COLUMNS], *rows], n_clipped
