"""Scores of emphases 0.0.2 by its own checkpoint, as a file for `lemf evaluate --scores`.

    pip install 'lemf[ser]' librosa pypar yapecs && pip install --no-deps emphases==0.0.2
    python benchmarks/emphases_scores.py LABELS -o emphases.csv

emphases cannot be imported with current versions of all that it asks for. Its mel model, the
default, needs little of that; the rest is stood in for.
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path
from unittest.mock import MagicMock

import soundfile
import soxr
import torch

import lemf
from lemf.agreement.labels.files import Label, read_labels

RATE_HZ = 16000  # of the model
UNUSED = (
    "GPUtil",
    "huggingface_hub",
    "penn",
    "pycwt",
    "pyfoal",
    "reseval",
    "torchaudio",
    "torchutil",
)


def main() -> None:
    """Read labels, score their recordings, write one row per word."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("labels")
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    sys.argv = sys.argv[:1]  # emphases reads it when it is imported
    sys.modules.update({name: MagicMock() for name in UNUSED})
    import emphases

    checkpoint = Path(emphases.__file__).parent / "assets" / "checkpoints" / "checkpoint.pt"
    model = emphases.Model()
    model.load_state_dict(torch.load(checkpoint, map_location="cpu", weights_only=True)["model"])
    model.eval()
    with arguments.output.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["id", "index", "word", "score"])
        for label in read_labels(arguments.labels):
            for i, (word, score) in enumerate(score_words(label, model)):
                writer.writerow([label.id, i, word, score])


def score_words(label: Label, model: torch.nn.Module) -> list[tuple[str, float]]:
    """Return each word of the tier ``words`` with its score."""
    import emphases
    import pypar

    samples, rate_hz = soundfile.read(label.audio, dtype="float32")
    samples = torch.from_numpy(soxr.resample(samples, rate_hz, RATE_HZ, quality="VHQ"))
    (tier,) = (t for t in lemf.read_textgrid(label.textgrid).tiers if t.name == "words")
    names = [interval.label or pypar.SILENCE for interval in tier.intervals]
    alignment = pypar.Alignment(
        [
            # the model looks at words only, so one phone a word will do
            pypar.Word(name, [pypar.Phoneme(name, interval.start_s, interval.end_s)])
            for name, interval in zip(names, tier.intervals, strict=True)
        ]
    )
    scores: list[float] = []
    with torch.no_grad():
        for features, bounds in emphases.preprocess(alignment, samples[None], RATE_HZ):
            lengths = torch.tensor([features.shape[-1]]), torch.tensor([bounds.shape[-1]])
            logits = model(features, lengths[0], bounds, lengths[1])[0]
            scores += emphases.postprocess(logits)[0].tolist()
    return [
        (name, score) for name, score in zip(names, scores, strict=True) if name != pypar.SILENCE
    ]


if __name__ == "__main__":
    main()
