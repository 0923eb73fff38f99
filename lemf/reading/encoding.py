"""The bytes of a text file -> text: UTF-8, UTF-16, UTF-32, or the code page that the bytes tell."""

from __future__ import annotations

import re
from collections.abc import Callable

from lemf.config import find_encoding
from lemf.errors import TextGridError

_MARKS = (  # that open a file, the longer ones first
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
    (b"\xef\xbb\xbf", "utf-8-sig"),
)
_PLAIN = bytes((9, 10, 13, *range(32, 127)))
_LABEL = re.compile(rb'"((?:[^"]|"")*+)"')
_STRANGE, _NOT_ASCII = re.compile("[\udc80-\udcff]"), re.compile("[^\0-\x7f]")
_FALLBACK = "cp1252"
_DECIDES = "--encoding decides"


def decode_text(
    content: bytes,
    path: str,
    encoding: str | None = None,
    *,
    kind: str = "TextGrid",
    find_labels: Callable[[bytes], list[bytes]] = _LABEL.findall,
    remedy: str = _DECIDES,
) -> tuple[str, list[str]]:
    """Decode the bytes of a TextGrid or of another text.

    Parameters
    ----------
    content : bytes
    path : str
        Name of the file in messages.
    encoding : str, optional
        Encoding of a file without a byte order mark; by default it is found in the bytes.
    kind : str
        What the file is, in messages.
    find_labels : function
        Returns the parts of the bytes that tell the encoding.
    remedy : str
        End of the note: what to do where the encoding is another.

    Returns
    -------
    (str, list of str)
        The text, and a note if it is neither UTF-8 nor UTF-16 and no encoding was given.

    Raises
    ------
    TextGridError
        Bytes that the encoding, or UTF-16, does not have.
    SettingsError
        An unknown encoding.
    """
    marked = next((name for mark, name in _MARKS if content.startswith(mark)), None)
    known = marked or (find_encoding(encoding) if encoding is not None else _wide_encoding(content))
    try:
        return content.decode(known or "utf-8"), []
    except UnicodeError as error:
        place = getattr(error, "start", 0)
        if encoding is not None and not marked:
            raise TextGridError(
                f"{path}: byte {place} is not {encoding}; name another with --encoding, or "
                "leave the option out"
            ) from None
        if known and "utf-8" not in known:
            raise TextGridError(
                f"{path}: damaged {known[:6].upper()} at byte {place}; export the {kind} again"
            ) from None
    return _decode_other(content, kind, find_labels, remedy)


def _wide_encoding(content: bytes) -> str | None:
    """Find the encoding of a file without a mark in which characters take two or four bytes."""
    if b"\0" not in content[:4]:
        return None
    start = content[:4000]
    if 4 * start.count(0) < len(start) and start.replace(b"\0", b"").translate(None, _PLAIN) == b"":
        return None  # plain characters and a NUL
    order = "be" if content[:1] == b"\0" else "le"
    return f"utf-{16 if content[:4].count(0) < 3 else 32}-{order}"


def _decode_other(
    content: bytes, kind: str, find_labels: Callable[[bytes], list[bytes]], remedy: str
) -> tuple[str, list[str]]:
    """Decode bytes that are not UTF-8, or that are but for a few."""
    text = content.decode("utf-8-sig", errors="surrogateescape")
    strange = [found.start() for found in _STRANGE.finditer(text)]
    n_good = len(_NOT_ASCII.findall(text)) - len(strange)
    if n_good >= 2 * len(strange):
        line = text.count("\n", 0, strange[0]) + 1
        return _STRANGE.sub(_mend, text), [
            f"the {kind} is UTF-8 but for {len(strange)} bytes (first on line {line}), read as "
            f"Windows-1252; {remedy}"
        ]
    labels = find_labels(content)
    if all(label.isascii() for label in labels):
        return content.decode(_FALLBACK, errors="replace"), []  # in a comment, which says nothing
    from lemf.reading.code_pages import guess_code_page  # rare

    guess = guess_code_page(labels)
    if guess is None:
        note = f"the {kind} is in no known encoding; read as Windows-1252; {remedy}"
        return content.decode(_FALLBACK, errors="replace"), [note]
    doubt = f", but {guess.rival} fits nearly as well" if guess.rival else " (as the bytes tell)"
    note = f"the {kind} is not UTF-8; read as {guess.name}{doubt}; {remedy}"
    return content.decode(guess.codec, errors="replace"), [note]


def _mend(strange: re.Match[str]) -> str:
    return strange[0].encode("utf-8", "surrogateescape").decode(_FALLBACK, errors="replace")
