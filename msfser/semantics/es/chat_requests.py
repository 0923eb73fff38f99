"""Requests to a server with OpenAI's chat completions; temporary failures are retried."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from msfser.errors import ConfigError, SemanticsError

_PASSING = {408, 409, 425, 429, 500, 502, 503, 504}  # HTTP statuses that may pass
_HOPELESS = {401, 403, 404, 405}  # the same for every request
_LONGEST_DELAY_S = 60.0
_LONGEST_RETRY_AFTER_S = 600.0
_CONNECT_S = 10.0

Message = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server, the model on it, and how to send requests.

    Attributes
    ----------
    url : str
        Such as ``"http://localhost:8000/v1"``.
    model : str
    api_key : str or None
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
    api_key: str | None = None
    in_flight: int = 64
    timeout_s: float = 120.0
    attempts: int = 6
    first_delay_s: float = 1.0
    use_schema: bool = True
    max_tokens: int = 512

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise ConfigError(f"--url {self.url}: write it as http://localhost:8000/v1")
        if not (self.in_flight >= 1 and self.attempts >= 1 and self.timeout_s > 0):
            raise ConfigError(
                f"in_flight {self.in_flight} and attempts {self.attempts} must be at least 1, and "
                f"timeout_s {self.timeout_s:g} above 0"
            )

    @property
    def decoding(self) -> dict[str, object]:
        """Settings that the reply depends on besides the prompt, the model and the recording."""
        return {"temperature": 0, "max_tokens": self.max_tokens, "schema": self.use_schema}


def find_model(url: str, api_key: str | None, model: str | None) -> str:
    """Check that the server answers, and return the name of its model.

    Parameters
    ----------
    url : str
    api_key : str or None
    model : str or None
        None for the only model of the server.

    Raises
    ------
    SemanticsError
        No server answers, or the server refuses the key, lacks the model, or has several models.
    """
    server = Server(url=url, model=model or "", api_key=api_key)
    try:
        reply = httpx.get(f"{url.rstrip('/')}/models", headers=_headers(server), timeout=_CONNECT_S)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise SemanticsError(
            f"{url}: no server answers ({_describe(error)}); start it, or name another with --url"
        ) from error
    if reply.status_code in (401, 403):
        raise SemanticsError(f"{url}: the server refuses the key; set OPENAI_API_KEY")
    try:
        served = [str(entry["id"]) for entry in reply.json()["data"]]
    except (ValueError, KeyError, TypeError):
        if model is None:
            raise SemanticsError(f"{url}: the server does not list models; use --model") from None
        return model
    if model is not None and model not in served:
        raise SemanticsError(f"{url}: no model {model!r}; there are: {', '.join(served)}")
    if model is None and len(served) != 1:
        raise SemanticsError(f"{url}: choose with --model: {', '.join(served)}")
    return model or served[0]


class RequestError(Exception):
    """Why a request got no reply; `passing` where another attempt may succeed."""

    def __init__(self, reason: str, *, passing: bool = False) -> None:
        super().__init__(reason)
        self.passing = passing


def open_client(server: Server) -> httpx.AsyncClient:
    """Return a client with `in_flight` connections, which the caller closes."""
    return httpx.AsyncClient(
        headers=_headers(server),
        limits=httpx.Limits(max_connections=server.in_flight),
        timeout=httpx.Timeout(None, connect=_CONNECT_S),  # `timeout_s` is for the whole reply
    )


async def complete(
    client: httpx.AsyncClient,
    server: Server,
    messages: Sequence[Message],
    schema: Mapping[str, Any],
    seed: str,
) -> str:
    """Send a request until a reply arrives, waiting longer after each failure.

    Parameters
    ----------
    client : httpx.AsyncClient
        From `open_client`.
    server : Server
    messages : sequence of dict
        In the form of OpenAI's API.
    schema : mapping
        The JSON schema of the reply.
    seed : str
        Of the random waits, so that requests are not repeated all at the same time.

    Returns
    -------
    str
        Empty where the model replied with nothing.

    Raises
    ------
    RequestError
        All attempts failed, or the server refuses this request.
    SemanticsError
        The server would refuse any request.
    """
    # body of the request
    body: dict[str, Any] = {
        "model": server.model,
        "messages": messages,
        "temperature": 0,
        "max_tokens": server.max_tokens,
    }
    if server.use_schema:
        named = {"name": "description", "strict": True, "schema": schema}
        body["response_format"] = {"type": "json_schema", "json_schema": named}
    # attempts, with pauses between them
    jitter = random.Random(seed)
    for attempt in range(1, server.attempts + 1):
        wait_s = 0.0
        try:
            async with asyncio.timeout(server.timeout_s):
                response = await client.post(
                    f"{server.url.rstrip('/')}/chat/completions", json=body
                )
        except TimeoutError:
            reason = f"no reply within {server.timeout_s:g} s"
        except httpx.RequestError as error:  # down, or cut off
            reason = _describe(error)
        else:
            reason = f"HTTP {response.status_code}: {_excerpt(response.text)}"
            if response.status_code in _HOPELESS:
                raise SemanticsError(f"{server.url}: {reason}; check --url, --model and the key")
            if response.is_success:
                reply = _content(response)
                if reply is not None:
                    return reply
                reason = f"no reply of a chat model: {_excerpt(response.text)}"
            elif response.status_code not in _PASSING:
                raise RequestError(reason)
            wait_s = _retry_after_s(response.headers.get("Retry-After"))
        if attempt < server.attempts:
            backoff_s = min(server.first_delay_s * 2 ** (attempt - 1), _LONGEST_DELAY_S)
            await asyncio.sleep(max(wait_s, backoff_s * jitter.uniform(0.5, 1.0)))
    raise RequestError(f"{server.attempts} attempts, the last: {reason}", passing=True)


def _headers(server: Server) -> dict[str, str]:
    return {} if server.api_key is None else {"Authorization": f"Bearer {server.api_key}"}


def _content(response: httpx.Response) -> str | None:
    """Return the text of a completion; None where there is none, as in an error page."""
    try:
        message = response.json()["choices"][0]["message"]
        return str(message.get("content") or message.get("refusal") or "")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        return None


def _retry_after_s(value: str | None) -> float:
    """Read the header Retry-After, which holds seconds or a date."""
    if value is None:
        return 0.0
    try:
        seconds = float(value)
    except ValueError:
        try:
            when = parsedate_to_datetime(value)
        except ValueError:
            return 0.0
        if when.tzinfo is None:
            when = when.replace(tzinfo=UTC)
        seconds = (when - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER_S) if seconds == seconds else 0.0


def _describe(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _excerpt(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 200 else f"{line[:200]}..."
