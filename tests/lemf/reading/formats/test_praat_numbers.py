"""Numbers as Praat reads them, and the time that odd TextGrids take."""

import re
import time
from contextlib import suppress

import pytest

import lemf
from lemf.errors import TextGridError

TEXT = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 3.25
tiers? <exists>
size = 1
item []:
    item [1]:
        class = "IntervalTier"
        name = "words"
        xmin = 0
        xmax = 3.25
        intervals: size = 2
        intervals [1]:
            xmin = 0
            xmax = 0.5
            text = "a"
        intervals [2]:
            xmin = 0.5
            xmax = 3.25
            text = "b"
"""
AS_PRAAT = [
    ("xmax = 3.25\ntiers", "xmax = 3.25s\ntiers"),
    ("xmax = 3.25\ntiers", "xmax = 3.25 s\ntiers"),
    ("xmax = 3.25\ntiers", "xmax = 3.25seconds\ntiers"),
    ("xmax = 3.25\ntiers", "xmax = 3.25;\ntiers"),
    ("xmax = 3.25\ntiers", "xmax = 325%\ntiers"),
    ("xmax = 3.25\ntiers", "xmax = 0.325e1s\ntiers"),
    ("xmax = 3.25\ntiers", "xmax = +3.25\ntiers"),
    ("xmax = 3.25\ntiers", "xmax = 3.25!end\ntiers"),
    ("xmin = 0\nxmax", "xmin = 0s\nxmax"),
    ("size = 1", "size = 1tier"),
    ("size = 2", "size = 2 intervals"),
    ("xmax = 0.5", "xmax = 0.5s"),
    ('text = "a"', 'text = "a" said'),
]


@pytest.mark.parametrize(("old", "new"), AS_PRAAT)
def test_a_number_may_have_a_unit_as_in_praat(tmp_path, old, new):
    parselmouth = pytest.importorskip("parselmouth")
    assert old in TEXT
    content = TEXT.replace(old, new, 1)
    grid = lemf.parse_textgrid(content)
    assert grid == lemf.parse_textgrid(TEXT)
    path = tmp_path / "a.TextGrid"
    path.write_text(content)
    praat = parselmouth.read(str(path))
    assert (praat.xmin, praat.xmax) == (grid.start_s, grid.end_s)


@pytest.mark.parametrize(
    "number", ["3.2.5", "0x3", "3.2e", "3.2-1", "1:02.5", "3200ms", "3.2abc4", "3'2", "2024-01-02"]
)
def test_what_is_more_than_one_number_or_no_seconds_is_refused(number):
    content = TEXT.replace("xmax = 3.25", f"xmax = {number}", 1)
    message = f"line 5: {number!r} is no number; write a plain one, in seconds"
    with pytest.raises(TextGridError, match=re.escape(message)):
        lemf.parse_textgrid(content)


@pytest.mark.parametrize("word", ["nan", "-Inf", "NaN", "--undefined--", "N/A", "\u0661.5"])
@pytest.mark.parametrize(
    "place", ["xmin = 0.5", "            xmax = 3.25", "\nsize = 1", "xmin = 0"]
)
def test_a_word_in_the_place_of_a_number_is_named_with_its_line(word, place):
    at = TEXT.index(place) + len(place)
    before = TEXT[:at].rpartition(" ")[0] + " "
    message = f"line {before.count(chr(10)) + 1}: '{word}' is no number; write a plain one"
    with pytest.raises(TextGridError, match=re.escape(message)):
        lemf.parse_textgrid(before + word + TEXT[at:])
    lemf.parse_textgrid(TEXT.replace("xmin =", f"{word} xmin ="))  # no number is missing


def long_grid(n_intervals=2000, name="words", label="x", n_tiers=1):
    intervals = tuple(lemf.Interval(i, i + 1, label) for i in range(n_intervals))
    tier = lemf.IntervalTier(name, 0, n_intervals, intervals)
    return lemf.format_textgrid(lemf.TextGrid(0, n_intervals, (tier,) * n_tiers)).encode()


ODD = {
    "a name of 1 MB": lambda: long_grid(name="n" * 1_000_000),
    "a name of 1 MB, cut off": lambda: long_grid(name="n" * 1_000_000)[:-50],
    "a label of 1 MB": lambda: long_grid(2, label='"' * 500_000),
    "1,000 tiers": lambda: long_grid(10, n_tiers=1000),
    "30,000 intervals": lambda: long_grid(30_000),
    "quotes that nothing closes": lambda: long_grid() + b'\n"' + b'"a ' * 300_000,
    "brackets that nothing closes": lambda: long_grid() + b"<" * 1_000_000,
    "blank lines": lambda: long_grid() + b"\n" * 1_000_000,
    "a long number": lambda: long_grid().replace(b"xmax = 2000", b"xmax = " + b"1" * 500_000),
    "a long exponent": lambda: long_grid().replace(b"xmax = 2000", b"xmax = 1e" + b"1" * 500_000),
    "bytes in no order": lambda: long_grid(2) + b'"' + b"\xff\xfe\x81" * 300_000 + b'"',
    "labels in an old encoding": lambda: b"".join(
        [long_grid(10), *(b'"\xe9%d\xe8" ' % i for i in range(100_000))]
    ),
    "a chronological name of 1 MB": lambda: (
        b'"Praat chronological TextGrid text file"\n0 2000\n1\n"IntervalTier" "%s" 0 2000\n'
        % (b"n" * 1_000_000)
        + b"".join(b'1 %d %d\n"x"\n' % (i, i + 1) for i in range(2000))
    ),
}


@pytest.mark.parametrize("kind", ODD)
def test_no_text_takes_long(kind):
    """Bound the time of a megabyte: it is linear in the size of the file, under 2 s per MB."""
    content = ODD[kind]()
    begun_s = time.process_time()
    with suppress(TextGridError):
        lemf.parse_textgrid(content)
    assert time.process_time() - begun_s < 10
