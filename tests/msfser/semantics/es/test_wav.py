import io

import numpy as np
import pytest
import soundfile

import lemf
from msfser.errors import SemanticsError
from msfser.semantics.es.wav import wav_bytes


def test_a_wav_goes_as_it_is_and_others_become_one(tmp_path):
    samples = 0.5 * np.sin(np.arange(800) / 5)
    wav, flac = tmp_path / "a.wav", tmp_path / "a.flac"
    soundfile.write(wav, samples, 8000, subtype="PCM_16")
    soundfile.write(flac, np.stack([samples, samples], axis=1), 8000, subtype="PCM_16")
    assert wav_bytes(wav) == wav.read_bytes()
    read, rate_hz = soundfile.read(io.BytesIO(wav_bytes(flac)))
    assert rate_hz == 8000
    np.testing.assert_allclose(read, samples, rtol=0, atol=2**-15)


def test_what_cannot_be_read_is_said(tmp_path):
    with pytest.raises(SemanticsError, match=r"a\.wav: cannot be read \(No such file"):
        wav_bytes(tmp_path / "a.wav")
    (tmp_path / "a.flac").write_bytes(b"no flac")
    with pytest.raises(lemf.LemfError, match=r"a\.flac"):
        wav_bytes(tmp_path / "a.flac")


def test_what_is_only_named_wav_is_converted(tmp_path):
    samples = 0.3 * np.sin(0.1 * np.arange(8000))
    path = tmp_path / "a.wav"
    with path.open("wb") as stream:
        soundfile.write(stream, samples, 8000, format="AU", subtype="PCM_16")
    read, rate_hz = soundfile.read(io.BytesIO(wav_bytes(path)))
    assert rate_hz == 8000
    np.testing.assert_allclose(read, samples, rtol=0, atol=2**-14)
