"""TextGrids read and written: known answers, broken files, round trips, Praat and two packages."""

import re
from itertools import pairwise
from pathlib import Path

import parselmouth
import pytest
import textgrid as textgrid_package
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from parselmouth.praat import call
from praatio import textgrid as praatio

from lemf.display.textgrid_output import format_textgrid, write_textgrid
from lemf.errors import TextGridError
from lemf.reading.alignment_files import parse_textgrid, read_textgrid
from lemf.reading.textgrid import (
    Interval,
    IntervalTier,
    Point,
    PointTier,
    TextGrid,
)

WORDS = IntervalTier(
    "words", 0.0, 1.5, (Interval(0.0, 0.5, 'say "hi"'), Interval(0.5, 1.5, "two\nlines"))
)
TONES = PointTier("tones", 0.0, 1.5, (Point(0.25, "H*"), Point(0.75, "\u02c8L\u025b%")))
PHONES = IntervalTier("phones", 0.0, 1.5, (Interval(0.0, 1.5, "\u0259"),))
GRID = TextGrid(0.0, 1.5, (WORDS, TONES, PHONES), "grid")

FIXTURE = HealthCheck.function_scoped_fixture  # the file is overwritten for every example

LONG = format_textgrid(GRID)
SHORT = '''File type = "ooTextFile"
Object class = "TextGrid"

0
1.5
<exists>
3
"IntervalTier" "words" 0 1.5 2
0 0.5 "say ""hi"""
0.5 1.5 "two
lines"
"TextTier" "tones" 0 1.5 2
0.25 "H*" 0.75 "\u02c8L\u025b%"
"IntervalTier" "phones" 0 1.5 1
0 1.5 "\u0259"
'''
CHRONOLOGICAL = '''"Praat chronological TextGrid text file"
0 1.5   ! Time domain.
3   ! Number of tiers.
"IntervalTier" "words" 0 1.5
"TextTier" "tones" 0 1.5
"IntervalTier" "phones" 0 1.5

! words:
1 0 0.5 "say ""hi"""
! phones:
3 0 1.5 "\u0259"
! tones:
2 0.25 "H*"
! words:
1 0.5 1.5 "two
lines"
! tones:
2 0.75 "\u02c8L\u025b%"
'''

labels = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=20)
times = st.floats(allow_nan=False, allow_infinity=False)
intervals = st.lists(st.builds(Interval, times, times, labels)).map(tuple)
interval_tiers = st.builds(IntervalTier, labels, times, times, intervals)
points = st.lists(st.builds(Point, times, labels)).map(tuple)
point_tiers = st.builds(PointTier, labels, times, times, points)
any_textgrids = st.builds(
    TextGrid, times, times, st.lists(interval_tiers | point_tiers, max_size=4).map(tuple)
)


@st.composite
def praat_textgrids(draw: st.DrawFn) -> TextGrid:
    """TextGrids as Praat makes them: tiers without gaps, points in order, no NUL and no BOM."""
    texts = st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\r\0\ufeff"), max_size=10
    )
    tiers: list[IntervalTier | PointTier] = []
    for _ in range(draw(st.integers(1, 3))):
        inner = draw(st.lists(st.floats(0.01, 9.99), max_size=4, unique=True))
        if draw(st.booleans()):
            points = tuple(Point(time, draw(texts)) for time in sorted(inner))
            tiers.append(PointTier(draw(texts), 0.0, 10.0, points))
        else:
            edges = [0.0, *sorted(inner), 10.0]
            intervals = tuple(Interval(*span, draw(texts)) for span in pairwise(edges))
            tiers.append(IntervalTier(draw(texts), 0.0, 10.0, intervals))
    return TextGrid(0.0, 10.0, tuple(tiers))


