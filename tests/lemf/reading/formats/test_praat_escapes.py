import string

import pytest

import lemf
from lemf.reading.formats.praat_escapes import ESCAPES, protect_backslashes, replace_escapes

SIGNS = string.ascii_letters + string.digits + string.punctuation


def grid_of(labels, name="words"):
    intervals = tuple(lemf.Interval(i, i + 1, label) for i, label in enumerate(labels))
    tier = lemf.IntervalTier(name, 0, len(labels), intervals)
    return lemf.TextGrid(0, len(labels), (tier,))


def written(labels, name="words"):
    """Write a TextGrid as other programs do, backslashes as they are."""
    lines = ['"ooTextFile"', '"TextGrid"', f"0 {len(labels)}", "<exists>", "1", '"IntervalTier"']
    lines += [f'"{name}"', f"0 {len(labels)} {len(labels)}"]
    for number, label in enumerate(labels):
        quoted = label.replace('"', '""')
        lines.append(f'{number} {number + 1} "{quoted}"')
    return "\n".join(lines)


def labels_of(content):
    return [interval.label for interval in lemf.parse_textgrid(content).tiers[0].intervals]


def test_the_table_is_that_of_praat(tmp_path):
    parselmouth = pytest.importorskip("parselmouth")
    pairs = [a + b for a in SIGNS for b in SIGNS]
    path = tmp_path / "a.TextGrid"
    path.write_text(written([f"x\\{pair}y" for pair in pairs]), encoding="utf-8")
    grid = parselmouth.read(str(path))
    parselmouth.praat.call(grid, "Convert to Unicode")
    found = {}
    for number, pair in enumerate(pairs, 1):
        label = parselmouth.praat.call(grid, "Get label of interval", 1, number)
        if label != f"x\\{pair}y":
            found[pair] = label[1:-1]
    assert found == ESCAPES


@pytest.mark.parametrize(
    ("label", "letters"),
    [
        ('Begr\\u"\\ssung', "Begrüßung"),
        ('sch\\o"n', "schön"),
        ("\\sw", "ə"),
        ("k\\ae\\:ft", "kæːt"),
        ("\\^h\\ef\\cn", "ʰɛ̚"),
        ("\\a'\\e`\\c,", "áèç"),
        ("back\\bsslash", "back\\slash"),
        ("a\\un b", "a_ b"),
    ],
)
def test_sequences_become_letters(label, letters):
    assert replace_escapes([label]) == [letters]
    assert labels_of(written(["plain", label])) == ["plain", letters]


def test_names_and_points_and_every_format_have_letters(tmp_path):
    parselmouth = pytest.importorskip("parselmouth")
    text = written(['sch\\o"n', "\\sw"], 'w\\o""rter')
    text = text.replace('\n1\n"Int', '\n2\n"Int')
    text += '\n"TextTier"\n"t\\o^ne"\n0 2 1\n1 "H\\->"'
    path = tmp_path / "a.TextGrid"
    path.write_text(text, encoding="utf-8")
    expected = lemf.parse_textgrid(text)
    assert [tier.name for tier in expected.tiers] == ["wörter", "tône"]
    assert expected.tiers[1].points[0].label == "H→"
    grid = parselmouth.read(str(path))
    for save in ("binary", "short text", "text", "chronological text"):
        parselmouth.praat.call(grid, f"Save as {save} file", str(path))
        assert lemf.read_textgrid(path).tiers == expected.tiers


@pytest.mark.parametrize(
    "labels",
    [
        ["r\\", "s\\", "J\\", "|\\|\\", "_\\", "h\\"],
        ["tr\\u:", "r\\Et", "s\\in", "r\\"],  # X-SAMPA: three of four look like Praat's
        ["AC\\DC"],
        ["C:\\test\\sw", "D:\\texts.doc"],
        ["\\\\server\\share"],
        ["a\\"],
        ["\\"],
        ["\\s"],
        ["\\emph{now}"],
        ["plain"],
        [],
    ],
)
def test_other_backslashes_stay(labels):
    assert replace_escapes(labels) == labels
    assert labels_of(written(labels)) == labels


def test_most_of_a_tier_decides():
    assert replace_escapes(["\\sw", "\\ae", "r\\"]) == ["ə", "æ", "r\\"]
    assert replace_escapes(["\\sw", "r\\", "s\\"]) == ["\\sw", "r\\", "s\\"]
    assert replace_escapes(["C:\\test\\sw", "\\sw"]) == ["C:\\test\\sw", "ə"]


@pytest.mark.parametrize(
    "labels", [["s\\in"], ["\\sw", "a"], ["r\\", "s\\"], ["\\bs"], ['\\u"', "x\\y"], ["a\\bsae"]]
)
def test_what_is_written_is_read_again(labels):
    grid = grid_of(labels, "\\sw")
    again = lemf.parse_textgrid(lemf.format_textgrid(grid))
    assert again == grid
    assert protect_backslashes(["r\\", "s\\"]) == ["r\\", "s\\"]


def test_a_label_of_backslashes_takes_no_time():
    assert labels_of(written(["\\sw" * 200_000])) == ["ə" * 200_000]
    assert labels_of(written(["\\" * 200_000])) == ["\\" * 200_000]


def test_a_label_longer_than_any_text_stays():
    assert replace_escapes(['\\a"' * 1000]) == ["\u00e4" * 1000]
    assert replace_escapes(['\\a"' * 400_000]) == ['\\a"' * 400_000]
