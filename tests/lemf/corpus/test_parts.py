"""The lock of a run's parts as Windows would keep it: by `msvcrt`, and no open file goes away."""

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from lemf.corpus.parts import locked_parts
from lemf.errors import CorpusError

LOCK_NOW = 2


@pytest.fixture
def windows(monkeypatch):
    """Take `fcntl` away, and give a `msvcrt` that locks bytes from where the file stands."""
    held = []

    def locking(descriptor, mode, n_bytes):
        status, place = os.fstat(descriptor), os.lseek(descriptor, 0, os.SEEK_CUR)
        region = (status.st_ino, place)
        assert (mode, n_bytes) == (LOCK_NOW, 1)
        assert place > status.st_size  # or others could not read who has it
        if region in held:
            raise PermissionError(13, "Permission denied")
        held.append(region)

    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setitem(sys.modules, "msvcrt", SimpleNamespace(locking=locking, LK_NBLCK=LOCK_NOW))
    return held


def test_a_second_run_is_refused_and_told_who_works(windows, tmp_path):
    folder = tmp_path / "out.parts"
    with locked_parts(folder) as parts:
        parts.start({"a": 1})
        with (
            pytest.raises(CorpusError, match=f"process {os.getpid()} works on this output"),
            locked_parts(folder),
        ):
            pass
    windows.clear()  # as the system does when the file is closed
    with locked_parts(folder) as parts:
        assert parts.read_plan() == {"a": 1}


def test_the_folder_goes_though_no_open_file_can_be_removed(windows, monkeypatch, tmp_path):
    folder = tmp_path / "out.parts"
    unlink = Path.unlink

    def refuse(path, missing_ok=False):
        if path.name == "lock":
            raise PermissionError(13, "The process cannot access the file")
        unlink(path, missing_ok)

    with locked_parts(folder) as parts:
        parts.start({"a": 1})
        with monkeypatch.context() as open_file:
            open_file.setattr(Path, "unlink", refuse)
            parts.remove()
        assert [path.name for path in folder.iterdir()] == ["lock"]
    assert not folder.exists()
