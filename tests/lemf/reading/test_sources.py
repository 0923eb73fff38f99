"""Recordings and TextGrids from bytes and file objects are those of the file, or one clear line."""

import io
import os
import tempfile
import zipfile

import numpy as np
import pytest
import soundfile

import lemf
from lemf.display.textgrid_output import format_textgrid
from lemf.errors import AudioError, TextGridError

READERS = [(lemf.read_audio, AudioError, "wav"), (lemf.read_textgrid, TextGridError, "textgrid")]


def whole(audio):
    (samples,) = audio.slices([(0, audio.n_samples)])
    return samples


@pytest.fixture
def zipped(utterance, tmp_path):
    """The recording as a member of an archive: seekable, but no file of its own."""
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(utterance.wav, "inside.wav")
    return zipfile.ZipFile(tmp_path / "a.zip").open("inside.wav")


def test_audio_from_anything_is_audio_from_its_path(utterance, zipped):
    content = utterance.wav.read_bytes()
    with tempfile.SpooledTemporaryFile() as spooled, utterance.wav.open("rb") as stream, zipped:
        spooled.write(content)
        buffers = (content, bytearray(content), memoryview(content), io.BytesIO(content))
        sources = (str(utterance.wav), *buffers, stream, spooled, zipped)
        read = [lemf.read_audio(source) for source in sources]
    for audio in read:
        assert audio.rate_hz == utterance.rate_hz
        np.testing.assert_array_equal(whole(audio), utterance.samples)
    names = [audio.name for audio in read]
    path = str(utterance.wav)
    assert names == [path, *["<bytes>"] * 3, "<file>", path, "<file>", "inside.wav"]


def test_a_textgrid_from_anything_is_that_of_its_path(utterance):
    path = utterance.textgrid
    content = path.read_bytes()
    with path.open("rb") as binary, path.open(encoding="utf-8") as lines:
        buffers = (content, bytearray(content), memoryview(content), io.BytesIO(content))
        sources = (*buffers, io.StringIO(content.decode()), binary, lines)
        read = [lemf.read_textgrid(source) for source in sources]
    assert all(grid == utterance.grid for grid in read)
    names = [grid.path for grid in read]
    assert names == [*["<bytes>"] * 3, "<file>", "<file>", str(path), str(path)]


@pytest.mark.parametrize("label", ["\u0259\u02b0 \U0001f600", 'say "so"', "\ud800", ""])
def test_the_text_of_a_textgrid_is_parsed_as_its_bytes_are(label):
    grid = lemf.TextGrid(
        0.0, 1.0, (lemf.IntervalTier("a", 0.0, 1.0, (lemf.Interval(0, 1, label),)),)
    )
    for text in (format_textgrid(grid), "\ufeff" + format_textgrid(grid).replace("\n", "\r\n")):
        assert lemf.parse_textgrid(text) == grid
    assert lemf.parse_textgrid(format_textgrid(grid)).path == "<TextGrid>"


def test_a_mark_of_byte_order_in_a_text_hides_no_string():
    text = '\ufeff"Praat chronological TextGrid text file"\n0 1\n1\n"TextTier" "a" 0 1\n1 0.5 "b"\n'
    (tier,) = lemf.parse_textgrid(text).tiers
    assert tier.points[0].label == "b"


@pytest.mark.parametrize("text", ["", " \n", "no TextGrid", "a.TextGrid"])
def test_a_text_that_is_no_textgrid_is_refused_by_its_name(text):
    with pytest.raises(TextGridError, match=r"^notes: (the file is empty;|not a TextGrid)[^\n]*$"):
        lemf.parse_textgrid(text, "notes")


def test_a_text_in_place_of_a_path_is_refused_with_the_remedy(utterance):
    for text in (utterance.textgrid.read_text(), "a\nb"):
        with pytest.raises(TextGridError, match=r"^'.{1,40}': not a path; parse_textgrid reads"):
            lemf.read_textgrid(text)


