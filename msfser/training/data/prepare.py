"""The data of a run: manifest, features and votes, and a first look at each recording."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from lemf.runtime.progress import Watch, no_watch
from msfser.config.settings import DataConfig, ModelConfig, TrainConfig
from msfser.data.cache import ClipCache, open_cache
from msfser.data.clips import WaveStatistics
from msfser.data.contours import contours_of
from msfser.data.examples import Examples, choose_utterances, read_examples
from msfser.data.facts import ClipFacts
from msfser.data.kept_scan import scan_corpus
from msfser.data.scan import Scan
from msfser.errors import DataError
from msfser.manifest import Manifest, Utterance, read_manifest
from msfser.outputs import counted
from msfser.ratings import stack_votes
from msfser.semantics.features import Features, open_features
from msfser.training.data.choice import choose_training, data_folder
from msfser.training.data.record import TRAIN_PART, DataRecord, make_record
from msfser.training.labels.targets import learns_votes, read_votes
from msfser.training.ranks.ranks import ALONE, Ranks


@dataclass(frozen=True, eq=False)
class TrainingData:
    """The data that a run is trained on.

    Attributes
    ----------
    train : Examples
    votes : (training utterances, votes, 3) float64, or None
        From `stack_votes`, on the scale of the corpus; None for a model that learns from none.
    development : Examples or None
        None if no model is selected.
    statistics : WaveStatistics
        Of the training samples.
    manifest : Manifest
    features : Features or None
    skipped : dict of str to str
        Why an utterance could not be used, by its id.
    record : DataRecord
        Of the training, then the development utterances.
    """

    train: Examples
    votes: NDArray[np.float64] | None
    development: Examples | None
    statistics: WaveStatistics
    manifest: Manifest
    features: Features | None
    skipped: dict[str, str]
    record: DataRecord


def prepare_data(
    data: DataConfig,
    model: ModelConfig,
    *,
    known: Mapping[str, ClipFacts] = MappingProxyType({}),
    ranks: Ranks = ALONE,
    watch: Watch = no_watch,
) -> TrainingData:
    """Read manifest and features, and each recording once, into examples.

    Parameters
    ----------
    data : DataConfig
    model : ModelConfig
        Which semantics are needed.
    known : mapping of str to ClipFacts
        Recordings that were read before, by the ids of their utterances; as in `scan_corpus`.
    ranks : Ranks
        They share the reading.
    watch : function
        Called with the number of recordings read, and the total.

    Raises
    ------
    MsfserError
        The folder, manifest, split, fold or a vector is missing, or fewer than two utterances can
        be used.
    """
    # Choose the utterances
    folder = data_folder(data)
    manifest = read_manifest(folder)
    learns_emotions = "emotion" in model.side_heads
    train, development, unlabelled = choose_training(manifest, data, emotions=learns_emotions)
    # Read vectors and recordings
    features = open_features(folder) if model.semantics else None
    rows = [*train, *development]
    scan_recordings = partial(
        scan_together,
        folder=folder,
        ranks=ranks,
        known=_by_path(manifest, rows, known),
        cache=open_cache(data.cache),
        watch=watch,
    )
    examples, scan = read_examples(
        manifest,
        rows,
        model,
        features,
        contours=contours_of(data, model, folder),
        scan_recordings=scan_recordings,
    )
    n_train = sum(place < len(train) for place in scan.usable)
    if n_train < 2:
        raise DataError(
            f"{folder}: {counted(n_train, 'utterance')} to train on, and 2 or more are needed; "
            "check labels, recordings and the training split"
        )
    n_development = len(examples) - n_train
    votes = None
    if learns_votes(model):
        votes = stack_votes(examples.ids[:n_train], read_votes(folder, model))
    skipped = {
        **dict.fromkeys((row.id for row in unlabelled), "no label"),
        **{rows[place].id: reason for place, reason in scan.failures.items()},
    }
    return TrainingData(
        train=examples.take(range(n_train)),
        votes=votes,
        development=examples.take(range(n_train, len(examples))) if development else None,
        statistics=scan.statistics(scan.usable[:n_train]),
        manifest=manifest,
        features=features,
        skipped=skipped,
        record=make_record(
            [*[TRAIN_PART] * n_train, *["development"] * n_development],
            examples,
            scan,
            features,
            skipped,
            label_bounds=manifest.label_bounds,
            votes=votes,
        ),
    )


def scan_beforehand(data: DataConfig, watch: Watch = no_watch) -> None:
    """Read all recordings of a corpus once, before several processes do; errors as `prepare_data`.

    What is found is kept with the corpus, for all of them.
    """
    folder = data_folder(data)
    manifest = read_manifest(folder)
    paths = [manifest.wav_path(row) for row in manifest.usable()]
    scan_corpus(folder, paths, cache=open_cache(data.cache), watch=watch)


def record_split(
    data: DataConfig, model: ModelConfig, split: str, known: Mapping[str, ClipFacts]
) -> DataRecord:
    """Build the record of a split; parameters and errors as in `prepare_data`."""
    folder = data_folder(data)
    manifest = read_manifest(folder)
    rows = choose_utterances(manifest, split=split)
    features = open_features(folder) if model.semantics else None
    examples, scan = read_examples(
        manifest,
        rows,
        model,
        features,
        contours=contours_of(data, model, folder),
        scan_recordings=partial(
            scan_corpus, folder, known=_by_path(manifest, rows, known), cache=open_cache(data.cache)
        ),
    )
    return make_record(
        [split] * len(examples), examples, scan, features, {}, label_bounds=manifest.label_bounds
    )


def _by_path(
    manifest: Manifest, rows: Sequence[Utterance], known: Mapping[str, ClipFacts]
) -> dict[Path, ClipFacts]:
    return {manifest.wav_path(row): known[row.id] for row in rows if row.id in known}


def scan_together(
    paths: Sequence[Path],
    *,
    folder: Path,
    ranks: Ranks,
    known: Mapping[Path, ClipFacts],
    cache: ClipCache | None,
    watch: Watch,
) -> Scan:
    """Read each recording once for all processes that have the same files.

    The first of these processes reads; one with files of its own, such as on another machine, reads
    them itself, so that the two can be compared. Parameters as in `scan_corpus`.
    """
    seen = ranks.gather(_identify_files(paths) if ranks.size > 1 else b"")
    reader = seen.index(seen[ranks.rank])
    scan = None
    if reader == ranks.rank:
        scan = scan_corpus(folder, paths, known=known, cache=cache, watch=watch)
    found = ranks.gather(scan)[reader]
    if found is None:
        raise TypeError(f"rank {reader} has read nothing")  # cannot be: it is a reader
    return found


def _identify_files(paths: Sequence[Path]) -> bytes:
    """Return a hash that only processes with the same files have in common."""
    digest = hashlib.blake2b(platform.node().encode())
    for path in paths:
        try:
            stat = path.stat()
            file = f"{stat.st_dev} {stat.st_ino} {stat.st_size} {stat.st_mtime_ns}"
        except (OSError, ValueError):
            file = str(path)
        digest.update(file.encode(errors="surrogatepass"))
    return digest.digest()


def check_sampling(settings: TrainConfig, data: TrainingData) -> None:
    """Check that epochs can be drawn by emotion where the settings say so.

    Raises
    ------
    DataError
        No training utterance has an emotion.
    """
    if settings.sampling != "all" and not any(data.train.emotions):
        raise DataError(
            f"train.sampling {settings.sampling!r}: no training utterance has an emotion; add the "
            "column to the manifest, or set train.sampling 'all'"
        )
