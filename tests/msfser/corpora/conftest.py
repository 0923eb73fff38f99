"""Look-alikes of corpora that cannot be shipped: their formats on disk, invented values."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner, Result

from msfser.commands.cli import main

RATE_HZ = 16000


def tone(length_s: float, f0_hz: float = 140.0) -> np.ndarray:
    """A harmonic tone that grows louder, with a trace of noise."""
    times_s = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    wave = sum(np.sin(2 * np.pi * f0_hz * k * times_s) / k for k in range(1, 8))
    noise = np.random.default_rng(5).normal(0, 1e-3, len(times_s))
    return 0.1 * wave * np.linspace(0.5, 1, len(times_s)) + noise


def write_wav(path: Path, length_s: float = 1.0) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, tone(length_s), RATE_HZ)


@pytest.fixture
def make_wav():
    """`write_wav`: path, seconds -> a recording."""
    return write_wav


@pytest.fixture
def run():
    """The command msfser corpus, with these arguments."""

    def run(*arguments: object) -> Result:
        return CliRunner().invoke(main, ["corpus", *map(str, arguments)])

    return run
