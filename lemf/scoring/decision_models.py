"""The models of decisions: those that lemf ships, and those of files that `lemf fit` writes."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from lemf.config import CUE_SETS, CUES, DECISIONS, DEFAULT_THRESHOLD, OFF, SCOPES, Settings
from lemf.errors import SettingsError, shown
from lemf.runtime.input import read_text_input
from lemf.runtime.json_text import parse_json
from lemf.scoring.decision import DecisionModel

_LARGEST = 1e6  # coefficient
_EXPECTED = "write it with lemf fit --decide"
_REQUIRED = ("decision", "cues", "intercept", "slope")  # keys of a file
_DEFAULTED = ("weights", "normalise", "absolute", "means", "floors")
_TOLD = ("fitted_on", "lemf", "held_out")  # of how it was fitted

# Made by `python benchmarks/decision.py`
DECISION_MODELS: Mapping[str, DecisionModel] = {
    "emphasis": DecisionModel(
        name="emphasis",
        cues="listeners",
        weights=CUE_SETS["listeners"],
        normalise="sentence",
        intercept=-2.839,
        slope=0.6157,
        absolute={"pitch_range": 0.4797, "spectral_balance": 0.3209},
        means={"pitch_range": 2.52, "spectral_balance": -7.55},
        floors={"pitch_range": 1.12, "spectral_balance": -11.00},
        fitted_on="70 sentences of EmoDB, ratings of stress from 2.0",
    ),
    "accent": DecisionModel(
        name="accent",
        cues="listeners",
        weights=CUE_SETS["listeners"],
        normalise="sentence",
        intercept=-1.360,
        slope=0.8944,
        absolute={"pitch_range": 0.4684, "spectral_balance": 0.1577},
        means={"pitch_range": 2.52, "spectral_balance": -7.55},
        floors={"pitch_range": 1.12, "spectral_balance": -11.00},
        fitted_on="70 sentences of EmoDB, ratings of stress from 1.5",
    ),
}


def find_model(settings: Settings) -> DecisionModel | None:
    """Return the model by which the settings decide, or None where they do not.

    The cue set ``"listeners"`` with its weights decides which words are emphasised unless told
    otherwise.

    Raises
    ------
    SettingsError
        The model belongs to other scores, or its file cannot be read; a threshold where nothing is
        decided.
    """
    if settings.decide not in (None, OFF):
        model = load_model(settings.decide)
        if difference := difference_of(model, settings):
            fault, remedy = difference
            raise SettingsError(f"decide {shown(settings.decide)}: {fault}; {remedy}")
        return model
    default = DECISION_MODELS["emphasis"]
    if settings.decide is None and difference_of(default, settings) is None:
        return default
    if settings.threshold != DEFAULT_THRESHOLD:
        raise SettingsError(f"threshold {settings.threshold:g}: {explain_undecided(settings)}")
    return None


def explain_undecided(settings: Settings) -> str:
    """Describe why a threshold has nothing to decide, and the remedy."""
    if settings.decide == OFF:
        return f"decide {OFF!r} decides nothing; leave one of the two out"
    difference = difference_of(DECISION_MODELS["emphasis"], settings)
    if settings.cues == "listeners" and difference is not None:
        fault, remedy = difference
        return f"nothing is decided, since the decision 'emphasis' was {fault}; {remedy}"
    return (
        f"the cue set {settings.cues!r} decides nothing; choose --cues listeners or a "
        "decision, such as --decide emphasis, or leave the threshold out"
    )


def load_model(name: str, *, setting: str = "decide") -> DecisionModel:
    """Return a model that ships by its name, or read that of a file.

    Raises
    ------
    SettingsError
        There is neither, or the file cannot be read; the message names the `setting`.
    """
    if name in DECISION_MODELS:
        return DECISION_MODELS[name]
    if not name or not os.path.lexists(name):
        fault = "name one" if not name else "no such decision or file"
        choices = (*DECISIONS, *([OFF] if setting == "decide" else []))
        raise SettingsError(
            f"{setting} {shown(name)}: {fault}; there are: {', '.join(choices)}, or a file of lemf "
            "fit --decide"
        )
    return read_decision_model(Path(name))


class Difference(NamedTuple):
    """How scores differ from those of a model, and what to do."""

    fault: str
    remedy: str


def difference_of(model: DecisionModel, settings: Settings) -> Difference | None:
    """Describe how the scores of the settings differ from those of a model; None if they fit."""
    fit_another = "fit another decision with lemf fit --decide"
    if model.cues != settings.cues:
        return Difference(
            f"fitted to scores of the cue set {model.cues!r}, not {settings.cues!r}",
            f"set --cues {model.cues}, or {fit_another}",
        )
    for cue, weight in settings.cue_weights.items():
        if not math.isclose(weight, model.weights[cue], rel_tol=1e-6, abs_tol=1e-9):
            return Difference(
                f"fitted to scores in which {cue} has weight {model.weights[cue]:g}, not "
                f"{weight:g}",
                f"leave the weights as they are, or {fit_another}",
            )
    if model.normalise != settings.normalise:
        return Difference(
            f"fitted to cues standardised over the {model.normalise}, not the {settings.normalise}",
            f"{fit_another}, or leave it out",
        )
    return None


def model_to_dict(model: DecisionModel) -> dict[str, Any]:
    """Convert a model to the content of its JSON file."""
    return {
        "decision": model.name,
        "cues": model.cues,
        "weights": dict(model.weights),
        "normalise": model.normalise,
        "intercept": model.intercept,
        "slope": model.slope,
        "absolute": dict(model.absolute),
        "means": dict(model.means),
        "floors": dict(model.floors),
        "fitted_on": model.fitted_on,
    }


def read_decision_model(path: Path) -> DecisionModel:
    """Read a model from the JSON file that ``lemf fit --decide`` writes.

    Raises
    ------
    SettingsError
        The file cannot be read, lacks a value, or holds one that no decision has.
    """
    try:
        content = parse_json(read_text_input(path, SettingsError))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise SettingsError(f"{path}: not a decision: not JSON ({error}); {_EXPECTED}") from error
    if not isinstance(content, dict) or "decision" not in content:
        raise SettingsError(f"{path}: not a decision; {_EXPECTED}")
    _check_keys(path, content)
    cues = content["cues"]
    if not isinstance(cues, str) or cues not in CUE_SETS:
        raise SettingsError(f"{path}: cues {shown(cues)}: no such cue set; {_EXPECTED}")
    normalise = content.get("normalise", "sentence")
    if normalise not in SCOPES:
        raise SettingsError(f"{path}: normalise {shown(normalise)}: unknown; {_EXPECTED}")
    model = DecisionModel(
        name=_name(path, content["decision"]),
        cues=cues,
        weights={**CUE_SETS[cues], **_numbers(path, content, "weights", CUE_SETS[cues])},
        normalise=normalise,
        intercept=_number(path, "intercept", content["intercept"]),
        slope=_number(path, "slope", content["slope"]),
        absolute=_numbers(path, content, "absolute", CUES),
        means=_numbers(path, content, "means", CUES),
        floors=_numbers(path, content, "floors", CUES),
        fitted_on=_describe(content.get("fitted_on")),
    )
    _check_values(path, model)
    return model


def _check_keys(path: Path, content: Mapping[str, object]) -> None:
    known = (*_REQUIRED, *_DEFAULTED, *_TOLD)
    for key in content:
        if key not in known:
            raise SettingsError(
                f"{path}: {shown(key)}: no decision has it; there are: {', '.join(known)}"
            )
    for key in _REQUIRED:
        if key not in content:
            raise SettingsError(f"{path}: {key} is missing; {_EXPECTED}")


def _check_values(path: Path, model: DecisionModel) -> None:
    """Refuse values that contradict each other, and a score that speaks against emphasis."""
    if missing := model.absolute.keys() - model.means.keys():
        raise SettingsError(f"{path}: means lacks {min(missing)}; {_EXPECTED}")
    for key, values in (("means", model.means), ("floors", model.floors)):
        if others := values.keys() - model.absolute.keys():
            raise SettingsError(
                f"{path}: {key}.{min(others)}: absolute has no such cue; add it there, or leave "
                "it out here"
            )
    if model.slope < 0:
        raise SettingsError(
            f"{path}: slope {model.slope:g}: the higher the score, the less emphasis; {_EXPECTED}"
        )


def _name(path: Path, value: object) -> str:
    if not isinstance(value, str) or not value:
        raise SettingsError(f"{path}: decision {shown(value)}: not a name; {_EXPECTED}")
    return value


def _describe(value: object) -> str:
    if isinstance(value, dict):
        return str(value.get("labels", ""))
    return value if isinstance(value, str) else ""


def _numbers(
    path: Path, content: Mapping[str, object], key: str, known: Mapping[str, object]
) -> dict[str, float]:
    values = content.get(key, {})
    if not isinstance(values, dict):
        raise SettingsError(f"{path}: {key} {shown(values)}: not cues with numbers; {_EXPECTED}")
    for name in values:
        if name not in known:
            raise SettingsError(f"{path}: {key}: unknown cue {shown(name)}; {_EXPECTED}")
    return {name: _number(path, f"{key}.{name}", value) for name, value in values.items()}


def _number(path: Path, key: str, value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or math.isnan(value):
        raise SettingsError(f"{path}: {key} {shown(value)}: not a number; {_EXPECTED}")
    if abs(value) > _LARGEST:
        raise SettingsError(
            f"{path}: {key} {shown(value)}: beyond {-_LARGEST:g} to {_LARGEST:g}; {_EXPECTED}"
        )
    return float(value)
