"""What a method gains where its cause is planted, and loses where nothing is.

    python benchmarks/planted.py speaker -o planted --seeds 3
    python benchmarks/planted.py speaker -o plain --seeds 3 --strength 0
    python benchmarks/planted.py imbalance -o imbalance --seeds 3
    python benchmarks/planted.py context -o context --seeds 3
    python benchmarks/planted.py raters -o raters --seeds 3
    python benchmarks/planted.py contour -o contour --seeds 3
    python benchmarks/planted.py lora -o lora --seeds 3

For each seed, a mechanism corpus and a model of the preset `tiny`, one core, some minutes; a second
call keeps what is there.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

import lemf
from msfser.ablation.demo import encode_by_words
from msfser.commands.cli import main as msfser
from msfser.corpora.mechanism.files import ES_NAME, TRUTH_NAME, write_mechanism
from msfser.corpora.mechanism.planted import Planted
from msfser.errors import DataError
from msfser.evaluation.prediction_table import PREDICTIONS_NAME, read_predictions
from msfser.evaluation.predictions import VOTES
from msfser.evaluation.votes.spread import SPREADS, rank_correlation
from msfser.manifest import DIMENSIONS, MANIFEST_NAME, read_manifest
from msfser.parquet import read_parquet
from msfser.semantics.context import make_context
from msfser.semantics.es.description import emotions_of
from msfser.semantics.es.description_file import import_descriptions
from msfser.semantics.gs import take_transcripts
from msfser.semantics.texts import Text, find_transcripts, update_texts

PLANTED = {
    "speaker": ("speaker_shift", 1.0),
    "imbalance": ("class_imbalance", 20.0),
    "raters": ("rater_spread", 0.6),
    "context": ("context_flip", 0.5),
    "contour": ("contour_shape", 2.5),
    "lora": ("contour_shape", 0.0),  # nothing: an encoder is trained on one corpus, and adapted
}


def make_world(folder: Path, name: str, strength: float, seed: int, n_utterances: int) -> Path:
    """Write a corpus with something planted, unless it is there; return its folder."""
    planted = Planted(**{PLANTED[name][0]: strength})
    corpus, encoder = folder / f"corpus{seed}", folder / f"encoder{seed}"
    return make_corpus(corpus, planted, seed, n_utterances, encoder)


def make_corpus(
    corpus: Path, planted: Planted, seed: int, n_utterances: int, encoder: Path
) -> Path:
    """Write a corpus with its texts and their vectors, unless it is there; return its folder."""
    if not (corpus / "features").exists():
        if not (corpus / MANIFEST_NAME).exists():
            write_mechanism(
                corpus, n_utterances=n_utterances, seed=seed, planted=planted, jobs=1, force=True
            )
        write_texts(corpus)
        encode_by_words(corpus, encoder)
    return corpus


def write_texts(corpus: Path) -> None:
    """Write GS and ES of a corpus, and LES about the word that is stressed in truth.

    `lemf` finds that word, too (docs/mechanism.md), in some minutes a corpus.
    """
    manifest = read_manifest(corpus)
    names = ["id", "stressed_word_index"]
    table, _ = read_parquet(corpus / TRUTH_NAME, names, DataError, "msfser corpus mechanism")
    stressed = dict(zip(*(table[name].to_pylist() for name in names), strict=True))
    les = {}
    for row in manifest.utterances:
        words, place = (row.transcript or "").split(), stressed[row.id]
        les[row.id] = Text(text=" ".join(words[place - 1 : place + 2]), status="ok")
    update_texts(corpus, manifest, "les", les)
    update_texts(corpus, manifest, "gs", take_transcripts(manifest))
    if any(row.dialogue is not None for row in manifest.utterances):
        said = find_transcripts(corpus, manifest)
        update_texts(corpus, manifest, "context", make_context(manifest, said))
    es, _ = import_descriptions(corpus / ES_NAME, manifest, emotions_of(manifest.corpus))
    update_texts(corpus, manifest, "es", es)


def train(corpus: Path, run: Path, seed: int, *changes: str) -> Path:
    """Train a model of the preset `tiny`, unless the run is there; return its folder."""
    if not (run / "metrics.json").exists():
        settings = [part for change in changes for part in ("--set", change)]
        begun = ["--resume"] if (run / "config.toml").exists() else []
        call("train", "--data", corpus, "-o", run, "--preset", "tiny", *begun,
             "--set", f"train.seed={seed}", *settings)  # fmt: skip
    return run


def evaluate(run: Path, output: Path, *options: object) -> list[float]:
    """Evaluate a run on the test split; return CCC of valence, arousal and dominance."""
    call("evaluate", run, "--split", "test", "-o", output, "--force", *options)
    metrics = json.loads((output / "metrics.json").read_text())
    (total,) = (row for row in metrics["scores"] if row["by"] == "all" and row["scope"] == "test")
    return [total[name]["ccc"] for name in DIMENSIONS]


def measure_speaker(corpus: Path, folder: Path, seed: int) -> dict[str, list[float]]:
    """Measure CCC of the same model without and with the calibration of speakers.

    On the voices with habits, and on the same sentences without, where nothing is to be gained.
    """
    run = train(corpus, folder / f"run{seed}", seed)
    plain = make_corpus(
        folder / f"plain{seed}",
        Planted(),
        seed,
        len(read_manifest(corpus).utterances),
        folder / f"encoder{seed}",
    )
    found = {}
    for name, data in (("habits", corpus), ("no habits", plain)):
        for kind in ("none", "speaker"):
            output = folder / f"{name.replace(' ', '-')}-{kind}{seed}"
            found[f"{name}, calibrate {kind}"] = evaluate(
                run, output, "--calibrate", kind, "--data", data
            )
    return found


def measure_sampling(corpus: Path, folder: Path, seed: int) -> dict[str, list[float]]:
    """Measure CCC of models that were trained on all, balanced and undersampled epochs.

    Undersampled ones are short, so there are four times as many. Valence is in the texts, so the
    models hear half a second only, another one each time.
    """
    found = {}
    for sampling in ("all", "balanced", "undersampled"):
        epochs = 24 if sampling == "undersampled" else 6
        changes = [
            f"train.sampling={sampling}",
            "data.crop_s=0.5",
            "data.crop=random",
            f"train.epochs={epochs}",
        ]
        run = train(corpus, folder / f"{sampling}{seed}", seed, *changes)
        found[f"sampling {sampling}"] = evaluate(run, folder / f"{sampling}-scores{seed}")
    return found


def measure_raters(corpus: Path, folder: Path, seed: int) -> dict[str, list[float]]:
    """Measure how the predicted spread of raters ranks with the planted one and with the votes.

    By a head for the spread, with intervals of level 0.9; and by DEER.
    """
    found = {}
    kinds = {"head": 'model.side_heads=["spread"]', "deer": "model.output=evidence"}
    for name, change in kinds.items():
        run = train(corpus, folder / f"{name}{seed}", seed, change)
        output = folder / f"{name}-scores{seed}"
        found[f"{name}: CCC"] = evaluate(
            run, output, "--split", "development", "--intervals", "0.9"
        )
        table = read_predictions(output / PREDICTIONS_NAME).select_splits(["test"])
        columns = ["id", "vote_spread"]
        truth, _ = read_parquet(corpus / TRUTH_NAME, columns, DataError, "msfser corpus mechanism")
        planted = dict(zip(*(truth[column].to_pylist() for column in columns), strict=True))
        spread = np.array([planted[one] for one in table.ids])
        (predicted,) = (table.deviations[kind] for kind in SPREADS if kind in table.deviations)
        found[f"{name}: rank correlation with the planted"] = [
            rank_correlation(predicted[:, d], spread) for d in range(3)
        ]
        found[f"{name}: rank correlation with the votes"] = [
            rank_correlation(predicted[:, d], table.more[f"{VOTES}{dimension}"])
            for d, dimension in enumerate(DIMENSIONS)
        ]
        metrics = json.loads((output / "metrics.json").read_text())
        (row,) = (one for one in metrics["intervals"] if one["scope"] == "test")
        found[f"{name}: coverage of intervals of 0.9"] = [
            row[dimension]["coverage"] for dimension in DIMENSIONS
        ]
    return found


def measure_context(corpus: Path, folder: Path, seed: int) -> dict[str, list[float]]:
    """Measure CCC of the paper's model, and with the context in the place where it can matter."""
    found = {}
    four = 'model.semantics=["gs", "les", "es", "context"]'
    for name, changes in (
        ("paper", ()),
        ("context own", (four,)),
        ("context in h_sem", (four, "model.context_in=h_sem")),
    ):
        slug = name.replace(" ", "-")
        run = train(corpus, folder / f"{slug}{seed}", seed, *changes)
        found[name] = evaluate(run, folder / f"{slug}-scores{seed}")
    return found


