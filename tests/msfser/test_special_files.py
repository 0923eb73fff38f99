"""No file that msfser opens may be a pipe, a device or a socket: it could never end."""

import os
from pathlib import Path

import pytest

from lemf import LemfError
from msfser.ablation.rows import read_ablation
from msfser.config.files import read_config
from msfser.corpora.text_files import read_lines, read_text
from msfser.errors import ManifestError
from msfser.parquet import read_parquet
from msfser.prediction.speech_files import SpeechFile
from msfser.semantics.es.wav import wav_bytes

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")


@pytest.mark.parametrize(
    ("read", "suffix"),
    [
        (read_config, "toml"),
        (read_ablation, "toml"),
        (read_text, "csv"),
        (read_lines, "csv"),
        (wav_bytes, "wav"),
        (wav_bytes, "flac"),
        (lambda path: SpeechFile(wav=Path("a.wav"), transcript=path).read_transcript(), "csv"),
        (lambda path: read_parquet(path, (), ManifestError, "msfser corpus"), "parquet"),
    ],
)
def test_no_reader_waits_for_a_pipe(pipes, read, suffix):
    with pytest.raises(LemfError, match=rf"^p\.{suffix}: this is a pipe, not a file"):
        read(Path(f"p.{suffix}"))
