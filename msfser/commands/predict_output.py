"""What `msfser predict` writes and prints: tables, files, TextGrids, notes and failures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from lemf.runtime.console import open_stdout, print_data, say
from lemf.runtime.output import check_suffix
from msfser.errors import DataError

if TYPE_CHECKING:
    from msfser.prediction.files import Source
    from msfser.prediction.speech_files import SpeechFile
    from msfser.prediction.speech_predictions import SpeechPrediction

_MOST_NAMED = 10  # failures and notes on the terminal
_SUFFIXES = {".csv": "csv", ".json": "json"}


def check_outputs(
    output: Path | None, embeddings: Path | None, files: Sequence[Path], force: bool
) -> None:
    """Check before any work that the files can be written, and are no input."""
    from lemf.runtime.output import check_apart, check_output

    check_suffix(output, tuple(_SUFFIXES))
    check_suffix(embeddings, (".npz", ".parquet"))
    outputs = [path for path in (output, embeddings) if path is not None]
    check_apart(outputs, files)
    for path in outputs:
        check_output(path, force=force)


def write_predictions(
    source: Source,
    predictions: Sequence[SpeechPrediction],
    output: Path | None,
    file_format: str,
    windows: bool,
    force: bool,
) -> None:
    """Write predictions into a file of the format of its suffix, or print them."""
    from lemf.runtime.output import write_output
    from msfser.outputs import print_tables
    from msfser.prediction.files import format_predictions_csv, format_predictions_json
    from msfser.prediction.table import make_table

    file_format = file_format if output is None else _SUFFIXES[output.suffix.lower()]
    if file_format == "table":
        print_tables([make_table(predictions, source.facts, windows=windows)], open_stdout())
        return
    if file_format == "csv":
        content = format_predictions_csv(predictions, windows=windows)
    else:
        content = format_predictions_json(predictions, source, windows=windows)
    if output is None:
        print_data(content.decode())
    else:
        write_output(output, content, force=force)
        say(f"wrote {output}")


def write_embeddings(predictions: Sequence[SpeechPrediction], path: Path, force: bool) -> None:
    """Write the embeddings of all recordings into a file."""
    from lemf.runtime.output import write_output
    from msfser.prediction.files import format_embeddings

    write_output(path, format_embeddings(predictions, path.suffix.lower()), force=force)
    say(f"wrote {path}")


def check_textgrids(
    folder: Path | None, recordings: Sequence[SpeechFile], force: bool
) -> list[Path]:
    """Return the TextGrids to write, none without a folder; refuse those that exist."""
    from lemf.runtime.output import check_apart, check_output
    from msfser.prediction.textgrids import grid_paths

    if folder is None:
        return []
    paths = grid_paths([one.wav for one in recordings], folder)
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder}: the folder cannot be made ({error.strerror})") from error
    check_apart(paths, [one.alignment for one in recordings if one.alignment is not None])
    for path, recording in zip(paths, recordings, strict=True):
        if path.parent.resolve() == recording.wav.parent.resolve():
            raise DataError(
                f"{path}: beside {recording.wav.name}, where it would be read as the alignment; "
                "name another folder for --textgrids"
            )
    for path in paths:
        check_output(path, force=force)
    return paths


def write_textgrids(
    predictions: Sequence[SpeechPrediction], paths: Sequence[Path], folder: Path, force: bool
) -> None:
    """Write the TextGrid of each recording that did not fail."""
    from lemf import write_textgrid
    from msfser.prediction.textgrids import prediction_grid

    n_written = 0
    for prediction, path in zip(predictions, paths, strict=True):
        if prediction.whole is not None:
            write_textgrid(prediction_grid(prediction), path, force=force)
            n_written += 1
    say(f"wrote {n_written:,} TextGrids into {folder}")


def say_notes(predictions: Sequence[SpeechPrediction]) -> None:
    """Print the notes on recordings, each once with its count."""
    from msfser.prediction.speech_texts import NOT_ALIGNED

    refused = [
        f"{one.wav}: {note}"
        for one in predictions
        for note in one.notes
        if note.startswith(NOT_ALIGNED)
    ]
    notes = Counter(
        note for one in predictions for note in one.notes if not note.startswith(NOT_ALIGNED)
    )
    outside = sum(one.whole is not None and bool(one.whole.outside) for one in predictions)
    if outside:
        where = f"{outside:,} recording{'s' if outside > 1 else ''}"
        notes[f"values outside the rating scale in {where}"] = 1
    for note, count in notes.most_common(_MOST_NAMED):
        say(f"note: {note}" + (f" ({count:,} recordings)" if count > 1 else ""))
    for note in refused[:_MOST_NAMED]:
        say(f"note: {note}")
    if (n_more := len(refused) - _MOST_NAMED) > 0:
        say(f"note: {n_more:,} more not aligned; csv and JSON hold the notes of each recording")
    if (n_more := len(notes) - _MOST_NAMED) > 0:
        others = "notes" if n_more > 1 else "note"
        say(f"note: {n_more:,} other {others}; csv and JSON hold those of each recording")


def end_on_failures(predictions: Sequence[SpeechPrediction]) -> None:
    """Name recordings that failed, and end with exit code 1 if there are any."""
    failed = [one for one in predictions if one.whole is None]
    for one in failed[:_MOST_NAMED]:
        where = "" if str(one.wav) in str(one.reason) else f"{one.wav}: "
        say(f"failed: {where}{one.reason}")
    if failed:
        raise DataError(
            f"{len(failed):,} of {len(predictions):,} recordings could not be predicted"
        )
