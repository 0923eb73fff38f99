"""Local Emphasized Semantics: lemf's emphasis segment of each utterance (section 2.2).

Each recording is one sentence. Where there is no alignment, or lemf cannot use it, GS stands in.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import partial

from lemf import NoWordsError, Settings, __version__
from lemf.runtime.progress import Watch, no_watch
from lemf.runtime.workers import Workers
from msfser.manifest import Manifest
from msfser.semantics.alignment_tiers import TIERS_IN_ORDER, find_tiers
from msfser.semantics.jobs import Job, do_jobs, run_on_workers, to_texts, usable_utterances
from msfser.semantics.texts import Text
from msfser.semantics.work_file import Entry, Shard, WorkFile


def make_les(
    manifest: Manifest,
    work: WorkFile,
    settings: Settings,
    workers: Workers,
    *,
    shard: Shard | None = None,
    watch: Watch = no_watch,
) -> dict[str, Text]:
    """Find the emphasis segment of every utterance.

    Parameters
    ----------
    manifest : Manifest
    work : WorkFile
        Of the semantic ``"les"``.
    settings : lemf.Settings
        ``sentences`` must be ``"whole"``.
    workers : lemf.runtime.workers.Workers
    shard : Shard, optional
    watch : function, optional
        Called with the number of jobs done, and the total.

    Returns
    -------
    dict of id to Text
        Status ``"fallback"`` without an alignment, ``"missing"`` without a word in it, ``"failed"``
        where lemf cannot use the recording or its alignment; ``"ok"`` with a reason where the
        emphasised word is doubtful.

    Raises
    ------
    lemf.LemfError
        No worker can be started, or the disk is full.
    """
    tier_named = settings.words_tier or settings.phones_tier
    in_order = manifest.corpus in TIERS_IN_ORDER and not tier_named
    utterances = usable_utterances(manifest, shard)
    entries: dict[str, Entry] = {
        utterance.id: {"status": "fallback", "reason": "no alignment"} for utterance in utterances
    }
    entries |= do_jobs(
        manifest,
        [utterance for utterance in utterances if utterance.alignment is not None],
        work,
        ("les", __version__, asdict(settings), in_order),
        run_on_workers(workers, partial(find_les, settings=settings, tiers_in_order=in_order)),
        with_alignment=True,
        watch=watch,
    )
    return to_texts(entries, source=f"lemf {__version__}, cues {settings.cues}")


def find_les(job: Job, settings: Settings, *, tiers_in_order: bool) -> Entry:
    """Find the emphasis segment of one recording, which has an alignment; runs in a worker.

    Raises
    ------
    lemf.LemfError
        The recording or its alignment cannot be used.
    """
    from lemf import score

    assert job.alignment is not None
    try:
        alignment = find_tiers(job.alignment, in_order=tiers_in_order, encoding=settings.encoding)
        emphasis = score(job.wav, alignment, settings)
    except NoWordsError:
        return {"status": "missing", "reason": "the alignment holds no word, only silence"}
    entry: Entry = {"status": "ok", "text": emphasis.segment.text}
    doubts = emphasis.sentences[0].ranked[0].doubts
    return entry | {"reason": f"the emphasised word is doubtful: {doubts}"} if doubts else entry
