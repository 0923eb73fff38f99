"""Several corpora as one: labels and votes on one scale, ids and speakers of each kept apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from msfser.corpora.checks import Reading, check_votes
from msfser.errors import ConfigError
from msfser.manifest import (
    DIMENSIONS,
    UNLABELLED_BOUNDS,
    Manifest,
    Utterance,
    label_array,
    unlabelled_dimensions,
)
from msfser.ratings import Rating

_Scored = TypeVar("_Scored", Utterance, Rating)


def check_corpus_name(name: str) -> None:
    """Check that the name of a corpus can stand before ids and speakers.

    Raises
    ------
    ConfigError
        The name is empty, or holds a slash or what cannot be printed.
    """
    if not name.strip() or "/" in name or not name.isprintable():
        raise ConfigError(
            f"name {name!r}: write a name of letters, digits and signs without a slash, such as "
            "second-study"
        )


def rescale(value: float, old: tuple[float, float], new: tuple[float, float]) -> float:
    """Return a label on another scale, the ends of both on each other.

    Parameters
    ----------
    value : float
        NaN stays NaN; a value outside `old` comes to lie outside `new`.
    old, new : (float, float)
        Lowest and highest value of the scales.
    """
    if old == new:
        return value
    return new[0] + (value - old[0]) * (new[1] - new[0]) / (old[1] - old[0])


def join_corpora(
    manifests: Sequence[Manifest],
    root: Path,
    label_bounds: tuple[float, float] | None = None,
    ratings: Mapping[str, Sequence[Rating]] = MappingProxyType({}),
) -> Reading:
    """Join the manifests of corpora.

    Parameters
    ----------
    manifests : sequence of Manifest
        At least two, of corpora whose names differ.
    root : Path
        Folder of the joined manifest.
    label_bounds : (float, float), optional
        Scale of the joined labels; by default, that of the first corpus with labels.
    ratings : mapping of str to sequence of Rating
        The votes of single raters, by the name of the corpus.

    Returns
    -------
    Reading
        The rows and votes of all corpora in their order. Ids, speakers, dialogues and raters begin
        with the name of the corpus, recordings have absolute paths; splits, folds and emotions are
        as they were.

    Raises
    ------
    ConfigError
        Fewer than two corpora, or two of one name.
    """
    names = [manifest.corpus for manifest in manifests]
    if len(names) < 2:
        raise ConfigError("one corpus: name two or more to join")
    if twice := [name for name in names if names.count(name) > 1]:
        raise ConfigError(
            f"two corpora named {twice[0]!r}: their speakers would be mixed; name each once, or "
            "read a table again under another name: msfser corpus table --name NAME"
        )
    labelled = [manifest.label_bounds for manifest in manifests if _has_labels(manifest)]
    bounds = label_bounds or (labelled[0] if labelled else UNLABELLED_BOUNDS)
    joined = Manifest(
        utterances=tuple(
            _join_row(row, manifest, bounds)
            for manifest in manifests
            for row in manifest.utterances
        ),
        corpus="+".join(names),
        version="",
        root=root.resolve(),
        label_bounds=bounds,
    )
    notes = list(_notes(manifests, bounds))
    votes: list[Rating] = []
    for manifest in manifests:
        kept, vote_notes = check_votes(ratings.get(manifest.corpus, ()), manifest)
        votes += [_join_vote(vote, manifest, bounds) for vote in kept]
        notes += [f"{manifest.corpus}: {note}" for note in vote_notes]
    if votes and (unrated := [name for name in names if not ratings.get(name)]):
        notes.append(f"no votes of single raters in {', '.join(unrated)}")
    return Reading(manifest=joined, notes=tuple(notes), ratings=tuple(votes))


def _has_labels(manifest: Manifest) -> bool:
    return unlabelled_dimensions(label_array(manifest.utterances)) != DIMENSIONS


def _join_row(row: Utterance, manifest: Manifest, bounds: tuple[float, float]) -> Utterance:
    grid = manifest.alignment_path(row)
    joined = replace(
        row,
        id=f"{manifest.corpus}/{row.id}",
        wav=str(manifest.wav_path(row)),
        alignment=None if grid is None else str(grid),
        speaker=None if row.speaker is None else f"{manifest.corpus}/{row.speaker}",
        dialogue=None if row.dialogue is None else f"{manifest.corpus}/{row.dialogue}",
    )
    return _rescaled(joined, manifest.label_bounds, bounds)


def _join_vote(vote: Rating, manifest: Manifest, bounds: tuple[float, float]) -> Rating:
    name = manifest.corpus
    joined = replace(vote, id=f"{name}/{vote.id}", rater=f"{name}/{vote.rater}")
    return _rescaled(joined, manifest.label_bounds, bounds)


def _rescaled(row: _Scored, old: tuple[float, float], bounds: tuple[float, float]) -> _Scored:
    """Return an utterance or a vote with its values on another scale."""
    return replace(
        row,
        valence=rescale(row.valence, old, bounds),
        arousal=rescale(row.arousal, old, bounds),
        dominance=rescale(row.dominance, old, bounds),
    )


def _notes(manifests: Sequence[Manifest], bounds: tuple[float, float]) -> tuple[str, ...]:
    notes = []
    for manifest in manifests:
        low, high = manifest.label_bounds
        if not _has_labels(manifest):
            notes.append(f"{manifest.corpus}: no labels of {', '.join(DIMENSIONS)}")
        elif manifest.label_bounds != bounds:
            notes.append(
                f"{manifest.corpus}: labels from {low:g} to {high:g} are drawn out to "
                f"{bounds[0]:g} to {bounds[1]:g}, which makes the scales equal, not the raters"
            )
        if all(row.split is None for row in manifest.utterances):
            notes.append(f"{manifest.corpus}: no splits, so no run trains on it or tests on it")
    spellings = {
        manifest.corpus: sorted({row.emotion for row in manifest.utterances if row.emotion})
        for manifest in manifests
    }
    if len({tuple(each) for each in spellings.values() if each}) > 1:
        shown = "; ".join(
            f"{name}: {', '.join(each[:4])}{', ...' if len(each) > 4 else ''}"
            for name, each in spellings.items()
            if each
        )
        notes.append(f"emotions keep the names of each corpus ({shown})")
    return tuple(notes)
