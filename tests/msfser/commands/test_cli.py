import subprocess
import sys

import pytest
from click.testing import CliRunner

from msfser.commands.cli import main
from msfser.manifest import Manifest, Utterance, write_manifest


def test_help_names_the_commands_and_loads_no_heavy_package():
    code = (
        "import sys\n"
        "from msfser.commands.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "heavy = {'torch', 'transformers', 'matplotlib', 'pyarrow', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Usage:" in done.stdout


def test_a_gpu_without_memory_is_one_line_and_a_fault_of_msfser_is_not(tmp_path, monkeypatch):
    torch = pytest.importorskip("torch")
    pytest.importorskip("msfser.training.folds")  # imported later, it would keep what stands in
    raised = [torch.OutOfMemoryError("CUDA out of memory. Tried to allocate"), RuntimeError("bug")]

    def fail(*_, **__):
        raise raised.pop(0)

    monkeypatch.setattr("msfser.training.train.train", fail)
    rows = tuple(
        Utterance(id=split, wav="a.wav", split=split, arousal=2.0)
        for split in ("train", "development")
    )
    manifest = Manifest(
        utterances=rows, corpus="own", version="", root=tmp_path, label_bounds=(1.0, 5.0)
    )
    write_manifest(tmp_path / "manifest.parquet", manifest)
    run = str(tmp_path / "run")
    arguments = ["train", "--preset", "voice", "--data", str(tmp_path), "-o", run]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: the GPU's memory ran out; train with a larger")
    assert str(CliRunner().invoke(main, arguments).exception) == "bug"


def test_version():
    result = CliRunner().invoke(main, ["--version"])
    assert result.exit_code == 0
    assert result.output.startswith("msfser, version ")
