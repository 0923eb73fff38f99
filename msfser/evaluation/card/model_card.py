"""The card of a trained model: its training data, its scores, its purpose and limits."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any

from lemf.runtime.output import check_output, write_output
from msfser.config.files import read_config
from msfser.config.model_facts import ModelFacts
from msfser.config.settings import Config
from msfser.evaluation.card.base_licences import find_licence
from msfser.evaluation.intervals import LEVEL
from msfser.evaluation.report import make_tables
from msfser.evaluation.runs import BEST_NAME, CONFIG_NAME, read_metrics
from msfser.evaluation.scores import FOLDS, Score
from msfser.manifest import DIMENSIONS
from msfser.model.folder import read_model_folder
from msfser.outputs import format_markdown, format_notes

CARD_NAME = "README.md"

_HUB_NAME = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*")

_FULL_NAMES = {
    "gs": "Global Semantics: what is said",
    "les": "Local Emphasized Semantics: the emphasised words and their neighbours",
    "es": "Extended Semantics: a description of speaker, emotion and situation",
    "context": "context: what was said in the turns before",
}


def format_model_card(
    config: Config,
    facts: ModelFacts,
    training: Mapping[str, Any],
    scores: Sequence[Score],
    notes: Sequence[str] = (),
) -> str:
    """Format the card as Markdown, with the front matter that the hub reads.

    Parameters
    ----------
    config : Config
        Of the run.
    facts : ModelFacts
    training : mapping
        The content of the run's ``metrics.json``: ``epochs``, ``steps``, ``best_epoch``; may be
        empty.
    scores : sequence of Score
        From `score_predictions`; none for a model that was not evaluated.
    notes : sequence of str
        From `score_notes`.
    """
    corpus = " ".join(part for part in (facts.corpus, facts.corpus_version) if part)
    parts = [
        _front_matter(config, facts),
        f"# MSF-SER, trained on {corpus or 'an unnamed corpus'}\n",
        _summary(config, facts),
        _USE + (_USE_TEXTS if config.model.semantics else ""),
        _training(config, facts, training, corpus),
        _scores(scores, notes),
        _NOT,
        _limits(facts, corpus),
        _licences(config, facts, corpus),
    ]
    return "\n".join(parts)


def check_card(run: Path, *, force: bool) -> None:
    """Check before any work that the card can be written.

    Raises
    ------
    lemf.LemfError
        The card exists already and `force` is not set, or it cannot be written.
    """
    check_output(run / BEST_NAME / CARD_NAME, force=force)


def write_card(
    run: Path, scores: Sequence[Score], notes: Sequence[str] = (), *, force: bool = False
) -> Path:
    """Write the card of the best model of a run, next to its weights.

    Raises
    ------
    MsfserError
        The settings or the model cannot be read.
    lemf.LemfError
        The card exists already and `force` is not set, or it cannot be written.
    """
    path = run / BEST_NAME / CARD_NAME
    card = format_model_card(
        read_config(run / CONFIG_NAME),
        read_model_folder(str(run / BEST_NAME)).facts,
        read_metrics(run) or {},
        scores,
        notes,
    )
    write_output(path, card.encode(), force=force)
    return path


def _front_matter(config: Config, facts: ModelFacts) -> str:
    datasets = f"datasets: [{facts.corpus}]\n" if facts.corpus else ""
    bases = [name for name in _base_models(config, facts) if _HUB_NAME.fullmatch(name)]
    base = f"base_model: [{', '.join(bases)}]\n" if bases else ""
    return (
        "---\nlibrary_name: msfser\npipeline_tag: audio-classification\nlicense: other\n"
        f"tags: [speech, emotion, valence, arousal, dominance]\n{base}{datasets}---\n"
    )


def _base_models(config: Config, facts: ModelFacts) -> list[str]:
    """Return the pretrained models that a model is built on: of the voice, then of texts."""
    return [config.model.acoustic, *([facts.text_encoder] if config.model.semantics else [])]


def _shown(name: str) -> str:
    """Return the name of a base model, of a folder on this machine without those above."""
    path = PurePath(name)
    return f"the folder {path.name}" if path.is_absolute() else name


def _summary(config: Config, facts: ModelFacts) -> str:
    low, high = facts.label_bounds
    *others, last = facts.learned or DIMENSIONS
    learned = " and ".join(filter(None, [", ".join(others), last]))
    lines = [
        f"Predicts {learned} of a spoken utterance, on the scale of its corpus, {low:g} to "
        f"{high:g}. The architecture is that of MSF-SER (arXiv 2510.05749).\n",
        *([f"- {facts.unlearned_note}"] if facts.unlearned else []),
        f"- acoustic encoder: {_shown(config.model.acoustic)}, attentive statistics pooling",
    ]
    lines += [f"- reads {_FULL_NAMES[name]}" for name in config.model.semantics]
    if facts.les.changes():
        lines.append(f"- LES was found by `msfser semantics les {facts.les.shown}`")
    if config.model.semantics:
        encoder = _shown(facts.text_encoder)
        lines.append(f"- texts encoded by {encoder}, {config.model.text_pooling} pooled")
        if config.model.intra != "none":
            lines.append(f"- LES and GS are fused by: {config.model.intra}")
        lines.append(f"- texts and voice are fused by: {config.model.fusion}")
    else:
        lines.append("- reads no text: the voice alone")
    return "\n".join(lines) + "\n"


_NOT = """## What the values are not

