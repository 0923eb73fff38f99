"""Local Emphasized Semantics: lemf's emphasis segment of each utterance (section 2.2).

Each recording is one sentence. Where there is no alignment, lemf's own aligner finds the words of
the transcript if asked to; else, or where lemf cannot use an alignment, GS stands in. It also does,
if asked to, where lemf decides that no word is emphasised.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING

from lemf import NoWordsError, Settings, __version__
from lemf.runtime.progress import Watch, no_watch
from lemf.runtime.workers import Workers
from msfser.config.les_settings import When
from msfser.manifest import Manifest
from msfser.semantics.alignment_tiers import TIERS_IN_ORDER, find_tiers
from msfser.semantics.jobs import Job, do_jobs, run_on_workers, to_texts, usable_utterances
from msfser.semantics.texts import Text
from msfser.semantics.work_file import Entry, Shard, WorkFile

if TYPE_CHECKING:
    from lemf import Emphasis

NONE_EMPHASISED = "no word is emphasised"  # opens the reason of a text


def make_les(
    manifest: Manifest,
    work: WorkFile,
    settings: Settings,
    workers: Workers,
    *,
    when: When = "always",
    transcripts: Mapping[str, str] | None = None,
    language: str | None = None,
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
    when : {"always", "emphasised"}
        Whether there is a segment in every recording, or only where a word is emphasised by the
        decision that `settings` name.
    transcripts : mapping of id to str, optional
        What is said in utterances without an alignment, to be aligned by lemf.
    language : str, optional
        Language of the transcripts, as in `lemf.align`; told from their words when left out.
    shard : Shard, optional
    watch : function, optional
        Called with the number of jobs done, and the total.

    Returns
    -------
    dict of id to Text
        Status ``"fallback"`` without an alignment or without an emphasised word, ``"missing"``
        without a word in the alignment, ``"failed"`` where lemf cannot use the recording or its
        alignment; ``"ok"`` with a reason where the emphasised word is doubtful.

    Raises
    ------
    lemf.LemfError
        No worker can be started, the disk is full, or the aligner is not installed.
    """
    tier_named = settings.words_tier or settings.phones_tier
    condition = () if when == "always" else (when,)
    in_order = manifest.corpus in TIERS_IN_ORDER and not tier_named
    utterances = usable_utterances(manifest, shard)
    entries: dict[str, Entry] = {
        utterance.id: {"status": "fallback", "reason": "no alignment"} for utterance in utterances
    }
    entries |= do_jobs(
        manifest,
        [utterance for utterance in utterances if utterance.alignment is not None],
        work,
        ("les", __version__, asdict(settings), in_order, *condition),
        run_on_workers(
            workers, partial(find_les, settings=settings, tiers_in_order=in_order, when=when)
        ),
        with_alignment=True,
        watch=watch,
    )
    source = f"lemf {__version__}, cues {settings.cues}"
    if when == "emphasised":
        source += f", where P({settings.decide}) >= {settings.threshold:g}"
    texts = to_texts(entries, source=source)
    spoken = transcripts or {}
    to_align = [one for one in utterances if one.alignment is None and one.id in spoken]
    if to_align:
        plain = replace(settings, words_tier=None, phones_tier=None, encoding=None)
        aligned = do_jobs(
            manifest,
            to_align,
            work,
            ("les", __version__, asdict(plain), "aligned", language, *condition),
            run_on_workers(
                workers, partial(align_les, settings=plain, language=language, when=when)
            ),
            texts=spoken,
            watch=watch,
        )
        texts |= to_texts(aligned, source=f"{source}, aligned")
    return texts


def find_les(job: Job, settings: Settings, *, tiers_in_order: bool, when: When = "always") -> Entry:
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
    return _entry_of(emphasis, when)


def align_les(
    job: Job, settings: Settings, *, language: str | None, when: When = "always"
) -> Entry:
    """Find the emphasis segment of one recording by its text; runs in a worker.

    Raises
    ------
    lemf.LemfError
        The recording cannot be used, the text does not fit it, or there is no aligner.
    """
    from lemf import score

    return _entry_of(score(job.wav, None, settings, text=job.text, language=language), when)


def reason_for_none(emphasis: Emphasis) -> str | None:
    """Describe why no word is emphasised, so that there is no segment; None where one is."""
    if any(sentence.emphasised for sentence in emphasis.sentences):
        return None
    found = (word.decision for word in emphasis.words)
    highest = max(decision.probability for decision in found if decision is not None)
    threshold = emphasis.settings.threshold
    return f"{NONE_EMPHASISED}: the highest P is {highest:.2f}, below {threshold:g}"


def _entry_of(emphasis: Emphasis, when: When) -> Entry:
    if when == "emphasised" and (reason := reason_for_none(emphasis)):
        return {"status": "fallback", "reason": reason}
    entry: Entry = {"status": "ok", "text": emphasis.segment.text}
    doubts = emphasis.sentences[0].ranked[0].doubts
    return entry | {"reason": f"the emphasised word is doubtful: {doubts}"} if doubts else entry
