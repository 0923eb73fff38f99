"""Fitted weights -> the JSON that ``--weights`` reads and that records what they were learnt on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

from lemf.agreement.evaluation.text import system_to_dict
from lemf.agreement.fitting.run import FittedWeights
from lemf.agreement.labels.files import Label
from lemf.errors import CorpusError, SettingsError
from lemf.runtime.csv_text import format_rows
from lemf.runtime.input import check_input, read_text_input
from lemf.runtime.json_text import parse_json
from lemf.runtime.output import escape_controls

_DIGITS = 6  # decimals of a weight: far more than the labels can determine
_MOST_NAMES = 100  # speakers or texts that are listed


def weights_to_dict(fitted: FittedWeights, labels: Path) -> dict[str, Any]:
    """Convert fitted weights to the content of the JSON file.

    Parameters
    ----------
    fitted : FittedWeights
    labels : Path
        File of the labels; its hash and that of the recordings are recorded.

    Returns
    -------
    dict
        ``cues`` and ``weights`` are what ``--weights`` reads.
    """
    fit, settings, sentences = fitted.fit, fitted.settings, fitted.rated.judged
    held_out = fitted.evaluation.systems[1]
    used = {sentence.recording for sentence in sentences}
    return {
        # What other commands read
        "cues": settings.cues,
        "weights": {cue: round(weight, _DIGITS) for cue, weight in fitted.weights.items()},
        # How the weights were fitted
        "lemf": version_of("lemf"),
        "method": fit.method,
        "regularisation": fit.regularisation,
        "fitted_on": {
            "labels": labels.name,
            "labels_sha256": hash_file(labels),
            "recordings_sha256": _hash_recordings([one for one in fitted.labels if one.id in used]),
            "n_recordings": len(used),
            "n_sentences": len(sentences),
            "speakers": _names([s.speaker for s in sentences if s.speaker is not None]),
            "texts": _names([s.text for s in sentences]),
            "settings": {
                "pitch": settings.pitch,
                "pitch_range_hz": [settings.pitch_floor_hz, settings.pitch_ceiling_hz],
                **({"highpass_hz": settings.highpass_hz} if settings.highpass_hz else {}),
                "sentences": settings.sentences,
                "duration": settings.duration,
            },
        },
        # How others like them do
        "held_out": {
            "left_out": fit.left_out,
            "n_folds": len(fit.fold_weights),
            "weights_from_to": {
                cue: [round(float(low), _DIGITS), round(float(high), _DIGITS)]
                for cue, low, high in zip(
                    fit.cues,
                    fit.fold_weights.min(axis=0),
                    fit.fold_weights.max(axis=0),
                    strict=True,
                )
            },
            "regularisation_from_to": [
                min(fit.fold_regularisations),
                max(fit.fold_regularisations),
            ],
            **{
                key: value
                for key, value in system_to_dict(held_out).items()
                if key in ("measures", "intervals")
            },
        },
    }


def format_weights(fitted: FittedWeights, labels: Path) -> str:
    """Format `weights_to_dict` as JSON."""
    text = json.dumps(weights_to_dict(fitted, labels), indent=2, ensure_ascii=False)
    return escape_controls(text) + "\n"


def format_held_out(fitted: FittedWeights) -> str:
    """Format the held-out scores as the CSV that ``lemf evaluate --scores`` reads."""
    rows: list[list[object]] = [["id", "sentence", "index", "word", "score"]]
    for sentence, scores in zip(fitted.rated.judged, fitted.fit.held_out, strict=True):
        if scores is not None:
            rows += [
                [sentence.recording, sentence.number, i, word, repr(float(score))]
                for i, (word, score) in enumerate(zip(sentence.scored.words, scores, strict=True))
            ]
    return format_rows(rows)


def is_fitted_on(weights: Path, labels: Path) -> bool:
    """Check by the recorded hash whether weights were learnt on a file of labels."""
    fitted_on = parse_json(read_text_input(weights, SettingsError)).get("fitted_on")
    if not isinstance(fitted_on, dict):
        return False
    return bool(fitted_on.get("labels_sha256") == hash_file(labels))


def hash_file(path: Path) -> str:
    """Compute the SHA-256 of a file."""
    check_input(path, CorpusError)
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _hash_recordings(labels: Sequence[Label]) -> str:
    """Compute one SHA-256 over those of all recordings and TextGrids, in the order of the ids."""
    digest = hashlib.sha256()
    for label in sorted(labels, key=lambda label: label.id):
        for path in (label.audio, label.textgrid):
            digest.update(hash_file(Path(path)).encode())
    return digest.hexdigest()


def _names(names: Collection[str]) -> list[str] | int:
    """Return the different names, or only their number if there are over a hundred."""
    different = sorted(set(names))
    return different if len(different) <= _MOST_NAMES else len(different)
