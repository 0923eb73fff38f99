"""Extended Semantics from a backend that listens to each recording: see `es_server` and others."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from msfser.manifest import Manifest
from msfser.progress import Watch, no_watch
from msfser.semantics.description import prompt_hash
from msfser.semantics.es_server import Server, ask_server
from msfser.semantics.jobs import do_jobs, to_texts, usable
from msfser.semantics.store import Text
from msfser.semantics.work import Shard, WorkFile

SERVER = "openai"


def describe_by_server(
    manifest: Manifest,
    work: WorkFile,
    server: Server,
    emotions: Sequence[str],
    *,
    shard: Shard | None = None,
    watch: Watch = no_watch,
) -> tuple[dict[str, Text], dict[str, str]]:
    """Have a server describe every utterance that it has not described yet.

    Parameters
    ----------
    manifest : Manifest
    work : WorkFile
        Of the semantic ``"es"``.
    server : Server
    emotions : sequence of str
        The categories of the corpus.
    shard : Shard, optional
    watch : function, optional

    Returns
    -------
    texts : dict of id to Text
    failures : dict of id to str

    Raises
    ------
    SemanticsError
        As `ask_server`.
    """
    prompt = prompt_hash(emotions)
    entries = do_jobs(
        manifest,
        usable(manifest, shard),
        work,
        (SERVER, server.model, prompt, server.decoding),
        partial(ask_server, server, emotions),
        watch=watch,
    )
    return to_texts(entries, source=SERVER, model=server.model, prompt=prompt)
