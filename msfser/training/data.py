"""From a manifest and its features to what is trained on, each recording looked at once before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lemf.runtime.progress import Watch, no_watch
from msfser.config.settings import DataConfig, ModelConfig
from msfser.data.clips import RATE_HZ, WaveStatistics, scan_clips
from msfser.data.examples import Examples, choose_utterances, make_examples
from msfser.errors import DataError
from msfser.manifest import DIMENSIONS, Manifest, Utterance, read_manifest
from msfser.semantics.features import Features, open_features


@dataclass(frozen=True, eq=False)
class TrainingData:
    """What a run is trained on.

    Attributes
    ----------
    train : Examples
    development : Examples or None
        None where nothing is selected by it.
    statistics : WaveStatistics
        Of the training samples.
    manifest : Manifest
    features : Features or None
    skipped : dict of str to str
        Why an utterance could not be used, by its id.
    """

    train: Examples
    development: Examples | None
    statistics: WaveStatistics
    manifest: Manifest
    features: Features | None
    skipped: dict[str, str]


def prepare_data(data: DataConfig, model: ModelConfig, *, watch: Watch = no_watch) -> TrainingData:
    """Read manifest and features, look at every recording, and put together the examples.

    Parameters
    ----------
    data : DataConfig
    model : ModelConfig
        Which semantics are needed.
    watch : function
        Called with how many recordings have been read, and of how many.

    Raises
    ------
    MsfserError
        No folder, no manifest, no such split or fold, no features for an utterance, or nothing
        that can be trained on.
    """
    folder = data_folder(data)
    manifest = read_manifest(folder)
    if data.test_fold:
        train = choose_utterances(manifest, without_fold=data.test_fold)
        development: list[Utterance] = []
    else:
        train = _split(manifest, data, "train_split", "'' takes the whole corpus")
        development = []
        if data.development_split:
            development = _split(manifest, data, "development_split", "'' keeps the last epoch")
    train, unlabelled = _labelled(train)
    development, unlabelled_too = _labelled(development)
    features = open_features(folder) if model.semantics else None
    rows = [*train, *development]
    scan = scan_clips(
        [manifest.wav_path(row) for row in rows],
        watch=watch,
    )
    usable = [place for place in range(len(rows)) if place not in scan.failures]
    examples = make_examples(
        manifest,
        [rows[place] for place in usable],
        scan.n_samples[usable],
        semantics=model.semantics,
        pooling=model.text_pooling,
        features=features,
    )
    n_train = sum(place < len(train) for place in usable)
    if n_train < 2:
        raise DataError(f"{folder}: {n_train} utterances to train on; at least 2 are needed")
    return TrainingData(
        train=examples.take(range(n_train)),
        development=examples.take(range(n_train, len(usable))) if development else None,
        statistics=scan.statistics(usable[:n_train]),
        manifest=manifest,
        features=features,
        skipped={
            **dict.fromkeys((row.id for row in (*unlabelled, *unlabelled_too)), "no label"),
            **{rows[place].id: reason for place, reason in scan.failures.items()},
        },
    )


def _split(manifest: Manifest, data: DataConfig, key: str, empty: str) -> list[Utterance]:
    """Give the utterances of the split that a setting names, or say how to go without it."""
    try:
        return choose_utterances(manifest, split=getattr(data, key))
    except DataError as error:
        folds = any(row.fold is not None for row in manifest.utterances)
        remedy = "train with --folds" if folds else f"set data.{key} ({empty})"
        raise DataError(f"{error}; {remedy}") from error


def _labelled(rows: Sequence[Utterance]) -> tuple[list[Utterance], list[Utterance]]:
    """Tell utterances that have a label in any dimension from those that have none."""
    with_label = [row for row in rows if any(label == label for label in row.labels)]
    without = [row for row in rows if all(label != label for label in row.labels)]
    return with_label, without


def describe_data(data: TrainingData) -> str:
    """Say in a line what a run is trained on."""
    parts = [_describe("training", data.train)]
    if data.development is not None:
        parts.append(_describe("development", data.development))
    labels = dict(zip(DIMENSIONS, data.train.labels.T, strict=True))
    if unknown := [name for name, column in labels.items() if np.isnan(column).all()]:
        parts.append(f"no label of {', '.join(unknown)}, so predictions of it will mean nothing")
    if data.skipped:
        parts.append(f"{len(data.skipped):,} left out")
    return ", ".join(parts)


def _describe(name: str, examples: Examples) -> str:
    hours = examples.n_samples.sum() / RATE_HZ / 3600
    return f"{name}: {len(examples):,} utterances, {hours:.2f} h"


def fold_numbers(data: DataConfig) -> list[int]:
    """Give the folds of a corpus.

    Raises
    ------
    DataError
        It has none.
    """
    manifest = read_manifest(data_folder(data))
    folds = sorted({row.fold for row in manifest.usable() if row.fold is not None})
    if not folds:
        raise DataError(f"{data.folder}: the corpus has no folds; train with splits")
    return folds


def data_folder(data: DataConfig) -> Path:
    """Give the folder of manifest and features.

    Raises
    ------
    DataError
        None is named.
    """
    if not data.folder:
        raise DataError("no data: name the folder that msfser corpus made with --data")
    return Path(data.folder)
