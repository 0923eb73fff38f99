"""Input files: whole regular files, so that no pipe, device or endless file is waited for."""

from __future__ import annotations

import io
import os
import stat
from pathlib import Path

from lemf.errors import LemfError

_KINDS = (
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISSOCK, "a socket"),
)


def check_input(path: str | os.PathLike[str], error: type[LemfError]) -> None:
    """Refuse what is no file of a known end, before it is opened: a pipe could wait for ever.

    What does not exist, and a folder, pass: the function that opens the path reports these.

    Parameters
    ----------
    path : str or path-like
    error : type of LemfError
        What is raised.

    Raises
    ------
    LemfError
        Of the type `error`: the path is a pipe, a device or a socket.
    """
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - a str may hold what no Path may
    except (OSError, ValueError):
        return
    _check_mode(mode, os.fspath(path), error)


def check_descriptor(stream: object, name: str, error: type[LemfError]) -> None:
    """Refuse an open file object that reads from a pipe, a device or a socket; see `check_input`.

    Raises
    ------
    LemfError
        Of the type `error`.
    """
    try:
        mode = os.fstat(stream.fileno()).st_mode  # type: ignore[attr-defined]
    except (OSError, ValueError, AttributeError, TypeError):  # in memory: no descriptor
        return
    _check_mode(mode, name, error)


def read_input(
    path: str | os.PathLike[str], error: type[LemfError], *, most_bytes: int | None = None
) -> bytes:
    """Read all of a regular file.

    Parameters
    ----------
    path : str or path-like
    error : type of LemfError
        What is raised.
    most_bytes : int, optional
        Size from which the file is refused without being read.

    Returns
    -------
    bytes

    Raises
    ------
    LemfError
        Of the type `error`: a pipe, a device or a socket, a file that is too large, or one that
        another program goes on writing.
    OSError, ValueError
        The file cannot be opened, as `open` reports it.
    """
    check_input(path, error)
    with Path(path).open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        if most_bytes is not None and size > most_bytes:
            raise error(
                f"{path}: {size / 1e6:,.0f} MB, more than the {most_bytes / 1e6:,.0f} MB that are "
                "read; is this the right file? Otherwise cut it into parts"
            )
        content = stream.read(size + 1)
    if len(content) > size:
        raise error(f"{path}: grows while it is read; wait until it is written, and run again")
    return content


def read_text_input(path: str | os.PathLike[str], error: type[LemfError]) -> str:
    """Read a regular file of text in UTF-8, with or without a byte order mark; see `read_input`.

    Line ends become newlines.

    Raises
    ------
    LemfError
        As `read_input`.
    OSError, ValueError
        The file cannot be opened or, as UnicodeDecodeError, is not UTF-8.
    """
    content = read_input(path, error)
    return io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig").read()


def _check_mode(mode: int, name: str, error: type[LemfError]) -> None:
    for is_kind, kind in _KINDS:
        if is_kind(mode):
            raise error(f"{name}: this is {kind}, not a file; save what it holds to a file")
