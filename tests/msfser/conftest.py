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
