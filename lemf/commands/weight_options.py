"""The options of the command line for cue sets, weights and decisions, and files of weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypedDict

import click

from lemf.config import CUE_SETS, DECISIONS, DEFAULT_THRESHOLD, OFF, Settings
from lemf.errors import SettingsError, shown
from lemf.runtime.console import Command, add_options, say
from lemf.runtime.input import read_text_input
from lemf.runtime.json_text import parse_json

if TYPE_CHECKING:
    from lemf.config import Scope


class WeightOptions(TypedDict):
    """Values of the options for the cue set, its weights and the decision."""

    cues: str | None
    weights: str | None
    decide: str | None
    threshold: float | None
    normalise: Scope | None


class Weighing(NamedTuple):
    """The settings that these options give; None for each that was not given."""

    cues: str | None
    weights: dict[str, float] | None
    decide: str | None
    threshold: float | None
    normalise: Scope | None


_weights_option = click.option(
    "--weights", metavar="NAME=W,...|FILE.json", help="Weights that replace those of the cue set."
)


def _cues_option(default: str) -> Callable[[Command], Command]:
    return click.option(
        "--cues", type=click.Choice(list(CUE_SETS)), help=f"Cue set.  [default: {default}]"
    )


_decide_option = click.option(
    "--decide",
    metavar="emphasis|accent|FILE.json|off",
    is_flag=False,
    flag_value="",  # alone: refused with the names that there are
    help="Decide which words are emphasised: none, one or several.  [default: emphasis with --cues "
    "listeners, else off]",
)


def _threshold_option(default: str) -> Callable[[Command], Command]:
    return click.option(
        "--threshold",
        metavar="P",
        type=float,
        help=f"Least probability of a word that counts as emphasised.  [default: {default}]",
    )


_decision_options = (_decide_option, _threshold_option(f"{DEFAULT_THRESHOLD}"))
decision_options = add_options(*_decision_options)
weight_options = add_options(_cues_option("paper"), _weights_option, *_decision_options)
new_weight_options = add_options(
    _cues_option("that of FEATURES"),
    _weights_option,
    _decide_option,
    _threshold_option(f"{DEFAULT_THRESHOLD}; that of FEATURES where the decision is theirs"),
)


def read_weight_options(options: WeightOptions) -> Weighing:
    """Return the cue set, the weights, the scope and the decision that were given.

    What is not given of the first three is that of the scores to which the decision was fitted.

    Raises
    ------
    click.UsageError
        The weights are for another cue set, or cannot be read; there is no such decision.
    SettingsError
        A file of weights that cannot be read.
    """
    cues, weights = None, None
    if options["weights"] is not None:
        cues, weights = read_weights(options["weights"])
        if options["cues"] and cues and options["cues"] != cues:
            raise click.UsageError(
                f"the weights are for --cues {cues}, not {options['cues']}; leave out --cues"
            )
    given = Weighing(
        options["cues"] or cues, weights, options["decide"], options["threshold"],
        options["normalise"],
    )  # fmt: skip
    return _follow_decision(given)


def _follow_decision(given: Weighing) -> Weighing:
    """Fill in what the decision was fitted to, and say so of a file's."""
    if given.decide is None or given.decide == OFF:
        return given
    if given.decide in DECISIONS:
        return given._replace(cues=given.cues or "listeners")

    from lemf.scoring.decision_models import load_model

    try:
        model = load_model(given.decide)
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
    if given.cues not in (None, model.cues):  # refused, with the remedy, where it is used
        return given
    followed = given._replace(
        cues=model.cues,
        weights=dict(model.weights) if given.weights is None else given.weights,
        normalise=given.normalise or model.normalise,
    )
    taken = [f"--cues {model.cues}"] if given.cues is None else []
    if given.weights is None and model.weights != CUE_SETS[model.cues]:
        taken.append("its weights")
    if given.normalise is None and model.normalise != "sentence":
        taken.append(f"--normalise {model.normalise}")
    if taken:
        say(f"note: {given.decide}: scores with {', '.join(taken)}, to which it was fitted")
    return followed


def read_weights(text: str) -> tuple[str | None, dict[str, float]]:
    """Read weights written as ``NAME=W,NAME=W`` or kept in a JSON file.

    Parameters
    ----------
    text : str
        ``pitch=1,energy=0`` or the path of a ``.json`` file that holds
        ``{"cues": NAME, "weights": {NAME: W, ...}}``; further keys are ignored.

    Returns
    -------
    cues : str or None
        The cue set that the file names.
    weights : dict of str to float

    Raises
    ------
    click.UsageError
        The text has neither form, or names a cue twice.
    SettingsError
        The file cannot be read, names a cue twice, or its cue set lacks a cue.
    """
    if text.lower().endswith(".json"):
        return _read_weights_file(Path(text))
    weights: dict[str, float] = {}
    for part in text.split(","):
        name, _, value = part.partition("=")
        if name.strip() in weights:
            raise click.UsageError(
                f"--weights {shown(text)}: {shown(name.strip())} is named twice; name each cue once"
            )
        try:
            weights[name.strip()] = float(value)
        except ValueError:
            raise click.UsageError(
                f"--weights {shown(text)}: write NAME=NUMBER,... or name a .json file"
            ) from None
    return None, weights


def _read_weights_file(path: Path) -> tuple[str | None, dict[str, float]]:
    try:
        content = parse_json(read_text_input(path, SettingsError))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise SettingsError(f"{path}: not JSON ({error})") from error
    weights = content.get("weights") if isinstance(content, dict) else None
    if not isinstance(weights, dict) or not all(_is_number(value) for value in weights.values()):
        raise SettingsError(f'{path}: expected {{"cues": NAME, "weights": {{NAME: NUMBER, ...}}}}')
    cues = content.get("cues")
    if cues is not None and not isinstance(cues, str):
        raise SettingsError(f"{path}: 'cues' must be the name of a cue set, not {shown(cues)}")
    numbers = {name: float(value) for name, value in weights.items()}
    if cues is not None:
        try:
            Settings(cues=cues, weights=numbers)
        except SettingsError as error:
            raise SettingsError(f"{path}: {error}") from error
    return cues, numbers


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