def opened_by_praat(path: Path) -> TextGrid:
    grid = parselmouth.read(str(path))
    start_s, end_s = call(grid, "Get start time"), call(grid, "Get end time")
    tiers: list[IntervalTier | PointTier] = []
    for tier in range(1, call(grid, "Get number of tiers") + 1):
        name = call(grid, "Get tier name", tier)
        if call(grid, "Is interval tier", tier):
            numbers = range(1, call(grid, "Get number of intervals", tier) + 1)
            queries = ("Get start time of", "Get end time of", "Get label of")
            rows = [
                [call(grid, f"{query} interval", tier, i) for query in queries] for i in numbers
            ]
            tiers.append(IntervalTier(name, start_s, end_s, tuple(Interval(*r) for r in rows)))
        else:
            numbers = range(1, call(grid, "Get number of points", tier) + 1)
            queries = ("Get time of", "Get label of")
            rows = [[call(grid, f"{query} point", tier, i) for query in queries] for i in numbers]
            tiers.append(PointTier(name, start_s, end_s, tuple(Point(*row) for row in rows)))
    return TextGrid(start_s, end_s, tuple(tiers))


@pytest.mark.parametrize("text", [LONG, SHORT, CHRONOLOGICAL], ids=["long", "short", "chrono"])
def test_every_text_format_is_read(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.TextGrid"
    path.write_text(text, encoding="utf-8", newline="")
    assert read_textgrid(path) == GRID
    assert read_textgrid(str(path)).path == str(path)


def test_interval_knows_its_line() -> None:
    words = parse_textgrid(LONG.encode(), "a").tiers[0]
    assert isinstance(words, IntervalTier)
    lines = [LONG.splitlines()[interval.line - 1].strip() for interval in words.intervals]
    assert lines == ["xmin = 0.0", "xmin = 0.5"]


def test_entries_are_written_with_their_numbers() -> None:
    numbers = " ".join(re.findall(r"\w+ \[\d*\]", LONG))
    tiers = ("item [1] intervals [1] intervals [2]", "item [2] points [1] points [2]")
    assert numbers == f"item [] {tiers[0]} {tiers[1]} item [3] intervals [1]"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"TextGrid"\n\n', '"TextGrid"\n'),
        ("xmin = 0.0\n", '! a remark with 3 and "x\nxmin = 0.0 ! another\n'),
        ("        ", "\t"),
        ("xmax = 0.5", "xmax = 5e-1"),
        ("xmin = 0.0", "xmin = -0"),
        ('File type = "ooTextFile"', 'File type = "ooTextFile short"'),
        ('File type = "ooTextFile"\nObject class = "TextGrid"', '"ooTextFile"\n"TextGrid"'),
    ],
)
def test_harmless_variation_is_read(old: str, new: str) -> None:
    assert old in LONG
    assert parse_textgrid(LONG.replace(old, new).encode(), "a") == GRID


@pytest.mark.parametrize("text", ["<absent>", "<exists>\n0"])
def test_textgrid_may_have_no_tiers(text: str) -> None:
    content = f'"ooTextFile" "TextGrid" 0 1 {text}'.encode()
    assert parse_textgrid(content, "a") == TextGrid(0.0, 1.0, ())


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("size = 3", "size = 4", "line 45: the file ends where the class of tier 4 of 4 should"),
        ("size = 3", "size = 2", "line 35: more follows after the 2 tiers"),
        ("size = 3", "size = -1", "line 7: the number of tiers is -1, which is not a count"),
        ("intervals: size = 2", "intervals: size = 1", "line 18: tier 'words' has more entries"),
        (
            "intervals: size = 2",
            "intervals: size = 3",
            "line 25: expected the start of interval 3 of 3 of tier 'words', found",
        ),
        ("points: size = 2", "points: size = 1", "line 32: tier 'tones' has more entries"),
        ("points: size = 2", "points: size = 3", "line 37: .* point 3 of 3 of tier 'tones'"),
        ("intervals: size = 1", "intervals: size = 0", "line 41: tier 'phones' has more entries"),
        ("intervals: size = 1", "intervals: size = 2", "line 45: .* interval 2 of 2 of tier 'p"),
        ("intervals: size = 1", "intervals: size = 1.5", "line 41: .* tier 'phones' is 1.5"),
        (
            "xmax = 0.5",
            "xmax = 0,5",
            r"line 17: 0,5 has a decimal comma; write a point",
        ),
        ("xmax = 0.5", "xmax = 1e999", "line 17: the end of interval 1 of 2 of tier 'words' is 1e"),
        ('"IntervalTier"', '"PitchTier"', "line 10: tier 1 of 3 is of class 'PitchTier', not"),
    ],
)
def test_count_or_value_that_does_not_fit_names_line_and_tier(
    old: str, new: str, message: str
) -> None:
    assert old in LONG
    with pytest.raises(TextGridError, match=rf"^a: {message}"):
        parse_textgrid(LONG.replace(old, new, 1).encode(), "a")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("3 0 1.5", "4 0 1.5", "line 11: an entry of tier 4, but the file announces 3 tiers"),
        ("3 0 1.5", "0 0 1.5", "line 11: an entry of tier 0"),
        ("3 0 1.5", "1.5 0 1.5", "line 11: the number of a tier is 1.5, which is not a count"),
        ("3   !", "2   !", "line 6: expected the number of a tier, found 'IntervalTier'"),
        ("3   !", "4   !", "line 9: expected the class of tier 4 of 4, found '1'"),
        ('"TextTier"', '"Manipulation"', "line 5: tier 2 is of class 'Manipulation'"),
        (
            '"two\nlines"',
            "",
            "line 17: expected the label of an interval of tier 'words', found",
        ),
        ('"H*"', "", "line 15: expected the label of a point of tier 'tones', found '1'"),
    ],
)
def test_broken_chronological_file_names_the_line(old: str, new: str, message: str) -> None:
    assert old in CHRONOLOGICAL
    with pytest.raises(TextGridError, match=rf"^a: {message}"):
        parse_textgrid(CHRONOLOGICAL.replace(old, new, 1).encode(), "a")


