"""The command `lemf evaluate`: cue sets, weights and other systems against listeners."""

from __future__ import annotations

import math
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Unpack, cast

import click

from lemf.commands.analysis_options import (
    MeasureOptions,
    measure_options,
)
from lemf.commands.evaluate_systems import (
    check_decides,
    check_names,
    read_named,
    read_systems,
    set_decision,
)
from lemf.commands.weight_options import decision_options
from lemf.config import CUE_SETS, shown_fields
from lemf.option_choices import GROUPINGS, Grouping
from lemf.runtime.console import (
    FIGURE_SUFFIXES,
    PATH,
    force_option,
    jobs_option,
    open_stdout,
    print_data,
    print_text,
    resamples_option,
    say,
)
from lemf.runtime.cores import count_cores
from lemf.runtime.output import check_apart, check_output, check_suffix, write_output
from lemf.runtime.progress import progress

if TYPE_CHECKING:
    from lemf.agreement.evaluation.results import Evaluation
    from lemf.config import Settings
    from lemf.runtime.output import FigureFormat


@click.command()
@click.argument("labels", type=PATH)
@click.option(
    "--cues",
    type=click.Choice(list(CUE_SETS)),
    multiple=True,
    help="Cue set to evaluate; may be repeated.  [default: paper]",
)
@click.option(
    "--weights",
    metavar="FILE.json|NAME=W,...",
    multiple=True,
    help="Weights of the paper's cues, or a file with weights of any cue set; may be repeated.",
)
@click.option(
    "--scores",
    metavar="NAME=FILE",
    multiple=True,
    help="Scores of another system: columns id, index, and score, probability or emphasised (.csv, "
    ".jsonl or .parquet); may be repeated.",
)
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["table", "markdown", "json"]),
    default="table",
    show_default=True,
    help="Format of the output.",
)
@click.option("--figure", type=PATH, help="Write a figure of all systems (.png, .svg or .pdf).")
@click.option(
    "--by",
    type=click.Choice(GROUPINGS),
    multiple=True,
    help="Also print top-1 by speaker or by emotion; may be repeated.",
)
@click.option(
    "--clear-margin",
    type=click.FloatRange(min=0),
    default=0.3,
    show_default=True,
    help="Lead of the highest rating over the next from which a sentence counts as clear.",
)
@click.option(
    "--cut",
    type=float,
    metavar="LEVEL",
    help="Also judge which words are emphasised: those with this rating or a higher one.  "
    "[default: 1 if the labels name several words or none]",
)
@click.option(
    "--labels-tier",
    metavar="NAME",
    help="Take the labels from this tier of the TextGrids: ToBI tones, accents or ratings; LABELS "
    "may be a folder of recordings then.",
)
@decision_options
@resamples_option
@click.option(
    "--seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Seed of the bootstrap.",
)
@jobs_option
@measure_options
@force_option
def evaluate(
    labels: Path,
    cues: tuple[str, ...],
    weights: tuple[str, ...],
    scores: tuple[str, ...],
    output_format: Literal["table", "markdown", "json"],
    figure: Path | None,
    by: tuple[Grouping, ...],
    clear_margin: float,
    cut: float | None,
    labels_tier: str | None,
    decide: str | None,
    threshold: float | None,
    resamples: int,
    seed: int,
    jobs: int | None,
    force: bool,
    **options: Unpack[MeasureOptions],
) -> None:
    """Compare scores with the emphasis that listeners heard.

    LABELS is a .csv or .jsonl file. Each row names audio and textgrid, and holds ratings, one
    number per word, or emphasised, the indices of emphasised words; or ratings:NAME or
    emphasised:NAME of several raters. Files of EmoDB, TinyStress-15K, StressTest, EmphAssess and
    Expresso are read as they are. Chance and baselines that do not use the audio are always in the
    table.
    """
    # Check options and outputs
    if not math.isfinite(clear_margin):
        raise click.UsageError(f"--clear-margin {clear_margin}: write a number")
    if cut is not None and not math.isfinite(cut):
        raise click.UsageError(f"--cut {cut}: write a number")
    if threshold is not None and not 0 < threshold < 1:
        raise click.UsageError(
            f"--threshold {threshold:g}: write a probability above 0 and below 1"
        )
    settings = read_systems(cues, weights, options)
    settings = set_decision(settings, decide, is_default=not cues and not weights)
    score_files = read_named(scores)
    check_names([*settings, *score_files])
    if threshold is not None and not score_files:
        check_decides(settings, threshold)
    if figure is not None:
        _check_figure(figure, [labels, *map(Path, score_files.values())], force=force)

    from lemf.agreement.evaluation.run import judge_systems, score_systems
    from lemf.agreement.evaluation.text import describe_notes
    from lemf.agreement.labels.files import read_labels

    # Score and judge
    read = read_labels(str(labels), by_tier=labels_tier is not None)
    _note_fitted_on(weights, decide, labels)
    asks_for_words = decide is not None or threshold is not None
    if asks_for_words and cut is None and labels_tier is None:
        if not all(label.is_binary for label in read):
            raise click.UsageError(
                "--decide and --threshold: also say with --cut LEVEL from which "
                "rating on words are emphasised"
            )
        cut = None if any(label.raters for label in read) else 1.0
    with progress("scoring", unit="files") as watch:
        scored = score_systems(
            read,
            settings,
            score_files,
            labels_tier=labels_tier,
            jobs=jobs or count_cores(),
            watch=watch,
        )
    with progress("judging", unit="systems") as watch:
        evaluation = judge_systems(
            scored,
            clear_margin=clear_margin,
            cut=cut,
            threshold=threshold,
            n_resamples=resamples,
            seed=seed,
            watch=watch,
        )

    # Show notes, figure and table
    for note in describe_notes(evaluation):
        say(f"note: {note}")
    if figure is not None:
        _write_figure(evaluation, figure, force=force)
    about = {
        "labels": str(labels),
        **({} if labels_tier is None else {"labels_tier": labels_tier}),
        "settings": {name: _shown(one) for name, one in settings.items()},
        "score_files": score_files,
    }
    _print(evaluation, output_format, about, by)


