"""The command `msfser predict`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lemf.runtime.console import PATH, force_option, open_stdout, print_text, say
from lemf.runtime.output import check_suffix
from msfser.commands.evaluation_commands import device_option
from msfser.config.settings import WINDOW_S
from msfser.errors import DataError, SemanticsError

if TYPE_CHECKING:
    from msfser.model.msf_ser import MsfSer
    from msfser.prediction.speech_files import SpeechFile
    from msfser.prediction.speech_predictions import SpeechPrediction
    from msfser.prediction.speech_texts import Describe

_MOST_NAMED = 10  # failures and notes on the terminal
_SUFFIXES = {".csv": "csv", ".json": "json"}


@click.command()
@click.argument("model", metavar="MODEL")
@click.argument("files", type=PATH, metavar="FILE...", nargs=-1, required=True)
@click.option("-o", "--output", type=PATH, metavar="FILE", help="Output file (.csv or .json).")
@click.option(
    "--format",
    "file_format",
    type=click.Choice(["table", "csv", "json"]),
    default="table",
    show_default=True,
    help="Format of what is printed without -o.",
)
@click.option(
    "--alignments",
    type=PATH,
    metavar="PATH",
    help="TextGrid of the recording, or folder of TextGrids with the same subfolders.",
)
@click.option(
    "--no-align",
    is_flag=True,
    help="Do not search the words of a transcript in recordings without a TextGrid.",
)
@click.option(
    "--language",
    metavar="CODE",
    help="Language of the transcripts, or of what Whisper hears, such as en or de.  "
    "[default: told from their words]",
)
@click.option("--no-texts", is_flag=True, help="Use the audio only.")
@click.option(
    "--whisper",
    metavar="SIZE|FOLDER",
    help="faster-whisper model that transcribes recordings without a transcript.",
)
@click.option(
    "--es",
    type=click.Choice(["none", "acoustic"]),
    default="none",
    show_default=True,
    help="Source of the Extended Semantics that no table gives.",
)
@click.option(
    "--encoder",
    metavar="NAME|FOLDER",
    help="Text encoder of the training, where it has been moved.",
)
@click.option("--windows", is_flag=True, help="Also output one row per window of a long recording.")
@click.option(
    "--window-s",
    type=click.FloatRange(min=1.0),
    default=WINDOW_S,
    show_default=True,
    help="Length of the windows that longer recordings are cut into, in seconds.",
)
@click.option(
    "--textgrids",
    type=PATH,
    metavar="FOLDER",
    help="Write a TextGrid per recording: the values of its windows, and the emphasised word.",
)
@click.option("--clamp", "clamped", is_flag=True, help="Clip values to the rating scale.")
@click.option(
    "--embeddings", type=PATH, metavar="FILE", help="Write the embeddings (.npz or .parquet)."
)
@device_option
@force_option
def predict(
    model: str,
    files: tuple[Path, ...],
    output: Path | None,
    file_format: str,
    alignments: Path | None,
    no_align: bool,
    language: str | None,
    no_texts: bool,
    whisper: str | None,
    es: str,
    encoder: str | None,
    windows: bool,
    window_s: float,
    textgrids: Path | None,
    clamped: bool,
    embeddings: Path | None,
    device: str,
    force: bool,
) -> None:
    """Predict valence, arousal and dominance of recordings.

    MODEL is the folder of a run, a folder with config.json and model.safetensors, or a name on the
    hub. A FILE is a recording, a folder of recordings, or a .csv or .jsonl file with the column wav
    and optionally alignment, transcript and es. A TextGrid and a transcript (.txt or .lab) of the
    same name beside a recording are used; the transcript alone is aligned by lemf[align].
    """
    _check_outputs(output, embeddings, files, force)
    if language is not None and not (no_align or no_texts):
        from lemf import check_language

        check_language(language)  # before the model is loaded

    from lemf.runtime.progress import progress
    from msfser.evaluation.runs import model_folder
    from msfser.model.device import choose_device
    from msfser.model.msf_ser import MsfSer
    from msfser.prediction.predict import load_encoder, predict_speech
    from msfser.prediction.speech_files import find_speech, name_unreadable
    from msfser.prediction.speech_texts import describe_acoustically, find_texts
    from msfser.semantics.alignment_tiers import TIERS_IN_ORDER

    # recordings, model and texts
    recordings = find_speech(files, alignments)
    grids = _check_textgrids(textgrids, recordings, force)
    chosen = choose_device(device)
    loaded = MsfSer.from_pretrained(model_folder(model)).to(chosen)
    text_encoder = None
    texts_made = es != "none" or whisper is not None
    if not no_texts and (texts_made or any(one.has_text for one in recordings)):
        text_encoder = load_encoder(loaded, encoder)
    transcribe = None
    if whisper is not None and not no_texts:
        transcribe = _load_transcriber(whisper, language, chosen.type)
    find = partial(
        find_texts,
        transcribe=transcribe,
        describe=describe_acoustically if es == "acoustic" else None,
        tiers_in_order=loaded.facts.corpus in TIERS_IN_ORDER,
        align=not no_align,
        language=language,
        les_settings=loaded.facts.les,
    )
    # predictions and their files
    with progress("predicting") as watch:
        predictions = predict_speech(
            loaded,
            recordings,
            encoder=text_encoder,
            find=find,
            window_s=window_s,
            clamped=clamped,
            keep_embeddings=embeddings is not None,
            watch=watch,
        )
    if embeddings is not None:
        _write_embeddings(predictions, embeddings, force)
    if textgrids is not None:
        _write_textgrids(predictions, grids, textgrids, force)
    _write(loaded, model, predictions, output, file_format, windows, force)
    if passed_over := name_unreadable(files):
        say(f"note: {passed_over}")
    _say_notes(predictions)
    _end_on_failures(predictions)


def _check_outputs(
    output: Path | None, embeddings: Path | None, files: Sequence[Path], force: bool
) -> None:
    from lemf.runtime.output import check_apart, check_output

    check_suffix(output, tuple(_SUFFIXES))
    check_suffix(embeddings, (".npz", ".parquet"))
    outputs = [path for path in (output, embeddings) if path is not None]
    check_apart(outputs, files)
    for path in outputs:
        check_output(path, force=force)


def _load_transcriber(name: str, language: str | None, device: str) -> Describe:
    from msfser.prediction.speech_texts import transcribe_recording
    from msfser.semantics.whisper import WhisperSettings, load_whisper

    settings = WhisperSettings(
        engine="faster-whisper", model=name, language=language, device=device
    )
    try:
        return partial(transcribe_recording, load_whisper(settings))
    except SemanticsError as error:
        raise DataError(str(error).replace("--model", "--whisper")) from error


def _write(
    model: MsfSer,
    name: str,
    predictions: Sequence[SpeechPrediction],
    output: Path | None,
    file_format: str,
    windows: bool,
    force: bool,
) -> None:
    from lemf.runtime.output import write_output
    from msfser.outputs import print_tables
    from msfser.prediction.files import format_predictions_csv, format_predictions_json, make_table

    file_format = file_format if output is None else _SUFFIXES[output.suffix.lower()]
    if file_format == "table":
        print_tables([make_table(predictions, model.facts, windows=windows)], open_stdout())
        return
    if file_format == "csv":
        content = format_predictions_csv(predictions, windows=windows)
    else:
        content = format_predictions_json(predictions, model, name=name, windows=windows)
    if output is None:
        print_text(content.decode())
    else:
        write_output(output, content, force=force)
        say(f"wrote {output}")


def _write_embeddings(predictions: Sequence[SpeechPrediction], path: Path, force: bool) -> None:
    from lemf.runtime.output import write_output
    from msfser.prediction.files import format_embeddings

    write_output(path, format_embeddings(predictions, path.suffix.lower()), force=force)
    say(f"wrote {path}")


def _check_textgrids(
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
    for path in paths:
        check_output(path, force=force)
    return paths


def _write_textgrids(
    predictions: Sequence[SpeechPrediction], paths: Sequence[Path], folder: Path, force: bool
) -> None:
    from lemf import write_textgrid
    from msfser.prediction.textgrids import prediction_grid

    n_written = 0
    for prediction, path in zip(predictions, paths, strict=True):
        if prediction.whole is not None:
            write_textgrid(prediction_grid(prediction), path, force=force)
            n_written += 1
    say(f"wrote {n_written:,} TextGrids into {folder}")


def _say_notes(predictions: Sequence[SpeechPrediction]) -> None:
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


def _end_on_failures(predictions: Sequence[SpeechPrediction]) -> None:
    failed = [one for one in predictions if one.whole is None]
    for one in failed[:_MOST_NAMED]:
        where = "" if str(one.wav) in str(one.reason) else f"{one.wav}: "
        say(f"failed: {where}{one.reason}")
    if failed:
        raise DataError(
            f"{len(failed):,} of {len(predictions):,} recordings could not be predicted"
        )
