"""Extended Semantics from a server that takes audio, as `input_audio` or `audio_url`.

Many requests are in flight at once, because the server batches them. After a reply that is not a
valid description, the model is asked once more, with the fault; then the utterance has failed.
"""

from __future__ import annotations

import asyncio
import base64
import math
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from pathlib import Path

import httpx

from lemf import LemfError
from msfser.errors import SemanticsError
from msfser.semantics.es.chat_requests import Message, Reply, RequestError, complete, find_model
from msfser.semantics.es.chat_server import Server, open_client
from msfser.semantics.es.description import prompt_of, reply_entry, schema_of
from msfser.semantics.es.redaction import redact
from msfser.semantics.es.wav import wav_bytes
from msfser.semantics.jobs import Job, Results
from msfser.semantics.work_file import Entry

_FEWEST_FAILURES = 20  # in a row before the run is given up
_LONGEST_S = 900.0  # for one utterance, all attempts and pauses included
_LONGEST_SILENCE_S = 1800.0  # in which one utterance after the other fails
_SELDOM_S = 10.0  # between lines about further attempts
_FORMS = ("input_audio", "audio_url")  # of a recording: OpenAI's, and that of vLLM and SGLang


def ask_server(
    server: Server,
    emotions: Sequence[str],
    proven: bool,
    say: Callable[[str], None],
    jobs: Sequence[Job],
) -> Results:
    """Request descriptions of recordings, and yield each as soon as its reply arrives.

    Parameters
    ----------
    server : Server
    emotions : sequence of str
        The categories of the corpus.
    proven : bool
        Whether any utterance of the corpus was ever described; until then, failures of every kind
        in a row end the run, later only those that the server causes.
    say : function
        Prints a line about a request that is sent again; called at most every `_SELDOM_S`.
    jobs : sequence of Job

    Yields
    ------
    job, entry
        The entry also holds the ``reply`` as it came, and the six categories as ``fields``.

    Raises
    ------
    SemanticsError
        The server does not answer or refuses the key, or one utterance after the other fails.
    """
    find_model(server.url, server.api_key, server.model)
    with asyncio.Runner() as runner:
        client = open_client(server)
        done: asyncio.Queue[tuple[Job, Entry] | None] = asyncio.Queue()
        asking = runner.get_loop().create_task(
            _ask_all(client, server, emotions, jobs, done, _seldom(say))
        )
        try:
            yield from _stop_at_failures(server, proven, iter(lambda: runner.run(done.get()), None))
        finally:
            asking.cancel()
            runner.run(_close(client, asking))
        asking.result()  # raises the error that ended it


def _seldom(say: Callable[[str], None]) -> Callable[[str], None]:
    """Return a function that drops lines which follow another too soon."""
    said_at = -math.inf

    def say_seldom(line: str) -> None:
        nonlocal said_at
        if time.monotonic() - said_at >= _SELDOM_S:
            said_at = time.monotonic()
            say(line)

    return say_seldom


def _stop_at_failures(
    server: Server, proven: bool, results: Iterable[tuple[Job, Entry]]
) -> Results:
    """Yield the results; raise a SemanticsError where too many in a row have failed."""
    n_failed, last_at = 0, time.monotonic()
    for job, entry in results:
        yield job, entry
        if entry["status"] == "ok":
            proven, n_failed, last_at = True, 0, time.monotonic()
        elif entry["passing"] or not proven:
            n_failed += 1
        too_long = n_failed and time.monotonic() - last_at >= _LONGEST_SILENCE_S
        if too_long or n_failed >= max(_FEWEST_FAILURES, 2 * server.in_flight):
            raise SemanticsError(
                f"{server.place}: {n_failed} utterances in a row failed, the last, {job.id}: "
                f"{entry['reason']}; what is done is kept; check the server, then run the command "
                "again"
            )


async def _ask_all(
    client: httpx.AsyncClient,
    server: Server,
    emotions: Sequence[str],
    jobs: Sequence[Job],
    done: asyncio.Queue[tuple[Job, Entry] | None],
    say: Callable[[str], None],
) -> None:
    """Describe all recordings, `in_flight` at a time; then put None."""
    remaining = iter(jobs)
    forms = list(_FORMS)  # only that which the server takes, once there is a reply
    settings: dict[str, object] = {"temperature": 0, "max_tokens": server.max_tokens}
    ask = partial(complete, client, server, schema=schema_of(emotions), settings=settings)

    async def work() -> None:
        for job in remaining:
            try:
                async with asyncio.timeout(_LONGEST_S):
                    entry = await _describe(ask, server, emotions, forms, job, say)
            except TimeoutError:
                reason = f"no description within {_LONGEST_S:g} s"
                entry = {"status": "failed", "reason": reason, "passing": True}
            await done.put((job, redact(server.secrets, entry)))

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(min(server.in_flight, len(jobs))):
                group.create_task(work())
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from errors
    finally:
        await done.put(None)


async def _close(client: httpx.AsyncClient, asking: asyncio.Task[None]) -> None:
    await asyncio.wait([asking])
    await client.aclose()
    await asyncio.sleep(0)  # sockets close in the next turn of the loop


async def _describe(
    ask: Callable[..., Awaitable[Reply]],
    server: Server,
    emotions: Sequence[str],
    forms: list[str],
    job: Job,
    say: Callable[[str], None],
) -> Entry:
    """Describe one recording; after a reply that cannot be used, ask once more."""

    def note_retry(reason: str) -> None:
        say(f"note: {job.id}: {reason}")

    try:
        data = await asyncio.to_thread(_encode, job.wav)
        for form in tuple(forms):
            messages = [_question(prompt_of(emotions), form, data)]
            try:
                reply = await ask(messages, seed=job.key, note_retry=note_retry)
            except RequestError as error:
                if not error.of_audio or len(forms) == 1:  # it took others
                    raise
                refusal = error
            else:
                forms[:] = [form]
                break
        else:
            raise RequestError(
                f"{refusal}; the server takes no recording as {' or '.join(forms)}: "
                "serve a model that listens"
            )
        try:
            return reply_entry(reply.text, emotions)
        except SemanticsError as error:
            messages += [
                {"role": "assistant", "content": reply.text},
                {
                    "role": "user",
                    "content": f"This cannot be used: {error}. Reply with the JSON object only.",
                },
            ]
            reply = await ask(messages, seed=job.key, note_retry=note_retry)
            try:
                return reply_entry(reply.text, emotions)
            except SemanticsError as again:
                cut = f"; cut at {server.max_tokens} tokens: raise --max-tokens"
                reason = f"twice: {again}{cut if reply.is_cut else ''}"
                return {
                    "status": "failed", "reason": reason, "passing": False, "reply": reply.text
                }  # fmt: skip
    except RequestError as error:
        return {"status": "failed", "reason": str(error), "passing": error.passing}


def _encode(wav: Path) -> str:
    try:
        return base64.b64encode(wav_bytes(wav)).decode()
    except LemfError as error:
        raise RequestError(str(error)) from error


def _question(prompt: str, form: str, data: str) -> Message:
    """Return the message with the recording; nothing else of an utterance is sent."""
    content = (
        {"data": data, "format": "wav"}
        if form == "input_audio"
        else {"url": f"data:audio/wav;base64,{data}"}
    )
    return {
        "role": "user",
        "content": [{"type": "text", "text": prompt}, {"type": form, form: content}],
    }
