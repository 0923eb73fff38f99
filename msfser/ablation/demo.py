"""All of msfser on a corpus with a known mechanism, from its synthesis to the results.

Makes corpus, texts and vectors, and trains four models per seed; then predicts the test split with
each, again with the texts of other utterances, and without each of the experts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lemf import Settings
from lemf.runtime.output import PARTIAL_SUFFIX
from lemf.runtime.progress import progress
from lemf.runtime.workers import local_workers
from msfser.ablation.rows import DEMO, read_ablation
from msfser.ablation.run import RUNS_NAME, RowResult, run_ablation
from msfser.ablation.table import read_reachable
from msfser.ccc import FloatArray, ccc
from msfser.config.settings import SEMANTICS
from msfser.corpora.mechanism.files import ES_NAME, REACHABLE_NAME, write_mechanism
from msfser.errors import ConfigError
from msfser.evaluation.evaluate import EvaluationData, predict_run, read_evaluation_data
from msfser.evaluation.inspection.inspection import Inspection, inspect_run
from msfser.evaluation.runs import open_run
from msfser.manifest import MANIFEST_NAME, read_manifest
from msfser.model.device import choose_device
from msfser.outputs import counted, make_folder, replace_output
from msfser.semantics.encoding import encode_texts
from msfser.semantics.es.description import emotions_of
from msfser.semantics.es.description_file import import_descriptions
from msfser.semantics.gs import take_transcripts
from msfser.semantics.les import make_les
from msfser.semantics.text_encoder import load_text_encoder
from msfser.semantics.texts import read_texts, update_texts
from msfser.semantics.word_encoder import write_word_encoder
from msfser.semantics.work_file import open_work
from msfser.training.jobs.run_jobs import Report

CORPUS_NAME = "corpus"
ENCODER_NAME = "encoder"
SPLIT = "test"

_PLAN_NAME = "demo.json"


@dataclass(frozen=True, eq=False)
class Demo:
    """The results of a demo.

    Attributes
    ----------
    results : list of RowResult
        Of the rows ``audio``, ``GS``, ``GS+LES`` and ``GS+LES+ES``.
    shuffled : dict of str to (seeds, 3) float64
        CCC by row, with the texts of other utterances of the test split.
    inspections : tuple of Inspection
        Of the last row, one per seed.
    reachable : dict of (dimension, inputs) to float
        The best CCC that a model can reach.
    """

    results: list[RowResult]
    shuffled: dict[str, FloatArray]
    inspections: tuple[Inspection, ...]
    reachable: dict[tuple[str, str], float]


def run_demo(
    folder: Path,
    *,
    n_seeds: int = 1,
    corpus_seed: int = 0,
    n_utterances: int = 2400,
    changes: Sequence[str] = (),
    jobs: int = 1,
    report: Report,
) -> Demo:
    """Run the demo; the results of an earlier call that was stopped are kept.

    Parameters
    ----------
    folder : Path
        Made if missing.
    n_seeds : int
        Number of training runs per row, with the seeds 0, 1, ...
    corpus_seed, n_utterances : int
        Of the mechanism corpus.
    changes : sequence of str
        ``part.key=value``: settings of all training runs.
    jobs : int
        Processes.
    report : function
        Called with a line on every step.

    Raises
    ------
    ConfigError
        The folder holds a demo of another corpus.
    MsfserError, lemf.LemfError
        A step failed.
    """
    _keep_plan(folder, {"corpus_seed": corpus_seed, "n_utterances": n_utterances})
    # corpus with known causes
    corpus = folder / CORPUS_NAME
    if not (corpus / MANIFEST_NAME).exists():
        report(f"corpus: {n_utterances:,} utterances whose labels follow from known causes")
        with progress("making utterances") as watch:
            write_mechanism(
                corpus,
                n_utterances=n_utterances,
                seed=corpus_seed,
                jobs=jobs,
                force=True,  # a killed run may have left a part of it, without the manifest
                watch=watch,
            )
    # texts and their vectors
    make_texts(corpus, jobs, report)
    report("vectors: a random vector per word, without word order")
    encode_by_words(corpus, folder / ENCODER_NAME)
    # four models per seed
    rows = read_ablation(DEMO, [*changes, f"data.folder={json.dumps(str(corpus.resolve()))}"])
    report(f"training: {counted(len(rows), 'model')} per seed; seeds: {n_seeds}")
    results = run_ablation(
        rows, folder, seeds=range(n_seeds), split=SPLIT, jobs=jobs, report=report
    )
    # the test split once more
    report("test: with the texts of other utterances, and without each expert")
    device = choose_device(rows[0].config.train.device)
    shuffled: dict[str, FloatArray] = {}
    inspections = []
    for row in rows[1:]:
        runs = [folder / RUNS_NAME / row.slug / f"seed{seed}" for seed in range(n_seeds)]
        values = []
        for path in runs:
            run = open_run(path, device)
            data = read_evaluation_data(run, splits=(SPLIT,))
            moved = predict_run(run, shuffle_texts(data), device)
            values.append(ccc(moved.values, moved.labels))
            if row is rows[-1]:
                inspections.append(inspect_run(run, data, device))
        shuffled[row.name] = np.array(values)
    return Demo(results, shuffled, tuple(inspections), read_reachable(corpus / REACHABLE_NAME))


def shuffle_texts(data: EvaluationData, seed: int = 0) -> EvaluationData:
    """Exchange the texts of utterances at random, in the same way for all semantics."""
    order = np.random.default_rng(seed).permutation(len(data.examples))
    examples = data.examples
    moved = replace(
        examples,
        texts={name: text[order] for name, text in examples.texts.items()},
        present={name: mask[order] for name, mask in examples.present.items()},
    )
    return replace(data, examples=moved)


def _keep_plan(folder: Path, plan: dict[str, int]) -> None:
    path = folder / _PLAN_NAME
    make_folder(folder)
    try:
        before = json.loads(path.read_bytes()) if path.exists() else None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read ({error}); name another folder") from error
    if before is None:
        replace_output(path, json.dumps(plan).encode())
    elif before != plan:
        raise ConfigError(
            f"{folder}: holds a demo with {_describe(before)}, not {_describe(plan)}; "
            "name another folder"
        )


def _describe(plan: dict[str, int]) -> str:
    return f"corpus seed {plan.get('corpus_seed')}, {plan.get('n_utterances')} utterances"


def make_texts(corpus: Path, jobs: int, report: Report) -> None:
    """Write LES by lemf, GS from the transcripts, ES from the descriptions of the corpus."""
    manifest = read_manifest(corpus)
    report("LES: the emphasis segment of every utterance, found by lemf")
    with (
        open_work(corpus, "les") as work,
        local_workers(jobs) as workers,
        progress("finding the emphasis") as watch,
    ):
        les = make_les(manifest, work, Settings(), workers, watch=watch)
    update_texts(corpus, manifest, "les", les)
    report("GS: the transcripts; ES: the descriptions that come with the corpus")
    update_texts(corpus, manifest, "gs", take_transcripts(manifest))
    es, _ = import_descriptions(corpus / ES_NAME, manifest, emotions_of(manifest.corpus))
    update_texts(corpus, manifest, "es", es)


def encode_by_words(corpus: Path, encoder: Path) -> None:
    """Encode the texts of a corpus by a random vector per word, which is written if missing."""
    texts = read_texts(corpus)
    if not encoder.exists():
        every = [text.text for name in SEMANTICS for text in texts.of(name) if text.text]
        partial = encoder.with_suffix(PARTIAL_SUFFIX)
        write_word_encoder(partial, every)
        partial.rename(encoder)
    with progress("encoding texts") as watch:
        encode_texts(corpus, lambda: load_text_encoder(str(encoder.resolve()), "cpu"), watch=watch)
