"""Notes on what a model has met before: utterances of its training, another scale, another LES."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from msfser.data.scan import Scan
from msfser.errors import CheckpointError
from msfser.evaluation.provenance.start import Recordings, read_recordings, read_start
from msfser.evaluation.runs import DATA_NAME, Run
from msfser.evaluation.scores import FOLDS, NO_SPLIT
from msfser.manifest import Manifest, Utterance, label_array, unlabelled_dimensions
from msfser.semantics.features import Features

_NONE: frozenset[int] = frozenset()
_PART_NOTES = {
    "train": "the model was trained on {} utterances, so this says nothing about others",
    "development": "the best epoch was chosen on {} utterances, so their CCC is optimistic",
}
_START_NOTES = {
    "train": "training started from {init}, which was trained on {} utterances, so this says "
    "nothing about others",
    "development": "training started from {init}, whose best epoch was chosen on {} utterances, so "
    "their CCC is optimistic",
}


def find_notes(
    run: Run,
    folder: Path,
    manifest: Manifest,
    utterances: Sequence[Utterance],
    scan: Scan,
    features: Features | None,
) -> tuple[dict[str, tuple[str, ...]], frozenset[str]]:
    """Return notes on scopes: utterances that the model has met, another scale, another LES.

    These are the utterances that the model was trained or selected on, or that the model was whose
    weights its training started from.

    Returns
    -------
    notes : dict of str to tuple of str
        By scope.
    trained_on : frozenset of str
        Ids of the utterances that either was trained on.
    """
    own = _training_parts(run, folder, utterances, scan)
    start = read_start(run.folder, run.config)
    met = _parts_of(start.recordings, scan)
    scopes = [FOLDS if run.config.data.test_fold else row.split or NO_SPLIT for row in utterances]
    of_all = [
        f"training started from {name}, whose training data are not known" for name in start.unknown
    ]
    there, here = run.model.facts.label_bounds, manifest.label_bounds
    if here != there:
        of_all.append(
            f"the scale of the corpus is {here[0]:g} to {here[1]:g}, that of the training was "
            f"{there[0]:g} to {there[1]:g}: predictions are stretched to that of the corpus"
        )
    missing = unlabelled_dimensions(label_array(utterances))
    if guessed := [name for name in run.model.facts.unlearned if name not in missing]:
        of_all.append(
            f"the training had no label of {', '.join(guessed)}, so what the model says of it, and "
            "its CCC, mean nothing"
        )
    reads_les = features is not None and "les" in run.config.model.semantics
    if features and reads_les and features.les_settings != run.model.facts.les:
        of_all.append(
            f"LES was found by {features.les_settings.shown}, in the training data by "
            f"{run.model.facts.les.shown}: run msfser semantics les with these options"
        )
    notes: dict[str, tuple[str, ...]] = {}
    for scope in dict.fromkeys(scopes):
        found: list[str] = []
        for parts, texts in ((own, _PART_NOTES), (met, _START_NOTES)):
            counts = Counter(one for one, name in zip(parts, scopes, strict=True) if name == scope)
            n_all = counts.total()
            for part, text in texts.items():
                if n := counts[part]:
                    which = "these" if n == n_all else f"at least {n:,} of these {n_all:,}"
                    found.append(text.format(which, init=run.config.train.init))
        if found or of_all:
            notes[scope] = (*found, *of_all)
    trained_on = frozenset(
        row.id for row, *parts in zip(utterances, own, met, strict=True) if "train" in parts
    )
    return notes, trained_on


def _training_parts(
    run: Run, folder: Path, utterances: Sequence[Utterance], scan: Scan
) -> list[str]:
    """Find of which part of the training data each utterance was; ``""`` for others."""
    data = run.config.data
    chosen_on = "development" if run.config.train.epochs > 1 else ""
    with suppress(CheckpointError):  # none, or of an earlier version
        parts = _parts_of(read_recordings(run.folder / DATA_NAME), scan)
        return [chosen_on if part == "development" else part for part in parts]
    if data.test_fold or folder.resolve() != Path(data.folder).resolve():
        return [""] * len(utterances)
    return [
        "train"
        if data.train_split in ("", row.split)
        else chosen_on
        if row.split == data.development_split
        else ""
        for row in utterances
    ]


def _parts_of(recordings: Recordings, scan: Scan) -> list[str]:
    """Find in which part each utterance is, whatever its corpus is called; ``""`` for none."""
    hashes = zip(
        scan.samples_hash[scan.usable].tolist(), scan.file_hash[scan.usable].tolist(), strict=True
    )
    return [
        next((part for part in _PART_NOTES if not recordings.get(part, _NONE).isdisjoint(two)), "")
        for two in hashes
    ]
