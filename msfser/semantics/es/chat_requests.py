"""Requests to a server with OpenAI's chat completions; temporary failures are retried."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple

import httpx

from lemf.runtime.output import printable_text
from msfser.errors import SemanticsError
from msfser.semantics.es.chat_server import (
    CONNECT_S,
    LARGEST_ANSWER,
    Answer,
    Server,
    describe_error,
    excerpt,
    fetch,
    name_remedy,
    open_client,
)
from msfser.semantics.es.redaction import parse_json, redact
from msfser.semantics.es.refusals import refused_settings, refuses_audio, refuses_schema

_PASSING = {408, 409, 425, 429, 500, 502, 503, 504}  # HTTP statuses that may pass
_HOPELESS = {401, 403, 404, 405}  # the same for every request
_LONGEST_DELAY_S = 60.0
_LONGEST_RETRY_AFTER_S = 600.0

_VERSIONED = re.compile(r"/v\d\w*$")  # such as /v1, the usual end of the URL of an API

_STREAM = re.compile(r"\s*(?:(?:event|id|retry)?:[^\n]*\n\s*){0,9}data:")  # server-sent events

Message = dict[str, Any]


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
    return asyncio.run(_find_model(Server(url=url, model=model or "", api_key=api_key)))


async def _find_model(server: Server) -> str:
    url, model = server.place, server.model
    async with open_client(server) as client:
        served, refusal = await _list_models(client, server, "/models")
        if (
            served is None
            and not _VERSIONED.search(server.url)
            and (await _list_models(client, server, "/v1/models"))[0] is not None
        ):
            raise SemanticsError(f"{url}: the API is at {url}/v1; use --url {url}/v1")
    if served is None:
        if not model:
            raise SemanticsError(f"{url}: the server does not list models{refusal}; use --model")
        return model
    names = [name for name in served if name]
    if model and (model in names or not names):
        return model
    if not names:
        which = "a model whose name can be used" if served else "a model"
        raise SemanticsError(f"{url}: the server does not list {which}; load one, or use --model")
    nameless = len(served) - len(names)
    listed = excerpt(", ".join(names)) + (
        f" and {nameless} without a usable name" if nameless else ""
    )
    if model:
        raise SemanticsError(f"{url}: no model {model!r}; there are: {listed}")
    if len(served) > 1:
        raise SemanticsError(f"{url}: choose with --model: {listed}")
    return names[0]


async def _list_models(
    client: httpx.AsyncClient, server: Server, path: str
) -> tuple[list[str] | None, str]:
    """Return the names of the models, ``""`` for each that is no text; None and why for no list."""
    url = server.place
    try:
        answer = await fetch(client, server, "GET", path, None, CONNECT_S)
        if answer.status in (401, 403):
            raise SemanticsError(f"{url}: the server refuses the key; set OPENAI_API_KEY")
        entries = parse_json(answer.text)["data"]
        ids = [entry.get("id") if isinstance(entry, dict) else None for entry in list(entries)]
    except TimeoutError as error:
        raise SemanticsError(
            f"{url}: no server answers (no whole reply within {CONNECT_S:g} s); start it, or name "
            "another with --url"
        ) from error
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise SemanticsError(
            f"{url}: no server answers ({describe_error(server, error)}); "
            f"{name_remedy(server, error)}"
        ) from error
    except (ValueError, KeyError, TypeError):
        return None, f" ({_describe_answer(answer)})"
    names = [name for name in ids if isinstance(name, str) and name.strip() and name.isprintable()]
    return [*dict.fromkeys(names), *[""] * (len(ids) - len(names))], ""


class RequestError(Exception):
    """Why a request got no reply.

    Attributes
    ----------
    passing : bool
        Whether another attempt may succeed.
    of_audio : bool
        Whether the server refuses the form of the recording.
    """

    def __init__(self, reason: str, *, passing: bool = False, of_audio: bool = False) -> None:
        super().__init__(reason)
        self.passing = passing
        self.of_audio = of_audio


class Reply(NamedTuple):
    """The text of a completion, empty where the model replied with nothing."""

    text: str
    is_cut: bool  # at `max_tokens`


async def complete(
    client: httpx.AsyncClient,
    server: Server,
    messages: Sequence[Message],
    schema: Mapping[str, Any],
    seed: str,
    note_retry: Callable[[str], None],
    settings: dict[str, object],
) -> Reply:
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
    note_retry : function
        Called before each further attempt with a line that says why.
    settings : dict
        Temperature and number of tokens by their names in the request; changed where the server
        refuses one, and shared by all requests.

    Returns
    -------
    Reply

    Raises
    ------
    RequestError
        All attempts failed, or the server refuses this request.
    SemanticsError
        The server would refuse any request, such as every one with a JSON schema.
    """
    # body of the request
    body: dict[str, Any] = {
        "model": server.model,
        "messages": messages,
    }
    if server.use_schema:
        named = {"name": "description", "strict": True, "schema": schema}
        body["response_format"] = {"type": "json_schema", "json_schema": named}
    # attempts, with pauses between them
    jitter = random.Random(seed)
    for attempt in range(1, server.attempts + 1):
        wait_s = 0.0
        try:
            answer = await _post(client, server, body, settings, note_retry)
        except TimeoutError:
            reason = f"no reply within {server.timeout_s:g} s"
        except httpx.RequestError as error:  # down, or cut off
            reason = describe_error(server, error)
        else:
            reply = _content(server, answer)
            if reply is not None:
                return reply
            reason = _refusal(server, answer)
            wait_s = _retry_after_s(answer.retry_after)
        if attempt < server.attempts:
            backoff_s = min(server.first_delay_s * 2 ** (attempt - 1), _LONGEST_DELAY_S)
            wait_s = max(wait_s, backoff_s * jitter.uniform(0.5, 1.0))
            note_retry(
                f"attempt {attempt} of {server.attempts}: {reason}; the next in {wait_s:.0f} s"
            )
            await asyncio.sleep(wait_s)
    raise RequestError(f"{server.attempts} attempts, the last: {reason}", passing=True)


