"""The command `msfser predict`."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lemf.runtime.console import PATH, force_option, say
from msfser.commands.evaluation.options import calibrate_option, device_option, dropout_option
from msfser.commands.predict_output import (
    check_outputs,
    check_textgrids,
    end_on_failures,
    say_notes,
    write_embeddings,
    write_predictions,
    write_textgrids,
)
from msfser.config.settings import WINDOW_S
from msfser.errors import DataError, SemanticsError

if TYPE_CHECKING:
    from msfser.prediction.speech_files import SpeechFile
    from msfser.prediction.speech_texts import Describe, SpeechTexts


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
    check_outputs(output, embeddings, files, force)
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
    grids = check_textgrids(textgrids, recordings, force)
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
        write_embeddings(predictions, embeddings, force)
    if textgrids is not None:
        write_textgrids(predictions, grids, textgrids, force)
    write_predictions(source, predictions, output, file_format, windows, force)
    if passed_over := name_unreadable(files):
        say(f"note: {passed_over}")
    say_notes(predictions)
    end_on_failures(predictions)


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
