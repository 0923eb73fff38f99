"""Lengths in headers that are wrong, and recordings joined in one file: the samples decide."""

import io
import re
import struct
import time

import numpy as np
import pytest
import soundfile

import lemf

RATE_HZ = 16000
N_SAMPLES = 32_000
LOSSY_STEP = 0.02  # of an MP3 at the default rate of the encoder
PCM_16_STEP = 2**-15


def tone(n_samples=N_SAMPLES):
    t = np.arange(n_samples) / RATE_HZ
    return 0.4 * np.sin(2 * np.pi * 180 * t) * np.linspace(0.2, 1, n_samples)


def encoded(kind, subtype=None, samples=None, rate_hz=RATE_HZ):
    stream = io.BytesIO()
    soundfile.write(stream, tone() if samples is None else samples, rate_hz, subtype, format=kind)
    return stream.getvalue()


def replaced(content, at, code, value):
    new = struct.pack(code, value)
    return content[:at] + new + content[at + len(new) :]


def read(content):
    """Read by lemf; the length that the corpus tables of msfser record must be the same."""
    audio = lemf.read_audio(content)
    assert lemf.read_duration(content) == audio.duration_s
    (samples,) = audio.slices([(0, audio.n_samples)])
    return samples, audio.notes


def says(claimed_s, held_s):
    return f"the header says {claimed_s:.3f} s, the file holds {held_s:.3f} s, all read"


LENGTH_FIELDS = {  # kind: (subtype, name before the field of the length, its code, bytes added)
    "WAV": ("PCM_16", b"data", "<I", 0),
    "AIFF": ("PCM_16", b"SSND", ">I", 8),
    "CAF": ("PCM_16", b"data", ">q", 4),
    "AU": ("PCM_16", None, ">I", 0),
    "RF64": ("PCM_16", None, "<Q", 0),
}


def field_of(kind, content):
    _, name, code, added = LENGTH_FIELDS[kind]
    if kind == "AU":
        return 8, code, added
    if kind == "RF64":
        return content.index(b"ds64") + 16, code, added
    return content.index(name) + 4, code, added


@pytest.mark.parametrize("kind", LENGTH_FIELDS)
@pytest.mark.parametrize(("factor", "claimed_s"), [(0.5, 1.0), (2.0, 4.0), (0.0, None)])
def test_a_wrong_length_of_the_data_is_read_to_the_end(kind, factor, claimed_s):
    content = encoded(kind, LENGTH_FIELDS[kind][0])
    at, code, added = field_of(kind, content)
    n_bytes = int(2 * N_SAMPLES * factor)
    samples, notes = read(replaced(content, at, code, n_bytes + added if n_bytes else 0))
    assert len(samples) == N_SAMPLES
    np.testing.assert_allclose(samples, tone(), rtol=0, atol=PCM_16_STEP)
    assert notes == (() if claimed_s is None else (says(claimed_s, 2.0),))


@pytest.mark.parametrize(
    ("kind", "unknown"),
    [
        *[("WAV", length) for length in (0xFFFF_FFFF, 0x7FFF_FFFF, 0xFFFF_FFDB, 0x7FFF_F000)],
        ("AIFF", 0xFFFF_FFFF),
        ("AU", 0xFFFF_FFFF),
        ("CAF", -1),
    ],
)
def test_a_length_that_stands_for_unknown_is_read_to_the_end_without_a_note(kind, unknown):
    content = encoded(kind, "PCM_16")
    at, code, _ = field_of(kind, content)
    samples, notes = read(replaced(content, at, code, unknown))
    assert (len(samples), notes) == (N_SAMPLES, ())


@pytest.mark.parametrize("kind", ["WAV", "AIFF", "CAF", "AU", "RF64"])
def test_a_file_that_is_cut_off_is_noted(kind):
    content = encoded(kind, "PCM_16")
    samples, notes = read(content[:-N_SAMPLES])  # half of the bytes: the data come last
    assert len(samples) == N_SAMPLES // 2
    assert notes == (says(2.0, 1.0),)


@pytest.mark.parametrize(
    "behind",
    [
        b"LIST\x04\0\0\0INFO",
        b"TAG" + b"x" * 125,
        b"ID3\x04\0\0\0\0\x01\0" + b"\xab" * 128,
        b"\0" * 5000,
        b"\xab\xcd",
    ],
)
def test_what_is_no_sound_behind_the_data_stays_unread(behind):
    samples, notes = read(encoded("WAV", "PCM_16") + behind)
    assert (len(samples), notes) == (N_SAMPLES, ())


def flac_of(total):
    content = encoded("FLAC", "PCM_16")
    field = int.from_bytes(content[18:26], "big") >> 36 << 36 | total
    return content[:18] + field.to_bytes(8, "big") + content[26:]


