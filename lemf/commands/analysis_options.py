"""The options of the command line that say how to analyse, and the settings they stand for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

import click

from lemf.config import (
    CUE_SETS,
    DURATION_METHODS,
    OWN_SCOPES,
    PITCH_METHODS,
    Settings,
    read_weights,
)
from lemf.errors import SettingsError

if TYPE_CHECKING:
    from lemf.config import DurationMethod, PitchMethod, Scope
    from lemf.display.figure import F0Axis

_Command = TypeVar("_Command", bound=Callable[..., Any])


class WeightOptions(TypedDict):
    """The values of the options that say how the cues are weighed."""

    cues: str | None
    weights: str | None


class MeasureOptions(TypedDict):
    """The values of the options that say how recordings and TextGrids are read and measured."""

    pitch: PitchMethod
    pitch_range: str
    sentences: str
    words_tier: str | None
    phones_tier: str | None
    speaker: str | None
    channel: str | None
    duration: DurationMethod
    silence: tuple[str, ...]


class AnalysisOptions(WeightOptions, MeasureOptions):
    """The values of the options that all commands share which score recordings."""

    normalise: Scope
    force: bool


class ViewOptions(AnalysisOptions):
    """The values of the options of `score` and `plot`."""

    top: int
    f0_axis: F0Axis


_weights_option = click.option(
    "--weights", metavar="NAME=W,...|FILE.json", help="Weights instead of the cue set's own."
)


def _cues_option(default: str) -> Callable[[_Command], _Command]:
    return click.option(
        "--cues", type=click.Choice(list(CUE_SETS)), help=f"Cue set.  [default: {default}]"
    )


_WEIGHT_OPTIONS = (_cues_option("paper"), _weights_option)
_MEASURE_OPTIONS = (
    click.option(
        "--pitch",
        type=click.Choice(PITCH_METHODS),
        default="harvest",
        show_default=True,
        help="Pitch tracker; praat needs the extra lemf[praat].",
    ),
    click.option(
        "--pitch-range",
        metavar="LOW-HIGH",
        default="71-800",
        show_default=True,
        help="Range of the F0 search in Hz.",
    ),
    click.option(
        "--sentences",
        metavar="whole|pause:S|TIER",
        default="whole",
        show_default=True,
        help="One sentence; a new one after pauses over S seconds; or those of a tier.",
    ),
    click.option("--words-tier", metavar="NAME", help="Tier of the words.  [default: by name]"),
    click.option("--phones-tier", metavar="NAME", help="Tier of the phones.  [default: by name]"),
    click.option("--speaker", metavar="NAME", help="Whose 'NAME - words' tier, if several talk."),
    click.option(
        "--channel", metavar="N|mix", help="Channel from 1, or the mean.  [default: mix, said]"
    ),
    click.option(
        "--duration",
        type=click.Choice(DURATION_METHODS),
        default="phones",
        show_default=True,
        help="Mean phone duration, or the word's length where there is no phone tier.",
    ),
    click.option(
        "--silence", metavar="LABEL", multiple=True, help="One more label that is no word; repeat."
    ),
)
_normalise_option = click.option(
    "--normalise",
    type=click.Choice(OWN_SCOPES),
    default="sentence",
    show_default=True,
    help="Words that each cue is standardised over; lemf rescore has speaker and corpus.",
)
_VIEW_OPTIONS = (
    click.option(
        "--top",
        type=click.IntRange(min=1),
        default=3,
        show_default=True,
        help="How many words to make stand out.",
    ),
    click.option(
        "--f0-axis",
        type=click.Choice(["log", "semitones", "hz"]),
        default="log",
        show_default=True,
        help="Scale of F0 in the figure.",
    ),
)
jobs_option = click.option(
    "--jobs", type=click.IntRange(min=1), help="Processes.  [default: the cores of this machine]"
)
resamples_option = click.option(
    "--resamples",
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    help="Draws of the bootstrap, for the intervals.",
)
force_option = click.option("--force", is_flag=True, help="Replace output files that exist.")


def new_weight_options(command: _Command) -> _Command:
    """Give a command whose input has a cue set the options that it takes as `WeightOptions`."""
    return _add(command, (_cues_option("as before"), _weights_option))


def measure_options(command: _Command) -> _Command:
    """Give a command the options that it takes as `MeasureOptions`."""
    return _add(command, _MEASURE_OPTIONS)


def analysis_options(command: _Command) -> _Command:
    """Give a command the options of the analysis, which it takes as `AnalysisOptions`."""
    return _add(command, (*_WEIGHT_OPTIONS, *_MEASURE_OPTIONS, _normalise_option, force_option))


def view_options(command: _Command) -> _Command:
    """Give a command the options of the analysis and its display, taken as `ViewOptions`."""
    return _add(
        command,
        (*_WEIGHT_OPTIONS, *_MEASURE_OPTIONS, _normalise_option, *_VIEW_OPTIONS, force_option),
    )


def _add(command: _Command, options: tuple[Callable[[_Command], _Command], ...]) -> _Command:
    for option in reversed(options):
        command = option(command)
    return command


def read_weight_options(options: WeightOptions) -> tuple[str | None, dict[str, float] | None]:
    """Give the cue set and the weights that were asked for, None where none were.

    Raises
    ------
    click.UsageError
        The weights are for another cue set.
    SettingsError
        A file of weights that cannot be read.
    """
    if options["weights"] is None:
        return options["cues"], None
    cues, weights = read_weights(options["weights"])
    if options["cues"] and cues and options["cues"] != cues:
        raise click.UsageError(f"the weights are for --cues {cues}, not {options['cues']}")
    return options["cues"] or cues, weights


def read_settings(options: AnalysisOptions) -> Settings:
    """Make the settings out of the options.

    Raises
    ------
    click.UsageError
        A value that cannot be meant.
    SettingsError
        A file of weights that cannot be read.
    """
    cues, weights = read_weight_options(options)
    return read_measure_options(options, cues=cues, weights=weights, normalise=options["normalise"])


def read_measure_options(
    options: MeasureOptions,
    *,
    cues: str | None = None,
    weights: Mapping[str, float] | None = None,
    normalise: Scope = "sentence",
) -> Settings:
    """Make settings out of the options of the measurement, a cue set, weights and a scope.

    Raises
    ------
    click.UsageError
        A value that cannot be meant.
    """
    low, _, high = options["pitch_range"].partition("-")
    channel = options["channel"]
    try:
        return Settings(
            cues=cues or "paper",
            weights=weights,
            pitch=options["pitch"],
            pitch_floor_hz=_number(low, "--pitch-range"),
            pitch_ceiling_hz=_number(high, "--pitch-range"),
            sentences=options["sentences"],
            words_tier=options["words_tier"],
            phones_tier=options["phones_tier"],
            speaker=options["speaker"],
            channel="mix" if channel == "mix" else _channel(channel),
            duration=options["duration"],
            silence=options["silence"],
            normalise=normalise,
        )
    except SettingsError as error:
        raise click.UsageError(str(error)) from error


def _number(text: str, option: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise click.UsageError(f"{option}: write two numbers in Hz, such as 71-800") from None


def _channel(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        raise click.UsageError(f"--channel {text}: write a number from 1, or mix") from None
