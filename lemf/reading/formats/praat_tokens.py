"""The tokens of a Praat file, text or binary, taken one by one.

In a text file, strings in double quotes and free-standing numbers and flags count; other text, such
as ``xmin =`` or ``intervals [3]:``, is decoration, and ``!`` opens a comment. Praat reads files in
the same way, so one reader serves the long and the short format. A binary file holds the same
sequence.
"""

from __future__ import annotations

import bisect
import math
import re
import struct
from array import array
from collections.abc import Iterator
from typing import Literal, NamedTuple, NoReturn

from lemf.errors import TextGridError
from lemf.reading.encoding import decode_text

TokenKind = Literal["string", "number", "flag"]

BINARY_MAGIC = b"ooBinaryFile"
# A string, a flag, a comment to the end of the line, a quote that nothing closes, any other word.
_KINDS = r'"((?:[^"]|"")*+)"(?=\s|\Z)|(<[^>\s]*>)|![^\n]*|(")|([^\s"<!]\S*|<\S*)'
_TOKEN = re.compile(_KINDS)
# The same behind decoration: words that no number opens, passed over in one step.
_TOKEN_AFTER_WORDS = re.compile(rf"(?:\s++|[^\s\"<!+\-.0-9]\S*+)*+(?:{_KINDS}|\Z)")
# Praat reads the number that opens a word, so 3.2s is 3.2; what follows may be no other number.
_NUMBER = re.compile(r"([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?%?)(.*)", re.DOTALL)
_DECIMAL_COMMA = re.compile(r",[0-9]+\Z")
_NO_UNIT = re.compile(r"[eE]|ms|µs|us|min|h\Z|.*[0-9]", re.DOTALL)  # after a number of seconds
# What programs write for a number that is missing or infinite, and digits that are not ASCII.
_NOT_A_NUMBER = re.compile(
    r"[+-]?(?:nan|inf|infinity|na|n/a|none|null|-?undefined-*)\Z|[+-]?[^\D0-9]", re.IGNORECASE
)
_SHOWN = 40  # characters of a token shown in a message


class Token(NamedTuple):
    """One token; `position` counts characters of a text file, bytes of a binary one."""

    kind: TokenKind
    value: str
    position: int


def tokenise(content: str | bytes, path: str, encoding: str | None = None) -> PraatTokens:
    """Split the content of a Praat file into tokens.

    Parameters
    ----------
    content : str or bytes
        All of the file.
    path : str
        Name of the file in messages.
    encoding : str, optional
        Encoding of bytes without a byte order mark; by default it is found in them.

    Raises
    ------
    TextGridError
        A string that nothing closes, bytes that the encoding does not have, a number with another
        number behind it, a binary file that is cut off.
    """
    if isinstance(content, bytes) and content.startswith(BINARY_MAGIC):
        return PraatTokens(path, list(_binary_tokens(content, path)), None)
    text, notes = read_text(content, path, encoding)
    newlines = array("q", [match.start() for match in re.finditer("\n", text)])
    tokens = PraatTokens(path, [], newlines)
    tokens.notes = notes
    tokens.text = text
    tokens.tokens.extend(_text_tokens(text, tokens))
    return tokens


def read_text(
    content: str | bytes, path: str, encoding: str | None = None
) -> tuple[str, tuple[str, ...]]:
    """Decode a text file; return the text, its lines ending with line feeds, and notes on it.

    Parameters and errors are those of `tokenise`.
    """
    notes: list[str] = []
    if isinstance(content, bytes):
        content, notes = decode_text(content, path, encoding)
    text = content.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return text, tuple(notes)