async def _post(
    client: httpx.AsyncClient,
    server: Server,
    body: Mapping[str, object],
    settings: dict[str, object],
    note_retry: Callable[[str], None],
) -> Answer:
    """Send a request, again where the server refuses one of the settings."""
    while True:
        sent = {**body, **settings}
        answer = await fetch(client, server, "POST", "/chat/completions", sent, server.timeout_s)
        said = answer.text.replace(server.model, "")
        for name, instead in refused_settings(answer.status, said):
            if name in settings:
                value = settings.pop(name)
                if instead:
                    settings[instead] = value
                how = f"as {instead}" if instead else "without"
                note_retry(f"the server refuses {name}: sent {how}")
        if answer.status < 400 or sent == {**body, **settings}:
            return answer


def _refusal(server: Server, answer: Answer) -> str:
    """Return why an answer is of no use where the next one may be; raise an error otherwise."""
    reason = _describe_answer(answer)
    said = answer.text.replace(server.model, "")
    if server.use_schema and refuses_schema(answer.status, said):
        raise SemanticsError(f"{server.place}: {reason}; use --no-schema")
    if refuses_audio(answer.status, said):
        raise RequestError(reason, of_audio=True)
    if answer.status in _HOPELESS:
        check = "the end /v1 of --url" if _VERSIONED.search(server.url) is None else "--url"
        raise SemanticsError(f"{server.place}: {reason}; check {check}, --model and the key")
    if _STREAM.match(answer.text):
        raise SemanticsError(
            f"{server.place}: the server streams its replies (data: ...), which were not asked "
            "for as a stream; switch that off there"
        )
    if 200 <= answer.status < 300:
        return f"no reply of a chat model ({reason})"
    if answer.status not in _PASSING:
        raise RequestError(reason)
    return reason


def _describe_answer(answer: Answer) -> str:
    """Return the status and the start of an answer."""
    size = "" if answer.is_whole else f", more than {LARGEST_ANSWER >> 20} MB"
    shown = excerpt(answer.text)
    return f"HTTP {answer.status}{size}: {shown}" if shown else f"HTTP {answer.status}{size}"


def _content(server: Server, answer: Answer) -> Reply | None:
    """Return the reply of the model; None where there is none, as in an error page.

    Servers that separate the reasoning may take the whole reply for reasoning: where a reply ended
    by itself and is nothing but reasoning, the reasoning is the reply.
    """
    if not (200 <= answer.status < 300 and answer.is_whole):
        return None
    try:
        choice = parse_json(answer.text)["choices"][0]
        message = choice["message"]
        is_cut = choice.get("finish_reason") == "length"
        text = message.get("content") or message.get("refusal")
        if not text and not is_cut:
            text = message.get("reasoning_content") or message.get("reasoning")
        if isinstance(text, list):  # parts of several kinds, such as thinking
            kinds = ("text", "refusal")
            text = "".join(part[part["type"]] for part in text if part.get("type") in kinds)
        return Reply(
            printable_text(redact(server.secrets, text if isinstance(text, str) else "")), is_cut
        )
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
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
        except (ValueError, OverflowError):
            return 0.0
        if when.tzinfo is None:
            when = when.replace(tzinfo=UTC)
        seconds = (when - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), _LONGEST_RETRY_AFTER_S) if seconds == seconds else 0.0
