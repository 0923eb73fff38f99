"""One core for torch, in the tests and in the processes that they start: the models are small."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported

from pathlib import Path

import numpy as np
import pytest
import soundfile

import lemf
from msfser.config.files import format_config
from msfser.config.presets import PRESETS
from msfser.manifest import Manifest, Utterance, write_manifest

RATE_HZ = 16_000
WORDS = ("one", "two", "three")


@pytest.fixture
def write_wav(tmp_path):
    """Write samples as 16-bit PCM and give the path."""

    def write(samples, rate_hz=16_000, name="clip.wav") -> Path:
        path = tmp_path / name
        soundfile.write(path, np.asarray(samples), rate_hz, subtype="PCM_16")
        return path

    return write


@pytest.fixture(scope="session")
def corpus_folder(tmp_path_factory):
    """A mechanism corpus of 48 utterances with texts and vectors, as training reads it."""
    from msfser.corpora.mechanism.drawing import draw_sentence
    from msfser.corpora.mechanism.files import ES_NAME, write_mechanism
    from msfser.semantics.encoding import encode_texts
    from msfser.semantics.es.description import emotions_of
    from msfser.semantics.es.description_file import import_descriptions
    from msfser.semantics.gs import take_transcripts
    from msfser.semantics.text_encoder import load_text_encoder
    from msfser.semantics.texts import Text, read_texts, update_texts
    from msfser.semantics.word_encoder import write_word_encoder

    folder = tmp_path_factory.mktemp("mechanism")
    manifest = write_mechanism(folder, n_utterances=48, seed=0, jobs=1)
    sentences = [draw_sentence(0, index) for index in range(48)]
    les = {
        s.id: Text(text=" ".join(s.words[s.stressed_word - 1 : s.stressed_word + 2]), status="ok")
        for s in sentences
    }
    es, _ = import_descriptions(folder / ES_NAME, manifest, emotions_of("mechanism"))
    update_texts(folder, manifest, "gs", take_transcripts(manifest))
    update_texts(folder, manifest, "les", les)
    texts = update_texts(folder, manifest, "es", es)
    spoken = [text.text or "" for text in (*texts.gs, *texts.es)]
    encoder = folder / "encoder"
    write_word_encoder(encoder, spoken, dim=16)
    encode_texts(folder, lambda: load_text_encoder(str(encoder), "cpu"))
    assert len(read_texts(folder).ids) == 48
    return folder


class Fork:
    """A command that `forks.py` runs, with what the tests use of `subprocess.Popen`."""

    def __init__(self, server, command, folder, environment, place):
        self._place = place
        order = {
            "command": [str(part) for part in command], "environment": environment,
            "folder": str(folder or Path.cwd()), "place": str(place),
        }  # fmt: skip
        server.stdin.write(json.dumps(order) + "\n")
        server.stdin.flush()
        self._wait_for(self._place / "pid", 300)  # the first waits for all imports

    @property
    def returncode(self):
        return self.poll()

    def poll(self):
        path = self._place / "status"
        return int(path.read_text()) if path.exists() else None

    def communicate(self, timeout=300):
        self._wait_for(self._place / "status", timeout)
        return None, (self._place / "stderr").read_text()

    def send_signal(self, number):
        if self.poll() is None:
            with suppress(ProcessLookupError):
                os.kill(int((self._place / "pid").read_text()), number)

    def _wait_for(self, path, seconds):
        limit = time.monotonic() + seconds
        while not path.exists():
            assert time.monotonic() < limit, f"no {path.name} after {seconds} s"
            time.sleep(0.01)


@pytest.fixture(scope="session")
def fork_server():
    """A process that has imported msfser, and starts commands as forks of itself."""
    with subprocess.Popen(
        [sys.executable, Path(__file__).with_name("forks.py")], stdin=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.stdin.close()


@pytest.fixture
def start_process(fork_server, tmp_path_factory):
    """Start a command of Python in a folder and an environment, as a `Fork`."""
    started = []

    def start(command, folder=None, **environment):
        place = tmp_path_factory.mktemp("fork")
        started.append(Fork(fork_server, command, folder, {**os.environ, **environment}, place))
        return started[-1]

    yield start
    for process in started:
        process.send_signal(signal.SIGKILL)
        process.communicate()


@pytest.fixture
def start_ranks(start_process):
    """Start a command as several processes that know each other, each in a folder of its own."""

    def start(command, folders, **environment):
        group = {"WORLD_SIZE": str(len(folders)), "MASTER_ADDR": "127.0.0.1"}
        group |= {"MASTER_PORT": str(free_port())} | environment
        return [
            start_process(command, folder, **group, RANK=str(rank), LOCAL_RANK=str(rank))
            for rank, folder in enumerate(folders)
        ]

    return start


def free_port():
    """Return a port that nothing listens on, and that no client is given."""
    while True:
        port = random.randrange(20_000, 32_000)
        with socket.socket() as listener, suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port


@pytest.fixture
def start_two_ranks(start_ranks):
    """Start a command as two processes that know each other."""
    return lambda command, folders=(None, None), **more: start_ranks(command, folders, **more)


@pytest.fixture
def run_ranks(start_ranks):
    """Run a command as so many processes that know each other; all must succeed."""

    def run(n_ranks, command):
        for process in start_ranks(command, [None] * n_ranks):
            _, said = process.communicate()
            assert process.returncode == 0, said

    return run


def vowel(f0_hz, amplitude, length_s, rate_hz=RATE_HZ):
    t = np.arange(round(length_s * rate_hz)) / rate_hz
    tone = sum(np.sin(2 * np.pi * f0_hz * k * t) / k for k in range(1, int(3000 // f0_hz)))
    return amplitude * np.clip(np.minimum(t, t[-1] - t) / 0.01, 0, 1) * tone


def write_speech(folder, name, *, stressed=1, f0_hz=120.0):
    """Three words, one of them higher, louder and longer, with a TextGrid beside them."""
    pieces, words, phones, reached_s = [np.zeros(800)], [], [], 0.05
    for place, word in enumerate(WORDS):
        high = place == stressed
        length_s = 0.25 if high else 0.12
        pieces += [vowel(f0_hz * (1.4 if high else 1.0), 0.2 if high else 0.1, length_s)]
        words.append(lemf.Interval(reached_s, reached_s + length_s, word))
        phones.append(lemf.Interval(reached_s, reached_s + length_s, "AH"))
        reached_s += length_s
    samples = np.concatenate(pieces)
    soundfile.write(folder / f"{name}.wav", samples, RATE_HZ)
    end_s = len(samples) / RATE_HZ
    tiers = tuple(
        lemf.IntervalTier(tier, 0.0, end_s, tuple(intervals))
        for tier, intervals in (("words", words), ("phones", phones))
    )
    lemf.write_textgrid(lemf.TextGrid(0.0, end_s, tiers), folder / f"{name}.TextGrid")


@pytest.fixture(scope="session")
def speech():
    """`write_speech`: folder and name -> NAME.wav and NAME.TextGrid."""
    return write_speech


@pytest.fixture(scope="session")
def encoder(tmp_path_factory):
    """A RoBERTa of two layers of 16 with random weights and a tokenizer of bytes."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    folder = tmp_path_factory.mktemp("encoder") / "tiny-roberta"
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {token: index for index, token in enumerate(special + alphabet)}
    tokenizer = Tokenizer(models.BPE(vocabulary, [], unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
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


@pytest.fixture(scope="session")
def corpus(tmp_path_factory, encoder):
    """Twelve utterances of four speakers in three splits and two folds, with texts and vectors."""
    from msfser.semantics.encoding import encode_texts
    from msfser.semantics.text_encoder import load_text_encoder
    from msfser.semantics.texts import Text, update_texts

    folder = tmp_path_factory.mktemp("corpus")
    rng = np.random.default_rng(0)
    rows = []
    for i in range(12):
        write_speech(folder, f"{i:02d}", stressed=i % 3, f0_hz=100.0 + 10 * i)
        valence, arousal, dominance = rng.uniform(1, 7, 3)
        rows.append(
            Utterance(
                id=f"u{i:02d}", wav=f"{i:02d}.wav", alignment=f"{i:02d}.TextGrid",
                transcript=" ".join(WORDS), speaker=f"s{i % 4}", gender=("female", "male")[i % 2],
                emotion=("calm", "angry")[i % 2], valence=valence, arousal=arousal,
                dominance=dominance, split=("train", "development", "test")[i // 4],
                fold=i // 6 + 1, duration_s=0.54,
            )
        )  # fmt: skip
    manifest = Manifest(
        utterances=tuple(rows), corpus="own", version="1", root=folder, label_bounds=(1.0, 7.0)
    )
    write_manifest(folder / "manifest.parquet", manifest)
    for semantic in ("gs", "les", "es"):
        made = {
            row.id: Text(text=f"{semantic} of {row.id}", status="ok", source="test")
            for row in rows
            if not (semantic == "es" and row.id == "u05")
        }
        update_texts(folder, manifest, semantic, made)
    encode_texts(folder, lambda: load_text_encoder(str(encoder), "cpu"))
    return folder


@pytest.fixture(scope="session")
def make_run(corpus, encoder):
    """Write a run with random weights: folder, changes of model and data settings -> folder."""
    import torch

    from msfser.config.model_facts import ModelFacts
    from msfser.model.msf_ser import build_model
    from msfser.semantics.features import open_features

    def make(folder, *, seed=0, test_fold=0, unlearned=(), **model_changes):
        start = PRESETS["tiny"]
        model_settings = replace(start.model, text_dim=16, **model_changes)
        data = replace(start.data, folder=str(corpus), test_fold=test_fold)
        folder.mkdir(parents=True)
        settings = replace(start, model=model_settings, data=data)
        (folder / "config.toml").write_text(format_config(settings))
        features = open_features(corpus)
        facts = ModelFacts(
            label_bounds=(1.0, 7.0), corpus="own", corpus_version="1", wave_std=0.1,
            text_encoder=str(encoder), text_encoder_revision=features.revision,
            unlearned=unlearned,
        )  # fmt: skip
        torch.manual_seed(seed)
        model = build_model(model_settings, facts)
        with torch.no_grad():  # as training would: nothing at its neutral start
            for parameter in model.parameters():
                parameter.add_(0.05 * torch.randn_like(parameter))
        model.save_pretrained(folder / "best")
        return folder

    return make


@pytest.fixture(scope="session")
def run_folder(make_run, tmp_path_factory):
    """A run of the whole model; never written to."""
    return make_run(tmp_path_factory.mktemp("runs") / "whole")
