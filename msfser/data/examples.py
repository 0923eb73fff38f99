"""The utterances of a manifest with labels from 0 to 1 and the vectors of their texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from msfser.config.settings import ModelConfig, Semantic, TextPooling
from msfser.data.contours import ContourTable
from msfser.data.scan import Scan, scan_clips
from msfser.errors import DataError
from msfser.manifest import DIMENSIONS, Manifest, Utterance, label_array

IntArray = NDArray[np.int64]
Float32Array = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Examples:
    """Utterances with all inputs and labels of the model except the samples.

    Attributes
    ----------
    ids : list of str
    wavs : list of Path
    n_samples : (examples,) int64
        Lengths at 16 kHz.
    labels : (examples, 3) float32
        In the order of `DIMENSIONS`, from 0 to 1 over the corpus's scale; NaN where there is none.
    texts : dict of semantic to (examples, text_dim) float32
    present : dict of semantic to (examples,) bool
        Whether the utterance has a text of this kind.
    contours : list of (frames, 3) float32, or None
        F0, voicing and energy of each recording; None where the model reads none.
    emotions, genders : list of (str or None)
        As in the manifest; empty for examples that are not trained on.
    """

    ids: list[str]
    wavs: list[Path]
    n_samples: IntArray
    labels: Float32Array
    texts: dict[Semantic, Float32Array]
    present: dict[Semantic, NDArray[np.bool_]]
    contours: list[Float32Array] | None = None
    emotions: list[str | None] = field(default_factory=list)
    genders: list[str | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        n = len(self.ids)
        if not (
            len(self.wavs) == len(self.n_samples) == n
            and self.labels.shape == (n, len(DIMENSIONS))
            and all(len(text) == n for text in (*self.texts.values(), *self.present.values()))
            and (self.contours is None or len(self.contours) == n)
            and all(len(names) in (0, n) for names in (self.emotions, self.genders))
        ):
            raise ValueError("ids, wavs, n_samples, labels, texts or contours differ in length")

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, index: Sequence[int] | IntArray) -> Examples:
        """Return the examples at some places, in the order of `index`."""
        places = np.asarray(index, dtype=np.int64)
        return Examples(
            [self.ids[place] for place in places],
            [self.wavs[place] for place in places],
            self.n_samples[places],
            self.labels[places],
            {name: text[places] for name, text in self.texts.items()},
            {name: mask[places] for name, mask in self.present.items()},
            None if self.contours is None else [self.contours[place] for place in places],
            [self.emotions[place] for place in places] if self.emotions else [],
            [self.genders[place] for place in places] if self.genders else [],
        )


class TextVectors(Protocol):
    """Vectors of texts, such as the features of a folder."""

    def vectors(
        self, ids: Sequence[str], semantic: Semantic, pooling: TextPooling = "mean"
    ) -> tuple[Float32Array, NDArray[np.bool_]]:
        """Return the vectors, (ids, dim) float32, and which ids have this text, (ids,) bool."""


def scale_labels(labels: NDArray[np.float64], bounds: tuple[float, float]) -> NDArray[np.float64]:
    """Convert labels from the scale of the corpus to 0..1; labels outside stay outside."""
    low, high = bounds
    return (labels - low) / (high - low)


def unscale_labels(values: NDArray[np.float64], bounds: tuple[float, float]) -> NDArray[np.float64]:
    """Convert predictions from 0..1 to the scale of the corpus; values outside stay outside."""
    low, high = bounds
    return values * (high - low) + low


def unscale_deviations(
    variances: NDArray[np.float64], bounds: tuple[float, float]
) -> NDArray[np.float64]:
    """Convert variances on the scale 0..1 to standard deviations on the scale of the corpus."""
    low, high = bounds
    deviations: NDArray[np.float64] = np.sqrt(variances) * (high - low)
    return deviations


def choose_utterances(
    manifest: Manifest, *, split: str = "", fold: int = 0, without_fold: int = 0
) -> list[Utterance]:
    """Choose the usable utterances of a split, of a fold, or of all folds but one.

    Raises
    ------
    DataError
        There is no such split or fold, or it holds no usable utterance.
    """
    rows = manifest.usable()
    if split:
        splits = sorted({row.split for row in manifest.utterances if row.split})
        if split not in splits:
            raise DataError(f"no split {split!r}; there are: {', '.join(splits) or 'none'}")
        rows = [row for row in rows if row.split == split]
    if fold or without_fold:
        folds = sorted({row.fold for row in manifest.utterances if row.fold is not None})
        if (fold or without_fold) not in folds:
            names = ", ".join(map(str, folds)) or "none"
            raise DataError(f"no fold {fold or without_fold}; there are: {names}")
        rows = [row for row in rows if row.fold is not None]
        rows = [row for row in rows if (row.fold == fold if fold else row.fold != without_fold)]
    if not rows:
        place = (
            f"split {split!r}" if split else f"fold {fold or without_fold}" if fold else "corpus"
        )
        raise DataError(f"{place}: holds no usable utterance; see the manifest's column 'reason'")
    return rows


def read_examples(
    manifest: Manifest,
    utterances: Sequence[Utterance],
    model: ModelConfig,
    features: TextVectors | None,
    *,
    contours: ContourTable | None = None,
    scan_recordings: Callable[[list[Path]], Scan] = scan_clips,
) -> tuple[Examples, Scan]:
    """Read each recording once, and build examples of those that can be used.

    Parameters
    ----------
    manifest : Manifest
    utterances : sequence of Utterance
    model : ModelConfig
        Its `semantics` and `text_pooling` are read.
    features : TextVectors or None
        None for a model without semantics.
    contours : ContourTable, optional
        For a model that reads contours.
    scan_recordings : function of paths
        `scan_clips`, perhaps with more parameters.

    Returns
    -------
    examples : Examples
        Of the utterances at the places `Scan.usable`.
    scan : Scan
        Of all recordings.
    """
    scan = scan_recordings([manifest.wav_path(row) for row in utterances])
    examples = make_examples(
        manifest,
        [utterances[place] for place in scan.usable],
        scan.n_samples[scan.usable],
        semantics=model.semantics,
        pooling=model.text_pooling,
        features=features,
        contours=contours,
    )
    return examples, scan


def make_examples(
    manifest: Manifest,
    utterances: Sequence[Utterance],
    n_samples: IntArray,
    *,
    semantics: Sequence[Semantic] = (),
    pooling: TextPooling = "mean",
    features: TextVectors | None = None,
    contours: ContourTable | None = None,
) -> Examples:
    """Build examples of utterances whose recordings have been read.

    Parameters
    ----------
    manifest : Manifest
    utterances : sequence of Utterance
    n_samples : (utterances,) int64
        Lengths of the recordings at 16 kHz.
    semantics : sequence of {"gs", "les", "es"}
    pooling : {"mean", "cls"}
    features : TextVectors, optional
        Needed with semantics.
    contours : ContourTable, optional

    Raises
    ------
    DataError
        Semantics without features, or a recording without contours.
    """
    ids = [row.id for row in utterances]
    texts: dict[Semantic, Float32Array] = {}
    present: dict[Semantic, NDArray[np.bool_]] = {}
    for semantic in semantics:
        if features is None:
            raise DataError(
                f"the model reads {semantic}, but there are no features; run msfser encode"
            )
        texts[semantic], present[semantic] = features.vectors(ids, semantic, pooling)
    labels = scale_labels(label_array(utterances), manifest.label_bounds)
    return Examples(
        ids,
        [manifest.wav_path(row) for row in utterances],
        np.asarray(n_samples, dtype=np.int64),
        labels.astype(np.float32),
        texts,
        present,
        None if contours is None else contours.find(manifest, utterances),
        [row.emotion for row in utterances],
        [row.gender for row in utterances],
    )
