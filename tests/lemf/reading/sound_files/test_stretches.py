import struct

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

import lemf
from lemf import AudioError, read_stretch

N_SAMPLES = 60_000
SPANS = [(0, N_SAMPLES), (0, 1), (1, 2), (17, 40_001), (4096, 8192), (59_999, N_SAMPLES), (9, 9)]
INTEGERS = [
    *(("wav", subtype) for subtype in ("PCM_U8", "PCM_16", "PCM_24", "PCM_32")),
    *(("wavex", subtype) for subtype in ("PCM_16", "PCM_24")),
    ("rf64", "PCM_16"),
    *(("flac", subtype) for subtype in ("PCM_S8", "PCM_16", "PCM_24")),
]
OTHERS = [
    ("wav", "FLOAT"),
    ("wav", "DOUBLE"),
    ("wav", "ULAW"),
    ("aiff", "PCM_16"),
    ("ogg", "VORBIS"),
]


def write(folder, kind, subtype, *, channels=1, rate_hz=16_000, n_samples=N_SAMPLES):
    samples = np.random.default_rng(0).normal(0, 0.3, (n_samples, channels)).clip(-1, 1)
    path = folder / f"a.{kind}"
    soundfile.write(path, samples, rate_hz, subtype=subtype, format=kind)
    return path


def whole(path):
    audio = lemf.read_audio(path)
    (samples,) = audio.slices([(0, audio.n_samples)])
    return samples.astype(np.float32)


@pytest.mark.parametrize("channels", [1, 2, 3, 8])
@pytest.mark.parametrize(("kind", "subtype"), INTEGERS)
def test_a_stretch_is_cut_from_the_whole_to_the_byte(tmp_path, kind, subtype, channels):
    path = write(tmp_path, kind, subtype, channels=channels)
    expected = whole(path)
    for start, stop in SPANS:
        stretch = read_stretch(path, start, stop)
        assert stretch.rate_hz == 16_000
        assert stretch.samples.dtype == np.float32
        assert stretch.samples.tobytes() == expected[start:stop].tobytes()
    assert read_stretch(path).samples.tobytes() == expected.tobytes()
    assert read_stretch(path, 50_000).samples.tobytes() == expected[50_000:].tobytes()


@given(st.integers(0, N_SAMPLES), st.integers(0, N_SAMPLES))
@settings(max_examples=40, deadline=None)
def test_any_stretch_of_flac_is_found(tmp_path_factory, one, other):
    path = tmp_path_factory.getbasetemp() / "any.flac"
    if not path.exists():
        write(path.parent, "flac", "PCM_16").rename(path)
    start, stop = sorted((one, other))
    assert read_stretch(path, start, stop).samples.tobytes() == whole(path)[start:stop].tobytes()


@pytest.mark.parametrize(("kind", "subtype"), OTHERS)
def test_what_is_decoded_whole_is_said(tmp_path, kind, subtype):
    path = write(tmp_path, kind, subtype)
    assert read_stretch(path, 5, 9) is None
    assert read_stretch(path) is None


def test_another_rate_is_not_read(tmp_path):
    path = write(tmp_path, "flac", "PCM_16", rate_hz=44_100)
    assert read_stretch(path, 0, 9, rate_hz=16_000) is None
    assert read_stretch(path, 0, 9, rate_hz=44_100).rate_hz == 44_100


def test_only_the_stretch_is_decoded(tmp_path):
    path = write(tmp_path, "flac", "PCM_16", n_samples=1_000_000)
    content = bytearray(path.read_bytes())
    content[1000:-100_000] = bytes(len(content) - 101_000)  # its start no longer decodes
    path.write_bytes(content)
    with pytest.raises(AudioError, match="damaged"):
        whole(path)
    assert len(read_stretch(path, 990_000, 999_000).samples) == 9000


def test_joined_recordings_and_lengths_beyond_the_header_are_left_to_the_whole(tmp_path):
    path = write(tmp_path, "flac", "PCM_16")
    content = path.read_bytes()
    joined = tmp_path / "joined.flac"
    joined.write_bytes(content + content)
    assert read_stretch(joined, 0, 9) is None
    assert read_stretch(path, 0, N_SAMPLES + 1) is None
    # a header that says less, or nothing
    for claimed in (100, 0):
        field = int.from_bytes(content[21:26], "big") >> 36 << 36 | claimed
        path.write_bytes(content[:21] + field.to_bytes(5, "big") + content[26:])
        assert read_stretch(path, 0, 200) is None
        assert read_stretch(path).samples.tobytes() == whole(path).tobytes()
        assert len(whole(path)) == N_SAMPLES


def test_a_wav_that_is_cut_off_or_names_no_length_is_read_as_the_whole_is(tmp_path):
    path = write(tmp_path, "wav", "PCM_16")
    content = path.read_bytes()
    for changed in (content[:-60_001], content.replace(content[40:44], struct.pack("<I", 0), 1)):
        path.write_bytes(changed)
        expected = whole(path)
        n_samples = len(expected)
        assert n_samples > 20_000
        assert read_stretch(path).samples.tobytes() == expected.tobytes()
        assert read_stretch(path, 5, n_samples).samples.tobytes() == expected[5:].tobytes()
        assert read_stretch(path, 5, n_samples + 1) is None


def test_what_cannot_be_read_is_an_error_as_of_the_whole(tmp_path):
    path = write(tmp_path, "flac", "PCM_16")
    cut = tmp_path / "cut.flac"
    cut.write_bytes(path.read_bytes()[:-20_000])
    with pytest.raises(AudioError, match="cut off near"):
        read_stretch(cut)
    assert read_stretch(cut, 59_000, N_SAMPLES) is None
    with pytest.raises(AudioError, match="no such recording"):
        read_stretch(tmp_path / "none.wav")
    empty = tmp_path / "empty.wav"
    soundfile.write(empty, np.empty(0), 16_000)
    assert read_stretch(empty) is None
    assert read_stretch(empty, 0, 5) is None
    low = tmp_path / "low.wav"
    soundfile.write(low, np.zeros(9), 4000)
    with pytest.raises(AudioError, match="a rate of 4000 Hz"):
        read_stretch(low)


def test_a_file_that_grows_while_it_is_read_is_left_to_the_whole(tmp_path, monkeypatch):
    path = write(tmp_path, "wav", "PCM_16")
    from lemf.reading.sound_files.decoding import Decoder

    blocks = Decoder.blocks

    def growing(self):
        yield from blocks(self)
        with path.open("ab") as stream:
            stream.write(bytes(2))

    monkeypatch.setattr(Decoder, "blocks", growing)
    assert read_stretch(path) is None
