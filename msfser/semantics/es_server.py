"""Extended Semantics from a server that speaks OpenAI's chat completions and takes audio.

Many requests are in flight at once: such a server batches them itself. What may pass is tried
again, later and later; a reply that is no description is asked for once more, then it has failed.
"""

from __future__ import annotations

import asyncio
import base64
import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx

from msfser.errors import ConfigError, SemanticsError
from msfser.semantics.description import prompt_of, read_reply, render, schema_of
from msfser.semantics.jobs import Job, Made
from msfser.semantics.wav import wav_bytes
from msfser.semantics.work import Entry

_PASSING = {408, 409, 425, 429, 500, 502, 503, 504}  # worth another attempt
_HOPELESS = {401, 403, 404, 405}  # the same for every request
_LONGEST_DELAY_S = 60.0
_LONGEST_RETRY_AFTER_S = 600.0
_CONNECT_S = 10.0
_FEWEST_FAILURES = 20  # in a row before the run is given up

Message = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Server:
    """Where the model is, and how it is asked.

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
        How often a request is made before the utterance has failed.
    first_delay_s : float
        Wait after the first failure; it doubles with each further one, up to a minute.
    use_schema : bool
        Whether the server is to keep the model to the JSON schema.
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
            raise ConfigError("in_flight and attempts must be at least 1, and timeout_s positive")

    @property
    def decoding(self) -> dict[str, object]:
        """What the reply depends on besides the prompt, the model and the recording."""
        return {"temperature": 0, "max_tokens": self.max_tokens, "schema": self.use_schema}


def find_model(url: str, api_key: str | None, model: str | None) -> str:
    """Check that the server is there, and give the model that it serves.

    Parameters
    ----------
    url : str
    api_key : str or None
    model : str or None
        Left out, the only one of the server.

    Raises
    ------
    SemanticsError
        No server answers, it refuses the key, does not know the model, or has several.
    """
    server = Server(url=url, model=model or "", api_key=api_key)
    try:
        reply = httpx.get(f"{url.rstrip('/')}/models", headers=_headers(server), timeout=_CONNECT_S)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise SemanticsError(
            f"{url}: no server answers ({_say(error)}); start it, or name another with --url"
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


def ask_server(server: Server, emotions: Sequence[str], proven: bool, jobs: Sequence[Job]) -> Made:
    """Have the recordings described, and give each as soon as it is.

    Parameters
    ----------
    server : Server
    emotions : sequence of str
        The categories of the corpus.
    proven : bool
        Whether any utterance of the corpus was ever described; until then, every kind of failure
        counts as a sign that none will be.
    jobs : sequence of Job

    Yields
    ------
    job, entry
        The entry holds the ``reply`` as it came and the six ``fields``, too.

    Raises
    ------
    SemanticsError
        The server does not know the address or the key, or one utterance after the other fails.
    """
    find_model(server.url, server.api_key, server.model)
    with asyncio.Runner() as runner:
        client = _client(server)
        done: asyncio.Queue[tuple[Job, Entry] | None] = asyncio.Queue()
        asking = runner.get_loop().create_task(_ask_all(client, server, emotions, jobs, done))
        n_failed = 0
        try:
            while (pair := runner.run(done.get())) is not None:
                yield pair
                job, entry = pair
                if entry["status"] == "ok":
                    proven, n_failed = True, 0
                elif entry["passing"] or not proven:
                    n_failed += 1
                if n_failed >= max(_FEWEST_FAILURES, 2 * server.in_flight):
                    raise SemanticsError(
                        f"{server.url}: {n_failed} utterances in a row failed, the last, {job.id}: "
                        f"{entry['reason']}; what is done is kept: mend it and run this again"
                    )
        finally:
            asking.cancel()
            runner.run(_close(client, asking))
        asking.result()  # raises what ended it


async def _ask_all(
    client: httpx.AsyncClient,
    server: Server,
    emotions: Sequence[str],
    jobs: Sequence[Job],
    done: asyncio.Queue[tuple[Job, Entry] | None],
) -> None:
    """Keep `in_flight` recordings under way until all are described; then say None."""
    remaining = iter(jobs)

    async def work() -> None:
        for job in remaining:
            await done.put((job, await _describe(client, server, emotions, job)))

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(server.in_flight, len(jobs))):
                group.create_task(work())
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from errors
    finally:
        await done.put(None)


def _client(server: Server) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        headers=_headers(server),
        limits=httpx.Limits(max_connections=server.in_flight),
        timeout=httpx.Timeout(None, connect=_CONNECT_S),  # `timeout_s` is for the whole reply
    )


async def _close(client: httpx.AsyncClient, asking: asyncio.Task[None]) -> None:
    await asyncio.wait([asking])
    await client.aclose()
    await asyncio.sleep(0)  # closed sockets go with the next turn of the loop


def _headers(server: Server) -> dict[str, str]:
    return {} if server.api_key is None else {"Authorization": f"Bearer {server.api_key}"}


async def _describe(
    client: httpx.AsyncClient, server: Server, emotions: Sequence[str], job: Job
) -> Entry:
    """Describe one recording: ask, and once more with what was wrong with the reply."""
    try:
        messages = [await asyncio.to_thread(_question, job.wav, emotions)]
        reply = await _complete(client, server, emotions, messages, job.key)
        try:
            description = read_reply(reply, emotions)
        except SemanticsError as error:
            messages += [
                {"role": "assistant", "content": reply},
                {
                    "role": "user",
                    "content": f"This cannot be used: {error}. Reply with the JSON object only.",
                },
            ]
            reply = await _complete(client, server, emotions, messages, job.key)
            try:
                description = read_reply(reply, emotions)
            except SemanticsError as again:
                reason = f"twice: {again}"
                return {"status": "failed", "reason": reason, "passing": False, "reply": reply}
    except _FailedError as error:
        return {"status": "failed", "reason": str(error), "passing": error.passing}
    fields = asdict(description)
    return {"status": "ok", "text": render(description), "fields": fields, "reply": reply}


class _FailedError(Exception):
    """Why one utterance could not be described, and whether another time it could be."""

    def __init__(self, reason: str, *, passing: bool = False) -> None:
        super().__init__(reason)
        self.passing = passing


def _question(wav: Path, emotions: Sequence[str]) -> Message:
    """Give the message with the recording: the only place where anything about it is said."""
    try:
        data = base64.b64encode(wav_bytes(wav)).decode()
    except SemanticsError as error:
        raise _FailedError(str(error)) from error
    return {
        "role": "user",
        "content": [
            {"type": "text", "text": prompt_of(emotions)},
            {"type": "input_audio", "input_audio": {"data": data, "format": "wav"}},
        ],
    }


async def _complete(
    client: httpx.AsyncClient,
    server: Server,
    emotions: Sequence[str],
    messages: Sequence[Message],
    seed: str,
) -> str:
    """Ask until there is a reply, later and later; `seed` keeps the waits apart."""
    body: dict[str, Any] = {
        "model": server.model,
        "messages": messages,
        "temperature": 0,
        "max_tokens": server.max_tokens,
    }
    if server.use_schema:
        schema = {"name": "description", "strict": True, "schema": schema_of(emotions)}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
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
            reason = _say(error)
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
                raise _FailedError(reason)
            wait_s = _retry_after_s(response.headers.get("Retry-After"))
        if attempt < server.attempts:
            backoff_s = min(server.first_delay_s * 2 ** (attempt - 1), _LONGEST_DELAY_S)
            await asyncio.sleep(max(wait_s, backoff_s * jitter.uniform(0.5, 1.0)))
    raise _FailedError(f"{server.attempts} attempts, the last: {reason}", passing=True)


def _content(response: httpx.Response) -> str | None:
    """Give the text of a completion; None where the body is none, as of a proxy's error page."""
    try:
        message = response.json()["choices"][0]["message"]
        return str(message.get("content") or message.get("refusal") or "")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError):
        return None


def _retry_after_s(value: str | None) -> float:
    """Read the header: seconds, or a date."""
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


def _say(error: Exception) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


def _excerpt(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 200 else f"{line[:200]}..."