class PraatTokens:
    """A sequence of tokens read from the front, with messages that name file and place."""

    notes: tuple[str, ...] = ()  # what a user should know
    text = ""  # of a text file, with the decoration

    def __init__(self, path: str, tokens: list[Token], newlines: array[int] | None) -> None:
        self.path = path
        self.tokens = tokens
        self._newlines = newlines  # positions of the line ends; None in a binary file
        self._next = 0

    def line(self, position: int | None = None) -> int:
        """Return the line (from 1) of a position, by default of the last token; 0 if binary."""
        if self._newlines is None:
            return 0
        if position is None:
            position = self.tokens[self._next - 1].position if self._next else 0
        return bisect.bisect_left(self._newlines, position) + 1

    def fail(self, message: str, position: int | None = None) -> NoReturn:
        """Raise a TextGridError that names the file and the line, by default of the last token."""
        if self._newlines is None:
            raise TextGridError(f"{self.path}: {message}")
        raise TextGridError(f"{self.path}: line {self.line(position)}: {message}")

    @property
    def at_end(self) -> bool:
        """Whether every token has been taken."""
        return self._next >= len(self.tokens)

    def peek_kind(self) -> TokenKind | None:
        """Return the kind of the next token; None at the end."""
        return None if self.at_end else self.tokens[self._next].kind

    def take_string(self, what: str) -> str:
        """Read the next token, a string; a failure says that `what` was expected."""
        return self._take("string", what)

    def take_flag(self, what: str) -> str:
        """Read the next token, a flag such as ``<exists>``, brackets included."""
        return self._take("flag", what)

    def take_number(self, what: str) -> float:
        """Read the next token, a finite number."""
        text = self._take("number", what)
        value = float(text[:-1]) / 100 if text.endswith("%") else float(text)
        if not math.isfinite(value):
            self.fail(f"{what} is {text}, which is not a time")
        return value

    def take_count(self, what: str) -> int:
        """Read the next token, a whole number of 0 or more."""
        value = self.take_number(what)
        if not 0 <= value < 1e9 or value != int(value):
            self.fail(f"{what} is {value:g}, which is not a count")
        return int(value)

    def _take(self, kind: TokenKind, what: str) -> str:
        token = None if self.at_end else self.tokens[self._next]
        if token is None or token.kind != kind:
            self._check_numbers()
        if token is None:
            self.fail(f"the file ends where {what} should follow; it is cut off")
        self._next += 1
        if token.kind != kind:
            self.fail(f"expected {what}, found {shorten(token.value)}")
        return token.value

    def _check_numbers(self) -> None:
        """Refuse a word such as ``nan`` in the place of a number, before the next token."""
        before = self._next - 1
        while before >= 0 and self.tokens[before].kind == "number":
            before -= 1
        start = 0 if before < 0 else self.tokens[before].position
        end = len(self.text) if self.at_end else self.tokens[self._next].position
        for match in _TOKEN.finditer(self.text, start, end):
            if match[4] and _NOT_A_NUMBER.match(match[4]):
                self.fail(
                    f"{shorten(match[4])} is no number; write a plain one, in seconds",
                    match.start(),
                )


def shorten(value: str) -> str:
    """Quote a value for a message, on one line and not too long."""
    value = " ".join(value.split())
    return repr(value if len(value) <= _SHOWN else value[: _SHOWN - 3] + "...")


def _text_tokens(text: str, place: PraatTokens) -> Iterator[Token]:
    for match in _TOKEN_AFTER_WORDS.finditer(text):
        string, flag, unclosed, word = match.groups()
        if word is not None:
            if not (number := _NUMBER.match(word)):
                continue
            position, rest = match.start(4), number[2]
            if rest and _DECIMAL_COMMA.match(rest):
                place.fail(f"{shorten(word)[1:-1]} has a decimal comma; write a point", position)
            if rest and _NO_UNIT.match(rest):
                place.fail(f"{shorten(word)} is no number; write a plain one, in seconds", position)
            yield Token("number", number[1], position)
        elif string is not None:
            yield Token("string", string.replace('""', '"'), match.start(1) - 1)
        elif flag is not None:
            yield Token("flag", flag, match.start(2))
        elif unclosed is not None:
            place.fail(
                'a label opens with " and is never closed; '
                "the file is cut off or a quote inside the label is not doubled",
                match.start(3),
            )


def _binary_tokens(content: bytes, path: str) -> Iterator[Token]:
    """Read the tokens that the short text format of the same TextGrid would hold."""
    # Readers of one value
    position = len(BINARY_MAGIC)

    def unpack(code: str) -> int | float:
        nonlocal position
        try:
            (value,) = struct.unpack_from(">" + code, content, position)
        except struct.error:
            raise TextGridError(
                f"{path}: the binary file is cut off at byte {len(content)}; export it again"
            ) from None
        position += struct.calcsize(code)
        return value  # type: ignore[no-any-return]

    def number(code: str) -> Token:
        return Token("number", repr(unpack(code)), position)

    def string(length_code: str) -> Token:
        length = int(unpack(length_code))
        if length_code == "H" and length == 0xFFFF:  # Praat's mark of a UTF-16 string
            units = []
            for _ in range(int(unpack("H"))):  # counts characters: a surrogate pair is one
                units.append(int(unpack("H")))
                if 0xD800 <= units[-1] < 0xDC00:
                    units.append(int(unpack("H")))
            raw = struct.pack(f">{len(units)}H", *units)
            return Token("string", raw.decode("utf-16-be", errors="replace"), position)
        raw = bytes(int(unpack("B")) for _ in range(length))
        return Token("string", raw.decode("latin-1"), position)

    # Head of the file
    yield Token("string", "ooBinaryFile", 0)
    object_class = string("B")
    yield object_class
    if object_class.value != "TextGrid":
        return
    yield from (number("d"), number("d"))
    exists = unpack("B")
    yield Token("flag", "<exists>" if exists else "<absent>", position)
    n_tiers = number("i") if exists else Token("number", "0", position)
    if exists:
        yield n_tiers

    # Tiers, each with its entries
    for _ in range(int(n_tiers.value)):
        tier_class = string("B")
        yield from (tier_class, string("H"), number("d"), number("d"))
        n_entries = number("i")
        yield n_entries
        for _ in range(int(n_entries.value)):
            yield number("d")
            if tier_class.value == "IntervalTier":
                yield number("d")
            yield string("H")
    if position != len(content):
        raise TextGridError(
            f"{path}: {len(content) - position} bytes follow after the tiers that the binary file "
            "announces; export it again"
        )
