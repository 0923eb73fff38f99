"""Splits without a common speaker: whole speakers go to training, development or test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from msfser.corpora.checks import count_note
from msfser.manifest import Utterance

SPLIT_SHARES: Mapping[str, float] = {"train": 0.7, "development": 0.15, "test": 0.15}

_DRAWS = 200  # orders of the speakers that are tried


def split_speakers(
    counts: Mapping[str, int], shares: Mapping[str, float], seed: int
) -> dict[str, str]:
    """Return the split of every speaker.

    The speakers are put into 200 random orders; in each, a speaker goes to the split that lacks the
    largest part of its share. The order whose splits come nearest to the shares is taken.

    Parameters
    ----------
    counts : mapping of str to int
        Utterances of each speaker, in any order; at least as many speakers as splits.
    shares : mapping of str to float
        Share of the utterances that each split should hold; all above 0, with the sum 1.
    seed : int
        Of the random orders. The same counts, shares and seed give the same splits.

    Returns
    -------
    dict of str to str
        The name of the split by speaker; no split is without a speaker.
    """
    names = sorted(counts)
    sizes = np.array([counts[name] for name in names], dtype=np.float64)
    wanted = np.array(list(shares.values())) * max(sizes.sum(), 1.0)
    generator = np.random.default_rng(seed)
    best, least = np.zeros(len(names), dtype=np.int64), np.inf
    for _ in range(_DRAWS):
        places = np.zeros(len(names), dtype=np.int64)
        held, n_speakers = np.zeros(len(wanted)), np.zeros(len(wanted), dtype=np.int64)
        for speaker in generator.permutation(len(names)):
            lacking = np.where(n_speakers == 0, np.inf, (wanted - held) / wanted)
            place = int(lacking.argmax())
            places[speaker] = place
            held[place] += sizes[speaker]
            n_speakers[place] += 1
        distance = float(np.abs(held - wanted).sum())
        if distance < least:
            best, least = places, distance
    splits = list(shares)
    return {name: splits[place] for name, place in zip(names, best, strict=True)}


def find_split_faults(rows: Sequence[Utterance]) -> list[str]:
    """Return why a table cannot be split by speakers; empty where it can.

    Parameters
    ----------
    rows : sequence of Utterance
    """
    if any(row.split is not None for row in rows):
        return ["it has splits already, in the column split; leave out --split, or that column"]
    n_speakers = len({row.speaker for row in rows if row.speaker is not None})
    if n_speakers == 0:
        return [
            "no speakers to split by; name their column, --column speaker=NAME, or write train, "
            "development and test into a column split"
        ]
    if n_speakers < len(SPLIT_SHARES):
        return [
            f"{n_speakers} speaker{'s' if n_speakers > 1 else ''}, where splits without a common "
            "speaker need 3; write train, development and test into a column split"
        ]
    return []


def with_speaker_splits(rows: Sequence[Utterance], *, seed: int = 0) -> tuple[Utterance, ...]:
    """Return the rows of a table with splits that have no speaker in common.

    Parameters
    ----------
    rows : sequence of Utterance
        Without faults by `find_split_faults`. Recordings that are missing count, too, so that the
        splits stay the same when they are found.
    seed : int
        As in `split_speakers`.

    Returns
    -------
    tuple of Utterance
        Rows without a speaker get no split, since their speaker might be in any.
    """
    counts = Counter(row.speaker for row in rows if row.speaker is not None)
    split_of = split_speakers(counts, SPLIT_SHARES, seed)
    return tuple(
        row if row.speaker is None else replace(row, split=split_of[row.speaker]) for row in rows
    )


def describe_speaker_splits(rows: Sequence[Utterance], seed: int) -> list[str]:
    """Return notes on rows that were split by speaker: the shares, and rows without a speaker."""
    placed = [row for row in rows if row.split is not None]
    n_rows = Counter(row.split for row in placed)
    speakers = Counter(split for split, _ in {(row.split, row.speaker) for row in placed})
    shares = [
        f"{split} {100 * n_rows[split] / len(placed):.0f} % ({speakers[split]:,} "
        f"speaker{'' if speakers[split] == 1 else 's'})"
        for split in SPLIT_SHARES
    ]
    notes = [f"split by speaker with seed {seed}, shares of the utterances: {', '.join(shares)}"]
    unknown = [row.id for row in rows if row.speaker is None]
    if note := count_note("{} without a speaker, and so in no split", unknown):
        notes.append(note)
    return notes
