"""TextGrids in the layout that most programs write are read in one go, and as by their tokens."""

from __future__ import annotations

import pytest

import lemf
from lemf.errors import TextGridError
from lemf.reading.formats import praat

WORDS = (
    lemf.Interval(0.0, 0.25, "one"),
    lemf.Interval(0.25, 1.5, "two"),
    lemf.Interval(1.5, 2.0, ""),
)
GRID = lemf.TextGrid(
    0.0,
    2.0,
    (lemf.IntervalTier("words", 0.0, 2.0, WORDS), lemf.IntervalTier("none", 0.0, 2.0, ())),
)
POINTS = lemf.TextGrid(0.0, 2.0, (lemf.PointTier("tones", 0.0, 2.0, (lemf.Point(1.0, "H*"),)),))


def both(content: str | bytes, monkeypatch) -> tuple[object, object, bool]:
    """Return what is read, what the tokens alone give, and whether the layout was known."""
    known = []
    plain = praat._read_plain

    def watched(*arguments):
        known.append(plain(*arguments))
        return known[-1]

    def read() -> object:
        try:
            grid = praat.parse_praat(content, "a.TextGrid")
        except TextGridError as error:
            return str(error)
        lines = [i.line for tier in grid.tiers for i in getattr(tier, "intervals", ())]
        return grid, grid.path, grid.notes, lines

    monkeypatch.setattr(praat, "_read_plain", watched)
    fast = read()
    monkeypatch.setattr(praat, "_read_plain", lambda *_: None)
    return fast, read(), known[-1] is not None


@pytest.fixture
def text(tmp_path) -> str:
    lemf.write_textgrid(GRID, tmp_path / "a.TextGrid")
    return (tmp_path / "a.TextGrid").read_text().replace("two", r"two \ae")


def praats(text: str) -> str:
    """Return the text with the blanks that Praat puts at the ends of lines."""
    return "".join(f"{line} \n" if "=" in line else f"{line}\n" for line in text.splitlines())


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text,
        praats,
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text,
        lambda text: text.replace("]:", "]"),
        lambda text: text.replace("    ", "\t"),
        lambda text: text.rstrip("\n") + "\n\n  \n",
        lambda text: text.rstrip("\n"),
        lambda text: text.replace("0.25", "2.5e-1"),
    ],
)
def test_known_layouts_are_read_at_once_and_as_by_tokens(text, change, monkeypatch):
    fast, slow, known = both(change(text).encode(), monkeypatch)
    assert fast == slow
    assert known
    assert "æ" in repr(fast)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("size = 3", "size = 4"),
        ("size = 3", "size = 2"),
        ("size = 2", "size = 1"),
        ("size = 2", "size = 3"),
        ('"one"', '"o""ne"'),
        ('"one"', '"o\nne"'),
        ('"one"', '"one'),
        ("0.25", "0,25"),
        ("0.25", "nan"),
        ("0.25", "25%"),
        ("0.25", "-0.25"),
        ("0.25", "9" * 400),
        ("0.25", "1e400"),
        ("0.25", "0.25 ! a comment"),
        ("0.25", "0.25 7"),
        ("intervals [2]", "intervals [2] 5"),
        ("<exists>", "<absent>"),
        ("IntervalTier", "TextTier"),
        ("xmax = 2", "xmax = 2 3"),
        ("item []:", "item []: 4"),
    ],
)
def test_whatever_else_stands_there_is_read_or_refused_by_its_tokens(text, old, new, monkeypatch):
    changed = text.replace(old, new)
    assert changed != text
    fast, slow, _ = both(changed, monkeypatch)
    assert fast == slow


def test_points_are_read_by_their_tokens(tmp_path, monkeypatch):
    lemf.write_textgrid(POINTS, tmp_path / "a.TextGrid")
    fast, slow, known = both((tmp_path / "a.TextGrid").read_bytes(), monkeypatch)
    assert fast == slow
    assert not known


def test_every_cut_is_refused_alike(text, monkeypatch):
    for n in range(0, len(text), 7):
        fast, slow, _ = both(text[:n], monkeypatch)
        assert fast == slow
