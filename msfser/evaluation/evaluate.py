"""Evaluation of runs: each model predicts the utterances that it is evaluated on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch

from lemf.runtime.progress import Watch, no_watch
from msfser.ccc import FloatArray
from msfser.config.settings import RATE_HZ, Semantic
from msfser.data.clips import Samples
from msfser.data.contours import contours_of
from msfser.data.examples import (
    Examples,
    choose_utterances,
    read_examples,
    unscale_deviations,
    unscale_labels,
)
from msfser.data.kept_scan import scan_corpus
from msfser.errors import DataError
from msfser.evaluation.groups import estimate_snr_db
from msfser.evaluation.inference import Outputs, check_dropout, run_model
from msfser.evaluation.predictions import EMOTION, VOTES, Predictions, make_predictions
from msfser.evaluation.provenance.notes import find_notes
from msfser.evaluation.runs import Run, expert_names, make_reader
from msfser.manifest import (
    DIMENSIONS,
    Manifest,
    Utterance,
    read_manifest,
)
from msfser.model.folder import check_text_encoder
from msfser.ratings import RATINGS_NAME, read_ratings, stack_votes, vote_spread
from msfser.semantics.features import Features, open_features
from msfser.semantics.texts import read_texts


@dataclass(frozen=True, eq=False)
class EvaluationData:
    """The utterances that a run is evaluated on.

    Attributes
    ----------
    manifest : Manifest
    utterances : tuple of Utterance
        Those whose recording can be read.
    examples : Examples
        Of the same utterances.
    held_out : int
        The fold that the model held out and is evaluated on; 0 for splits.
    skipped : dict of str to str
        Why an utterance could not be used, by its id.
    folder : Path
        Of manifest and features.
    notes : dict of str to tuple of str
        As in `Predictions`: which utterances the model was trained or selected on.
    trained_on : frozenset of str
        As in `Predictions`.
    """

    manifest: Manifest
    utterances: tuple[Utterance, ...]
    examples: Examples
    held_out: int
    skipped: dict[str, str]
    folder: Path
    notes: dict[str, tuple[str, ...]] = field(default_factory=dict)
    trained_on: frozenset[str] = frozenset()

    def texts(self) -> dict[Semantic, dict[str, str]]:
        """Read the texts of each level of semantics, by id; missing texts are left out."""
        semantics = tuple(self.examples.texts)
        if not semantics:
            return {}
        texts = read_texts(self.folder)
        return {
            name: {
                key: text.text
                for key, text in zip(texts.ids, texts.of(name), strict=True)
                if text.text is not None
            }
            for name in semantics
        }


def read_evaluation_data(
    run: Run,
    *,
    folder: Path | None = None,
    splits: Sequence[str] = (),
    watch: Watch = no_watch,
) -> EvaluationData:
    """Read the utterances that a run is evaluated on.

    Parameters
    ----------
    run : Run
    folder : Path, optional
        Of manifest and features; by default that of the training.
    splits : sequence of str
        By default the fold that was held out, or all splits but the training split.
    watch : function
        Called with the number of recordings read, and the total.

    Raises
    ------
    MsfserError
        The manifest or the split is missing, or features are missing or of another encoder.
    """
    folder = Path(run.config.data.folder) if folder is None else folder
    manifest = read_manifest(folder)
    held_out = run.config.data.test_fold
    chosen = _splits(run, manifest, splits)
    rows: list[Utterance] = []
    for split in chosen:
        rows += choose_utterances(manifest, split=split)
    if held_out:
        rows = choose_utterances(manifest, fold=held_out)
    features = _features(run, folder)
    examples, scan = read_examples(
        manifest,
        rows,
        run.model.config,
        features,
        contours=contours_of(run.config.data, run.model.config, folder),
        scan_recordings=partial(scan_corpus, folder, cache=run.cache, watch=watch),
    )
    if not scan.usable:
        raise DataError(f"{folder}: no recording can be used; {scan.failures[0]}")
    utterances = tuple(rows[place] for place in scan.usable)
    notes, trained_on = find_notes(run, folder, manifest, utterances, scan, features)
    return EvaluationData(
        manifest=manifest,
        utterances=utterances,
        examples=examples,
        held_out=held_out,
        skipped={rows[place].id: reason for place, reason in scan.failures.items()},
        folder=folder,
        notes=notes,
        trained_on=trained_on,
    )


def predict_run(
    run: Run,
    data: EvaluationData,
    device: torch.device,
    *,
    dropout_passes: int = 0,
    watch: Watch = no_watch,
) -> Predictions:
    """Predict with the model of a run, and join the predictions with the labels.

    Parameters
    ----------
    run : Run
        Opened on `device`.
    data : EvaluationData
    device : torch.device
    dropout_passes : int
        Passes of MC dropout, whose mean is the prediction; 0 predicts once, without dropout.
    watch : function
        Called with the number of windows of audio done, and the total.

    Raises
    ------
    ConfigError
        As `check_dropout`.
    """
    check_dropout(run.model, dropout_passes)
    reader = make_reader(run.model, run.cache)
    snr_db: dict[Path, float] = {}

    def read(path: Path) -> Samples:
        samples = reader.read(path)
        snr_db[path] = estimate_snr_db(samples, RATE_HZ)
        return samples

    watch(0, len(data.examples))
    outputs = run_model(
        run.model,
        data.examples,
        read,
        device=device,
        dropout_passes=dropout_passes,
        watch=watch,
    )
    bounds = data.manifest.label_bounds
    experts = {}
    if outputs.expert_values is not None:
        experts = {
            name: unscale_labels(outputs.expert_values[:, k], bounds)
            for k, name in enumerate(expert_names(run.model))
        }
    return make_predictions(
        data.utterances,
        unscale_labels(outputs.values, bounds),
        corpus=data.manifest.corpus,
        version=data.manifest.version,
        label_bounds=bounds,
        held_out=data.held_out,
        experts=experts,
        gate_mean=outputs.gate,
        deviations={
            kind: unscale_deviations(variances, bounds)
            for kind, variances in outputs.variances.items()
        },
        notes=data.notes,
        trained_on=data.trained_on,
        more={
            "snr_db": np.array([snr_db[path] for path in data.examples.wavs]),
            **_vote_columns(data),
            **_emotion_columns(run, outputs),
        },
    )


def _emotion_columns(run: Run, outputs: Outputs) -> dict[str, FloatArray]:
    """Return the probability of each emotion as columns; none without a head for it."""
    if outputs.emotions is None:
        return {}
    names = [f"{EMOTION}{name}" for name in run.model.facts.emotions]
    return dict(zip(names, outputs.emotions.T, strict=True))


def _vote_columns(data: EvaluationData) -> dict[str, FloatArray]:
    """Return the standard deviations of the votes on the utterances; none without votes."""
    if not (data.folder / RATINGS_NAME).exists():
        return {}
    ids = [row.id for row in data.utterances]
    spread = vote_spread(stack_votes(ids, read_ratings(data.folder)))
    return {f"{VOTES}{name}": spread.std[:, d] for d, name in enumerate(DIMENSIONS)}


def _splits(run: Run, manifest: Manifest, asked: Sequence[str]) -> list[str]:
    """Choose the splits to evaluate on, in the order of the manifest."""
    data = run.config.data
    if data.test_fold:
        if asked:
            raise DataError(
                f"{run.folder}: held out fold {data.test_fold} and is evaluated on it alone; "
                "leave out --split"
            )
        return []
    all_splits = dict.fromkeys(row.split for row in manifest.usable() if row.split)
    if asked:
        if "" in asked:
            raise DataError(f"--split '': name one of {', '.join(all_splits) or 'no splits'}")
        return list(dict.fromkeys(asked))
    splits = [split for split in all_splits if split != data.train_split]
    if not splits and not data.train_split:
        raise DataError(
            f"{data.folder}: no splits, and the model was trained on all of it; name other data "
            "with --data"
        )
    if not splits:
        raise DataError(
            f"{data.folder}: no split but {data.train_split!r}; evaluate on it with --split "
            f"{data.train_split}, or add others to the manifest"
        )
    return splits


def _features(run: Run, folder: Path) -> Features | None:
    """Open the features, and check that their text encoder is the one of the training."""
    if not run.model.config.semantics:
        return None
    features = open_features(folder)
    check_text_encoder(
        run.model.config,
        run.model.facts,
        name=features.encoder,
        revision=features.revision,
        dim=features.dim,
    )
    return features
