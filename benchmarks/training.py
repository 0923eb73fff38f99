"""How fast `msfser train` is: steps of the paper's preset on a synthetic corpus.

    python benchmarks/training.py                             # WavLM-large, on a GPU
    python benchmarks/training.py --length-s 12 --rows bf16   # the longest clips, after the crop
    python benchmarks/training.py --size tiny --device cpu    # the same in small

Lengths are those of MSP-Podcast (2.5 to 11 s) or all one length, labels and texts are drawn,
WavLM has random weights and the shape of WavLM-large: the scores mean nothing, the times are real.
In a folder that is named, corpus and encoder stay, and `msfser train` can use them; the command is
printed.
"""

import argparse
import gc
import platform
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import soundfile
import torch
from transformers import WavLMConfig, WavLMModel
from transformers.utils import logging

from msfser.config.files import make_config
from msfser.config.presets import PRESETS
from msfser.config.settings import Config
from msfser.data.batching import ClipReader
from msfser.evaluation.inference import run_model, tf32_products
from msfser.manifest import MANIFEST_NAME, Manifest, Utterance, write_manifest
from msfser.model.device import choose_device
from msfser.model.msf_ser import build_model
from msfser.semantics.encoding import encode_texts
from msfser.semantics.text_encoder import load_text_encoder
from msfser.semantics.texts import Text, update_texts
from msfser.semantics.word_encoder import write_word_encoder
from msfser.training.cost import count_cost, measure_speed
from msfser.training.data.prepare import TrainingData, prepare_data
from msfser.training.ranks.ranks import Ranks
from msfser.training.run import make_augmentation
from msfser.training.step import make_optimiser, take_step
from msfser.training.steps.batches import load_steps
from msfser.training.steps.order import training_steps

RATE_HZ = 16_000
MSP_PODCAST = 84_260, 132.0  # utterances and hours of the training split of release 1.12
EPOCHS = PRESETS["paper"].train.epochs
WORDS = ["so", "we", "you", "it", "was", "is", "not", "really", "much", "what", "then", "never"]

WAVLM = {
    "large": WavLMConfig(
        hidden_size=1024,
        num_hidden_layers=24,
        num_attention_heads=16,
        intermediate_size=4096,
        feat_extract_norm="layer",
        do_stable_layer_norm=True,
        mask_time_prob=0.075,
    ),
    "tiny": WavLMConfig(
        conv_dim=[16] * 7,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        num_conv_pos_embedding_groups=2,
        feat_extract_norm="layer",
        do_stable_layer_norm=True,
    ),
}
AUDIO_ONLY = ("model.semantics=[]", "model.intra='none'", "model.fusion='none'")
ROWS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("fp32", ()),
    ("fp32, 4 parts", ("train.accumulation=4",)),
    ("fp32, checkpointing", ("train.checkpointing=true",)),
    ("tf32", ("train.precision='tf32'",)),
    ("bf16", ("train.precision='bf16'",)),
    ("bf16, 2 parts", ("train.precision='bf16'", "train.accumulation=2")),
    ("bf16, 4 parts", ("train.precision='bf16'", "train.accumulation=4")),
    ("bf16, checkpointing", ("train.precision='bf16'", "train.checkpointing=true")),
    ("bf16, audio only", ("train.precision='bf16'", *AUDIO_ONLY)),
    ("bf16, attention of transformers", ("train.precision='bf16'", "model.attention='hf'")),
    ("bf16, no reader processes", ("train.precision='bf16'", "data.workers=0")),
)


@dataclass(frozen=True)
class Speed:
    """What steps cost.

    Attributes
    ----------
    utterances, audio_s, elapsed_s, waiting_s : float
        Of the steps that were timed; waiting for data is part of what elapsed.
    peak_bytes : int
        Of the GPU's memory in tensors; 0 on a CPU.
    used : float
        Operations that the steps need, over those of a product of matrices in the same time.
    """

    utterances: int
    audio_s: float
    elapsed_s: float
    waiting_s: float
    peak_bytes: int
    used: float = 0.0


