"""Each import contract of pyproject.toml holds, and breaks where a forbidden import is planted."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"
# contract: file of the copy (a new one where there is none) and the import planted into it
FORBIDDEN = {
    "The rooms of lemf": ("lemf/cues/zscore.py", "from lemf.scoring import ranking"),
    "The rooms of msfser": ("msfser/ccc.py", "from msfser.model import film"),
    "No circle between modules or folders, at any depth": (
        "lemf/reading/formats/praat_tokens.py",
        "from lemf.reading import alignment_files",
    ),
    "Figure 1: the boxes do not know each other, msf_ser wires them": (
        "msfser/model/film.py",
        "def late():\n    from msfser.model import heads",
    ),
    "msfser enters lemf by its public names and lemf.runtime only": (
        "msfser/new_file.py",
        "from lemf.corpus import listing",
    ),
    "lemf never imports msfser or a deep-learning library": ("lemf/new_file.py", "import torch"),
    "Only lemf.reading.sound_files reads and writes sound files": (
        "lemf/reading/channel_mixing.py",
        "import soundfile",
    ),
    "Only lemf.contours.pitch and lemf.aligner.external know other programs for speech": (
        "lemf/contours/new_file.py",
        "import pyworld",
    ),
    "Only lemf.aligner.espeak_client finds espeak-ng, and its process loads it": (
        "lemf/aligner/transcript.py",
        "def late():\n    import ctypes",
    ),
    "Only lemf.display and the figure of an evaluation draw": (
        "lemf/corpus/run.py",
        "def late():\n    import matplotlib.pyplot",
    ),
    "Only lemf.corpus.parquet, lemf.corpus.feature_file and lemf.reading.rows know Parquet": (
        "lemf/agreement/labels/files.py",
        "import pyarrow.parquet",
    ),
    "Only lemf.runtime.locks locks files": (
        "lemf/corpus/parts.py",
        "def late():\n    import filelock",
    ),
    "Only lemf.runtime.cluster knows a cluster": (
        "msfser/training/ranks/ranks.py",
        "from distributed import Client",
    ),
    "msfser reads sound files by lemf alone": (
        "msfser/data/clips.py",
        "import soundfile",
    ),
    "Only msfser.model.onnx.export writes ONNX, and msfser.prediction.onnx_model runs it": (
        "msfser/new_file.py",
        "import onnxruntime",
    ),
    "Only msfser.parquet knows Parquet": (
        "msfser/prediction/files.py",
        "def late():\n    import pyarrow.parquet",
    ),
    "Only the figures of msfser draw, and msfser.outputs renders them": (
        "msfser/evaluation/report.py",
        "from matplotlib.figure import Figure",
    ),
    "Only msfser.semantics.es sends requests": (
        "msfser/model/hub.py",
        "def late():\n    import httpx",
    ),
    "Only WavLM, the text encoders and Whisper come from transformers": (
        "msfser/model/msf_ser.py",
        "import transformers",
    ),
    "Only msfser.data.clips resamples": (
        "msfser/semantics/es/wav.py",
        "import soxr",
    ),
    "Only weights and text vectors are safetensors": (
        "msfser/training/state.py",
        "import safetensors.torch",
    ),
    "Only msfser.config.files writes TOML": (
        "msfser/training/run_folder.py",
        "import tomli_w",
    ),
    "Only lemf.transcription.whisper knows faster-whisper": (
        "lemf/transcription/word_source.py",
        "def late():\n    import faster_whisper",
    ),
    "Only msfser.corpora.datasets knows Hugging Face datasets": (
        "msfser/corpora/table.py",
        "def late():\n    import datasets",
    ),
    "Only msfser.semantics.whisper knows faster-whisper": (
        "msfser/semantics/gs.py",
        "import faster_whisper",
    ),
    "Inside msfser.semantics: the texts at the bottom, ES above all": (
        "msfser/semantics/gs.py",
        "def late():\n    from msfser.semantics.es import description",
    ),
}


def check_contracts(folder):
    """Run import-linter on the packages in a folder; return its exit code and its report."""
    done = subprocess.run(
        [sys.executable, "-c", LINT, "--no-cache"],
        cwd=folder, capture_output=True, text=True,
    )  # fmt: skip
    return done.returncode, re.sub(r"\x1b\[\d+m", "", done.stdout + done.stderr)  # colours


@pytest.fixture
def copy(tmp_path):
    """A copy of the Python files of both packages, and of the contracts."""
    for package in ("lemf", "msfser"):
        shutil.copytree(
            ROOT / package,
            tmp_path / package,
            ignore=lambda folder, names: [
                name
                for name in names
                if not name.endswith(".py") and not (Path(folder) / name).is_dir()
            ],
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_all_contracts_are_kept_and_each_is_tried_here(copy):
    code, report = check_contracts(copy)
    assert code == 0, report
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    names = [contract["name"] for contract in settings["tool"]["importlinter"]["contracts"]]
    assert sorted(names) == sorted(FORBIDDEN)


@pytest.mark.parametrize("contract", FORBIDDEN)
def test_a_forbidden_import_breaks_its_contract(copy, contract):
    file, statement = FORBIDDEN[contract]
    with (copy / file).open("a", encoding="utf-8") as stream:
        stream.write(f"\n\n{statement}\n")
    code, report = check_contracts(copy)
    assert code == 1, report
    assert f"{contract} BROKEN" in " ".join(report.split())


def test_a_new_file_at_its_place_needs_no_edit_of_the_contracts(copy):
    for place in ("lemf/cues/new_cue.py", "msfser/corpora/new_corpus.py", "lemf/commands/new.py"):
        (copy / place).write_text("from lemf import errors\n" if "lemf/" in place else "")
    code, report = check_contracts(copy)
    assert code == 0, report