def _shown(settings: Settings) -> dict[str, Any]:
    """Return the fields of settings, with the decision that is taken by default, too."""
    from lemf.scoring.decision_models import find_model

    model = find_model(settings)
    decided = {} if model is None else {"decide": settings.decide or model.name}
    return shown_fields(settings) | decided


def _check_figure(figure: Path, inputs: list[Path], *, force: bool) -> None:
    """Refuse a figure that cannot be drawn or written, before any recording is scored."""
    check_suffix(figure, FIGURE_SUFFIXES)
    check_apart([figure], inputs)
    check_output(figure, force=force)
    import_module("lemf.agreement.evaluation.figure")  # reports missing packages


def _write_figure(evaluation: Evaluation, figure: Path, *, force: bool) -> None:
    from lemf.agreement.evaluation.figure import render_evaluation

    suffix = cast("FigureFormat", figure.suffix.lower().lstrip("."))
    write_output(figure, render_evaluation(evaluation, suffix), force=force)
    say(f"wrote {figure}")


def _note_fitted_on(weights: tuple[str, ...], decide: str | None, labels: Path) -> None:
    """Print a note on weights or a decision fitted on the labels they are evaluated on."""
    from lemf.agreement.fitting.fitted_weights import is_fitted_on

    if labels.is_dir():
        return
    for text in (*weights, *([] if decide is None else [decide])):
        if text.lower().endswith(".json") and is_fitted_on(Path(text), labels):
            remedy = (
                "its key held_out says how it does on what was left out"
                if text == decide
                else "evaluate the scores of lemf fit --held-out instead"
            )
            say(f"note: {text} was fitted on {labels}, so its agreement is overestimated; {remedy}")


def _print(
    evaluation: Evaluation,
    output_format: Literal["table", "markdown", "json"],
    about: dict[str, Any],
    by: tuple[Grouping, ...],
) -> None:
    if output_format == "table":
        from lemf.agreement.evaluation.table import print_evaluation

        print_evaluation(evaluation, open_stdout(), by=by)
        return
    from lemf.agreement.evaluation.text import format_json, format_markdown

    if output_format == "json":
        print_data(format_json(evaluation, about))
    else:
        print_text(format_markdown(evaluation, by))
