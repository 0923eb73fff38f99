"""The command `lemf fit`: weights of cues from labels, judged where they have not been learnt."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from lemf.commands.analysis_options import (
    MeasureOptions,
    measure_options,
    read_measure_options,
    resamples_option,
)
from lemf.config import CUE_SETS
from lemf.errors import SettingsError
from lemf.runtime.console import PATH, force_option, jobs_option, open_stdout, say
from lemf.runtime.output import check_apart, check_output, check_suffix, write_output
from lemf.runtime.progress import progress
from lemf.runtime.workers import count_cores

if TYPE_CHECKING:
    from lemf.agreement.fitting import Fit
    from lemf.agreement.weights import Method


@click.command()
@click.argument("labels", type=PATH)
@click.option("-o", "--output", type=PATH, required=True, help="The weights, for --weights: .json.")
@click.option(
    "--cues",
    type=click.Choice(list(CUE_SETS)),
    default="paper",
    show_default=True,
    help="The cue set.",
)
@click.option("--cue", metavar="NAME", multiple=True, help="Only this cue of it; repeat.")
@click.option(
    "--method",
    type=click.Choice(["rank", "softmax", "ridge"]),  # of lemf.weights, which needs numpy
    default="softmax",
    show_default=True,
    help="Learn the order of the words, the top word, or the ratings.",
)
@click.option(
    "--regularisation",
    metavar="auto|X",
    default="auto",
    show_default=True,
    help="How strongly weights are kept small; auto: by sentences left out.",
)
@click.option(
    "--held-out", type=PATH, help="Write the held-out scores, for evaluate --scores: .csv."
)
@resamples_option
@jobs_option
@measure_options
@force_option
def fit(
    labels: Path,
    output: Path,
    cues: str,
    cue: tuple[str, ...],
    method: Method,
    regularisation: str,
    held_out: Path | None,
    resamples: int,
    jobs: int | None,
    force: bool,
    **options: Unpack[MeasureOptions],
) -> None:
    """Learn the weights of cues from LABELS, a file as for lemf evaluate.

    The table shows what the weights are worth on speakers and texts that were left out while
    they were learnt, beside the cue set's own weights.
    """
    settings = read_measure_options(options, cues=cues)
    strength = _read_regularisation(regularisation)
    names = tuple(dict.fromkeys(cue)) or tuple(CUE_SETS[cues])
    for name in names:
        if name not in CUE_SETS[cues]:
            known = ", ".join(CUE_SETS[cues])
            raise SettingsError(f"no cue {name!r} in the set {cues!r}; there are: {known}")
    _check_outputs(labels, output, held_out, force=force)

    from lemf.agreement.evaluation import evaluate
    from lemf.agreement.evaluation_table import print_evaluation
    from lemf.agreement.evaluation_text import describe_notes
    from lemf.agreement.fitted_weights import format_held_out, format_weights, weights_to_dict
    from lemf.agreement.fitting import fit_sentences, unlearnt
    from lemf.agreement.labels import read_labels
    from lemf.agreement.rated_sentences import rate_sentences

    read = read_labels(str(labels))
    with progress("scoring") as watch:
        rated = rate_sentences(read, [settings], jobs=jobs or count_cores(), watch=watch)
    with progress("fitting", unit="folds") as watch:
        fitted = fit_sentences(
            rated.judged,
            names,
            method=method,
            regularisation=strength,
            watch=watch,
        )
    own = [sentence.scored.scores[0] for sentence in rated.judged]
    evaluation = evaluate(
        rated,
        {cues: own, f"{method}, held out": fitted.held_out},
        unjudged=unlearnt(fitted, rated.judged),
        n_resamples=resamples,
    )
    for note in describe_notes(evaluation):
        say(f"note: {note}")
    content = weights_to_dict(fitted, evaluation.systems[1], settings, labels, read, rated.judged)
    write_output(output, format_weights(content).encode(), force=force)
    say(f"wrote {output}")
    if held_out is not None:
        write_output(held_out, format_held_out(fitted, rated.judged).encode(), force=force)
        say(f"wrote {held_out}")
    print_evaluation(evaluation, open_stdout())
    click.echo(_describe(fitted))


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


def _describe(fitted: Fit) -> str:
    """Say the weights, and how far they differ between the folds."""
    low, high = fitted.fold_weights.min(axis=0), fitted.fold_weights.max(axis=0)
    width = max(6, *map(len, fitted.cues))
    lines = [f"\n{'weight':{width}}     all  in the folds"]
    lines += [
        f"{cue:{width}}  {fitted.weights[i]:+6.2f}  {low[i]:+.2f} to {high[i]:+.2f}"
        for i, cue in enumerate(fitted.cues)
    ]
    chosen = fitted.fold_regularisations
    lines.append(
        f"regularisation {fitted.regularisation:.3g} ({min(chosen):.3g} to {max(chosen):.3g} in "
        f"{len(chosen)} folds, each without the {fitted.left_out} that it judges)"
    )
    return "\n".join(lines)