@pytest.mark.parametrize("content", [b"", b" \r\n\t", b"\0\0\0\0"])
def test_empty_file_is_refused(content: bytes) -> None:
    with pytest.raises(TextGridError, match=r"^a: the file is empty; export the TextGrid again$"):
        parse_textgrid(content, "a")


@pytest.mark.parametrize(
    "content",
    [b"\xef\xbb\xbf", b"1 2", b"\x01\x02\x03", b"\0\1\2\3", b'"ooTextFile', b"ooTextFile 1"],
)
def test_file_that_is_no_textgrid_is_refused(content: bytes) -> None:
    with pytest.raises(TextGridError, match=r"^a: (line 1|not a TextGrid.*; in Praat, select)"):
        parse_textgrid(content, "a")


@pytest.mark.parametrize("command", ["Save as text file", "Save as binary file"])
def test_other_class_of_praat_is_named(command: str, tmp_path: Path) -> None:
    path = tmp_path / "a.PitchTier"
    call(call("Create PitchTier", "a", 0, 1), command, str(path))
    with pytest.raises(TextGridError, match=r"a Praat file of class 'PitchTier', not a TextGrid"):
        read_textgrid(path)


def test_missing_file_and_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(TextGridError, match=r"gone: there is no such TextGrid; check the path$"):
        read_textgrid(tmp_path / "gone")
    with pytest.raises(TextGridError, match=rf"^{re.escape(str(tmp_path))}: the TextGrid cannot"):
        read_textgrid(tmp_path)


@given(any_textgrids)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_what_is_written_reads_back_exactly(textgrid: TextGrid) -> None:
    assert parse_textgrid(format_textgrid(textgrid).encode(), "a") == textgrid


@given(praat_textgrids())
@settings(max_examples=40, suppress_health_check=[FIXTURE])
def test_praat_opens_what_is_written(tmp_path: Path, textgrid: TextGrid) -> None:
    path = tmp_path / "a.TextGrid"
    write_textgrid(textgrid, path, force=True)
    assert opened_by_praat(path) == textgrid


def test_two_packages_open_what_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a.TextGrid"
    write_textgrid(GRID, path)
    tiers = praatio.openTextgrid(str(path), includeEmptyIntervals=True).tiers
    spans = [(i.start_s, i.end_s, i.label) for i in WORDS.intervals]
    points = [(p.time_s, p.label) for p in TONES.points]
    assert [tuple(entry) for entry in tiers[0].entries] == spans
    assert [tuple(entry) for entry in tiers[1].entries] == points
    other = textgrid_package.TextGrid.fromFile(str(path))
    assert [(i.minTime, i.maxTime, i.mark) for i in other[0]] == spans
    assert [(p.time, p.mark) for p in other[1]] == points
