"""For a lab that recognises emotion in speech: what emphasis adds to each utterance of a corpus.

Scores all recordings of a folder side by side, and writes a line of JSON for each utterance: its
text with the emphasised words in capitals (for a language model), the emphasis segment with its
times (to cut from the sound, or to weigh frames by), and numbers for a classifier. With labels, it
prints how these numbers differ between the emotions.

    python examples/emphasis_for_ser.py corpus/ -o utterances.jsonl
    python examples/emphasis_for_ser.py corpus/ -o utterances.jsonl --labels labels.csv

``labels.csv`` has the columns ``id`` (path below the folder, without suffix) and ``emotion``. Needs
``pip install 'lemf[batch]'``.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

import lemf

HERE = Path(__file__).parent
NUMBERS = ("top_score", "top_place", "emphasised_share", "rise")


def describe(words: Sequence[Mapping[str, Any]], sentence: Mapping[str, Any]) -> dict[str, Any]:
    """Return the line of an utterance.

    Parameters
    ----------
    words : rows of its words
        As ``lemf batch`` writes them.
    sentence : row of its sentence
    """
    marked = [word["word"].upper() if word["emphasised"] else word["word"] for word in words]
    return {
        "id": sentence["id"],
        "sentence": sentence["sentence"],
        "text": " ".join(marked),
        "decision": sentence["decision"],
        "segment": sentence["segment_text"],
        "segment_s": [sentence["segment_start_s"], sentence["segment_end_s"]],
        "probability": max(word["probability"] for word in words),
        "top_score": sentence["top_score"],
        "top_place": sentence["top_index"] / max(len(words) - 1, 1),  # 0: first word, 1: last
        "emphasised_share": sum(word["emphasised"] for word in words) / len(words),
        "rise": words[sentence["top_index"]]["cues.pitch_area.z"],
        "flags": sentence["flags"].split(),
    }


def read_utterances(corpus: Path, jobs: int) -> list[dict[str, Any]]:
    """Score a corpus, and return the lines of its utterances."""
    with tempfile.TemporaryDirectory() as folder:
        run = lemf.score_corpus(
            corpus,
            Path(folder, "words.parquet"),
            lemf.Settings(cues="listeners"),
            sentence_table=Path(folder, "sentences.parquet"),
            jobs=jobs,
        )
        words = defaultdict(list)
        for _, row in lemf.read_rows(run.outputs.table).rows:
            words[row["id"], row["sentence"]].append(row)
        sentences = [row for _, row in lemf.read_rows(Path(folder, "sentences.parquet")).rows]
    print(
        f"{run.summary.files} recordings, {run.summary.failed} failed, {len(sentences)} utterances"
    )
    return [describe(words[one["id"], one["sentence"]], one) for one in sentences]


def compare_emotions(utterances: Iterable[Mapping[str, Any]], labels: Mapping[str, str]) -> None:
    """Print the means of the numbers for each emotion."""
    by_emotion = defaultdict(list)
    for one in utterances:
        if one["id"] in labels:
            by_emotion[labels[one["id"]]].append(one)
    print(f"{'emotion':<16}{'n':>6}" + "".join(f"{name:>18}" for name in NUMBERS))
    for emotion, own in sorted(by_emotion.items()):
        means = (f"{mean(one[name] for one in own):>18.2f}" for name in NUMBERS)
        print(f"{emotion:<16}{len(own):>6}" + "".join(means))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the script."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("corpus", nargs="?", type=Path, default=HERE, help="folder; the example's")
    parser.add_argument("-o", "--output", type=Path, default=Path("utterances.jsonl"))
    parser.add_argument("--labels", type=Path, help="CSV with the columns id and emotion")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    given = parser.parse_args(arguments)
    utterances = read_utterances(given.corpus, given.jobs)
    lines = (json.dumps(one, ensure_ascii=False) for one in utterances)
    given.output.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    print(f"wrote {given.output}")
    if given.labels is not None:
        with given.labels.open(newline="", encoding="utf-8") as stream:
            labels = {row["id"]: row["emotion"] for row in csv.DictReader(stream)}
        compare_emotions(utterances, labels)


if __name__ == "__main__":
    main()
