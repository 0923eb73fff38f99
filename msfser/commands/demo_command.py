"""The command `msfser demo`."""

from __future__ import annotations

from pathlib import Path

import click

from lemf.runtime.console import PATH, jobs_option, one_line_ends, open_stdout, say


@click.command()
@click.option(
    "-o",
    "--output",
    "folder",
    type=PATH,
    required=True,
    help="Output folder.",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Number of runs per row.",
)
@click.option(
    "--corpus-seed",
    type=click.IntRange(min=0),
    default=0,
    show_default=True,
    help="Seed of the corpus.",
)
@click.option(
    "--utterances",
    type=click.IntRange(min=24),
    default=2400,
    show_default=True,
    help="Number of utterances of the corpus.",
)
@click.option(
    "--set",
    "changes",
    metavar="KEY=VALUE",
    multiple=True,
    help="Change a setting of all runs; may be repeated.",
)
@jobs_option
def demo(
    folder: Path,
    seeds: int,
    corpus_seed: int,
    utterances: int,
    changes: tuple[str, ...],
    jobs: int | None,
) -> None:
    """Show on a synthetic corpus what each level of semantics adds.

    Runs offline. Makes a corpus whose labels follow from known causes, its texts and their vectors;
    trains models of audio only, GS, GS+LES and GS+LES+ES; prints the ablation and whether the
    mechanism was recovered; writes report.md, CSV files and figures.

    A run that was stopped continues when the same command runs again.
    """
    from lemf.runtime.cores import count_cores
    from msfser.ablation.demo import SPLIT, run_demo
    from msfser.ablation.demo_findings import check_claims
    from msfser.ablation.demo_report import write_report
    from msfser.ablation.files import ablation_notes
    from msfser.outputs import REPORT_NAME, print_tables

    with one_line_ends():
        made = run_demo(
            folder,
            n_seeds=seeds,
            corpus_seed=corpus_seed,
            n_utterances=utterances,
            changes=changes,
            jobs=jobs or count_cores(),
            report=say,
        )
    print_tables(write_report(folder, made, check_claims(made)), open_stdout())
    for note in ablation_notes(made.results, SPLIT):
        say(f"note: {note}")
    say(f"wrote {folder / REPORT_NAME}")