VOICE = ("model.semantics=[]", "model.intra=none", "model.fusion=none")


def measure_contour(corpus: Path, folder: Path, seed: int) -> dict[str, list[float]]:
    """Measure CCC of the voice alone without and with the contours of lemf.

    The texts say nothing about dominance here: all of it is in the peaks.
    """
    contours = corpus / "contours.parquet"
    if not contours.exists():
        lemf.score_corpus(
            corpus / "audio",
            folder / f"scores{seed}.parquet",
            textgrids=corpus / "alignment",
            features=contours,
        )
    voice = train(corpus, folder / f"voice{seed}", seed, *VOICE)
    pcm = train(corpus, folder / f"pcm{seed}", seed, *VOICE, "model.contours=cross_attention")
    return {
        "voice alone": evaluate(voice, folder / f"voice-scores{seed}"),
        "with contours": evaluate(pcm, folder / f"pcm-scores{seed}"),
    }


def measure_lora(corpus: Path, folder: Path, seed: int) -> dict[str, list[float]]:
    """Measure CCC of an encoder that was trained on another corpus, fine-tuned or by LoRA."""
    other = folder / f"other{seed}"
    if not (other / MANIFEST_NAME).exists():
        n_utterances = len(read_manifest(corpus).utterances)
        write_mechanism(other, n_utterances=n_utterances, seed=seed + 1000, jobs=1, force=True)
    start = train(other, folder / f"start{seed}", seed, *VOICE)
    changes = (*VOICE, "train.epochs=6", f"train.init={json.dumps(str(start.absolute()))}")
    fine = train(corpus, folder / f"fine{seed}", seed, *changes)
    lora = train(corpus, folder / f"lora{seed}", seed, *changes, "model.lora_rank=8")
    return {
        "as it was": evaluate(start, folder / f"start-scores{seed}", "--data", corpus),
        "fine-tuned": evaluate(fine, folder / f"fine-scores{seed}"),
        "LoRA rank 8": evaluate(lora, folder / f"lora-scores{seed}"),
    }


MEASURE = {
    "contour": measure_contour,
    "lora": measure_lora,
    "context": measure_context,
    "speaker": measure_speaker,
    "imbalance": measure_sampling,
    "raters": measure_raters,
}


def call(*arguments: object) -> None:
    """Run a command of msfser in this process; its errors end the benchmark."""
    msfser([str(argument) for argument in arguments], standalone_mode=False)


def main() -> None:
    """Run one of the worlds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("world", choices=PLANTED)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--strength", type=float)
    parser.add_argument("--utterances", type=int, default=2400)
    options = parser.parse_args()
    strength = PLANTED[options.world][1] if options.strength is None else options.strength
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        corpus = make_world(options.output, options.world, strength, seed, options.utterances)
        for name, values in MEASURE[options.world](corpus, options.output, seed).items():
            row = "".join(f"{value:9.3f}" for value in values)
            print(f"seed {seed}  {name:<42}{row}", flush=True)


if __name__ == "__main__":
    main()
