"""The commands `msfser semantics les`, `gs` and `context`."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import get_args

import click

from lemf import DURATION_METHODS
from lemf.runtime.console import cluster_option, jobs_option, one_line_ends, say
from lemf.runtime.progress import progress
from msfser.commands.es_command import es
from msfser.commands.evaluation.options import device_option
from msfser.commands.semantics_options import (
    finish,
    folder_argument,
    open_workers,
    read_shard,
    shard_option,
)
from msfser.config.les_settings import (
    DECISIONS,
    USUAL_THRESHOLD,
    WHENS,
    Decide,
    LesSettings,
    When,
)
from msfser.config.settings import Engine


@click.group()
def semantics() -> None:
    """Find the texts of a corpus: LES, GS, ES and context.

    Reads DIR/manifest.parquet and writes DIR/texts.parquet.
    """


semantics.add_command(es)


@semantics.command()
@folder_argument
@click.option("--cues", help="Cue set of lemf.  [default: paper; with --when emphasised listeners]")
@click.option(
    "--when",
    type=click.Choice(WHENS),
    default="always",
    show_default=True,
    help="Take a segment of every recording, or only where lemf decides that a word is "
    "emphasised; in the others, GS stands in.",
)
@click.option(
    "--decide",
    type=click.Choice(DECISIONS),
    help="With --when emphasised, what is decided.  [default: emphasis]",
)
@click.option(
    "--threshold",
    type=float,
    metavar="P",
    help="With --when emphasised, least probability of an emphasised word.  [default: 0.5]",
)
@click.option(
    "--words-tier", metavar="NAME", help="Tier of the words.  [default: found by its name]"
)
@click.option(
    "--phones-tier", metavar="NAME", help="Tier of the phones.  [default: found by its name]"
)
@click.option(
    "--duration",
    type=click.Choice(DURATION_METHODS),
    default="phones",
    show_default=True,
    help="Duration cue: mean phone duration, or word duration where there is no phone tier.",
)
@click.option(
    "--encoding",
    metavar="NAME",
    help="Encoding of TextGrids, such as gbk or cp1250.  [default: found in their bytes]",
)
@click.option(
    "--align",
    is_flag=True,
    help="Align utterances without an alignment by their transcript or GS; needs lemf[align].",
)
@click.option(
    "--language",
    metavar="CODE",
    help="With --align, language such as en or de.  [default: told from the words]",
)
@jobs_option
@cluster_option
@shard_option
def les(
    folder: Path,
    cues: str | None,
    when: When,
    decide: Decide | None,
    threshold: float | None,
    words_tier: str | None,
    phones_tier: str | None,
    duration: str,
    encoding: str | None,
    align: bool,
    language: str | None,
    jobs: int | None,
    cluster: str | None,
    shard: str | None,
) -> None:
    """Find the emphasis segment: Local Emphasized Semantics (LES).

    Where there is no alignment, or lemf cannot use it, the text of GS takes its place; with --when
    emphasised also where no word is emphasised. With --align, espeak-ng speaks the words of a
    transcript, and lemf finds them in the recording.
    """
    part = read_shard(shard)
    if language is not None and not align:
        raise click.UsageError("--language needs --align")
    for name, value in (("--decide", decide), ("--threshold", threshold)):
        if value is not None and when != "emphasised":
            raise click.UsageError(f"{name} needs --when emphasised")

    from msfser.manifest import read_manifest
    from msfser.semantics.les import NONE_EMPHASISED, make_les
    from msfser.semantics.texts import find_transcripts
    from msfser.semantics.work_file import open_work

    les_settings = LesSettings(
        cues=cues or ("listeners" if when == "emphasised" else "paper"),
        duration=duration,
        when=when,
        decide=decide or "emphasis",
        threshold=USUAL_THRESHOLD if threshold is None else threshold,
    )
    manifest = read_manifest(folder)
    with one_line_ends(), ExitStack() as stack:
        work = stack.enter_context(open_work(folder, "les", part))
        workers = stack.enter_context(open_workers(jobs, cluster))
        watch = stack.enter_context(progress("finding the emphasis"))
        texts = make_les(
            manifest,
            work,
            les_settings.to_lemf(words_tier=words_tier, phones_tier=phones_tier, encoding=encoding),
            workers,
            when=when,
            transcripts=find_transcripts(folder, manifest) if align else None,
            language=language,
            shard=part,
            watch=watch,
        )
    ok = [text for text in texts.values() if text.status == "ok"]
    if doubtful := sum(text.reason is not None for text in ok):
        say(
            f"note: texts whose emphasised word is doubtful: {doubtful:,} of {len(ok):,}; "
            "les_reason has the flags"
        )
    reasons = [text.reason or "" for text in texts.values()]
    if n_none := sum(reason.startswith(NONE_EMPHASISED) for reason in reasons):
        say(
            f"note: recordings in which no word is emphasised: {n_none:,} of {n_none + len(ok):,}; "
            "GS stands in"
        )
    finish(folder, manifest, "les", texts, part, les_settings)


@semantics.command()
@folder_argument
@click.option(
    "--from",
    "source",
    type=click.Choice(["whisper", "transcript"]),
    default="whisper",
    show_default=True,
    help="Transcribe with Whisper, or take the transcripts of the corpus.",
)
@click.option(
    "--engine",
    type=click.Choice(get_args(Engine)),
    default="faster-whisper",
    show_default=True,
    help="Implementation of Whisper.",
)
@click.option(
    "--model",
    metavar="SIZE|NAME|FOLDER",
    default="large-v3",
    show_default=True,
    help="Whisper model: a size, a name on the hub, or a folder.",
)
@click.option(
    "--language", metavar="CODE", help="Language, such as en.  [default: detected in each clip]"
)
@device_option
@click.option(
    "--batch-size",
    type=click.IntRange(min=1),
    default=16,
    show_default=True,
    help="Clips per batch.",
)
@shard_option
def gs(
    folder: Path,
    source: str,
    engine: Engine,
    model: str,
    language: str | None,
    device: str,
    batch_size: int,
    shard: str | None,
) -> None:
    """Transcribe what is said: Global Semantics (GS)."""
    part = read_shard(shard)
    if source == "transcript" and part is not None:
        raise click.UsageError("--shard cannot be used with --from transcript; leave it out")
    if device not in ("auto", "cpu", "cuda"):
        raise click.UsageError(
            f"--device {device}: use auto, cpu or cuda; CUDA_VISIBLE_DEVICES chooses the GPU"
        )

    from msfser.manifest import read_manifest
    from msfser.semantics.gs import take_transcripts, transcribe_texts
    from msfser.semantics.whisper import WhisperSettings, load_whisper
    from msfser.semantics.work_file import open_work

    manifest = read_manifest(folder)
    if source == "transcript":
        finish(folder, manifest, "gs", take_transcripts(manifest), None)
        return
    settings = WhisperSettings(
        engine=engine,
        model=model,
        language=language,
        device=_find_device(engine) if device == "auto" else device,
    )
    with one_line_ends(), open_work(folder, "gs", part) as work, progress("transcribing") as watch:
        texts = transcribe_texts(
            manifest,
            work,
            settings,
            lambda: load_whisper(settings),
            batch_size=batch_size,
            shard=part,
            watch=watch,
        )
    finish(folder, manifest, "gs", texts, part)


@semantics.command()
@folder_argument
@click.option(
    "--turns",
    type=click.IntRange(min=1),
    default=3,
    show_default=True,
    help="Most turns before an utterance.",
)
def context(folder: Path, turns: int) -> None:
    """Collect what was said in the turns before: the context.

    The manifest names the dialogues, as those of IEMOCAP, MSP-Podcast and MELD do; the words are
    the transcripts, else GS. Needed by models with model.semantics = [..., "context"] alone.
    """
    from msfser.manifest import read_manifest
    from msfser.semantics.context import make_context
    from msfser.semantics.texts import find_transcripts

    manifest = read_manifest(folder)
    made = make_context(manifest, find_transcripts(folder, manifest), turns)
    finish(folder, manifest, "context", made, None)


def _find_device(engine: Engine) -> str:
    from importlib.util import find_spec

    if engine == "faster-whisper" and find_spec("ctranslate2"):
        import ctranslate2

        return "cuda" if ctranslate2.get_cuda_device_count() else "cpu"
    from msfser.model.device import choose_device

    return choose_device("auto").type
