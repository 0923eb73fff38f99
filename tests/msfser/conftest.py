"""One core for torch, in the tests and in the processes that they start: the models are small."""

import os
import socket
import subprocess

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported

from pathlib import Path

import numpy as np
import pytest
import soundfile


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
    from msfser.corpora.mechanism import draw_sentence
    from msfser.corpora.mechanism_files import ES_NAME, write_mechanism
    from msfser.semantics.description import emotions_of
    from msfser.semantics.encoding import encode_texts
    from msfser.semantics.es_import import import_descriptions
    from msfser.semantics.gs import take_transcripts
    from msfser.semantics.store import Text, read_texts, update_texts
    from msfser.semantics.text_encoder import load_text_encoder
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


@pytest.fixture
def run_two_ranks():
    """Run a command as two processes that know each other; both must succeed."""

    def run(command: list[object]) -> None:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port = str(listener.getsockname()[1])
        group = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}
        processes = [
            subprocess.Popen(
                [str(part) for part in command],
                env={**os.environ, **group, "RANK": str(rank), "LOCAL_RANK": str(rank)},
                stderr=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                text=True,
            )
            for rank in range(2)
        ]
        for process in processes:
            _, said = process.communicate(timeout=120)
            assert process.returncode == 0, said

    return run
