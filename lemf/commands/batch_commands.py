"""The commands for many recordings: `lemf batch` and `lemf rescore`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from lemf.commands.align_options import AlignerOptions, check_download, transcribing_options
from lemf.commands.analysis_options import (
    AnalysisOptions,
    analysis_options,
    note_slow_pitch,
    read_settings,
)
from lemf.commands.weight_options import WeightOptions, new_weight_options, read_weight_options
from lemf.config import DURATION_METHODS, SCOPES, SINGLE_RECORDING_SCOPES
from lemf.errors import LemfError, SettingsError, one_line
from lemf.runtime.console import PATH, cluster_option, force_option, jobs_option, one_line_ends, say
from lemf.runtime.cores import count_cores
from lemf.runtime.progress import progress

if TYPE_CHECKING:
    from lemf.config import DurationMethod, Settings
    from lemf.corpus.outputs import Outputs, Summary
    from lemf.corpus.run import CorpusRun


class BatchOptions(AnalysisOptions, AlignerOptions):
    """Values of the options of `batch`."""


_MOST_FAILURES = 3  # shown on the terminal

_output_option = click.option(
    "-o",
    "--output",
    type=PATH,
    required=True,
    help="Output, one row per word (.parquet or .csv).",
)
_sentence_table_option = click.option(
    "--sentence-table",
    type=PATH,
    help="Also write one row per sentence (.parquet or .csv).",
)


@click.command()
@click.argument("source", metavar="SOURCE")
@_output_option
@click.option(
    "--textgrids",
    metavar="FOLDER",
    help="Folder of the TextGrids, with the same subfolders as the recordings.",
)
@_sentence_table_option
@click.option(
    "--features",
    type=PATH,
    help="Also write contours and words, for lemf rescore with any cues (.parquet).",
)
@transcribing_options
@jobs_option
@cluster_option
@analysis_options
def batch(
    source: str,
    output: Path,
    textgrids: str | None,
    sentence_table: Path | None,
    features: Path | None,
    whisper: str | None,
    download: bool,
    jobs: int | None,
    cluster: str | None,
    **options: Unpack[BatchOptions],
) -> None:
    """Score all recordings of a corpus.

    SOURCE is a folder with TextGrids beside the recordings, a quoted pattern such as
    'corpus/**/*.wav', or a manifest: a .csv, .tsv, .jsonl or .parquet file with the columns audio
    and textgrid. With --language, recordings without a TextGrid are aligned with the text beside
    them (.txt, .lab), or with the column text or text_file of the manifest; with --whisper, those
    without a text are transcribed.

    A run that was stopped continues when the same command runs again. Files that fail are listed
    in NAME.failed.csv, and the exit code is then 1.
    """
    settings = read_settings(options)
    check_download(whisper, download=download)
    if cluster is not None and jobs is not None:
        raise click.UsageError("--jobs and --cluster cannot be used together; leave out one")

    with one_line_ends(), progress("scoring", unit="files") as watch:
        from lemf.corpus.run import score_corpus

        run = score_corpus(
            source,
            output,
            settings,
            textgrids=textgrids,
            sentence_table=sentence_table,
            features=features,
            language=options["language"],
            aligner=options["aligner"],
            force_fit=options["force_fit"],
            whisper=whisper,
            download=download,
            jobs=jobs or count_cores(),
            cluster=cluster,
            force=options["force"],
            watch=watch,
        )
    _print_end(run, settings)


@click.command()
@click.argument("features", type=PATH)
@_output_option
@_sentence_table_option
@new_weight_options
@click.option(
    "--duration",
    type=click.Choice(DURATION_METHODS),
    help="Duration cue: mean phone duration or word duration.  [default: that of FEATURES]",
)
@click.option(
    "--normalise",
    type=click.Choice(SCOPES),
    help="Words over which each cue is standardised.  [default: those of FEATURES]",
)
@click.option(
    "--speaker-pattern",
    metavar="REGEX",
    help="What in an id is the speaker, such as '^[^_]+'.  [default: the folder]",
)
@click.option(
    "--breaks",
    is_flag=True,
    help="Also measure the phrase boundary after each word.  [default: as in FEATURES, where they "
    "stay]",
)
@click.option(
    "--measures",
    is_flag=True,
    help="Also measure each word's F0, level and rate.  [default: as in FEATURES, where they stay]",
)
@force_option
def rescore(
    features: Path,
    output: Path,
    sentence_table: Path | None,
    duration: DurationMethod | None,
    speaker_pattern: str | None,
    breaks: bool,
    measures: bool,
    force: bool,
    **options: Unpack[WeightOptions],
) -> None:
    """Score recordings again by other cues, without their audio.

    FEATURES is the file that lemf batch --features wrote.
    """
    weighing = read_weight_options(options)

    from lemf.corpus.outputs import Outputs
    from lemf.corpus.rescoring import rescore_features

    unit = (
        "files" if weighing.normalise in (None, *SINGLE_RECORDING_SCOPES) else "readings of files"
    )
    try:
        with one_line_ends(), progress("scoring", unit=unit) as watch:
            summary = rescore_features(
                features,
                output,
                sentence_table=sentence_table,
                cues=weighing.cues,
                weights=weighing.weights,
                decide=weighing.decide,
                threshold=weighing.threshold,
                duration=duration,
                normalise=weighing.normalise,
                breaks=breaks,
                measures=measures,
                speaker_pattern=speaker_pattern,
                force=force,
                watch=watch,
            )
    except SettingsError as error:  # of an option, as in the other commands
        raise click.UsageError(str(error)) from error
    _say_counts(summary)
    say(f"wrote {output}: {summary.words:,} words of {summary.files:,} files")
    _say_where_notes_are(Outputs.of(output))


def _say_where_notes_are(outputs: Outputs) -> None:
    if outputs.notes.exists():
        say(f"note: see {outputs.notes}")


def _say_counts(summary: Summary) -> None:
    if summary.decisions:
        say(_describe_decisions(summary))
    if summary.uncertain:
        say(f"sentences too uncertain to judge (uncertain_alignment): {summary.uncertain:,}")


def _describe_decisions(summary: Summary) -> str:
    decisions, threshold = summary.decisions, summary.threshold
    at = "" if threshold is None else f" (threshold {threshold:g})"
    counts = (f"{kind} in {decisions.get(kind, 0):,}" for kind in ("none", "one", "several"))
    n = sum(decisions.values())
    return f"emphasised words{at}: {', '.join(counts)} of {n:,} sentence{'s' * (n != 1)}"


def _print_end(run: CorpusRun, settings: Settings) -> None:
    """Print a summary of the run; end with exit code 1 if files failed."""
    from lemf.corpus.outputs import read_failures

    outputs, summary, listing = run.outputs, run.summary, run.listing
    for kind, paths in (
        ("TextGrids without a recording", listing.unused_textgrids),
        ("folders that were searched already, by another path", listing.repeated_folders),
    ):
        if paths:
            say(one_line(f"note: {kind}: {len(paths):,}, such as {paths[0]}"))
    if run.seconds == 0:
        say(f"{outputs.table} is complete: {summary.files + summary.failed:,} files")
    else:
        speed = run.audio_s / run.seconds
        say(
            f"{summary.files:,} files scored, {summary.failed:,} failed; "
            f"{summary.audio_s / 3600:.2f} h of audio; this run: {run.audio_s / 3600:.2f} h "
            f"in {run.seconds:.0f} s, {speed:.1f} times real time"
        )
        _say_counts(summary)
        for path in outputs.tables.values():
            say(f"wrote {path}")
        note_slow_pitch(settings)
        _say_where_notes_are(outputs)
    problems = [
        f"{path}: {reason}" for path, reason in read_failures(outputs.failed, _MOST_FAILURES)
    ]
    for problem in problems + listing.unsearched[:_MOST_FAILURES]:
        say(one_line(f"failed: {problem}"))
    n_files = summary.files + summary.failed
    if summary.failed:
        raise LemfError(f"{summary.failed:,} of {n_files:,} files failed: see {outputs.failed}")
    if unsearched := listing.unsearched:
        raise LemfError(f"folders that could not be searched: {len(unsearched):,}")
