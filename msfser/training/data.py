"""The data of a run: manifest and features, and a first look at each recording."""

from __future__ import annotations

import hashlib
import math
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import MappingProxyType

from lemf.runtime.progress import Watch, no_watch
from msfser.config.settings import RATE_HZ, DataConfig, ModelConfig, TrainConfig
from msfser.data.cache import ClipCache, open_cache
from msfser.data.clips import WaveStatistics
from msfser.data.contours import contours_of
from msfser.data.examples import Examples, choose_utterances, read_examples
from msfser.data.facts import ClipFacts
from msfser.data.kept_scan import scan_corpus
from msfser.data.scan import Scan
from msfser.errors import DataError
from msfser.manifest import Manifest, Utterance, read_manifest, unlabelled_dimensions
from msfser.outputs import counted
from msfser.semantics.features import Features, open_features
from msfser.training.data_record import DataRecord, make_record
from msfser.training.ranks.ranks import ALONE, Ranks


@dataclass(frozen=True, eq=False)
class TrainingData:
    """The data that a run is trained on.

    Attributes
    ----------
    train : Examples
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
    development: list[Utterance] = []
    if data.test_fold:
        train = choose_utterances(manifest, without_fold=data.test_fold)
    else:
        train = _split(manifest, data, "train_split", "'' takes the whole corpus")
        if data.development_split:
            development = _split(manifest, data, "development_split", "'' keeps the last epoch")
    train, development = _by_emotion(train, development, data)
    train, unlabelled = _labelled(train)
    development, unlabelled_too = _labelled(development)
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
    skipped = {
        **dict.fromkeys((row.id for row in (*unlabelled, *unlabelled_too)), "no label"),
        **{rows[place].id: reason for place, reason in scan.failures.items()},
    }
    return TrainingData(
        train=examples.take(range(n_train)),
        development=examples.take(range(n_train, len(examples))) if development else None,
        statistics=scan.statistics(scan.usable[:n_train]),
        manifest=manifest,
        features=features,
        skipped=skipped,
        record=make_record(
            [*["train"] * n_train, *["development"] * n_development],
            examples,
            scan,
            features,
            skipped,
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
    return make_record([split] * len(examples), examples, scan, features, {})


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


def _labelled(rows: Sequence[Utterance]) -> tuple[list[Utterance], list[Utterance]]:
    """Split utterances into those with a label in any dimension and those without."""
    with_label = [row for row in rows if not all(map(math.isnan, row.labels))]
    return with_label, [row for row in rows if all(map(math.isnan, row.labels))]


def describe_data(data: TrainingData) -> str:
    """Describe in one line what a run is trained on."""
    parts = [_describe("training", data.train)]
    if data.development is not None:
        parts.append(_describe("development", data.development))
    if unknown := unlabelled_dimensions(data.train.labels):
        parts.append(f"no label of {', '.join(unknown)}, so the model will not predict it")
    unsaid = [name.upper() for name, present in data.train.present.items() if not present.any()]
    if unsaid:
        parts.append(f"no text of {', '.join(unsaid)}, so the model learns nothing from it")
    if data.skipped:
        parts.append(f"{len(data.skipped):,} left out")
    return ", ".join(parts)


def _describe(name: str, examples: Examples) -> str:
    hours = examples.n_samples.sum() / RATE_HZ / 3600
    return f"{name}: {counted(len(examples), 'utterance')}, {hours:.2f} h"


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
