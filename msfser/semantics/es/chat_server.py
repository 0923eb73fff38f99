"""A server with OpenAI's API, and requests to it that are bounded in size, in time and in depth.

The key of the server is replaced wherever the server repeats it.
"""

from __future__ import annotations

import asyncio
import base64
import re
import zlib
from contextlib import suppress
from dataclasses import dataclass, field
from html import escape
from typing import NamedTuple
from urllib.parse import quote_plus, unquote

import httpx

from lemf.runtime.output import UNPRINTABLE, printable_text
from msfser.errors import ConfigError, SemanticsError
from msfser.semantics.es.redaction import redact, redact_json

CONNECT_S = 10.0
LARGEST_ANSWER = 4 << 20  # bytes; a description has some hundred, the longest reasoning 200,000
_ENCODINGS = {"gzip", "x-gzip", "deflate"}
_GZIP = b"\x1f\x8b"  # how it begins
_EXAMPLE_URL = "http://localhost:8000/v1"
_LAST_PORT = 65535


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server, the model on it, and how to send requests.

    Attributes
    ----------
    url : str
        Such as ``"http://localhost:8000/v1"``.
    model : str
    api_key : str or None
        Blanks and line breaks around the key are removed.
    in_flight : int
        Requests at a time.
    timeout_s : float
        How long to wait for a reply.
    attempts : int
        How often a request is sent before the utterance counts as failed.
    first_delay_s : float
        Wait after the first failure; doubles with each further failure, up to a minute.
    use_schema : bool
        Whether the server shall enforce the JSON schema of the reply.
    max_tokens : int
    """

    url: str
    model: str
    api_key: str | None = field(default=None, repr=False)
    in_flight: int = 64
    timeout_s: float = 120.0
    attempts: int = 6
    first_delay_s: float = 1.0
    use_schema: bool = True
    max_tokens: int = 512

    def __post_init__(self) -> None:
        url = self.url.strip()
        if fault := _fault_of_url(url):
            shown = re.sub("//.*@", "//", url, flags=re.DOTALL)  # without a password
            raise ConfigError(f"--url {shown!r}: {fault}; write it as {_EXAMPLE_URL}")
        key = (self.api_key or "").strip()
        if not re.fullmatch("[!-~]*", key):
            raise ConfigError(
                "the API key holds a blank, a line break or a character other than ASCII; "
                "set OPENAI_API_KEY to the key alone"
            )
        object.__setattr__(self, "api_key", key or None)
        url = url.rstrip("/").removesuffix("/chat/completions")
        object.__setattr__(self, "url", url)
        if not (self.in_flight >= 1 and self.attempts >= 1 and self.timeout_s > 0):
            raise ConfigError(
                f"in_flight {self.in_flight} and attempts {self.attempts} must be at least 1, and "
                f"timeout_s {self.timeout_s:g} above 0"
            )

    @property
    def place(self) -> str:
        """The URL without a name and a password, for messages."""
        return re.sub("//[^/]*@", "//", self.url)

    @property
    def secrets(self) -> tuple[str, ...]:
        """What no message and no file may hold: the key, and a password in the URL."""
        secrets = [self.api_key or ""]
        if named := re.search("//([^/]*)@", self.url):
            name, _, password = named[1].partition(":")
            pair = f"{unquote(name)}:{unquote(password)}"
            secret = password or name  # a token may stand alone
            secrets += [secret, unquote(secret), base64.b64encode(pair.encode()).decode()]
        if self.api_key:
            texts = (self.api_key, f"Bearer {self.api_key}")
            secrets += [base64.b64encode(text.encode()).decode().rstrip("=") for text in texts]
        return tuple(dict.fromkeys([*secrets, *map(quote_plus, secrets), *map(escape, secrets)]))

    @property
    def decoding(self) -> dict[str, object]:
        """Settings that the reply depends on besides the prompt, the model and the recording."""
        return {"temperature": 0, "max_tokens": self.max_tokens, "schema": self.use_schema}


def _fault_of_url(url: str) -> str:
    """Return why requests cannot be sent to a URL; ``""`` where they can."""
    try:
        parts = httpx.URL(url)
        host = parts.host  # may raise an error, too
    except (httpx.InvalidURL, ValueError) as error:
        return excerpt(str(error)).rstrip(".")
    if parts.scheme not in ("http", "https") or not host:
        return "no address of a server"
    if parts.port is not None and not 1 <= parts.port <= _LAST_PORT:
        return f"no port from 1 to {_LAST_PORT}"
    if {"?", "#"} & set(url):
        return "it goes on after the path, with ? or #"
    return ""


def open_client(server: Server) -> httpx.AsyncClient:
    """Return a client with `in_flight` connections, which the caller closes.

    Raises
    ------
    ConfigError
        The environment names a proxy or a certificate that cannot be used.
    """
    key = {} if server.api_key is None else {"Authorization": f"Bearer {server.api_key}"}
    try:
        return httpx.AsyncClient(
            headers={"Accept-Encoding": "gzip, deflate", **key},
            limits=httpx.Limits(max_connections=server.in_flight),
            timeout=httpx.Timeout(None, connect=CONNECT_S),  # `timeout_s` is for the whole reply
        )
    except (httpx.InvalidURL, ValueError, ImportError, OSError) as error:
        raise ConfigError(
            f"HTTP_PROXY, HTTPS_PROXY, ALL_PROXY or SSL_CERT_FILE cannot be used "
            f"({excerpt(str(error))}); correct or unset the variable"
        ) from error


class Answer(NamedTuple):
    """An answer of the server, without its key; `is_whole` is False where it was too large."""

    status: int
    text: str
    retry_after: str | None
    is_whole: bool


async def fetch(
    client: httpx.AsyncClient,
    server: Server,
    method: str,
    path: str,
    body: object,
    timeout_s: float,
) -> Answer:
    """Send one request and read the answer, both within `timeout_s`; of a large answer its start.

    Raises
    ------
    TimeoutError
        The answer did not end in time.
    httpx.RequestError
        There is no whole answer.
    SemanticsError
        The server is elsewhere, or compresses its answers in a way that was not asked for.
    """
    raw = bytearray()
    try:
        async with (
            asyncio.timeout(timeout_s),
            client.stream(method, f"{server.url}{path}", json=body) as response,
        ):
            async for chunk in response.aiter_raw():
                raw += chunk
                if len(raw) > LARGEST_ANSWER:
                    break
    except ExceptionGroup as errors:  # of sockets, such as at the port 99999 of a proxy
        raise httpx.ConnectError(str(errors.exceptions[0])) from errors
    if response.has_redirect_location:
        target = redact(server.secrets, excerpt(_moved_to(response, path)))
        raise SemanticsError(f"{server.place}: the server has moved to {target}; use it as --url")
    encodings = response.headers.get("Content-Encoding", "").lower().replace(" ", "").split(",")
    content = bytes(raw)
    for encoding in reversed([name for name in encodings if name not in ("", "identity")]):
        content = _inflate(server, content, encoding)
    is_whole = max(len(raw), len(content)) <= LARGEST_ANSWER
    if content.startswith(_GZIP) and encodings != [""]:
        raise _unsupported(server, "gzip, twice")
    try:
        text = content[:LARGEST_ANSWER].decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if response.is_success and is_whole:
            raise httpx.DecodingError(f"the body is not UTF-8 at byte {error.start}") from error
        text = content[:LARGEST_ANSWER].decode("utf-8-sig", errors="replace")
    retry_after = response.headers.get("Retry-After")
    return Answer(response.status_code, redact_json(server.secrets, text), retry_after, is_whole)


def _moved_to(response: httpx.Response, path: str) -> str:
    """Return the whole URL of the API to which a server sends, without a name and a password."""
    target = response.headers["Location"]
    with suppress(httpx.InvalidURL, ValueError):
        url = response.url.join(target).copy_with(query=None, fragment=None)
        target = re.sub("//[^/]*@", "//", str(url))
    return str(target).rstrip("/").removesuffix(path)


def _inflate(server: Server, raw: bytes, encoding: str) -> bytes:
    """Return what a body holds, but not much more than `LARGEST_ANSWER` of it."""
    if encoding not in _ENCODINGS:
        raise _unsupported(server, encoding)
    try:
        return zlib.decompressobj(wbits=47).decompress(raw, LARGEST_ANSWER + 1)
    except zlib.error as error:
        raise httpx.DecodingError(f"the body is no {encoding}: {error}") from error


def _unsupported(server: Server, encoding: str) -> SemanticsError:
    return SemanticsError(
        f"{server.place}: the server compresses its answers as {excerpt(encoding)!r}; this "
        "encoding is not supported: let it send gzip or no compression"
    )


def describe_error(server: Server, error: Exception) -> str:
    """Return kind and message of an error of httpx."""
    text = redact(server.secrets, excerpt(str(error)))
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def name_remedy(server: Server, error: Exception) -> str:
    """Return what to do about an error of httpx on the way to a server."""
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return "set SSL_CERT_FILE to the certificate of its authority"
    if "[SSL" in text:  # an answer that is none of TLS
        return f"if it speaks http, use --url {server.place.replace('https', 'http', 1)}"
    if "status line" in text and "x15\\x03" in text:  # an alert of TLS
        return f"if it speaks https, use --url {server.place.replace('http', 'https', 1)}"
    return "start it, or name another with --url"


def excerpt(text: str) -> str:
    """Return the start of a text as one line that does nothing to a terminal."""
    line = printable_text(" ".join(text[:2000].split()))
    line = UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", line)
    return line if len(line) <= 200 else f"{line[:200]}..."
