import io
import unicodedata
from pathlib import Path

import pytest

from lemf import AlignerError
from lemf.errors import SettingsError
from lemf.transcription.text_files import find_transcript, read_transcript

CHINESE = "人人生而自由,在尊严和权利上一律平等"
GERMAN = "Für später über schöne Straßen"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_unicode_is_read_without_a_note(tmp_path, encoding):
    path = tmp_path / "a.txt"
    path.write_bytes(("Hello, " + CHINESE).encode(encoding))
    transcript = read_transcript(path)
    assert transcript.text == "Hello, " + CHINESE
    assert transcript.path == str(path)
    assert transcript.notes == ()


@pytest.mark.parametrize(
    ("text", "encoding", "name"), [(CHINESE, "gbk", "GBK"), (GERMAN, "latin-1", "Windows-1252")]
)
def test_a_code_page_is_read_as_the_bytes_tell_with_a_note(tmp_path, text, encoding, name):
    path = tmp_path / "a.txt"
    path.write_bytes(text.encode(encoding))
    transcript = read_transcript(path)
    assert transcript.text == text
    (note,) = transcript.notes
    assert note.startswith(f"the transcript is not UTF-8; read as {name}")
    assert read_transcript(path, encoding=encoding).notes == ()


def test_bytes_and_files_are_read_like_paths():
    for source in (b"\xff\xfeh\0i\0", io.BytesIO(b"hi"), io.StringIO("hi")):
        assert read_transcript(source).text == "hi"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "a.txt: the text is empty; write what is said"),
        (b"\xef\xbb\xbf \n", "a.txt: the text is empty"),
        (b"RIFF\0\0\0\0WAVEfmt \x10\0", "a.txt: not a text but a recording; give the words"),
        (b"\x7fELF\0\0", "a.txt: not a text; give the words"),
        (b"0.0\t0.4\tso\n0.4\t0.9\tit\n", "a.txt: not a plain text but labels with times; give"),
        (b'{"words": []}', "a.txt: not a plain text but JSON; give"),
        (b"a 1 0.00 0.40 so\na 1 0.40 0.50 it\n", "a.txt: not a plain text but labels with"),
        (b"0 4000000 so\n4000000 9000000 it\n", "a.txt: not a plain text but labels with times"),
        (b'File type = "ooTextFile"\n', "a.txt: not a plain text but a TextGrid"),
        (b"\xff\xfea", "a.txt: damaged UTF-16 at byte 2; export the transcript again"),
    ],
)
def test_what_is_no_text_is_refused_in_one_line(tmp_path, monkeypatch, content, message):
    monkeypatch.chdir(tmp_path)
    Path("a.txt").write_bytes(content)
    with pytest.raises(AlignerError, match=message):
        read_transcript("a.txt")


@pytest.mark.parametrize(
    "text", ["Speaker of the house", "0.5 1.5 litres", "FORMER president", "[laughs] so", "1 2 3"]
)
def test_what_may_be_read_aloud_is_a_text(text):
    assert read_transcript(text.encode()).text == text


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(AlignerError, match=r"no\.txt: there is no such transcript"):
        read_transcript(tmp_path / "no.txt")
    with pytest.raises(AlignerError, match="cannot be read"):
        read_transcript(tmp_path)
    with pytest.raises(SettingsError, match="unknown encoding 'klingon'"):
        read_transcript(b"hi", encoding="klingon")
    with pytest.raises(AlignerError, match="byte 0 is not ascii; name another with --encoding"):
        read_transcript("é".encode(), encoding="ascii")


def test_beside_a_recording_the_first_suffix_counts(tmp_path):
    audio = str(tmp_path / "talk.one.wav")
    assert find_transcript(audio) is None
    (tmp_path / "talk.txt").touch()  # of another recording
    (tmp_path / "talk.one.txt").mkdir()
    assert find_transcript(audio) is None
    (tmp_path / "talk.one.txt").rmdir()
    for name in ("talk.one.lab", "talk.one.txt"):
        (tmp_path / name).touch()
        assert find_transcript(audio) == str(tmp_path / name)


def test_beside_a_recording_the_normal_form_of_a_name_does_not_count(tmp_path):
    composed, decomposed = (unicodedata.normalize(form, "été") for form in ("NFC", "NFD"))
    (tmp_path / f"{decomposed}.txt").touch()
    found = find_transcript(str(tmp_path / f"{composed}.wav"))
    assert found == str(tmp_path / f"{decomposed}.txt")


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("1\n00:00,000 --> 00:01,000\n<i>So it</i>\nis\n\n2\n00:01,000 --> 00:02,000\nis\n",
         "So it\nis\nis"),
        ("WEBVTT\n\n00:00.000 --> 00:01.000\n[Music]\nSo\n", "So"),
        ("WEBVTT\n\n00:00.000 --> 00:01.000\nSo<00:00.500> it\n\n00:01.000 --> 00:01.010\nSo it\n",
         "So it"),
    ],
)  # fmt: skip
def test_what_subtitles_say_is_a_transcript(content, text):
    transcript = read_transcript(content.encode())
    assert transcript.text == text
    assert transcript.notes == ("the words are those of subtitles, whose times are not used",)
