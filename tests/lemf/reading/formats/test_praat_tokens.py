"""Tokens of Praat files: worked examples, every encoding, every cut, and Praat's own files."""

import re
from typing import Any

import parselmouth
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from parselmouth.praat import call

from lemf.config import Settings
from lemf.errors import LemfError, TextGridError
from lemf.reading.alignment import align
from lemf.reading.alignment_files import parse_textgrid
from lemf.reading.formats.praat_tokens import shorten, tokenise

FORMATS = ("text", "short text", "chronological text", "binary")
SYNTAX = (b'"', b'""', b" ! ", b"<exists>", b" -1 ", b" 1e999 ", b" nan ", b"\r", b"\xff", b"\0")

# Two tiers of intervals and one of points; labels that look like Praat's own syntax. The last label
# holds no quote: a cut after the first of two quotes could not be told from its end.
LONG = """File type = "ooTextFile"
Object class = "TextGrid"

xmin = 0
xmax = 1.5
tiers? <exists>
size = 3
item []:
    item [1]:
        class = "IntervalTier"
        name = "words"
        xmin = 0
        xmax = 1.5
        intervals: size = 2
        intervals [1]:
            xmin = 0
            xmax = 5e-1
            text = "h\u00e9 ""quoted"" \u02c8n\u025bt\u026ak"
        intervals [2]:
            xmin = 0.5
            xmax = 1.5
            text = "two
lines"
    item [2]:
        class = "IntervalTier"
        name = "phones"
        xmin = 0
        xmax = 1.5
        intervals: size = 1
        intervals [1]:
            xmin = -0
            xmax = 1.5
            text = "text = ""x <exists> 7 ! no"
    item [3]:
        class = "TextTier"
        name = "tones"
        xmin = 0
        xmax = 1.5
        points: size = 1
        points [1]:
            number = 0.25
            mark = "H*"
"""


@pytest.fixture(scope="module")
def praat_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The bytes that Praat saves in each of its formats for the TextGrid in LONG."""
    folder = tmp_path_factory.mktemp("praat")
    source = folder / "source.TextGrid"
    source.write_text(LONG, encoding="utf-8")
    textgrid = parselmouth.read(str(source))
    files = {"utf-8": LONG.encode()}
    for name in FORMATS:
        target = folder / f"{name}.TextGrid"
        call(textgrid, f"Save as {name} file", str(target))
        files[name] = target.read_bytes()
    return files


def content_of(content: bytes) -> list[tuple[str, str]]:
    return [(token.kind, token.value) for token in tokenise(content, "a.TextGrid").tokens]


def numbers_of(text: str) -> list[float]:
    tokens = tokenise(text.encode(), "a.TextGrid")
    return [tokens.take_number("a number") for _ in tokens.tokens]


def test_strings_numbers_and_flags_count_and_all_else_is_decoration() -> None:
    content = b'xmin = 0.5 text = "a ""b""" tiers? <exists> ! 3 "c" <d>\n intervals [2]: -1'
    assert content_of(content) == [
        ("number", "0.5"),
        ("string", 'a "b"'),
        ("flag", "<exists>"),
        ("number", "-1"),
    ]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("5e-1", 0.5),
        ("-0", 0.0),
        ("+3", 3.0),
        (".5", 0.5),
        ("1.", 1.0),
        ("50%", 0.5),
        ("1E2", 100.0),
    ],
)
def test_number_is_read(written: str, value: float) -> None:
    assert numbers_of(f"xmin = {written} ") == [value]


@pytest.mark.parametrize("word", ["[3]:", "inf", "nan", "--undefined--", "-", ".", "x5", "\u0663"])
def test_word_that_only_resembles_a_number_is_decoration(word: str) -> None:
    assert content_of(f"{word} 2".encode()) == [("number", "2")]


@pytest.mark.parametrize("label", ["text = 3", "<exists>", "! no comment", "1 2", "", " ", "\n"])
def test_nothing_inside_quotes_is_syntax(label: str) -> None:
    assert content_of(f'"{label}" 4'.encode()) == [("string", label), ("number", "4")]


def test_comment_goes_from_a_word_of_its_own_to_the_end_of_its_line() -> None:
    assert content_of(b'1 ! 2 "x\n3') == [("number", "1"), ("number", "3")]
    assert content_of(b"tiers! 2") == [("number", "2")]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_encoding_and_line_end_change_no_token(encoding: str, mark: str, line_end: str) -> None:
    content = (mark + LONG.replace("\n", line_end)).encode(encoding)
    assert tokenise(content, "a.TextGrid").tokens == tokenise(LONG.encode(), "a.TextGrid").tokens


def test_bytes_that_are_no_utf8_are_latin1() -> None:
    assert content_of('"M\u00fcller" 1'.encode("latin-1")) == [
        ("string", "M\u00fcller"),
        ("number", "1"),
    ]


@pytest.mark.parametrize("damage", [b"x", b"\xdc\x00\x00\x20"])
def test_damaged_utf16_is_refused_with_its_place(damage: bytes) -> None:
    content = b"\xfe\xff" + LONG.encode("utf-16-be")
    with pytest.raises(
        TextGridError, match=rf"^a\.TextGrid: damaged UTF-16 at byte {len(content)};"
    ):
        tokenise(content + damage, "a.TextGrid")


def test_label_that_is_never_closed_is_refused_with_its_line() -> None:
    with pytest.raises(TextGridError, match=r"^a\.TextGrid: line 3: a label opens with \" and is"):
        tokenise(b'"a"\n1\n  "b', "a.TextGrid")


