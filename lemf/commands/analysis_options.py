"""The options of the command line for the analysis, read as settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, TypedDict

import click

from lemf.commands.weight_options import WeightOptions, read_weight_options, weight_options
from lemf.config import (
    DEFAULT_THRESHOLD,
    DURATION_METHODS,
    PITCH_METHODS,
    SINGLE_RECORDING_SCOPES,
    Settings,
)
from lemf.errors import SettingsError, shown
from lemf.option_choices import F0_AXES
from lemf.runtime.console import add_options, force_option, say

if TYPE_CHECKING:
    from lemf.config import DurationMethod, PitchMethod, Scope
    from lemf.option_choices import F0Axis


class SoundOptions(TypedDict):
    """Values of the options for measuring recordings and reading labels."""

    pitch: PitchMethod
    pitch_range: str
    highpass: float | None
    sentences: str
    duration: DurationMethod
    encoding: str | None
    silence: tuple[str, ...]


class MeasureOptions(SoundOptions):
    """Values of the options for reading and measuring recordings and TextGrids."""

    words_tier: str | None
    phones_tier: str | None
    speaker: str | None
    channel: str | None


class ScoringOptions(WeightOptions, MeasureOptions):
    """Values of the options that all commands share which score recordings."""

    breaks: bool
    measures: bool


class AnalysisOptions(ScoringOptions):
    """Values of these options of the commands that write files which exist with ``--force``."""

    force: bool


class SpeakersOptions(WeightOptions, SoundOptions):
    """Values of the options for all speakers: none for the tiers and the channel of one."""

    breaks: bool
    measures: bool


class ViewOptions(AnalysisOptions):
    """Values of the options of `score` and `plot`."""

    top: int
    f0_axis: F0Axis


channel_option = click.option(
    "--channel",
    metavar="N|mix",
    help="Channel, counted from 1, or the mean of all.  [default: mix, with a note]",
)
encoding_option = click.option(
    "--encoding",
    metavar="NAME",
    help="Encoding of TextGrids and texts, such as gbk or cp1250.  [default: found in their bytes]",
)
_SOUND_OPTIONS = (
    click.option(
        "--pitch",
        type=click.Choice(PITCH_METHODS),
        default="harvest",
        show_default=True,
        help="Pitch tracker; praat needs lemf[praat], swift lemf[swift], pyworld lemf[world].",
    ),
    click.option(
        "--pitch-range",
        metavar="LOW-HIGH",
        default="71-800",
        show_default=True,
        help="Range of F0 in Hz.",
    ),
    click.option(
        "--highpass",
        metavar="HZ",
        type=float,
        help="Remove what lies below, such as rumble, before measuring.  [default: nothing]",
    ),
    click.option(
        "--sentences",
        metavar="whole|pause:S|breaks|TIER",
        default="whole",
        show_default=True,
        help="One sentence per file, split at pauses over S seconds or at major phrase boundaries, "
        "or the intervals of a tier.",
    ),
)
_TIER_OPTIONS = (
    click.option(
        "--words-tier", metavar="NAME", help="Tier of the words.  [default: found by its name]"
    ),
    click.option(
        "--phones-tier", metavar="NAME", help="Tier of the phones.  [default: found by its name]"
    ),
    click.option(
        "--speaker", metavar="NAME", help="Speaker, where tiers are named 'NAME - words'."
    ),
    channel_option,
)
_LABEL_OPTIONS = (
    click.option(
        "--duration",
        type=click.Choice(DURATION_METHODS),
        default="phones",
        show_default=True,
        help="Duration cue: mean phone duration, or word duration where there is no phone tier.",
    ),
    encoding_option,
    click.option(
        "--silence",
        metavar="LABEL",
        multiple=True,
        help="Further label that marks silence; may be repeated.",
    ),
)
_normalise_option = click.option(
    "--normalise",
    type=click.Choice(SINGLE_RECORDING_SCOPES),
    help="Words over which each cue is standardised; lemf rescore also has speaker and corpus.  "
    "[default: sentence]",
)
breaks_option = click.option(
    "--breaks", is_flag=True, help="Also measure the phrase boundary after each word."
)
measures_option = click.option(
    "--measures",
    is_flag=True,
    help="Also measure each word's F0 in Hz and semitones, level in dB and phones a second.",
)
top_option = click.option(
    "--top",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="Number of words to highlight.",
)
_f0_axis_option = click.option(
    "--f0-axis",
    type=click.Choice(F0_AXES),
    default="log",
    show_default=True,
    help="Scale of the F0 axis in the figure.",
)

# The options that a command takes as `MeasureOptions`, `ScoringOptions`, `AnalysisOptions`,
# `ViewOptions` or `SpeakersOptions`
measure_options = add_options(*_SOUND_OPTIONS, *_TIER_OPTIONS, *_LABEL_OPTIONS)
scoring_options = add_options(
    weight_options, measure_options, _normalise_option, breaks_option, measures_option
)
analysis_options = add_options(scoring_options, force_option)
view_options = add_options(scoring_options, top_option, _f0_axis_option, force_option)
speakers_options = add_options(
    weight_options,
    *_SOUND_OPTIONS,
    *_LABEL_OPTIONS,
    _normalise_option,
    breaks_option,
    measures_option,
)


def note_slow_pitch(settings: Settings) -> None:
    """Print a note where Harvest runs without its compiled extension."""
    from lemf.contours.pitch import HARVEST_IS_COMPILED

    if settings.pitch == "harvest" and not HARVEST_IS_COMPILED:
        say("note: Harvest runs slowly, since lemf was installed without a compiler; same numbers")


def read_settings(options: ScoringOptions) -> Settings:
    """Convert the options to settings.

    Raises
    ------
    click.UsageError
        A value out of its range, or one that cannot be read.
    SettingsError
        A file of weights that cannot be read.
    """
    weighing = read_weight_options(options)
    settings = read_measure_options(
        options,
        cues=weighing.cues,
        weights=weighing.weights,
        decide=weighing.decide,
        threshold=weighing.threshold,
        normalise=weighing.normalise or "sentence",
        breaks=options["breaks"],
        measures=options["measures"],
    )
    check_decision(settings, weighing.threshold)
    if settings.normalise not in SINGLE_RECORDING_SCOPES:  # of the file of a decision
        raise click.UsageError(
            f"decide {shown(settings.decide)}: fitted to cues standardised over the "
            f"{settings.normalise}, which needs several recordings: use lemf batch --features, "
            "then lemf rescore --decide"
        )
    return settings


def check_decision(settings: Settings, threshold: float | None) -> None:
    """Refuse a decision that belongs to other scores, and a threshold that decides nothing.

    Raises
    ------
    click.UsageError
    """
    from lemf.scoring.decision_models import explain_undecided, find_model

    try:
        model = find_model(settings)
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
    if model is None and threshold is not None:  # the default one, given
        raise click.UsageError(f"threshold {threshold:g}: {explain_undecided(settings)}")


def read_measure_options(
    options: MeasureOptions,
    *,
    cues: str | None = None,
    weights: Mapping[str, float] | None = None,
    decide: str | None = None,
    threshold: float | None = None,
    normalise: Scope = "sentence",
    breaks: bool = False,
    measures: bool = False,
) -> Settings:
    """Convert the options for measuring, and the settings of what is computed, to settings.

    Raises
    ------
    click.UsageError
        A value out of its range, or one that cannot be read.
    """
    low, _, high = options["pitch_range"].partition("-")
    try:
        return Settings(
            cues=cues or "paper",
            weights=weights,
            pitch=options["pitch"],
            pitch_floor_hz=_number(low, "--pitch-range"),
            pitch_ceiling_hz=_number(high, "--pitch-range"),
            highpass_hz=options["highpass"],
            sentences=options["sentences"],
            words_tier=options["words_tier"],
            phones_tier=options["phones_tier"],
            speaker=options["speaker"],
            channel=read_channel(options["channel"]),
            duration=options["duration"],
            encoding=options["encoding"],
            silence=options["silence"],
            normalise=normalise,
            decide=decide,
            threshold=DEFAULT_THRESHOLD if threshold is None else threshold,
            breaks=breaks,
            measures=measures,
        )
    except SettingsError as error:
        raise click.UsageError(str(error)) from error


def _number(text: str, option: str) -> float:
    try:
        return float(text)
    except ValueError:
        fault = f"{text!r} is not a number" if text else "a number is missing"
        raise click.UsageError(f"{option}: {fault}; write two in Hz, such as 71-800") from None


def read_channel(text: str | None) -> int | Literal["mix"] | None:
    """Convert the option ``--channel`` to a channel of `read_audio`.

    Raises
    ------
    click.UsageError
    """
    if text is None:
        return None
    if text == "mix":
        return "mix"
    try:
        return int(text)
    except ValueError:
        raise click.UsageError(f"--channel {text}: write a number from 1, or mix") from None
