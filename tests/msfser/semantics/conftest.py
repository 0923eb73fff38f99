"""A corpus of short synthetic recordings, and a tiny text encoder with random weights."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

import lemf
from msfser.manifest import Manifest, Utterance, write_manifest

RATE_HZ = 16_000
WORDS = ("one", "two", "three", "four", "five")


def vowel(f0_hz: float, amplitude: float, length_s: float) -> np.ndarray:
    t = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    tone = sum(np.sin(2 * np.pi * f0_hz * k * t) / k for k in range(1, int(3500 // f0_hz)))
    ramp = np.clip(np.minimum(t, t[-1] - t) / 0.01, 0, 1)
    return amplitude * ramp * tone


def write_utterance(folder: Path, number: int, *, stressed: int = 1, f0_hz: float = 120.0) -> None:
    """Five words of 0.1 s, one of them higher, louder and longer, and a TextGrid."""
    pieces, words, phones, reached_s = [np.zeros(800)], [], [], 0.05
    for place, word in enumerate(WORDS):
        high = place == stressed
        length_s = 0.15 if high else 0.1
        f0 = (f0_hz + number % 7) * (1.3 if high else 1.0)
        pieces += [vowel(f0, 0.2 if high else 0.1, length_s), np.zeros(320)]
        end_s = reached_s + length_s
        words.append(lemf.Interval(reached_s, end_s, word))
        middle_s = reached_s + length_s / 2
        phones += [lemf.Interval(reached_s, middle_s, "A"), lemf.Interval(middle_s, end_s, "B")]
        reached_s = end_s + 0.02
    samples = np.concatenate(pieces)
    samples += np.random.default_rng(number).normal(0, 1e-4, len(samples))
    soundfile.write(folder / f"{number:03d}.wav", samples, RATE_HZ)
    length_s = len(samples) / RATE_HZ
    tiers = (
        lemf.IntervalTier("words", 0.0, length_s, tuple(words)),
        lemf.IntervalTier("phones", 0.0, length_s, tuple(phones)),
    )
    lemf.write_textgrid(lemf.TextGrid(0.0, length_s, tiers), folder / f"{number:03d}.TextGrid")


def write_corpus(folder: Path, n: int, *, corpus: str = "own") -> Manifest:
    """Write `n` utterances with all columns filled, and their manifest."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(n):
        write_utterance(folder, number, stressed=number % len(WORDS))
    rows = [
        Utterance(
            id=f"u{number:03d}",
            wav=f"{number:03d}.wav",
            alignment=f"{number:03d}.TextGrid",
            transcript=f"one two three four five {number}",
            speaker="S1",
            gender="female",
            emotion="SECRET-EMOTION",
            valence=1.2345,
            arousal=2.3456,
            dominance=3.4567,
            split="train",
        )
        for number in range(n)
    ]
    manifest = Manifest(
        utterances=tuple(rows), corpus=corpus, version="1", root=folder, label_bounds=(1.0, 5.0)
    )
    write_manifest(folder / "manifest.parquet", manifest)
    return manifest


@pytest.fixture(scope="session")
def built_corpus(tmp_path_factory):
    """Twelve utterances; never written to."""
    folder = tmp_path_factory.mktemp("corpus") / "built"
    write_corpus(folder, 12)
    return folder


@pytest.fixture
def corpus(built_corpus, tmp_path):
    """A folder of its own with the manifest of the twelve utterances."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    content = (built_corpus / "manifest.parquet").read_bytes()
    (folder / "manifest.parquet").write_bytes(content)
    return folder


@pytest.fixture(scope="session")
def make_corpus():
    """`write_corpus`: folder, number of utterances -> manifest."""
    return write_corpus


@pytest.fixture(scope="session")
def reasons():
    """Texts by id -> the reasons of those that failed."""
    return lambda texts: {name: t.reason for name, t in texts.items() if t.status == "failed"}


@pytest.fixture(scope="session")
def tiny_encoder(tmp_path_factory):
    """A RoBERTa of two layers of 16 with random weights and a byte-level tokenizer, on disk."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors

    folder = tmp_path_factory.mktemp("encoder") / "tiny-roberta"
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    vocabulary = {token: index for index, token in enumerate(special + alphabet)}
    tokenizer = Tokenizer(models.BPE(vocabulary, [], unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>", eos_token="</s>", cls_token="<s>", sep_token="</s>",
        pad_token="<pad>", unk_token="<unk>", mask_token="<mask>",
    ).save_pretrained(folder)  # fmt: skip
    torch.manual_seed(0)
    config = transformers.RobertaConfig(
        vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=2, num_attention_heads=2,
        intermediate_size=32, max_position_embeddings=66, pad_token_id=1,
    )  # fmt: skip
    transformers.RobertaModel(config).save_pretrained(folder)
    return folder
