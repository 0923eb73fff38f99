"""All that a training still lacks, found before torch is loaded and said in one message."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from msfser.config.settings import TINY_ACOUSTIC, Config, DataConfig, ModelConfig
from msfser.data.examples import choose_utterances
from msfser.errors import DataError, ManifestError, MsfserError, all_faults
from msfser.manifest import Manifest, read_manifest
from msfser.model.hub import find_folder
from msfser.semantics.features import open_features
from msfser.semantics.texts import TEXTS_NAME
from msfser.training.data.choice import has_label

_TORCH = "torch"
_CONFIG_FILES = ("config.json",)  # small: whether the rest can be downloaded is then known


def check_nothing_missing(config: Config, *, folds: bool = False) -> None:
    """Check that data, labels, splits, texts and the acoustic encoder of a training are there.

    Parameters
    ----------
    config : Config
    folds : bool
        Whether every fold of the corpus is held out in turn, so that no split is needed.

    Raises
    ------
    ModuleNotFoundError
        torch is not installed.
    DataError
        Names each thing that is missing, with its remedy.
    """
    if find_spec(_TORCH) is None:
        raise ModuleNotFoundError(f"No module named {_TORCH!r}", name=_TORCH)
    if not config.data.folder:
        raise DataError("no data: name with --data the folder that msfser corpus made")
    folder = Path(config.data.folder)
    faults = _find_data_faults(folder, config, folds=folds)
    faults += _find_encoder_faults(config.model)
    if faults:
        raise DataError(all_faults(folder, faults))


def _find_data_faults(folder: Path, config: Config, *, folds: bool) -> list[str]:
    """Return what the folder of the corpus lacks, one text each."""
    if folder.is_file():
        return [
            "a file, not a folder; read a table with msfser corpus table TABLE -o DIR --split "
            "speaker --label-bounds LOW,HIGH, and name DIR"
        ]
    try:
        manifest = read_manifest(folder)
    except ManifestError as error:
        return [str(error).removeprefix(f"{folder}/").removeprefix(f"{folder}: ")]
    faults = _find_split_faults(manifest, config.data, folds=folds)
    faults += _find_label_faults(manifest, config.model)
    return faults + _find_text_faults(folder, config.model)


def _find_label_faults(manifest: Manifest, model: ModelConfig) -> list[str]:
    """Return that there is nothing to learn, with the remedy; none where there is."""
    rows = list(manifest.usable())
    learns_emotions = "emotion" in model.side_heads
    if not rows or any(has_label(row, emotions=learns_emotions) for row in rows):
        return []  # without a usable row, the faults of splits say so
    if any(row.emotion for row in rows):
        return [
            f"no labels of valence, arousal or dominance in {manifest.corpus}, only emotions; "
            "learn these with --set 'model.side_heads=[\"emotion\"]', or join it with a corpus "
            "that has labels: msfser corpus join"
        ]
    return [
        f"no labels{' and no emotions' * learns_emotions} in {manifest.corpus}; give the table "
        "columns valence, arousal or dominance and read it again with msfser corpus table, or join "
        "it with a corpus that has labels: msfser corpus join"
    ]


def _find_split_faults(manifest: Manifest, data: DataConfig, *, folds: bool) -> list[str]:
    has_folds = any(row.fold is not None for row in manifest.utterances)
    if folds:
        return [] if has_folds else ["the corpus has no folds; train with splits"]
    if data.test_fold:
        return _faults_of(partial(choose_utterances, manifest, without_fold=data.test_fold))
    wanted = [split for split in (data.train_split, data.development_split) if split]
    if wanted and not any(row.split for row in manifest.utterances):
        remedy = "train with --folds" if has_folds else "msfser corpus table --split speaker"
        return [f"no splits; {'make them with ' * (not has_folds)}{remedy}"]
    remedy = "; set data.train_split or data.development_split"
    return [
        fault + remedy
        for split in wanted
        for fault in _faults_of(partial(choose_utterances, manifest, split=split))
    ]


def _find_text_faults(folder: Path, model: ModelConfig) -> list[str]:
    if not model.semantics:
        return []
    if not (folder / TEXTS_NAME).exists():
        return [
            f"no texts ({', '.join(model.semantics)}); make them with msfser semantics and encode, "
            "or train with --preset voice"
        ]
    return [
        fault.removeprefix(f"{folder}/") for fault in _faults_of(partial(open_features, folder))
    ]


def _find_encoder_faults(model: ModelConfig) -> list[str]:
    if model.acoustic == TINY_ACOUSTIC:
        return []
    remedy = ", or train with --preset voice"
    find_config = partial(find_folder, model.acoustic, _CONFIG_FILES)
    return [fault + remedy for fault in _faults_of(find_config)]


def _faults_of(check: Callable[[], object]) -> list[str]:
    """Return the message of the error that a check raises; empty where it raises none."""
    try:
        check()
    except MsfserError as error:
        return [str(error)]
    return []
