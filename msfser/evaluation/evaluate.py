"""Runs -> tables of predictions: each model over the utterances that it is to be judged by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from lemf.runtime.progress import Watch, no_watch
from msfser.config.settings import Semantic
from msfser.data.clips import scan_clips
from msfser.data.examples import Examples, choose_utterances, make_examples, unscale_labels
from msfser.errors import DataError
from msfser.evaluation.inference import run_model
from msfser.evaluation.predictions import Predictions, make_predictions
from msfser.evaluation.runs import Run, expert_names, make_reader
from msfser.manifest import Manifest, Utterance, read_manifest
from msfser.semantics.features import Features, open_features
from msfser.semantics.store import read_texts


@dataclass(frozen=True, eq=False)
class JudgedData:
    """The utterances that a run is judged by.

    Attributes
    ----------
    manifest : Manifest
    utterances : tuple of Utterance
        Those whose recording can be read.
    examples : Examples
        The same.
    held_out : int
        The fold that they are of; 0 for splits.
    skipped : dict of str to str
        Why an utterance could not be used, by its id.
    folder : Path
        Of manifest and features.
    """

    manifest: Manifest
    utterances: tuple[Utterance, ...]
    examples: Examples
    held_out: int
    skipped: dict[str, str]
    folder: Path

    def texts(self) -> dict[Semantic, dict[str, str]]:
        """Give what the texts of each semantics say, by id; none where they are missing."""
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


def judged_data(
    run: Run,
    *,
    folder: Path | None = None,
    splits: Sequence[str] = (),
    watch: Watch = no_watch,
) -> JudgedData:
    """Put together what a run is judged by.

    Parameters
    ----------
    run : Run
    folder : Path, optional
        Of manifest and features; by default that of the training.
    splits : sequence of str
        By default the fold that was held out, or all splits but that of the training.
    watch : function
        Called with how many recordings have been read, and of how many.

    Raises
    ------
    MsfserError
        No manifest, no such split, features that are missing or of another encoder.
    """
    folder = Path(run.config.data.folder) if folder is None else folder
    manifest = read_manifest(folder)
    held_out = run.config.data.test_fold
    rows: list[Utterance] = []
    for split in _splits(run, manifest, splits):
        rows += choose_utterances(manifest, split=split)
    if held_out:
        rows = choose_utterances(manifest, fold=held_out)
    features = _features(run, folder)
    scan = scan_clips(
        [manifest.wav_path(row) for row in rows],
        watch=watch,
    )
    usable = [place for place in range(len(rows)) if place not in scan.failures]
    if not usable:
        raise DataError(f"{folder}: no recording can be used; {scan.failures[0]}")
    utterances = tuple(rows[place] for place in usable)
    return JudgedData(
        manifest=manifest,
        utterances=utterances,
        examples=make_examples(
            manifest,
            utterances,
            scan.n_samples[usable],
            semantics=run.model.config.semantics,
            pooling=run.model.config.text_pooling,
            features=features,
        ),
        held_out=held_out,
        skipped={rows[place].id: reason for place, reason in scan.failures.items()},
        folder=folder,
    )


def predict_run(
    run: Run, data: JudgedData, device: torch.device, *, watch: Watch = no_watch
) -> Predictions:
    """Let the model of a run predict, and set its predictions beside the labels.

    Parameters
    ----------
    run : Run
        Opened on `device`.
    data : JudgedData
    device : torch.device
    watch : function
        Called with how many windows of audio are done, and of how many.
    """
    reader = make_reader(run.model)
    watch(0, len(data.examples))
    outputs = run_model(run.model, data.examples, reader, device=device, watch=watch)
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
    )


def _splits(run: Run, manifest: Manifest, asked: Sequence[str]) -> list[str]:
    """Give the splits to judge by, in the order of the manifest."""
    data = run.config.data
    if data.test_fold:
        if asked:
            raise DataError(
                f"{run.folder}: held out fold {data.test_fold} and is judged by it alone; "
                "leave out --split"
            )
        return []
    if asked:
        return list(dict.fromkeys(asked))
    there = dict.fromkeys(row.split for row in manifest.usable() if row.split)
    splits = [split for split in there if split != data.train_split]
    if not splits:
        raise DataError(
            f"{data.folder}: no split but {data.train_split!r}; judge by it with --split "
            f"{data.train_split}, or make others"
        )
    return splits


def _features(run: Run, folder: Path) -> Features | None:
    """Open the features, and refuse those of another encoder than the model knows."""
    if not run.model.config.semantics:
        return None
    features = open_features(folder)
    facts, found = run.model.facts, features.revision
    known = facts.text_encoder_revision
    if features.dim != run.model.config.text_dim or (known and found != known):
        raise DataError(
            f"{folder}: texts encoded by {features.encoder} ({found[:8]}), the model learned "
            f"from those of {facts.text_encoder} ({known[:8]}); run msfser encode with that"
        )
    return features
