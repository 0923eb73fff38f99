"""The source of a recording or a TextGrid: a path, the bytes of a file, or a file object."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable
from typing import IO, Any, TypeGuard

from lemf.errors import LemfError
from lemf.runtime.input import check_descriptor

_BYTES = bytes | bytearray | memoryview
Source = str | os.PathLike[str] | bytes | bytearray | memoryview | IO[Any]


def is_source(value: object) -> TypeGuard[Source]:
    """Check whether a value is a path, bytes or a file object."""
    return isinstance(value, str | os.PathLike | _BYTES) or hasattr(value, "read")


def source_name(source: Source) -> str:
    """Return the name of a source in messages and results: the path as given, or a placeholder."""
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    if isinstance(source, _BYTES):
        return "<bytes>"
    name = getattr(source, "name", None)
    return name if isinstance(name, str) else "<file>"


def read_source(
    source: bytes | bytearray | memoryview | IO[Any], error: type[LemfError]
) -> bytes | str:
    """Read all of a file object from its start, and leave its position as it was.

    Parameters
    ----------
    source : bytes or file object
    error : type of LemfError
        What is raised where the object is closed or cannot be read from its start.

    Returns
    -------
    bytes, or str of a file opened as text
    """
    if isinstance(source, _BYTES):
        return bytes(source)
    name = source_name(source)
    if getattr(source, "closed", False):
        raise error(f"{name}: the file object is closed; open the file again")
    try:
        if not getattr(source, "seekable", bool)():  # without the method, it is not
            raise error(
                f"{name}: the file object cannot go back to its start; "
                "give what its read() returns instead"
            )
        check_descriptor(source, name, error)
        place = source.tell()
        source.seek(0)
        content: bytes | str = source.read()
        source.seek(place)
    except UnicodeDecodeError as fault:
        raise error(f"{name}: opened as text; open the file in binary mode, 'rb'") from fault
    except (OSError, ValueError) as fault:
        reason = getattr(fault, "strerror", None) or fault
        raise error(f"{name}: the file object cannot be read ({reason})") from fault
    return content


def names_beside(audio: str, endings: Iterable[str]) -> list[str]:
    """Return the names of a recording with other endings, in any Unicode normal form.

    Parameters
    ----------
    audio : str
        Path or name of the recording; names of another folder are not made.
    endings : iterable of str
        Such as ``".TextGrid"``; ``".wav.json"`` is one, too. Names are in their order.
    """
    folder, name = os.path.split(os.path.splitext(audio)[0])  # noqa: PTH122 - as in messages
    forms = dict.fromkeys([name, *(unicodedata.normalize(form, name) for form in ("NFC", "NFD"))])
    stems = [os.path.join(folder, form) for form in forms]  # noqa: PTH118
    return [stem + ending for ending in endings for stem in stems]
