"""Requests and responses as plain values, and the stretch of bytes that a browser asks for."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BufferedIOBase
from typing import Any

from lemf.errors import TextGridError, shown
from lemf.runtime.json_text import parse_json
from lemf.serve.guard import RefusedError

LARGEST_JSON = 4 << 20  # bytes
_RANGE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})")
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "frame-ancestors 'none'",  # the rest stands in each page
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Body:
    """The body of a request, of which no more is read than there is.

    Parameters
    ----------
    stream : binary file
        Of the connection.
    n_bytes : int
        Length of the body.
    """

    def __init__(self, stream: BufferedIOBase, n_bytes: int) -> None:
        self._stream, self.n_bytes, self.n_left = stream, n_bytes, n_bytes

    def read(self, n_bytes: int) -> bytes:
        """Read some bytes, at most those that are left; none where the connection has ended."""
        content = self._stream.read(min(n_bytes, self.n_left))
        self.n_left -= len(content)
        return content


@dataclass(frozen=True)
class Request:
    """A request that was let in.

    Attributes
    ----------
    method : "GET" or "POST"
    parts : tuple of str
        The parts of the path.
    query : mapping of str to str
    headers : mapping of str to list of str
        By their names in lower case.
    body : Body
    """

    method: str
    parts: tuple[str, ...]
    query: Mapping[str, str]
    headers: Mapping[str, list[str]]
    body: Body

    def read_json(self) -> dict[str, Any]:
        """Read the body as a JSON object.

        Raises
        ------
        RefusedError
            It is too large.
        TextGridError
            It is no JSON object.
        """
        size = self.body.n_bytes
        if size > LARGEST_JSON:
            raise RefusedError(413, f"{size:,} bytes; at most {LARGEST_JSON:,} are read")
        try:
            content = parse_json(self.body.read(size))
        except ValueError as error:
            raise TextGridError(f"corrections: not JSON ({error})") from error
        if not isinstance(content, dict):
            raise TextGridError(f"corrections: expected an object, not {shown(content)}")
        return content


@dataclass(frozen=True)
class Response:
    """What is answered; the headers of `HEADERS` are added."""

    content: bytes = b""
    media_type: str = "text/plain; charset=utf-8"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


def html_response(html: str, status: int = 200) -> Response:
    """Return a page."""
    return Response(html.encode(), "text/html; charset=utf-8", status)


def json_response(content: Mapping[str, Any], status: int = 200) -> Response:
    """Return JSON."""
    text = json.dumps(content, ensure_ascii=True, allow_nan=False)
    return Response(text.encode(), "application/json", status)


def serve_range(content: bytes, media_type: str, header: str | None) -> Response:
    """Return the stretch of bytes that the header Range asks for, so that a player can seek.

    Parameters
    ----------
    content : bytes
        All of them.
    media_type : str
    header : str or None
        Of one stretch; what is not understood is answered with all bytes, as HTTP says.
    """
    size = len(content)
    match = _RANGE.fullmatch(header.strip()) if header is not None else None
    if match is None or match.groups() == ("", ""):
        return Response(content, media_type, headers={"Accept-Ranges": "bytes"})
    first, last = match.groups()
    if first:
        start, stop = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < int(first):
            return Response(content, media_type, headers={"Accept-Ranges": "bytes"})
    else:  # the last bytes
        start, stop = max(size - int(last), 0), size
    if start >= stop:
        return Response(status=416, headers={"Content-Range": f"bytes */{size}"})
    stretch = {"Accept-Ranges": "bytes", "Content-Range": f"bytes {start}-{stop - 1}/{size}"}
    return Response(content[start:stop], media_type, 206, stretch)