def test_label_whose_last_quote_is_doubled_is_never_closed() -> None:
    with pytest.raises(TextGridError, match="a quote inside the label is not doubled"):
        tokenise(b'"a"" 1', "a.TextGrid")


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_line_is_that_of_the_token_taken_last(line_end: bytes) -> None:
    tokens = tokenise(line_end.join([b'"a', b'b" 1', b"", b"2 <c>"]), "a.TextGrid")
    lines = []
    for take in (tokens.take_string, tokens.take_number, tokens.take_number, tokens.take_flag):
        take("a token")
        lines.append(tokens.line())
    assert lines == [1, 2, 4, 4]
    assert tokens.at_end
    assert tokens.peek_kind() is None


@pytest.mark.parametrize(
    ("content", "method", "message"),
    [
        (b"\n<x>", "take_number", r"line 2: expected the thing, found '<x>'"),
        (b"\n12", "take_string", r"line 2: expected the thing, found '12'"),
        (b'"exists"', "take_flag", r"line 1: expected the thing, found 'exists'"),
        (b"", "take_number", r"line 1: the file ends where the thing should follow; it is cut off"),
        (b"\n\n1e999", "take_number", r"line 3: the thing is 1e999, which is not a time"),
        (b"-3", "take_count", r"line 1: the thing is -3, which is not a count"),
        (b"2.5", "take_count", r"line 1: the thing is 2\.5, which is not a count"),
    ],
)
def test_wrong_token_is_refused_with_line_and_value(
    content: bytes, method: str, message: str
) -> None:
    tokens = tokenise(content, "a.TextGrid")
    with pytest.raises(TextGridError, match=rf"^a\.TextGrid: {message}$"):
        getattr(tokens, method)("the thing")


def test_value_is_shown_on_one_short_line() -> None:
    assert shorten("a\n b") == "'a b'"
    assert shorten("x" * 40) == repr("x" * 40)
    assert shorten("x" * 41) == repr("x" * 37 + "...")


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"))))
def test_any_labels_come_back(labels: list[str]) -> None:
    quoted = ['"' + label.replace('"', '""') + '"' for label in labels]
    content = "\n".join(["labels:", *quoted]).encode()
    assert content_of(content) == [("string", label) for label in labels]


def test_binary_file_holds_the_tokens_of_the_short_text(praat_files: dict[str, bytes]) -> None:
    binary, short = (tokenise(praat_files[name], "a") for name in ("binary", "short text"))
    assert binary.line() == 0
    assert len(short.tokens) > 30
    for one, other in zip(binary.tokens[1:], short.tokens[1:], strict=True):
        assert one.kind == other.kind
        if one.kind == "number":
            assert float(one.value) == float(other.value)
        else:
            assert one.value == other.value


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_of_praat_gives_the_same_textgrid(
    praat_files: dict[str, bytes], name: str
) -> None:
    assert parse_textgrid(praat_files[name], "a.TextGrid") == parse_textgrid(LONG.encode(), "")


@pytest.mark.parametrize("name", ["utf-8", "text", "short text", "binary"])
def test_cut_at_any_byte_is_refused_or_harmless(praat_files: dict[str, bytes], name: str) -> None:
    content = praat_files[name]
    whole = parse_textgrid(content, "a.TextGrid")
    refused = 0
    for length in range(len(content)):
        try:
            assert parse_textgrid(content[:length], "a.TextGrid") == whole, f"cut at {length}"
        except TextGridError as error:
            refused += 1
            assert str(error).startswith("a.TextGrid: ")  # noqa: PT017
    # Harmless are only cuts in the white space after the last label, 2 characters at most.
    assert refused >= len(content) - 4


def damage(content: bytes, kind: str, at: int, length: int, byte: int) -> bytes:
    at %= len(content) + 1
    before, chunk, after = content[:at], content[at : at + length], content[at + length :]
    if kind == "swap":
        numbers = re.findall(rb"[0-9.]+", content) or [b""]
        return content.replace(numbers[at % len(numbers)], numbers[byte % len(numbers)], 1)
    changed = {
        "flip": bytes(each ^ byte for each in chunk) + after,
        "insert": SYNTAX[byte % len(SYNTAX)] + chunk + after,
        "duplicate": chunk + chunk + after,
        "delete": after,
        "cut": b"",
    }
    return before + changed[kind]


KINDS = st.sampled_from(["flip", "insert", "duplicate", "delete", "cut", "swap"])
DAMAGES = st.tuples(KINDS, st.integers(0, 2**16), st.integers(1, 40), st.integers(0, 255))
NAMES = st.sampled_from(["words", "phones", "tones", "gone", "pause:0.1", "pause:x", ""])
CHOICES = dict.fromkeys(("sentences", "words_tier", "phones_tier", "speaker"), NAMES)
CHOICES |= {"duration": st.just("word"), "silence": st.just(("no", "two lines"))}


@given(
    st.sampled_from([*FORMATS, "utf-8"]),
    st.lists(DAMAGES, max_size=4),
    st.just({}) | st.fixed_dictionaries({}, optional=CHOICES),
    st.sampled_from([1.5, 100.0]),
)
@settings(max_examples=2000)
def test_damaged_file_gives_an_alignment_or_an_error_of_one_line(
    praat_files: dict[str, bytes],
    name: str,
    damages: list[tuple[str, int, int, int]],
    choices: dict[str, Any],
    duration_s: float,
) -> None:
    content = praat_files[name]
    for each in damages:
        content = damage(content, *each)
    try:
        alignment = align(parse_textgrid(content, "a"), Settings(**choices), duration_s)
    except LemfError as error:
        message = str(error)
        assert len(message.splitlines()) == 1
        assert message.startswith(("a: ", "sentences 'pause:x': "))
    else:
        assert all(alignment.sentences)
        for word in (word for sentence in alignment.sentences for word in sentence):
            assert word.start_s < word.end_s < duration_s + 0.02
            assert min(word.durations_s, default=1.0) > 0