- No measurement of what a speaker feels, thinks or intends: they are what listeners would say on
  average.
- No finding about a person: neither of honesty, nor of health, nor of character.
- Not exact: two recordings whose values differ by less than the RMSE above are not told apart.
- Not comparable with the values of another model, corpus or scale.
- The emphasised word that prediction shows is the word that lemf ranks first in the sentence; a
  sentence that stresses nothing has such a word, too, unless a decision was asked for.
"""

_USE = """## Use

In a clone of the repository of lemf and msfser:

    pip install '.[ser]'
    msfser predict FOLDER recording.wav

`FOLDER` is the folder of this file.
"""
_USE_TEXTS = """
A TextGrid and a transcript beside the recording are read, too; a learned vector takes the place of
a missing text.
"""


def _training(config: Config, facts: ModelFacts, training: Mapping[str, Any], corpus: str) -> str:
    train, data = config.train, config.data
    if data.test_fold:
        how = f"all folds but fold {data.test_fold}; no selection, the last epoch is kept"
    elif data.development_split:
        how = (
            f"split {data.train_split}; the epoch with the best mean CCC on "
            f"{data.development_split} is kept"
        )
    else:
        how = f"split {data.train_split}; no selection, the last epoch is kept"
    rows = [
        f"- data: {corpus or 'not named'}, {how}",
        f"- loss: 1 - CCC over the {'step' if train.ccc_scope == 'step' else 'micro-batch'}",
        f"- AdamW, learning rate {train.lr:g}, {train.batch_size} utterances per step, "
        f"{train.epochs} epochs, seed {train.seed}, {train.precision}",
        f"- clips cut to {data.crop_s:g} s, samples normalised: {facts.wave_norm}",
    ]
    if train.init:
        rows.insert(1, f"- started from the weights of {_shown(train.init)}")
    if training.get("best_epoch"):
        rows.append(f"- kept: epoch {training['best_epoch']} of {training.get('epochs')}")
    return "\n".join(["## Training", "", *rows, ""])


def _scores(scores: Sequence[Score], notes: Sequence[str]) -> str:
    if not scores:
        return "## Results\n\nNot evaluated yet: run `msfser evaluate`.\n"
    main = [score for score in scores if score.by == "all" or score.scope == FOLDS]
    tables = format_markdown(make_tables(main), level=3)
    return (
        f"## Results\n\nConcordance correlation (CCC) with {100 * LEVEL:g} % bootstrap "
        f"intervals.\n\n{tables}" + "".join(f"\n{note}" for note in format_notes(notes))
    )


def _limits(facts: ModelFacts, corpus: str) -> str:
    low, high = facts.label_bounds
    return "\n".join(
        [
            "## Intended use",
            "",
            "Research on speech and emotion: studying recordings like those of the corpus.",
            "",
            "## Limits",
            "",
            f"- Measured on {corpus or 'its own corpus'} only: other languages, microphones, ages "
            "and situations are not covered by the numbers above.",
            f"- Predictions are not forced into {low:g} to {high:g}.",
            "- Not for decisions about people: not for hiring, teaching, health, policing.",
            "",
        ]
    )


def _licences(config: Config, facts: ModelFacts, corpus: str) -> str:
    rows = [
        f"- {corpus or 'the corpus'}: its licence says whether a model that was trained on it may "
        "be shared, and what for"
    ]
    for name in _base_models(config, facts):
        licence = find_licence(name)
        rows.append(f"- {_shown(name) or 'the text encoder'}: {licence.name} ({licence.source})")
    rows.append("- the code of msfser: MIT")
    return "\n".join(["## Licences", "", *rows, ""])
