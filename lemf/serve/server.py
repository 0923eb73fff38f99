"""The server of `lemf serve`: on the loopback address alone, with a thread for each request."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socketserver import TCPServer
from typing import Any, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from lemf.config import AlignSettings, Settings
from lemf.errors import OutputError, one_line
from lemf.serve.guard import NAMES, Guard
from lemf.serve.messages import HEADERS, Body, Request, Response, json_response
from lemf.serve.site import Site
from lemf.serve.upload import remove_unfinished

_MOST_WAIT_S = 60  # for the next bytes of a request
_UNANSWERED = "the server failed; its terminal says why"


class LoopbackServer(ThreadingHTTPServer):
    """A server on 127.0.0.1 with the site that answers."""

    daemon_threads = True  # Ctrl-C waits for no measurement
    site: Site

    def server_bind(self) -> None:
        """Bind without asking for the name of the host, which may take long."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = NAMES[0], self.socket.getsockname()[1]

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as declared
        """Report a fault of lemf; a browser that hangs up is none."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    """Reads a request, and writes the response of the site."""

    protocol_version = "HTTP/1.1"
    timeout = _MOST_WAIT_S

    def version_string(self) -> str:
        """Return the name of the server, without that of Python."""
        return "lemf"

    def log_message(self, *_: object) -> None:
        """Leave the terminal to errors."""

    def do_GET(self) -> None:
        """Answer a request for a page, the sound or a script."""
        self._answer("GET")

    def do_POST(self) -> None:
        """Answer a request that sends something."""
        self._answer("POST")

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer what is no request of this server in one line, and close the connection."""
        fault = one_line(message or explain or HTTPStatus(code).phrase)
        more = {}
        if code == HTTPStatus.NOT_IMPLEMENTED:
            code, fault, more = 405, "this server answers GET and POST only", {"Allow": "GET, POST"}
        response = json_response({"error": fault}, code)
        content = b"" if self.command == "HEAD" else response.content
        self._send(replace(response, content=content, headers=more), close=True)

    def _answer(self, method: str) -> None:
        headers: dict[str, list[str]] = {}
        for name, value in self.headers.items():
            headers.setdefault(name.lower(), []).append(value)
        n_bytes = _length(method, headers)
        if n_bytes is None:
            self._send(json_response({"error": "a header of the length is wrong"}, 411), close=True)
            return
        body = Body(self.rfile, n_bytes)
        address = urlsplit(self.path)
        request = Request(
            method,
            tuple(unquote(part) for part in address.path.split("/") if part),
            dict(parse_qsl(address.query, keep_blank_values=True)),
            headers,
            body,
        )
        try:
            response = cast("LoopbackServer", self.server).site.answer(request)
        except Exception:
            self._send(json_response({"error": _UNANSWERED}, 500), close=True)
            raise
        self._send(response, close=body.n_left > 0)

    def _send(self, response: Response, *, close: bool) -> None:
        """Write a response; close the connection where a body was not read to its end."""
        self.send_response(response.status)
        self.send_header("Content-Type", response.media_type)
        self.send_header("Content-Length", str(len(response.content)))
        for name, value in {**HEADERS, **response.headers}.items():
            self.send_header(name, value)
        if close:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.wfile.write(response.content)


def _length(method: str, headers: dict[str, list[str]]) -> int | None:
    """Return the number of bytes of the body; None where the headers do not tell."""
    lengths = headers.get("content-length", ["0"] if method == "GET" else [])
    if "transfer-encoding" in headers or len(lengths) != 1:
        return None
    (length,) = lengths
    return int(length) if length.isascii() and length.isdigit() and len(length) < 16 else None


@contextmanager
def open_server(
    folder: Path, settings: Settings, aligning: AlignSettings, port: int = 0
) -> Iterator[tuple[LoopbackServer, Guard]]:
    """Listen on 127.0.0.1, and stop listening after the block.

    Parameters
    ----------
    folder : Path
        The folder that is served.
    settings : Settings
    aligning : AlignSettings
    port : int
        0 for a free one.

    Yields
    ------
    LoopbackServer
        Its ``serve_forever`` answers requests.
    Guard
        Which knows the address.

    Raises
    ------
    OutputError
        The folder does not exist, or the port is taken.
    """
    if folder.is_file():
        raise OutputError(f"{folder}: is a file; name the folder that holds it")
    if not folder.is_dir():
        raise OutputError(f"{folder}: there is no such folder; create it first")
    remove_unfinished(folder)
    try:
        server = LoopbackServer((NAMES[0], port), Handler)
    except OSError as error:
        reason = f"cannot be listened on ({error.strerror})"
        raise OutputError(f"port {port}: {reason}; name another with --port") from error
    guard = Guard(server.server_port)
    server.site = Site(folder, settings, aligning, guard)
    with server:
        yield server, guard
