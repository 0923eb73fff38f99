import json
import pickle

import pytest

from lemf.errors import LemfError, TextGridError, one_line, printable
from lemf.runtime.output import escape_controls


def test_ordinary_messages_stay_as_they_are():
    for message in ("a.wav: empty", "x" * 480, "été 重庆 \U0001f600", "", "a  b"):
        assert str(LemfError(message)) == one_line(message) == message


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\v", "\f", "\x1c", "\x85", "\u2028", "\t"])
def test_a_message_is_one_line(end):
    assert one_line(f"a{end}b") == "a b"


def test_what_acts_on_a_terminal_is_replaced():
    text = "\x1b[0m \x9b \x7f \u202e \u2066 \u200e \u061c \ud83d"
    shown = "\ufffd[0m \ufffd \ufffd \ufffd \ufffd \ufffd \ufffd \\ud83d"
    assert printable(text) == one_line(text) == str(TextGridError(text)) == shown
    assert printable("a\n\tb\r", keep="\n\t") == "a\n\tb\ufffd"


# each shows nothing: hyphens, joiners of nothing, fillers, byte-order marks, tags
UNSEEN = (
    "\xad\u034f\u115f\u1160\u17b4\u17b5\u200b\u2060\u2063\u2064\u2065\u2800\u3164\ufeff\uffa0"
    "\ufff0\ufff9\ufffb\U0001bca0\U0001d173\U000e0000\U000e0001\U000e0041\U000e007f\U000e0fff"
)


@pytest.mark.parametrize("letter", UNSEEN)
def test_what_shows_nothing_is_replaced(letter):
    assert printable(f"a{letter}b{letter}") == "a\ufffdb\ufffd"
    assert json.loads(escape_controls(json.dumps(letter, ensure_ascii=False))) == letter
    assert escape_controls(json.dumps(letter, ensure_ascii=False)).isascii()


@pytest.mark.parametrize(
    "word",
    [
        "می\u200cخواهم", "क्\u200dष", "ന\u0d4d\u200d", "শ্\u200cরী",  # noqa: RUF001
        "ᠠ\u180b\u180eᠭ", "葛\U000e0100飾", "\u2764\ufe0f\u200d\U0001f525", "e\u0301",
    ],
)  # fmt: skip
def test_joiners_and_variants_of_letters_stay(word):
    assert printable(word) == one_line(word) == word
    assert printable(f"{word} {word}") == f"{word} {word}"


@pytest.mark.parametrize("letter", "\u200c\u200d\u180e\ufe0f\u180b\U000e0100")
def test_joiners_and_variants_of_nothing_are_replaced(letter):
    assert printable(letter) == "\ufffd"
    assert printable(f" {letter}a{letter}{letter}") == f" \ufffda{letter}\ufffd"
    assert printable(f"\u200b{letter}") == "\ufffd\ufffd"
    assert one_line("word " * 100 + letter * 100 + "end").count(letter) == 0


def test_a_message_that_is_cut_begins_with_no_joiner():
    line = one_line("ab " * 150 + "a\u200db " * 60)
    assert printable(line) == line


def test_a_long_message_keeps_both_ends_of_its_words_and_of_itself():
    assert one_line(f"{'a' * 300}/{'b' * 300}.wav: no words") == (
        f"{'a' * 40}...{'b' * 32}.wav: no words"
    )
    line = one_line("word " * 200 + "end")
    assert len(line) == 475
    assert line.startswith("word word")
    assert line.endswith("word end")
    assert len(one_line("x" * 10_000_000)) == 80


def test_an_error_survives_pickling():
    error = pickle.loads(pickle.dumps(TextGridError("a\nb" + "x" * 1000)))
    assert type(error) is TextGridError
    assert str(error) == str(TextGridError("a\nb" + "x" * 1000))
