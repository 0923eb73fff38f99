"""The mechanism corpus on disk: recordings, TextGrids, truth, descriptions, manifest."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lemf import CorpusError, Interval, IntervalTier, TextGrid, format_textgrid
from lemf.runtime.cores import count_cores
from lemf.runtime.locks import hold_lock
from lemf.runtime.progress import Watch, no_watch
from lemf.runtime.workers import Failure, local_workers, run_tasks
from msfser.config.settings import RATE_HZ
from msfser.corpora.mechanism.drawing import draw_sentence
from msfser.corpora.mechanism.es import describe
from msfser.corpora.mechanism.planted import NOTHING, Planted
from msfser.corpora.mechanism.reachable import format_reachable
from msfser.corpora.mechanism.sentences import (
    CYCLE,
    LABEL_BOUNDS,
    N_WORDS,
    Sentence,
)
from msfser.corpora.mechanism.speech import Prosody, plan_prosody, synthesise
from msfser.corpora.mechanism.tables import (
    ALIGNMENT,
    AUDIO,
    PLANTED_COLUMNS,
    TRUTH_COLUMNS,
    to_ratings,
    to_utterance,
)
from msfser.errors import ConfigError
from msfser.manifest import MANIFEST_NAME, Manifest, write_manifest
from msfser.outputs import format_wav, make_folder
from msfser.parquet import format_parquet
from msfser.ratings import RATINGS_NAME, write_ratings

N_UTTERANCES = 2400  # 1600 for training, 300 for development, 500 for test
MOST_UTTERANCES = 100_000  # ids have five digits

TRUTH_NAME = "truth.parquet"
ES_NAME = "es.jsonl"
REACHABLE_NAME = "reachable.csv"

_FILES = {AUDIO: re.compile(r"m\d{5}\.wav"), ALIGNMENT: re.compile(r"m\d{5}\.TextGrid")}
_NAMES = (*_FILES, TRUTH_NAME, ES_NAME, REACHABLE_NAME, RATINGS_NAME, MANIFEST_NAME)
_STAGING, _LOCK = ".mechanism.part", "mechanism.lock"
_VERSION = "1"
_CHUNK = 40  # utterances per task


@dataclass(frozen=True, kw_only=True)
class _Chunk:
    """The utterances that one task writes into a folder."""

    folder: Path
    seed: int
    planted: Planted
    indices: range


def write_mechanism(
    folder: Path,
    *,
    n_utterances: int = N_UTTERANCES,
    seed: int = 0,
    planted: Planted = NOTHING,
    jobs: int | None = None,
    force: bool = False,
    watch: Watch = no_watch,
) -> Manifest:
    """Write the corpus; its bytes do not depend on the number of processes.

    Writes ``audio/``, ``alignment/``, `TRUTH_NAME`, `ES_NAME`, `REACHABLE_NAME`, `RATINGS_NAME`
    where there are raters and, last, `MANIFEST_NAME`. Everything is written to a hidden folder
    inside `folder` and then moved; an existing corpus is replaced only with `force`, and only when
    the new one is complete; files of others are never replaced.

    Parameters
    ----------
    folder : Path
        Made if missing.
    n_utterances : int
        A smaller corpus is the beginning of a larger one of the same seed.
    seed : int
    planted : Planted
    jobs : int, optional
        Processes; by default, one per core.
    force : bool
        Whether an existing corpus may be replaced.
    watch : Watch
        Called with the number of utterances done, and the total.

    Returns
    -------
    Manifest

    Raises
    ------
    ConfigError
        Too few or too many utterances, a negative seed, or no process.
    CorpusError
        A part of a corpus is there already; or, even with `force`, ``audio/`` or ``alignment/``
        holds anything that this corpus does not write.
    lemf.LemfError
        Another process writes a corpus there, or the folder cannot be made.
    OSError
        Nothing can be written there.
    """
    # refuse before any work
    _check_numbers(n_utterances, seed, jobs)
    taken = [name for name in _NAMES if (folder / name).exists()]
    if taken and not force:
        raise CorpusError(f"{folder / taken[0]}: exists already; --force replaces it")
    _check_replaceable(folder)
    make_folder(folder)
    # write aside, then move
    staging = folder / _STAGING
    with hold_lock(folder / _LOCK):
        shutil.rmtree(staging, ignore_errors=True)  # of a run that was killed
        staging.mkdir()
        try:
            manifest = _write_corpus(
                staging, folder.resolve(), n_utterances, seed, planted, jobs, watch
            )
            _check_replaceable(folder)
            for name in reversed(_NAMES):  # no manifest without its corpus
                _remove(folder / name)
            for name in _NAMES:
                if (staging / name).exists():
                    (staging / name).rename(folder / name)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return manifest


def utterance_textgrid(sentence: Sentence, prosody: Prosody) -> TextGrid:
    """Return the exact alignment: a tier of words and one of phones, with silence unlabelled.

    Parameters
    ----------
    sentence : Sentence
    prosody : Prosody

    Returns
    -------
    TextGrid
        Every boundary is at a sample.
    """
    end_s = prosody.n_samples / RATE_HZ
    words = [(*prosody.word_bounds(word), sentence.words[word]) for word in range(N_WORDS)]
    phones = [(phone.start, phone.end, phone.label) for phone in prosody.phones]

    def make_tier(name: str, spoken: Sequence[tuple[int, int, str]]) -> IntervalTier:
        labelled = ((0, spoken[0][0], ""), *spoken, (spoken[-1][1], prosody.n_samples, ""))
        intervals = (Interval(a / RATE_HZ, b / RATE_HZ, label) for a, b, label in labelled)
        return IntervalTier(name, 0.0, end_s, tuple(intervals))

    return TextGrid(0.0, end_s, (make_tier("words", words), make_tier("phones", phones)))


def _check_numbers(n_utterances: int, seed: int, jobs: int | None) -> None:
    if not CYCLE <= n_utterances <= MOST_UTTERANCES:
        raise ConfigError(
            f"utterances {n_utterances}: choose {CYCLE} to {MOST_UTTERANCES:,}; "
            f"of every {CYCLE}, 16 are for training, 3 for development, 5 for test"
        )
    if seed < 0:
        raise ConfigError(f"seed {seed}: must be 0 or more")
    if jobs is not None and jobs < 1:
        raise ConfigError(f"jobs {jobs}: must be 1 or more")


def _write_corpus(
    staging: Path,
    root: Path,
    n_utterances: int,
    seed: int,
    planted: Planted,
    jobs: int | None,
    watch: Watch,
) -> Manifest:
    """Write all of `_NAMES` into the staging folder, with `root` as the root of the manifest."""
    sentences = [draw_sentence(seed, index, planted) for index in range(n_utterances)]
    durations_s = _write_utterances(staging, seed, planted, n_utterances, jobs, watch)
    also = f", {planted.shown}" if planted.shown else ""
    manifest = Manifest(
        utterances=tuple(map(to_utterance, sentences, durations_s)),
        corpus="mechanism",
        version=f"{_VERSION} seed {seed}{also}",
        root=root,
        label_bounds=LABEL_BOUNDS,
    )
    about = {"corpus": "mechanism", "version": _VERSION, "seed": seed}
    columns = [*TRUTH_COLUMNS, *(PLANTED_COLUMNS if planted.shown else ())]
    (staging / TRUTH_NAME).write_bytes(format_parquet(sentences, columns, about))
    if planted.rater_spread:
        write_ratings(staging / RATINGS_NAME, list(to_ratings(sentences)))
    rows = [json.dumps(describe(sentence, seed)) + "\n" for sentence in sentences]
    (staging / ES_NAME).write_text("".join(rows), encoding="utf-8", newline="\n")
    (staging / REACHABLE_NAME).write_bytes(format_reachable(planted))
    write_manifest(staging / MANIFEST_NAME, manifest)
    return manifest


def _write_utterances(
    staging: Path,
    seed: int,
    planted: Planted,
    n_utterances: int,
    jobs: int | None,
    watch: Watch,
) -> list[float]:
    """Write recordings and TextGrids, and return the durations in seconds."""
    (staging / AUDIO).mkdir()
    (staging / ALIGNMENT).mkdir()
    chunks = [
        _Chunk(
            folder=staging,
            seed=seed,
            planted=planted,
            indices=range(first, min(first + _CHUNK, n_utterances)),
        )
        for first in range(0, n_utterances, _CHUNK)
    ]
    durations_s = [0.0] * n_utterances
    watch(0, n_utterances)
    done = 0
    with local_workers(min(jobs or count_cores(), len(chunks))) as workers:
        for chunk, found_s in run_tasks(workers, _write_chunk, chunks):
            if isinstance(found_s, Failure):
                raise CorpusError(f"{staging.parent}: {found_s.reason}")
            durations_s[chunk.indices.start : chunk.indices.stop] = found_s
            done += len(found_s)
            watch(done, n_utterances)
    return durations_s


def _write_chunk(chunk: _Chunk) -> list[float]:
    durations_s = []
    for index in chunk.indices:
        sentence = draw_sentence(chunk.seed, index, chunk.planted)
        prosody = plan_prosody(sentence, chunk.seed)
        wav = format_wav(synthesise(prosody, sentence.speaker), RATE_HZ)
        (chunk.folder / AUDIO / f"{sentence.id}.wav").write_bytes(wav)
        grid = format_textgrid(utterance_textgrid(sentence, prosody))
        place = chunk.folder / ALIGNMENT / f"{sentence.id}.TextGrid"
        place.write_text(grid, encoding="utf-8", newline="\n")
        durations_s.append(prosody.n_samples / RATE_HZ)
    return durations_s


def _check_replaceable(folder: Path) -> None:
    """Refuse to replace what this corpus did not write."""
    for name, written in _FILES.items():
        place = folder / name
        if place.exists() and not place.is_dir():
            raise CorpusError(f"{place}: this is not a folder; move it elsewhere")
        for file in sorted(place.glob("*")):
            if not written.fullmatch(file.name) or file.is_dir():
                raise CorpusError(
                    f"{file}: not a file of the mechanism corpus; move it elsewhere, or name "
                    "another output folder"
                )


def _remove(path: Path) -> None:
    """Remove a file, or a folder of files that `_check_replaceable` has passed."""
    if path.is_dir() and not path.is_symlink():
        for file in path.iterdir():
            file.unlink()
        path.rmdir()
    else:
        path.unlink(missing_ok=True)
