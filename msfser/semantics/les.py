"""Local Emphasized Semantics: lemf's emphasis segment of each utterance (section 2.2).

The file is one sentence. Where there is no alignment, or lemf cannot use it, GS stands in.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path

from lemf import NoWordsError, Settings
from lemf.runtime.progress import Watch, no_watch
from lemf.runtime.workers import Workers, attempt, run_tasks
from msfser.manifest import Manifest
from msfser.semantics.alignment_tiers import TIERS_IN_ORDER, name_tiers
from msfser.semantics.jobs import Job, Made, do_jobs, to_entry, to_texts, usable
from msfser.semantics.store import Text
from msfser.semantics.work import Entry, Shard, WorkFile


@dataclass(frozen=True)
class LesTask:
    """What a worker needs to know."""

    wav: Path
    alignment: Path
    settings: Settings
    job: Job
    tiers_in_order: bool = False


def make_les(
    manifest: Manifest,
    work: WorkFile,
    settings: Settings,
    workers: Workers,
    *,
    shard: Shard | None = None,
    watch: Watch = no_watch,
) -> tuple[dict[str, Text], dict[str, str]]:
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

    Returns
    -------
    texts : dict of id to Text
        Status ``"ok"``, or ``"fallback"`` without a text where GS is to stand in.
    failures : dict of id to str
        Why lemf cannot use a recording or its alignment.

    Raises
    ------
    lemf.LemfError
        No worker can be started, or the disk is full.
    """
    from lemf import __version__

    named = settings.words_tier or settings.phones_tier
    in_order = manifest.corpus in TIERS_IN_ORDER and not named

    def make(todo: list[Job]) -> Made:
        tasks = (
            LesTask(job.wav, job.alignment, settings, job, in_order)
            for job in todo
            if job.alignment is not None
        )
        for task, entry in run_tasks(workers, score_les, tasks):
            yield task.job, to_entry(entry)

    utterances = usable(manifest, shard)
    aligned = [utterance for utterance in utterances if utterance.alignment is not None]
    depends_on = ("les", __version__, asdict(settings), in_order)
    entries: dict[str, Entry] = {
        utterance.id: {"status": "fallback", "reason": "no alignment"} for utterance in utterances
    }
    entries |= do_jobs(manifest, aligned, work, depends_on, make, with_alignment=True, watch=watch)
    source = f"lemf {__version__}, cues {settings.cues}"
    texts, failures = to_texts(entries, source=source)
    for name, text in texts.items():
        if text.status != "ok":
            texts[name] = replace(text, status="fallback")
    return texts, failures


def score_les(task: LesTask) -> Entry:
    """Give the emphasis segment of one recording, or why there is none; runs in a worker."""
    return to_entry(attempt(_score, task))


def _score(task: LesTask) -> Entry:
    from lemf import TextGrid, read_textgrid, score

    grid: Path | TextGrid = task.alignment
    if task.tiers_in_order:
        grid = name_tiers(read_textgrid(task.alignment))
    try:
        emphasis = score(task.wav, grid, task.settings)
    except NoWordsError:
        return {"status": "missing", "reason": "the alignment holds no word, only silence"}
    return {"status": "ok", "text": emphasis.segment.text}
