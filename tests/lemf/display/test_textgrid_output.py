"""Files of TextGrids, which replace nothing unasked and appear whole or not at all."""

import os
from pathlib import Path

import pytest

from lemf.display.textgrid_output import write_textgrid
from lemf.errors import OutputError
from lemf.reading.alignment_files import read_textgrid
from lemf.reading.textgrid import Interval, IntervalTier, TextGrid

GRID = TextGrid(0.0, 1.5, (IntervalTier("words", 0.0, 1.5, (Interval(0.0, 1.5, "so"),)),), "grid")


def test_writing_replaces_nothing_unless_forced(tmp_path: Path) -> None:
    path = tmp_path / "a.TextGrid"
    path.write_bytes(b"precious")
    with pytest.raises(OutputError, match=r"a\.TextGrid: exists already; --force replaces it$"):
        write_textgrid(GRID, path)
    assert path.read_bytes() == b"precious"
    write_textgrid(GRID, path, force=True)
    assert read_textgrid(path) == GRID


def test_failed_write_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError, match=r"cannot be written \(No space left on device\)$"):
        write_textgrid(GRID, tmp_path / "a.TextGrid")
    assert list(tmp_path.iterdir()) == []