def main() -> None:
    """Make the corpus, measure each row, print Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--size", choices=[*WAVLM], default="large")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--folder", type=Path, help="where corpus and encoder stay")
    parser.add_argument("--utterances", type=int, default=640, help="of the training split")
    parser.add_argument("--length-s", type=float, help="of every clip [that of MSP-Podcast]")
    parser.add_argument("--workers", type=int, default=4, help="processes that read audio")
    parser.add_argument("--rows", default="", help="only rows whose name begins so; several by ;")
    parser.add_argument("--only-make", action="store_true", help="make the corpus, measure nothing")
    chosen = parser.parse_args()
    logging.disable_progress_bar()
    with tempfile.TemporaryDirectory() as scratch:
        folder = (chosen.folder or Path(scratch)).absolute()
        make_inputs(folder, chosen.size, chosen.utterances, length_s=chosen.length_s)
        base = (
            f"model.acoustic={str(folder / 'wavlm')!r}",
            f"data.folder={str(folder / 'corpus')!r}",
        )
        if chosen.folder:
            settings = " ".join(f'--set "{change}"' for change in base)
            print(f"msfser train -o RUN {settings}\n")
        if chosen.only_make:
            return
        device = choose_device(chosen.device)
        print(f"{machine(device)}; WavLM {chosen.size}, {chosen.utterances:,} utterances\n")
        print(
            "| | utterances/s | hours of audio an hour | GPU memory | waiting for data "
            f"| used of its speed | {EPOCHS} epochs of MSP-Podcast |"
        )
        print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
        plain = make_config({}, base)
        data = prepare_data(plain.data, plain.model)
        for name, changes in ROWS:
            if not name.startswith(tuple(chosen.rows.split(";"))):
                continue
            common = (*base, f"data.workers={chosen.workers}", "train.accumulation=1")
            config = make_config({}, [*common, *changes])
            with tf32_products(config.train.precision):
                speed = measure(config, data, device)
            print(format_row(name, speed), flush=True)
        print("\nPredictions, as for the development set:\n")
        for precision in ("fp32", "tf32", "bf16"):
            config = make_config({}, [*base, f"train.precision={precision!r}"])
            speed = measure_evaluation(config, data, device)
            rate, times = speed.utterances / speed.elapsed_s, speed.audio_s / speed.elapsed_s
            print(f"* {precision}: {rate:.1f} utterances/s, {times:,.0f} hours of audio an hour")


def make_inputs(
    folder: Path, size: str, n_train: int, text_dim: int = 1024, length_s: float | None = None
) -> None:
    """Write corpus, text vectors and encoders into a folder, unless they are there."""
    corpus = folder / "corpus"
    if (folder / "wavlm").exists():
        return
    corpus.mkdir(parents=True, exist_ok=True)
    generator = np.random.default_rng(0)
    splits = ["train"] * n_train + ["development"] * (n_train // 10) + ["test"] * (n_train // 10)
    rows = []
    for number, split in enumerate(splits):
        duration_s = length_s or 2.5 + 8.5 * generator.beta(1.4, 2.4)  # mean 5.6 s
        soundfile.write(
            corpus / f"u{number:05}.wav", draw_tone(duration_s, generator), RATE_HZ, "PCM_16"
        )
        valence, arousal, dominance = generator.uniform(1, 7, 3)
        rows.append(
            Utterance(
                id=f"u{number:05}",
                wav=f"u{number:05}.wav",
                transcript=" ".join(generator.choice(WORDS, 12)),
                valence=valence,
                arousal=arousal,
                dominance=dominance,
                split=split,
                duration_s=duration_s,
            )
        )
    manifest = Manifest(
        utterances=tuple(rows), corpus="synthetic", version="", root=corpus, label_bounds=(1.0, 7.0)
    )
    write_manifest(corpus / MANIFEST_NAME, manifest)
    for semantic, n_words in (("gs", 12), ("les", 3), ("es", 7)):
        texts = {
            row.id: Text(text=" ".join((row.transcript or "").split()[:n_words]), status="ok")
            for row in rows
        }
        update_texts(corpus, manifest, semantic, texts)
    write_word_encoder(folder / "words", WORDS, dim=text_dim)
    encode_texts(corpus, lambda: load_text_encoder(str(folder / "words"), "cpu"))
    torch.manual_seed(0)
    WavLMModel(WAVLM[size]).save_pretrained(folder / "wavlm")


def draw_tone(duration_s: float, generator: np.random.Generator) -> np.ndarray:
    """Draw a tone whose level is slow noise, in fainter noise."""
    times_s = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    knots = generator.uniform(0, 0.3, int(duration_s * 4) + 2)
    level = np.interp(times_s * 4, np.arange(len(knots)), knots)
    tone = np.sin(2 * np.pi * generator.uniform(80, 300) * times_s)
    return level * tone + 0.01 * generator.standard_normal(len(times_s))


def measure(config: Config, data: TrainingData, device: torch.device) -> Speed:
    """Run the steps of an epoch twice as `msfser train` does, and time the second round.

    In the first, a GPU's libraries prepare for each length, and readers fill their queue. They go
    on to read what nobody takes, so that they have as much to do until the end.
    """
    settings = config.train
    torch.manual_seed(settings.seed)
    model = build_model(config.model).to(device).train()
    if settings.checkpointing:
        model.acoustic.checkpoint_layers()
    optimiser = make_optimiser(model, settings)
    n_samples = data.train.n_samples
    steps = training_steps(
        n_samples, settings.batch_size, config.data.mega_batches, settings.seed, 0
    )
    loaded = load_steps(
        data.train,
        [*steps, *steps, *steps[: 2 * config.data.workers]],
        ClipReader(config.data.wave_norm, data.statistics, kept_bytes=0),  # as if they were many
        make_augmentation(config, model),
        0,
        accumulation=settings.accumulation,
        workers=config.data.workers,
    )
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    waiting_s = 0.0
    for number in range(2 * len(steps)):
        if number == len(steps):
            synchronise(device)
            started_s, waiting_s = time.perf_counter(), 0.0
        asked_s = time.perf_counter()
        step = next(loaded)
        waiting_s += time.perf_counter() - asked_s
        take_step(model, optimiser, step.to(device), settings, number, 2 * len(steps), Ranks())
    synchronise(device)
    elapsed_s = time.perf_counter() - started_s
    peak = torch.cuda.max_memory_allocated(device) if device.type == "cuda" else 0
    del model, optimiser, loaded
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
    one_epoch = replace(config, train=replace(settings, epochs=1))
    used = count_cost(one_epoch, n_samples).flops / elapsed_s
    used /= measure_speed(device, settings.precision)
    return Speed(len(n_samples), n_samples.sum() / RATE_HZ, elapsed_s, waiting_s, peak, used)


def measure_evaluation(config: Config, data: TrainingData, device: torch.device) -> Speed:
    """Predict all utterances twice, as after every epoch, and time the second round."""
    model = build_model(config.model).to(device)
    reader = ClipReader(config.data.wave_norm, data.statistics, kept_bytes=0)
    for _ in range(2):
        synchronise(device)
        started_s = time.perf_counter()
        run_model(model, data.train, reader.read, device=device, precision=config.train.precision)
    elapsed_s = time.perf_counter() - started_s
    return Speed(len(data.train), data.train.n_samples.sum() / RATE_HZ, elapsed_s, 0.0, 0)


def synchronise(device: torch.device) -> None:
    """Wait until a GPU has done what it was asked."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def format_row(name: str, speed: Speed) -> str:
    """Return a row of the table; the time of a corpus is its audio over the speed."""
    times = speed.audio_s / speed.elapsed_s
    corpus_h = MSP_PODCAST[1] * EPOCHS / times
    memory = f"{speed.peak_bytes / 2**30:.1f} GiB" if speed.peak_bytes else "-"
    return (
        f"| {name} | {speed.utterances / speed.elapsed_s:.1f} | {times:,.0f} | {memory} "
        f"| {speed.waiting_s / speed.elapsed_s:.1%} | {speed.used:.0%} | {corpus_h:.1f} h |"
    )


def machine(device: torch.device) -> str:
    """Name what computes."""
    name = platform.processor() or platform.machine()
    if device.type == "cuda":
        name = torch.cuda.get_device_name(device)
    return f"{name}, torch {torch.__version__}"


if __name__ == "__main__":
    main()