def test_score_takes_bytes_and_file_objects(utterance):
    expected = lemf.score(utterance.wav, utterance.textgrid)
    sound, grid = utterance.wav.read_bytes(), utterance.textgrid.read_bytes()
    for audio, textgrid in (
        (sound, grid),
        (bytearray(sound), memoryview(grid)),
        (io.BytesIO(sound), io.BytesIO(grid)),
        (io.BytesIO(sound), io.StringIO(grid.decode())),
    ):
        found = lemf.score(audio, textgrid)
        assert found.sentences == expected.sentences
    assert (found.audio, found.textgrid) == ("<file>", "<file>")
    with pytest.raises(TypeError, match="rate_hz goes with an array of samples"):
        lemf.score(sound, grid, rate_hz=16000)


@pytest.mark.parametrize(("read", "error", "kind"), READERS)
def test_a_file_object_is_read_from_its_start_and_stays_where_it_stood(
    utterance, read, error, kind
):
    stream = io.BytesIO(getattr(utterance, kind).read_bytes())
    stream.seek(100)
    first = read(stream)
    assert stream.tell() == 100
    second = read(stream)
    assert not stream.closed
    if kind == "wav":
        np.testing.assert_array_equal(whole(first), whole(second))
    else:
        assert first == second == utterance.grid


def test_a_long_recording_outlives_its_file_object(utterance, monkeypatch):
    monkeypatch.setattr("lemf.reading.audio.WHOLE_S", 0.1)
    with io.BytesIO(utterance.wav.read_bytes()) as stream:
        audio = lemf.read_audio(stream)
    assert not isinstance(audio._source, np.ndarray)
    np.testing.assert_array_equal(whole(audio), utterance.samples)


@pytest.mark.parametrize(("read", "error", "kind"), READERS)
def test_a_file_object_that_cannot_be_read_is_refused(utterance, read, error, kind, tmp_path):
    path = getattr(utterance, kind)
    closed = path.open("rb")
    closed.close()
    with pytest.raises(error, match=rf"{path.name}: the file object is closed; open the file"):
        read(closed)
    receiving, sending = os.pipe()
    os.close(sending)
    with (
        os.fdopen(receiving, "rb") as pipe,
        pytest.raises(error, match=r"^<file>: the file object cannot go back .* read\(\) returns"),
    ):
        read(pipe)
    with (
        (tmp_path / "out").open("wb") as stream,
        pytest.raises(error, match=r"out: the file object cannot be read \([^\n]*\)$"),
    ):
        read(stream)


def test_a_file_opened_as_text_is_refused(utterance, tmp_path):
    with pytest.raises(AudioError, match=r"^<file>: opened as text; .* binary mode, 'rb'$"):
        lemf.read_audio(io.StringIO("RIFF"))
    for path in (utterance.wav, utterance.textgrid):
        with (
            path.open(encoding="ascii") as stream,
            pytest.raises(AudioError, match=rf"{path.name}: opened as text; .* 'rb'$"),
        ):
            lemf.read_audio(stream)
    latin = tmp_path / "latin.TextGrid"
    latin.write_bytes(utterance.textgrid.read_bytes().replace(b'"two"', b'"zw\xf6"'))
    assert "zwö" in format_textgrid(lemf.read_textgrid(latin))
    with (
        latin.open(encoding="utf-8") as stream,
        pytest.raises(TextGridError, match=r"latin\.TextGrid: opened as text; .* 'rb'$"),
    ):
        lemf.read_textgrid(stream)


@pytest.mark.parametrize("content", [b"", b"this is text", b"RIFF\x24\0\0\0WAVE"])
def test_bytes_that_are_no_audio_are_refused_as_a_file_is(content):
    with pytest.raises(AudioError, match=r"^<bytes>: cannot be read as audio \([^\n]+\); convert"):
        lemf.read_audio(content)


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3", "aiff"])
def test_every_format_is_read_from_bytes(tmp_path, suffix):
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, 0.3 * np.sin(0.05 * np.arange(16000)), 16000)
    np.testing.assert_array_equal(
        whole(lemf.read_audio(path.read_bytes())), whole(lemf.read_audio(path))
    )
