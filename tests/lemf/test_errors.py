import pickle

import pytest

from lemf.errors import LemfError, TextGridError, one_line, printable


def test_ordinary_messages_stay_as_they_are():
    for message in ("a.wav: empty", "x" * 480, "été 重庆 \u200d\u200c \U0001f600", "", "a  b"):
        assert str(LemfError(message)) == one_line(message) == message


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\v", "\f", "\x1c", "\x85", "\u2028", "\t"])
def test_a_message_is_one_line(end):
    assert one_line(f"a{end}b") == "a b"


def test_what_acts_on_a_terminal_is_replaced():
    text = "\x1b[0m \x9b \x7f \u202e \u2066 \u200e \u061c \ud83d"
    shown = "\ufffd[0m \ufffd \ufffd \ufffd \ufffd \ufffd \ufffd \\ud83d"
    assert printable(text) == one_line(text) == str(TextGridError(text)) == shown
    assert printable("a\n\tb\r", keep="\n\t") == "a\n\tb\ufffd"


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
