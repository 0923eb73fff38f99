"""The systems of `lemf evaluate`: cue sets, weights and decisions, and names of external ones."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from lemf.commands.analysis_options import MeasureOptions, read_measure_options
from lemf.commands.weight_options import read_weights
from lemf.config import OFF, Settings
from lemf.errors import SettingsError


def read_systems(
    cues: tuple[str, ...], weights: tuple[str, ...], options: MeasureOptions
) -> dict[str, Settings]:
    """Return the settings of each cue set and of each set of weights by name."""
    systems = [(name, read_measure_options(options, cues=name)) for name in dict.fromkeys(cues)]
    for text in weights:
        name = Path(text).stem if text.lower().endswith(".json") else text
        cue_set, numbers = read_weights(text)
        if cue_set is None:
            _check_papers_weights(text, numbers)
        systems.append((name, read_measure_options(options, cues=cue_set, weights=numbers)))
    if not systems:
        systems = [("paper", read_measure_options(options))]
    check_names([name for name, _ in systems])
    return dict(systems)


def set_decision(
    systems: dict[str, Settings], decide: str | None, *, is_default: bool
) -> dict[str, Settings]:
    """Set the decision of the systems whose scores it was fitted to; the others do not decide."""
    from lemf.scoring.decision_models import difference_of, load_model

    if decide is None or decide == OFF:
        return {name: replace(one, decide=decide) for name, one in systems.items()}
    try:
        model = load_model(decide)
        if is_default:
            weights = dict(model.weights)
            systems = {
                model.cues: replace(
                    systems["paper"], cues=model.cues, weights=weights, normalise=model.normalise
                )
            }
    except SettingsError as error:
        raise click.UsageError(str(error)) from error
    fitting = [name for name, one in systems.items() if not difference_of(model, one)]
    if not fitting:
        name, one = next(iter(systems.items()))
        raise click.UsageError(f"--decide {decide}, {name}: {difference_of(model, one)}")
    return {
        name: replace(one, decide=decide if name in fitting else OFF)
        for name, one in systems.items()
    }


def check_decides(systems: dict[str, Settings], threshold: float) -> None:
    """Refuse a threshold where no system decides."""
    from lemf.scoring.decision_models import explain_undecided, find_model

    if not any(find_model(one) for one in systems.values()):
        reason = explain_undecided(next(iter(systems.values())))
        raise click.UsageError(f"--threshold {threshold:g}: {reason}")


def _check_papers_weights(text: str, weights: dict[str, float]) -> None:
    """Refuse weights of cues that the paper does not have, and name the remedy."""
    try:
        Settings(weights=weights)
    except SettingsError as error:
        raise click.UsageError(
            f'--weights {text}: {error}; for another cue set, name a .json of {{"cues": NAME, '
            '"weights": {NAME: NUMBER, ...}}'
        ) from error


def read_named(scores: tuple[str, ...]) -> dict[str, str]:
    """Return the files of ``NAME=FILE`` by name."""
    named = {}
    for text in scores:
        name, _, path = text.partition("=")
        if not (name and path):
            raise click.UsageError(f"--scores {text}: write NAME=FILE")
        if name in named:
            raise click.UsageError(f"--scores {text}: {name} is named twice; rename one")
        named[name] = path
    return named


def check_names(names: list[str]) -> None:
    """Refuse a name that two systems have, or a baseline."""
    from lemf.agreement.evaluation.detect import CONTENT_WORDS
    from lemf.agreement.external_systems import BASELINES

    for name in names:
        if names.count(name) > 1 or name in (*BASELINES, CONTENT_WORDS):
            raise click.UsageError(f"two systems have the name {name!r}; rename one of them")
