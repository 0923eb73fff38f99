"""Predictions in the format of the MSP-Podcast challenges.

The script that the owners of the corpus publish for Test3 writes ``FileName``, ``EmoAct``,
``EmoVal`` and ``EmoDom``, in this order, and values clipped to the rating scale
(``eval_dim_ser_test3.py`` in github.com/msplabresearch/MSP-Podcast_Challenge).
"""

from __future__ import annotations

import re
from collections.abc import Collection

import numpy as np

from msfser.errors import DataError
from msfser.evaluation.predictions import Predictions
from msfser.manifest import DIMENSIONS
from msfser.outputs import counted

SUBMISSION_COLUMNS = {"EmoAct": "arousal", "EmoVal": "valence", "EmoDom": "dominance"}
SUBMISSION_SCALE = (1.0, 7.0)
SUBMISSION_CORPUS = "msp-podcast"

_NAME = re.compile(r"MSP-PODCAST_\w+")
_JOINED = f"{SUBMISSION_CORPUS}/"  # before the ids of a joined corpus


def make_submission(
    predictions: Predictions, wanted: Collection[str] | None = None
) -> tuple[list[list[str]], int]:
    """Build the rows of a submission, sorted by the names of the recordings.

    Parameters
    ----------
    predictions : Predictions
        Of the utterances of one split.
    wanted : collection of str, optional
        Ids of all utterances of the split, as the corpus names them.

    Returns
    -------
    rows : list of list of str
        The head, then a row for each utterance; values to six decimals.
    n_clipped : int
        Values outside the scale, which are written as its ends.

    Raises
    ------
    DataError
        The corpus or the scale is not that of the challenge, a value is missing, a recording has
        another name than those of MSP-Podcast, two have one name, or not all are there.
    """
    names = _recording_names(predictions)
    if wanted is not None:
        _check_whole(names, wanted)
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
    columns = [DIMENSIONS.index(name) for name in SUBMISSION_COLUMNS.values()]
    clipped = np.clip(predictions.values, *SUBMISSION_SCALE)
    rows = [
        [f"{name}.wav", *(f"{value:.6f}" for value in row)]
        for name, row in sorted(zip(names, clipped[:, columns].tolist(), strict=True))
    ]
    n_clipped = int((clipped != predictions.values).sum())
    return [["FileName", *SUBMISSION_COLUMNS], *rows], n_clipped


def _recording_names(predictions: Predictions) -> list[str]:
    """Return the names of the recordings without their suffix, as the challenge lists them."""
    remedy = "evaluate on MSP-Podcast alone: msfser evaluate RUN --data PODCAST --split test3"
    corpora = predictions.corpus.split("+")
    if predictions.corpus and SUBMISSION_CORPUS not in corpora:
        raise DataError(
            f"the predictions are of {predictions.corpus}, not of {SUBMISSION_CORPUS}; {remedy}"
        )
    joined = len(corpora) > 1
    others = [one for one in predictions.ids if joined and not one.startswith(_JOINED)]
    if others:
        raise DataError(
            f"{counted(len(others), 'utterance')} of another corpus than {SUBMISSION_CORPUS}, such "
            f"as {others[0]}; {remedy}"
        )
    names = [one.removeprefix(_JOINED) if joined else one for one in predictions.ids]
    if strange := [name for name in names if not _NAME.fullmatch(name)]:
        raise DataError(
            f"{counted(len(strange), 'id')} unlike MSP-PODCAST_test3_0001, such as {strange[0]!r}: "
            f"the challenge wants the names of its recordings; {remedy}"
        )
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"two recordings of one name, {twice}; leave one of them out")
    return names


def _check_whole(names: Collection[str], wanted: Collection[str]) -> None:
    """Check that the names are those of all recordings of a split."""
    there, whole = set(names), set(wanted)
    if missing := whole - there:
        raise DataError(
            f"{len(missing):,} of {counted(len(whole), 'recording')} of the split without a "
            f"prediction, such as {min(missing)}; mend the recordings that the evaluation skipped, "
            "and evaluate the whole split again"
        )
    if more := there - whole:
        raise DataError(
            f"{counted(len(more), 'recording')} that the split does not have, such as "
            f"{min(more)}; name its own folder with --data"
        )
