"""The command `msfser predict`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lemf.runtime.console import PATH, force_option, open_stdout, print_text, say
from lemf.runtime.output import check_suffix
from msfser.commands.evaluation_commands import (
    calibrate_option,
    device_option,
    dropout_option,
)
from msfser.config.settings import WINDOW_S
from msfser.errors import DataError, SemanticsError

if TYPE_CHECKING:
    from msfser.prediction.files import Source
    from msfser.prediction.speech_files import SpeechFile
    from msfser.prediction.speech_predictions import SpeechPrediction
    from msfser.prediction.speech_texts import Describe, SpeechTexts

_MOST_NAMED = 10  # failures and notes on the terminal
_SUFFIXES = {".csv": "csv", ".json": "json"}


@click.command()
@click.argument("model", metavar="MODEL...")
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
@dropout_option
@calibrate_option
@click.option(
    "--intervals",
    type=PATH,
    metavar="FILE",
    help="Intervals of the values, from the intervals.json of msfser evaluate --intervals.",
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
    dropout_passes: int,
    calibrate: str,
    intervals: Path | None,
    clamped: bool,
    embeddings: Path | None,
    device: str,
    force: bool,
) -> None:
    """Predict valence, arousal and dominance of recordings.

    MODEL is the folder of a run, a folder with config.json and model.safetensors, or a name on the
    hub. A FILE is a recording, a folder of recordings, or a .csv or .jsonl file with the column wav
    and optionally alignment, transcript and es. A TextGrid and a transcript (.txt or .lab) of the
    same name beside a recording are used; the transcript alone is aligned by lemf[align]. Folders
    of further models after MODEL make an ensemble: their mean, and how far they differ.
    """
    models, files = _split_models(model, files)
    if embeddings is not None and len(models) > 1:
        raise click.UsageError("--embeddings: of one model; name one")
    _check_outputs(output, embeddings, files, force)
    if language is not None and not (no_align or no_texts):
        from lemf import check_language

        check_language(language)  # before the model is loaded

    from lemf.runtime.progress import progress
    from msfser.evaluation.runs import model_folder
    from msfser.evaluation.uncertainty.intervals_file import (
        Validity,
        check_validity,
        hash_models,
        read_intervals,
    )
    from msfser.model.device import choose_device
    from msfser.model.msf_ser import MsfSer
    from msfser.prediction.combined import (
        add_bounds,
        average_speech,
        calibrate_speech,
        check_alike,
        clamp_speech,
        describe_calibration,
    )
    from msfser.prediction.files import Source, mean_routing, model_routing
    from msfser.prediction.predict import load_encoder, predict_speech
    from msfser.prediction.speech_files import find_speech, name_unreadable
    from msfser.prediction.speech_texts import describe_acoustically, find_texts
    from msfser.semantics.alignment_tiers import TIERS_IN_ORDER

    # recordings, model and texts
    recordings = find_speech(files, alignments)
    grids = _check_textgrids(textgrids, recordings, force)
    bounds = None if intervals is None else read_intervals(intervals)
    chosen = choose_device(device)
    loaded = MsfSer.from_pretrained(model_folder(models[0])).to(chosen)
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
    found_once = _keep_texts(find)
    # predictions of each model, one after the other
    facts, by_model, routing = [loaded.facts], [], []
    for number, name in enumerate(models):
        if number:
            loaded = MsfSer.from_pretrained(model_folder(name)).to(chosen)
            facts.append(loaded.facts)
            check_alike(facts, models[: number + 1])
        with progress("predicting" if len(models) == 1 else f"{name}: predicting") as watch:
            by_model.append(
                predict_speech(
                    loaded,
                    recordings,
                    encoder=text_encoder,
                    find=found_once,
                    window_s=window_s,
                    keep_embeddings=embeddings is not None,
                    dropout_passes=dropout_passes,
                    watch=watch,
                )
            )
        routing.append(model_routing(loaded))
    scale = facts[0].label_bounds
    predictions = by_model[0] if len(models) == 1 else average_speech(by_model, scale)
    # what is done to them
    more: dict[str, object] = {} if len(models) == 1 else {"models": list(models)}
    if dropout_passes:
        more["dropout_passes"] = dropout_passes
    if calibrate == "speaker":
        predictions, fit = calibrate_speech(predictions, recordings, scale)
        more["calibration"] = describe_calibration(fit)
    if bounds is not None:
        validity = Validity(
            models=hash_models([Path(model_folder(name)) for name in models]),
            dropout_passes=dropout_passes,
            calibration="speaker" if calibrate == "speaker" else "",
            label_bounds=scale,
        )
        for note in check_validity(intervals or Path(), bounds[1], validity):
            say(f"note: {note}")
        predictions = add_bounds(predictions, bounds[0])
        more["intervals"] = {"level": bounds[0].level, "file": str(intervals)}
    if clamped:
        predictions = clamp_speech(predictions, scale)
    source = Source(
        name=" + ".join(models), facts=facts[0], routing=mean_routing(routing), more=more
    )
    if embeddings is not None:
        _write_embeddings(predictions, embeddings, force)
    if textgrids is not None:
        _write_textgrids(predictions, grids, textgrids, force)
    _write(source, predictions, output, file_format, windows, force)
    if passed_over := name_unreadable(files):
        say(f"note: {passed_over}")
    _say_notes(predictions)
    _end_on_failures(predictions)


def _split_models(model: str, files: tuple[Path, ...]) -> tuple[list[str], tuple[Path, ...]]:
    """Split the arguments into models and files: further models are folders that hold one."""
    models, rest = [model], list(files)
    while rest and rest[0].is_dir() and _holds_model(rest[0]):
        models.append(str(rest.pop(0)))
    if not rest:
        raise click.UsageError("name the recordings after the models")
    twice = {name for name in models if models.count(name) > 1}
    if twice:
        raise click.UsageError(f"{min(twice)}: named twice; an ensemble has different models")
    return models, tuple(rest)


def _holds_model(folder: Path) -> bool:
    from msfser.evaluation.runs import holds_model

    return holds_model(folder)


def _keep_texts(find: Callable[[SpeechFile], SpeechTexts]) -> Callable[[SpeechFile], SpeechTexts]:
    """Return a function that finds the texts of each recording once, for several models."""
    kept: dict[SpeechFile, SpeechTexts] = {}

    def find_once(speech: SpeechFile) -> SpeechTexts:
        if speech not in kept:
            kept[speech] = find(speech)
        return kept[speech]

    return find_once


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
    source: Source,
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
        print_tables([make_table(predictions, source.facts, windows=windows)], open_stdout())
        return
    if file_format == "csv":
        content = format_predictions_csv(predictions, windows=windows)
    else:
        content = format_predictions_json(predictions, source, windows=windows)
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
    for path, recording in zip(paths, recordings, strict=True):
        if path.parent.resolve() == recording.wav.parent.resolve():
            raise DataError(
                f"{path}: beside {recording.wav.name}, where it would be read as the alignment; "
                "name another folder for --textgrids"
            )
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