@pytest.mark.parametrize(
    ("total", "claimed_s"),
    [(0, None), (N_SAMPLES, None), (N_SAMPLES // 2, 1.0), (2 * N_SAMPLES, 4.0)],
)
@pytest.mark.parametrize("behind", [b"", b"TAG" + b"x" * 125])
def test_flac_is_decoded_to_its_end_whatever_its_header_says(total, claimed_s, behind):
    samples, notes = read(flac_of(total) + behind)
    np.testing.assert_allclose(samples, tone(), rtol=0, atol=PCM_16_STEP)
    assert notes == (() if claimed_s is None else (says(claimed_s, 2.0),))


def test_a_flac_file_that_is_cut_off_is_refused_with_the_place():
    content = encoded("FLAC", "PCM_16")
    with pytest.raises(lemf.AudioError, match=r"cut off near (0\.7|0\.8|1\.0)\d+ s"):
        lemf.read_audio(content[: len(content) // 2])
    damaged = content[: len(content) // 2] + b"\xff\xf8" * 200 + content[len(content) // 2 + 400 :]
    with pytest.raises(lemf.AudioError, match=r"damaged near \d\.\d+ s"):
        lemf.read_audio(damaged)


@pytest.mark.parametrize(
    ("kind", "subtype", "step"),
    [
        ("OGG", "VORBIS", 0.05),
        ("FLAC", "PCM_16", PCM_16_STEP),
        ("MP3", None, LOSSY_STEP),
        ("WAV", "PCM_16", PCM_16_STEP),
        ("AIFF", "PCM_16", PCM_16_STEP),
    ],
)
def test_joined_recordings_are_read_one_after_the_other(kind, subtype, step):
    first, second = encoded(kind, subtype), encoded(kind, subtype, -tone())
    samples, notes = read(first + second + first)
    expected = np.concatenate([tone(), -tone(), tone()])
    assert len(samples) == len(expected)
    np.testing.assert_allclose(samples, expected, rtol=0, atol=step)
    assert notes == ("3 recordings joined in the file were read one after the other",)


def test_joined_recordings_of_opus_are_read_as_each_alone():
    first, second = encoded("OGG", "OPUS"), encoded("OGG", "OPUS", -tone())
    expected = np.concatenate([read(first)[0], read(second)[0]])
    np.testing.assert_array_equal(read(first + second)[0], expected)


def test_joined_recordings_are_read_in_blocks_as_in_memory(tmp_path, monkeypatch):
    path = tmp_path / "a.ogg"
    path.write_bytes(encoded("OGG") + encoded("OGG"))
    whole, _ = read(path)
    monkeypatch.setattr("lemf.reading.audio.WHOLE_S", 1.0)
    spans = [(0, 100), (50, 31_990), (31_980, 32_020), (60_000, 64_000)]
    for (start, stop), samples in zip(spans, lemf.read_audio(path).slices(spans), strict=True):
        np.testing.assert_array_equal(samples, whole[start:stop])


@pytest.mark.parametrize(
    ("rate_hz", "samples"), [(8000, tone()), (RATE_HZ, np.stack([tone(), tone()], axis=1))]
)
def test_joined_recordings_that_differ_are_refused(rate_hz, samples):
    content = encoded("OGG") + encoded("OGG", None, samples, rate_hz)
    with pytest.raises(lemf.AudioError, match="joins recordings that differ: number 1 has 16000"):
        lemf.read_audio(content)


def xing(content):
    """Return the place of the name in the first frame of an MP3 file."""
    return re.search(rb"Xing|Info", content).start()


def test_the_frames_of_an_mp3_are_counted():
    content = encoded("MP3")
    at = xing(content) + 8
    (n_frames,) = struct.unpack(">I", content[at : at + 4])
    samples, notes = read(replaced(content, at, ">I", n_frames // 2))
    assert len(samples) == N_SAMPLES
    (note,) = notes
    assert re.match(r"the header says (0\.9|1\.0)\d+ s, the file holds 2\.000 s", note)


@pytest.mark.parametrize("rate_hz", [8000, 16000, 32000, 44100, 48000])
@pytest.mark.parametrize("channels", [1, 2])
def test_an_mp3_of_a_varying_rate_that_names_no_length_is_decoded_to_its_end(rate_hz, channels):
    sound = np.concatenate([np.zeros(N_SAMPLES), tone(), np.zeros(N_SAMPLES)])
    content = encoded("MP3", None, np.stack([sound] * channels, axis=1), rate_hz)
    at = xing(content)
    nameless = content[:at] + b"\0" * 4 + content[at + 4 :]
    samples, notes = read(nameless)
    # the frame without sound, and the delay and padding of the encoder
    assert 3 * N_SAMPLES <= len(samples) <= 3 * N_SAMPLES + 4 * 1152
    assert [note for note in notes if "channels" not in note] == []


@pytest.mark.parametrize(
    "before",
    [
        b"ID3\x04\0\0\0\0\0\0",
        b"ID3\x04\0\0\0\0\0\x0a" + b"\0" * 10,
        b"ID3\x03\0\0\0\0\0\x05" + b"\xff" * 5 + b"ID3\x04\0\0\0\0\0\0",
        b"\0" * 1000,
        b"junk\xff" * 300,
    ],
)
def test_what_precedes_an_mp3_is_passed_over(before):
    content = encoded("MP3")
    np.testing.assert_array_equal(read(before + content)[0], read(content)[0])


def test_an_mp3_that_is_cut_off_is_noted(capfd):
    content = encoded("MP3")
    samples, (note,) = read(content[: len(content) // 2])
    assert 0.3 * N_SAMPLES < len(samples) < 0.6 * N_SAMPLES
    assert note.startswith("the header says 2.000 s, the file holds ")
    assert capfd.readouterr().err == ""  # libsndfile's decoder prints warnings


NIST = (
    "NIST_1A\n   1024\nchannel_count -i 1\nsample_rate -i 16000\nsample_n_bytes -i 2\n"
    "sample_sig_bits -i 16\nsample_coding -s{} {}\nsample_byte_format -s2 01\n"
    "sample_count -i {}\nend_head\n"
)


def nist(n_claimed=N_SAMPLES, coding="pcm"):
    head = NIST.format(len(coding), coding, n_claimed).encode()
    return head.ljust(1024, b"\0") + np.round(tone() * 32768).astype("<i2").tobytes()


@pytest.mark.parametrize("suffix", ["WAV", "wav", "sph", "flac", "mp3", "txt", ""])
def test_the_suffix_of_a_file_does_not_matter(tmp_path, suffix):
    for content in (nist(), *(encoded(kind, "PCM_16") for kind in ("AU", "CAF", "W64", "VOC"))):
        path = tmp_path / f"a.{suffix}"
        path.write_bytes(content)
        samples, notes = read(path)
        np.testing.assert_allclose(samples, tone(), rtol=0, atol=2 * PCM_16_STEP)
        assert notes == ()


def test_the_sample_count_of_nist_sphere_is_checked():
    assert read(nist(2 * N_SAMPLES))[1] == (says(4.0, 2.0),)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\0\0\0\x18ftypM4A \0\0\0\0", "an MPEG-4 file, such as m4a or mp4"),
        (b"<!DOCTYPE html><html>404</html>", "an HTML page"),
        (b"\xff\xf1\x50\x80" + b"\x55" * 50, "an AAC file"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer: git lfs pull"),
        (b"PK\x03\x04" + b"\0" * 50, "a zip archive"),
        (nist(coding="pcm,embedded-shorten-v2.00"), "NIST SPHERE with Shorten: use sph2pipe"),
        (b"\xff\xfe" + "text".encode("utf-16-le") * 400, "Format not recognised"),
        (b"ID3\x04\0\0\0\0\0\x05" + b"\0" * 500, "Format not recognised"),
    ],
)
def test_what_is_no_sound_is_refused_by_its_kind(tmp_path, capfd, content, kind):
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(lemf.AudioError) as refusal:
        lemf.read_audio(path)
    assert str(refusal.value).startswith(f"{path}: cannot be read as audio ({kind}")
    assert capfd.readouterr().err == ""


def test_lengths_that_no_file_has_take_no_memory():
    content = encoded("CAF", "PCM_16")
    at = field_of("CAF", content)[0]
    samples, _ = read(replaced(content, at, ">q", 2**62))
    assert len(samples) == N_SAMPLES
    assert len(read(flac_of(2**36 - 1))[0]) == N_SAMPLES


def test_a_thousand_recordings_are_joined_and_no_more():
    one = encoded("WAV", "PCM_16", tone(10))
    assert len(read(one * 1000)[0]) == 10_000
    with pytest.raises(lemf.AudioError, match="joins more than 1000 recordings"):
        lemf.read_audio(one * 1001)


@pytest.mark.parametrize(
    "many",
    [
        b"OggS\0\x02",
        b'fLaC\0\0\0"',
        b"ID3\x04\0\0\0\0\0\0",
        b"RIFF\0\0\0\0WAVEdata\0\0\0\0",
        b"\xff\xf3\x88\xc4" + b"\0" * 9 + b"Xing",
        b"\xff\xfb\x90\x00",
        b"\xff",
    ],
)
def test_what_looks_like_a_million_recordings_is_refused_at_once(many):
    started_s = time.process_time()
    with pytest.raises(lemf.AudioError):
        lemf.read_audio(many * (8_000_000 // len(many)))
    assert time.process_time() - started_s < 5.0  # a tenth of a second; a minute without a bound


def test_chunks_without_end_are_passed_over_in_bounded_time():
    started_s = time.process_time()
    content = encoded("WAV", "PCM_16") + b"junk\0\0\0\0" * 1_000_000
    assert len(read(content)[0]) == N_SAMPLES
    assert time.process_time() - started_s < 5.0
