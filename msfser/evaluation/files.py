"""The files of an evaluation: table of predictions, scores, report and its figures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lemf.runtime.output import write_output
from msfser.evaluation.bias.mean_errors import MeanError, errors_to_rows
from msfser.evaluation.figure import (
    draw_bias,
    draw_calibration,
    draw_error_by_duration,
    draw_scatter,
)
from msfser.evaluation.intervals import LEVEL
from msfser.evaluation.prediction_table import PREDICTIONS_NAME, write_predictions
from msfser.evaluation.predictions import Predictions
from msfser.evaluation.report import make_bias_tables, make_tables
from msfser.evaluation.scores import Score, scopes, scores_to_rows
from msfser.evaluation.uncertainty.coverage import (
    Coverage,
    coverage_to_rows,
    make_coverage_table,
)
from msfser.evaluation.uncertainty.figure import draw_uncertainty
from msfser.evaluation.votes.tables import make_vote_tables, votes_to_rows
from msfser.outputs import (
    FIGURES_NAME,
    METRICS_NAME,
    REPORT_NAME,
    format_csv,
    format_markdown,
    format_notes,
    render_figure,
)

BIAS_NAME = "bias.csv"
FILES = (PREDICTIONS_NAME, METRICS_NAME, REPORT_NAME, BIAS_NAME)

_DRAWINGS = {
    "scatter": draw_scatter,
    "calibration": draw_calibration,
    "error-by-duration": draw_error_by_duration,
}


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The predictions and the bootstrap behind scores.

    Attributes
    ----------
    runs : tuple of str
        Folders of the runs, or the tables of predictions.
    n_resamples, seed : int
        Of the bootstrap.
    notes : tuple of str
        What a reader should know of the scores.
    coverage : tuple of Coverage
        Of the intervals in each split; empty without intervals.
    """

    runs: tuple[str, ...]
    n_resamples: int
    seed: int
    notes: tuple[str, ...] = ()
    coverage: tuple[Coverage, ...] = ()


def write_evaluation(
    folder: Path,
    predictions: Predictions,
    scores: Sequence[Score],
    errors: Sequence[MeanError],
    origin: Origin,
    *,
    force: bool = False,
) -> None:
    """Write all files of an evaluation; ``metrics.json`` last.

    Raises
    ------
    lemf.LemfError
        A file cannot be written, or exists already and `force` is not set.
    """
    write_predictions(folder / PREDICTIONS_NAME, predictions, force=force)
    labelled = {score.scope for score in scores if score.n_utterances}
    links = []
    for scope, part in scopes(predictions):
        if scope not in labelled:
            continue
        for name, draw in _DRAWINGS.items():
            if draw is draw_error_by_duration and np.isnan(part.duration_s).all():
                continue
            path = Path(FIGURES_NAME) / f"{scope.replace('/', '-')}-{name}.png"
            write_output(folder / path, render_figure(draw(part)), force=force)
            links.append(f"![{scope}: {name}]({path.as_posix()})")
        path = Path(FIGURES_NAME) / f"{scope.replace('/', '-')}-bias.png"
        figure = draw_bias([one for one in errors if one.scope == scope])
        write_output(folder / path, render_figure(figure), force=force)
        links.append(f"![{scope}: bias]({path.as_posix()})")
    for one in origin.coverage:
        if one.scope in labelled:
            path = Path(FIGURES_NAME) / f"{one.scope.replace('/', '-')}-uncertainty.png"
            write_output(folder / path, render_figure(draw_uncertainty(one)), force=force)
            links.append(f"![{one.scope}: uncertainty]({path.as_posix()})")
    write_output(folder / BIAS_NAME, format_csv(errors_to_rows(errors)), force=force)
    corpus = " ".join((predictions.corpus, predictions.version)).strip()
    intro = (
        f"CCC{' of ' if corpus else ''}{corpus}; intervals are "
        f"{100 * LEVEL:g} % intervals from {origin.n_resamples:,} bootstrap draws.\n"
    )
    notes = format_notes(origin.notes)
    tables = [*make_tables(scores), *make_bias_tables(errors, predictions)]
    tables += make_vote_tables(predictions)
    if origin.coverage:
        tables.append(make_coverage_table(origin.coverage))
    report = "\n".join(["# Evaluation\n", intro, format_markdown(tables), *notes, *links, ""])
    write_output(folder / REPORT_NAME, report.encode(), force=force)
    metrics = _format_metrics(predictions, scores, origin)
    write_output(folder / METRICS_NAME, metrics.encode(), force=force)


def _format_metrics(
    predictions: Predictions,
    scores: Sequence[Score],
    origin: Origin,
) -> str:
    from lemf import __version__

    content = {
        "msfser": __version__,
        "runs": list(origin.runs),
        "corpus": predictions.corpus,
        "version": predictions.version,
        "label_bounds": list(predictions.label_bounds),
        "bootstrap": {"level": LEVEL, "n_resamples": origin.n_resamples, "seed": origin.seed},
        "notes": list(origin.notes),
        **({"intervals": coverage_to_rows(origin.coverage)} if origin.coverage else {}),
        **votes_to_rows(predictions),
        "scores": scores_to_rows(scores),
    }
    return json.dumps(content, indent=1, allow_nan=False) + "\n"
