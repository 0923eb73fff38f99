"""The checks of all corpora: recordings that open, labels and votes inside their scale.

No row is dropped: a bad recording makes a failed row with its reason, and a label outside its scale
is counted and never clipped. Votes that cannot be right are left out, and counted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import get_args

from lemf import AudioError, CorpusError, read_duration
from lemf.runtime.output import printable_text
from lemf.runtime.progress import Watch, no_watch
from lemf.runtime.threads import threaded_map
from msfser.config.settings import SHORTEST_S, OutsideLabels, check_choice
from msfser.manifest import DIMENSIONS, Manifest, Utterance
from msfser.outputs import counted
from msfser.ratings import Rating

_TOLERANCE = 1e-9  # of labels: means of ratings have rounding errors


@dataclass(frozen=True, kw_only=True)
class Reading:
    """The manifest of a corpus, with notes of its reader.

    Attributes
    ----------
    manifest : Manifest
    notes : tuple of str
        What the user should know: one line each, with a count and an example.
    ratings : tuple of Rating
        The votes of single raters; empty where the corpus has none.
    """

    manifest: Manifest
    notes: tuple[str, ...]
    ratings: tuple[Rating, ...] = ()


def check_utterances(
    manifest: Manifest,
    notes: Sequence[str] = (),
    *,
    ratings: Sequence[Rating] = (),
    outside: OutsideLabels = "keep",
    watch: Watch = no_watch,
) -> Reading:
    """Measure the recordings from their headers and check the labels.

    Parameters
    ----------
    manifest : Manifest
        Rows that have failed already keep their reason.
    notes : sequence of str
        Those of the reader of the corpus; they come first.
    ratings : sequence of Rating
        The votes of single raters, which `check_votes` checks.
    outside : {"keep", "refuse"}
        Whether a label outside the bounds is only noted, or makes its row fail.
    watch : Watch
        Called with the number of recordings done, and the total.

    Returns
    -------
    Reading

    Raises
    ------
    ConfigError
        `outside` is neither of the two.
    CorpusError
        The name of a file is not UTF-8, so that no manifest can hold it.
    """
    check_choice("outside", outside, get_args(OutsideLabels))
    for utterance in manifest.utterances:
        for name in filter(None, (utterance.id, utterance.wav, utterance.alignment)):
            if name != printable_text(name):
                raise CorpusError(f"{name!r}: a name that is not UTF-8; rename the file")
    # durations of the recordings
    paths = [manifest.wav_path(utterance) for utterance in manifest.utterances]
    measured = threaded_map(measure_recording, paths, watch)
    rows = [
        _with_duration(utterance, found)
        for utterance, found in zip(manifest.utterances, measured, strict=True)
    ]
    # labels outside the scale
    strays = {row.id: stray for row in rows if (stray := _stray_label(row, manifest.label_bounds))}
    stray_note = count_note(
        "{} with a label outside {:g} to {:g}", list(strays), manifest.label_bounds
    )
    votes, vote_notes = check_votes(ratings, manifest)
    if outside == "refuse":
        rows = [_failed(row, strays[row.id]) if row.id in strays else row for row in rows]
    return Reading(
        manifest=replace(manifest, utterances=tuple(rows)),
        notes=(*notes, *filter(None, [stray_note]), *vote_notes),
        ratings=votes,
    )


def check_votes(
    votes: Sequence[Rating], manifest: Manifest
) -> tuple[tuple[Rating, ...], tuple[str, ...]]:
    """Leave out votes on recordings that the corpus does not have, and those beyond its scale.

    Returns
    -------
    votes : tuple of Rating
        The others.
    notes : tuple of str
        How many were left out and why, with the first; and how often one rater voted twice.
    """
    ids = {row.id for row in manifest.utterances}
    low, high = manifest.label_bounds
    unknown, beyond, twice = [], [], []
    kept: list[Rating] = []
    known: set[tuple[str, str]] = set()
    for vote in votes:
        if vote.id not in ids:
            unknown.append(f"{vote.rater} on {vote.id}")
        elif stray := _stray_label(vote, manifest.label_bounds):
            beyond.append(f"{vote.rater} on {vote.id}: {stray}")
        else:
            kept.append(vote)
            if (vote.id, vote.rater) in known:
                twice.append(f"{vote.rater} on {vote.id}")
            known.add((vote.id, vote.rater))
    notes = (
        _vote_note("on recordings that the corpus does not list, left out", unknown),
        _vote_note(f"outside {low:g} to {high:g}, left out", beyond),
        _vote_note("of a rater who voted on the recording before; each counts", twice),
    )
    return tuple(kept), tuple(filter(None, notes))


def _vote_note(what: str, places: Sequence[str]) -> str:
    if not places:
        return ""
    return f"{counted(len(places), 'vote')} {what}, the first: {places[0]}"


def count_note(what: str, ids: Sequence[str], values: Sequence[object] = ()) -> str:
    """Return a note of how many rows something holds for, with one of them; "" for none.

    Parameters
    ----------
    what : str
        A sentence about ``{}``, which becomes "3 utterances"; further braces take the values.
    ids : sequence of str
        Of the rows.
    values : sequence
    """
    if not ids:
        return ""
    number = f"{len(ids):,} utterance{'s' if len(ids) > 1 else ''}"
    example = "such as " if len(ids) > 1 else ""
    return f"{what.format(number, *values)}, {example}{ids[0]}"


def measure_recording(path: Path) -> tuple[float, str | None]:
    """Read the length of a recording, as training and prediction will read it.

    Returns
    -------
    (float, str or None)
        Seconds, NaN where unknown, and the fault of the recording, or None.
    """
    try:
        size = path.stat().st_size
        if not path.is_file():
            return math.nan, "the recording is no file"
        if size == 0:
            return math.nan, "the recording is empty"
        duration_s = read_duration(path)
    except FileNotFoundError:
        return math.nan, "no such recording"
    except OSError as error:
        return math.nan, f"the recording cannot be read ({error.strerror})"
    except AudioError as error:
        fault = str(error).removeprefix(f"{path}: ").partition(";")[0]
        return math.nan, fault.replace("cannot be read as audio", "the recording cannot be read")
    if duration_s < SHORTEST_S:
        return duration_s, f"the recording lasts {duration_s:.3f} s, less than {SHORTEST_S} s"
    return duration_s, None


def _with_duration(utterance: Utterance, found: tuple[float, str | None]) -> Utterance:
    duration_s, reason = found
    utterance = replace(utterance, duration_s=duration_s)
    return utterance if reason is None else _failed(utterance, reason)


def _failed(utterance: Utterance, reason: str) -> Utterance:
    if utterance.status == "failed":
        return utterance
    return replace(utterance, status="failed", reason=reason)


def _stray_label(row: Utterance | Rating, bounds: tuple[float, float]) -> str | None:
    """Describe the first label outside the bounds; None where all are inside."""
    low, high = bounds
    for dimension in DIMENSIONS:
        value = getattr(row, dimension)
        if value < low - _TOLERANCE or value > high + _TOLERANCE:
            return f"{dimension} {value:g} is outside {low:g} to {high:g}"
    return None
