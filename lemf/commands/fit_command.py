"""The command `lemf fit`: weights of cues from labels, evaluated on held-out sentences."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, Unpack

import click

from lemf.commands.analysis_options import (
    MeasureOptions,
    measure_options,
    read_measure_options,
)
from lemf.config import CUE_SETS, CUT, CUT_OF_RATERS, DECISIONS
from lemf.errors import SettingsError
from lemf.option_choices import FIT_METHODS
from lemf.runtime.console import PATH, force_option, jobs_option, open_stdout, resamples_option, say
from lemf.runtime.cores import count_cores
from lemf.runtime.output import check_apart, check_output, check_suffix, write_output
from lemf.runtime.progress import progress

if TYPE_CHECKING:
    from lemf.agreement.fitting.run import Fit
    from lemf.config import Settings
    from lemf.option_choices import FitMethod


_METHOD: Final = "softmax"
_MOST_NAMED = 5  # of what was not used


@click.command()
@click.argument("labels", type=PATH)
@click.option(
    "-o",
    "--output",
    type=PATH,
    required=True,
    help="Output file, for --weights of other commands (.json).",
)
@click.option(
    "--cues",
    type=click.Choice(list(CUE_SETS)),
    help="Cue set.  [default: paper; with --decide listeners]",
)
@click.option(
    "--cue", metavar="NAME", multiple=True, help="Use only this cue of the set; may be repeated."
)
@click.option(
    "--decide", is_flag=True, help="Fit a decision, for --decide of other commands, not weights."
)
@click.option(
    "--cut",
    metavar="RATING",
    type=float,
    help=f"Least rating of an emphasised word, for --decide.  [default: {CUT:g} for labels of 0 "
    f"and 1 or of emphasised words; {CUT_OF_RATERS:g} of several raters]",
)
@click.option(
    "--start",
    metavar="emphasis|accent|FILE.json",
    help="Decision whose intercept alone is fitted where labels are few, for --decide.  "
    f"[default: {DECISIONS[0]}]",
)
@click.option(
    "--method",
    type=click.Choice(FIT_METHODS),
    help="Fit the order of the words (rank), the top word (softmax) or the ratings (ridge).  "
    f"[default: {_METHOD}]",
)
@click.option(
    "--regularisation",
    metavar="auto|X",
    default="auto",
    show_default=True,
    help="Strength of the regularisation; auto: chosen by cross-validation.",
)
@click.option(
    "--held-out",
    type=PATH,
    help="Also write the held-out scores, for lemf evaluate --scores (.csv).",
)
@resamples_option
@jobs_option
@measure_options
@force_option
def fit(
    labels: Path,
    output: Path,
    cues: str | None,
    decide: bool,
    cut: float | None,
    start: str | None,
    cue: tuple[str, ...],
    method: FitMethod | None,
    regularisation: str,
    held_out: Path | None,
    resamples: int,
    jobs: int | None,
    force: bool,
    **options: Unpack[MeasureOptions],
) -> None:
    """Fit weights of cues, or a decision, to what listeners heard.

    LABELS is a file as for lemf evaluate. The table shows how well the weights do on speakers and
    texts that were held out from the fit, beside the weights of the cue set. With --decide, the
    scores become a probability of emphasis: words rated --cut or higher are emphasised.
    """
    cues = cues or ("listeners" if decide else "paper")
    settings = read_measure_options(options, cues=cues)
    strength = _read_regularisation(regularisation)
    if decide and (cue or held_out is not None or strength is not None or method is not None):
        raise click.UsageError(
            "--cue, --method, --regularisation and --held-out are for weights; leave them out"
        )
    if not decide and (cut is not None or start is not None):
        raise click.UsageError("--cut and --start are for --decide; add it, or leave them out")
    if cut is not None and not math.isfinite(cut):
        raise click.UsageError(f"--cut {cut}: write a rating, such as {CUT:g}")
    _check_outputs(labels, output, held_out, force=force)
    if decide:
        given = _DecisionOptions(
            cut,
            DECISIONS[0] if start is None else start,
            resamples,
            jobs or count_cores(),
            force,
        )
        _fit_decision(labels, output, settings, given)
        return

    from lemf.agreement.evaluation.table import print_evaluation
    from lemf.agreement.evaluation.text import describe_notes
    from lemf.agreement.fitting.fitted_weights import format_held_out, format_weights
    from lemf.agreement.fitting.run import fit_weights

    try:
        with progress("fitting") as watch:
            fitted = fit_weights(
                labels,
                settings,
                cue,
                method=method or _METHOD,
                regularisation=strength,
                n_resamples=resamples,
                jobs=jobs or count_cores(),
                watch=watch,
            )
    except SettingsError as error:  # --cue
        raise click.UsageError(str(error)) from error
    for note in describe_notes(fitted.evaluation):
        say(f"note: {note}")
    write_output(output, format_weights(fitted, labels).encode(), force=force)
    say(f"wrote {output}")
    if held_out is not None:
        write_output(held_out, format_held_out(fitted).encode(), force=force)
        say(f"wrote {held_out}")
    print_evaluation(fitted.evaluation, open_stdout())
    click.echo(_describe(fitted.fit))


class _DecisionOptions(NamedTuple):
    cut: float | None
    start: str
    resamples: int
    jobs: int
    force: bool


def _fit_decision(
    labels: Path, output: Path, settings: Settings, options: _DecisionOptions
) -> None:
    """Fit a decision, write the file, and print how the decision does on what was held out."""
    from lemf.agreement.fitting.decision import fit_decision
    from lemf.agreement.fitting.fitted_decision import describe_decision, format_decision
    from lemf.agreement.fitting.held_out import judge_held_out
    from lemf.agreement.fitting.labelled_words import usual_cut
    from lemf.agreement.labels.files import read_labels

    read = read_labels(labels)
    try:
        cut = usual_cut(read) if options.cut is None else options.cut
    except SettingsError as error:
        raise click.UsageError(f"--decide, {labels}: {error}") from error
    try:
        with progress("fitting") as watch:
            fitted = fit_decision(
                read,
                settings,
                name=output.stem,
                cut=cut,
                start=options.start,
                jobs=options.jobs,
                watch=watch,
            )
    except SettingsError as error:  # --start
        raise click.UsageError(str(error)) from error
    held_out = judge_held_out(fitted, n_resamples=options.resamples)
    for one in fitted.unused[:_MOST_NAMED]:
        say(f"note: {one.id}: not used: {one.reason}{f' ({one.detail})' if one.detail else ''}")
    if (others := len(fitted.unused) - _MOST_NAMED) > 0:
        say(f"note: {others:,} more sentences or recordings were not used")
    content = format_decision(fitted, held_out, labels, cut)
    write_output(output, content.encode(), force=options.force)
    say(f"wrote {output}")
    click.echo(describe_decision(fitted, held_out, cut))


def _read_regularisation(text: str) -> float | None:
    if text == "auto":
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not (math.isfinite(value) and value > 0):
        raise click.UsageError(f"--regularisation {text}: write auto or a number above 0")
    return value


def _check_outputs(labels: Path, output: Path, held_out: Path | None, *, force: bool) -> None:
    wanted = {output: ".json"} if held_out is None else {output: ".json", held_out: ".csv"}
    for path, suffix in wanted.items():
        check_suffix(path, (suffix,))
        check_output(path, force=force)
    check_apart(wanted, [labels])


def _describe(fit: Fit) -> str:
    """Format the weights, and how far they differ between the folds."""
    low, high = fit.fold_weights.min(axis=0), fit.fold_weights.max(axis=0)
    width = max(6, *map(len, fit.cues))
    lines = [f"\n{'weight':{width}}     all  in the folds"]
    lines += [
        f"{cue:{width}}  {fit.weights[i]:+6.2f}  {low[i]:+.2f} to {high[i]:+.2f}"
        for i, cue in enumerate(fit.cues)
    ]
    chosen = fit.fold_regularisations
    folds = "fold" if len(chosen) == 1 else "folds"
    lines.append(
        f"regularisation {fit.regularisation:.3g} ({min(chosen):.3g} to {max(chosen):.3g} in "
        f"{len(chosen)} {folds}, each without the {fit.left_out} that it judges)"
    )
    return "\n".join(lines)
