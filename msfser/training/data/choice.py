"""Which utterances of a corpus a run is trained on, and selected on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from msfser.config.settings import DataConfig
from msfser.data.examples import choose_utterances
from msfser.errors import DataError
from msfser.manifest import Manifest, Utterance, read_manifest


def data_folder(data: DataConfig) -> Path:
    """Return the folder of manifest and features.

    Raises
    ------
    DataError
        No folder is named.
    """
    if not data.folder:
        raise DataError("no data: name with --data the folder that msfser corpus made")
    return Path(data.folder)


def fold_numbers(data: DataConfig) -> list[int]:
    """Return the folds of a corpus.

    Raises
    ------
    DataError
        The corpus has no folds.
    """
    manifest = read_manifest(data_folder(data))
    folds = sorted({row.fold for row in manifest.usable() if row.fold is not None})
    if not folds:
        raise DataError(f"{data.folder}: the corpus has no folds; train with splits")
    return folds


def choose_training(
    manifest: Manifest, data: DataConfig, *, emotions: bool = False
) -> tuple[list[Utterance], list[Utterance], list[Utterance]]:
    """Choose the utterances of a run.

    Parameters
    ----------
    manifest : Manifest
    data : DataConfig
    emotions : bool
        Whether a head learns emotions, so that an emotion alone is something to learn, too.

    Returns
    -------
    train, development : list of Utterance
        With a label in any dimension, or an emotion to learn; no development utterances where no
        model is selected.
    unlabelled : list of Utterance
        Of both, with nothing to learn.

    Raises
    ------
    DataError
        A split, fold or emotion that a setting names is not there.
    """
    development: list[Utterance] = []
    if data.test_fold:
        train = choose_utterances(manifest, without_fold=data.test_fold)
    else:
        train = _split(manifest, data, "train_split", "'' takes the whole corpus")
        if data.development_split:
            development = _split(manifest, data, "development_split", "'' keeps the last epoch")
    train, development = _by_emotion(train, development, data)
    train, unlabelled = _labelled(train, emotions=emotions)
    development, unlabelled_too = _labelled(development, emotions=emotions)
    return train, development, [*unlabelled, *unlabelled_too]


def _split(manifest: Manifest, data: DataConfig, key: str, empty: str) -> list[Utterance]:
    """Choose the utterances of the split that a setting names; its error names the setting."""
    try:
        return choose_utterances(manifest, split=getattr(data, key))
    except DataError as error:
        folds = any(row.fold is not None for row in manifest.utterances)
        remedy = "train with --folds" if folds else f"set data.{key} ({empty})"
        raise DataError(f"{error}; {remedy}") from error


def _by_emotion(
    train: list[Utterance], development: list[Utterance], data: DataConfig
) -> tuple[list[Utterance], list[Utterance]]:
    """Move borrowed emotions from the development utterances to training, and leave out others.

    Raises
    ------
    DataError
        An emotion that a setting names is of no utterance there.
    """
    for key, rows in (("borrowed_emotions", development), ("left_out_emotions", train)):
        there = {row.emotion for row in rows if row.emotion}
        for name in getattr(data, key):
            if name not in there:
                shown = ", ".join(sorted(there)) or "none"
                raise DataError(f"data.{key} {name!r}: of no utterance; there are: {shown}")
    borrowed = [row for row in development if row.emotion in data.borrowed_emotions]
    kept = [row for row in train if row.emotion not in data.left_out_emotions]
    return [*kept, *borrowed], [
        row for row in development if row.emotion not in data.borrowed_emotions
    ]


def has_label(row: Utterance, *, emotions: bool) -> bool:
    """Return whether an utterance has a label in any dimension, or an emotion to learn."""
    return not all(map(math.isnan, row.labels)) or (emotions and row.emotion is not None)


def _labelled(
    rows: Sequence[Utterance], *, emotions: bool
) -> tuple[list[Utterance], list[Utterance]]:
    """Split utterances into those with something to learn and those without."""
    chosen = [has_label(row, emotions=emotions) for row in rows]
    return (
        [row for row, is_chosen in zip(rows, chosen, strict=True) if is_chosen],
        [row for row, is_chosen in zip(rows, chosen, strict=True) if not is_chosen],
    )
