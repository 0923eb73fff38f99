import os
import socket
import threading
from pathlib import Path

import pytest

from lemf.errors import CorpusError, LemfError
from lemf.runtime.input import check_descriptor, check_input, read_input, read_text_input


@pytest.fixture
def special(tmp_path, monkeypatch):
    """Return a function that makes what is no regular file, of one kind."""
    held = []

    def make(kind):
        path = tmp_path / kind
        if kind == "device":
            return Path("/dev/zero")
        if kind == "pipe":
            os.mkfifo(path)
        elif kind == "link to a pipe":
            os.mkfifo(tmp_path / "target")
            path.symlink_to("target")
        else:
            monkeypatch.chdir(tmp_path)  # the path of a socket must be short
            held.append(socket.socket(socket.AF_UNIX))
            held[0].bind(path.name)
        return path

    yield make
    for one in held:
        one.close()


@pytest.mark.parametrize("kind", ["pipe", "link to a pipe", "device", "socket"])
@pytest.mark.parametrize("read", [check_input, read_input, read_text_input])
def test_what_is_no_regular_file_is_refused_before_it_is_opened(special, kind, read):
    path = special(kind)
    name = kind.removeprefix("link to a ")
    with pytest.raises(CorpusError, match=f"^{path}: this is a {name}, not a file; save what"):
        read(path, CorpusError)


def test_missing_files_and_folders_are_left_to_the_opening(tmp_path):
    for path in (tmp_path, tmp_path / "gone", "nul\0"):
        check_input(path, LemfError)
    with pytest.raises(FileNotFoundError):
        read_input(tmp_path / "gone", LemfError)
    with pytest.raises(IsADirectoryError):
        read_input(tmp_path, LemfError)


def test_regular_files_are_read_whole(tmp_path):
    path = tmp_path / "a"
    for content in (b"", b"a\r\nb\rc\n\xc3\xa9", bytes(range(256)) * 1000):
        path.write_bytes(content)
        assert read_input(path, LemfError, most_bytes=len(content)) == content
    path.write_bytes(b"\xef\xbb\xbfa\r\nb\rc\n\xc3\xa9")
    assert read_text_input(path, LemfError) == "a\nb\nc\n\xe9"
    link = tmp_path / "link"
    link.symlink_to(path)
    assert read_text_input(link, LemfError) == "a\nb\nc\n\xe9"


def test_a_file_that_is_too_large_is_refused_unread(tmp_path):
    path = tmp_path / "sparse"
    with path.open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(LemfError, match=r"sparse: 1,099,512 MB, more than the 5 MB that are read"):
        read_input(path, LemfError, most_bytes=5_000_000)


def test_a_file_that_grows_is_refused(tmp_path):
    path = tmp_path / "log"
    path.write_bytes(bytes(1 << 26))
    done = threading.Event()

    def write():
        with path.open("ab") as stream:
            while not done.is_set():
                stream.write(b"more")
                stream.flush()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        with pytest.raises(LemfError, match="log: grows while it is read; wait until"):
            read_input(path, LemfError)
    finally:
        done.set()
        writer.join()


def test_open_pipes_and_devices_are_refused(tmp_path):
    with (
        Path("/dev/zero").open("rb") as stream,
        pytest.raises(LemfError, match=r"^zero: this is a device"),
    ):
        check_descriptor(stream, "zero", LemfError)
    read, write = os.pipe()
    os.close(write)
    with os.fdopen(read, "rb") as stream, pytest.raises(LemfError, match="this is a pipe"):
        check_descriptor(stream, "x", LemfError)
    path = tmp_path / "a"
    path.touch()
    with path.open("rb") as stream:
        check_descriptor(stream, "x", LemfError)
    check_descriptor(object(), "x", LemfError)
