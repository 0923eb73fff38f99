"""Predictions of a corpus, calibrated for each speaker."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from msfser.errors import DataError
from msfser.evaluation.bias.speaker_calibration import FEWEST_SPEAKERS, fit_speaker_calibration
from msfser.evaluation.predictions import Predictions
from msfser.evaluation.scores import scopes
from msfser.outputs import counted

SPEAKER_CALIBRATION = "speaker"


def calibrate_predictions(predictions: Predictions) -> Predictions:
    """Calibrate the predictions of each speaker within each split or fold, by no label.

    The values of the experts stay as they are. A note of each scope says what was done.

    Raises
    ------
    DataError
        The table is calibrated already, or too few speakers are known.
    """
    if predictions.calibration:
        raise DataError("predictions that are calibrated already; leave out --calibrate")
    values = predictions.values.copy()
    places = {name: place for place, name in enumerate(predictions.ids)}
    notes = dict(predictions.notes)
    for scope, part in scopes(predictions):
        fit = fit_speaker_calibration(part.values, part.speaker)
        if not fit.speakers:
            n_known = len({name for name in part.speaker if name is not None})
            raise DataError(
                f"{scope}: --calibrate speaker: {n_known} known speakers, and {FEWEST_SPEAKERS} or "
                "more are needed; name speakers in the manifest, or leave the option out"
            )
        rows = [places[name] for name in part.ids]
        values[rows] = fit.apply(part.values, part.speaker)
        n_unknown = sum(name is None for name in part.speaker)
        unknown = (
            f"; {counted(n_unknown, 'utterance')} of unknown speakers stay" if n_unknown else ""
        )
        largest = np.abs(fit.shifts).max()
        said = (
            f"predictions are calibrated for {len(fit.speakers):,} speakers, by "
            f"{largest:.2f} at most{unknown}"
        )
        notes[scope] = (*notes.get(scope, ()), said)
    return replace(predictions, values=values, notes=notes, calibration=SPEAKER_CALIBRATION)
