"""What a start loads, and what the package never imports."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
HEAVY = ("scipy.signal", "matplotlib", "pyarrow", "torch", "pandas", "parselmouth")
ARGUMENTS = [str(EXAMPLES / "really.wav"), str(EXAMPLES / "really.TextGrid")]


def loaded(code, names):
    """Run code in a fresh interpreter; return those of the names that it loaded."""
    ending = f"\nimport sys\nprint('LOADED', *[n for n in {names!r} if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code + ending], capture_output=True, text=True, check=True
    )
    return done.stdout.rpartition("LOADED")[2].split()


def command(*arguments):
    return f"from lemf.commands.cli import main\nmain({list(arguments)!r}, standalone_mode=False)"


def test_the_probe_can_fail():
    assert loaded("import json", ("json", "scipy")) == ["json"]


def test_importing_lemf_loads_no_numpy():
    assert loaded("import lemf", ("numpy", "soundfile", *HEAVY)) == []


def test_help_loads_no_numpy_and_no_workers():
    names = (
        "numpy",
        "soundfile",
        "rich",
        "filelock",
        "multiprocessing",
        "concurrent.futures.process",
    )
    assert loaded(command("--help"), (*names, *HEAVY)) == []


@pytest.mark.parametrize(
    "name", ["score", "report", "serve", "batch", "rescore", "evaluate", "fit"]
)
def test_help_of_a_command_loads_no_numpy(name):
    assert loaded(command(name, "--help"), ("numpy", "soundfile", *HEAVY)) == []


@pytest.mark.parametrize("output_format", ["table", "json"])
def test_score_loads_nothing_heavy_unasked(output_format):
    code = command("score", *ARGUMENTS, "--format", output_format)
    assert loaded(code, ("soundfile", "pyworld", "multiprocessing", *HEAVY)) == ["soundfile"]
