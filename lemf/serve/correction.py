"""What a page sends -> the steps of a correction, in their order, and what results say of them.

Each step names times and words as the steps before it left them; `steps` applies them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from lemf.errors import UNPRINTABLE, TextGridError, shown
from lemf.reading.textgrid import IntervalTier

SAME_S = 1e-6  # up to which two edges are one
_FAR_S = 1e9  # beyond any recording; NaN is not below either
_LONGEST_LABEL = 200  # characters
_MOST_STEPS = 5000


class Move(NamedTuple):
    """An edge of all tiers of intervals that have one there, and its new time, in seconds."""

    from_s: float
    to_s: float


class Label(NamedTuple):
    """A word, by its start in seconds, and what it is now; empty for silence."""

    start_s: float
    text: str


class Split(NamedTuple):
    """A word that becomes two at a time in seconds, and what they are."""

    start_s: float
    at_s: float
    left: str
    right: str


class Join(NamedTuple):
    """A word that the next one is added to, and what both are together."""

    start_s: float
    text: str


class Add(NamedTuple):
    """A word in what was silence."""

    start_s: float
    end_s: float
    text: str


Step = Move | Label | Split | Join | Add
_KINDS: Mapping[str, type[Step]] = {
    "move": Move, "label": Label, "split": Split, "join": Join, "add": Add,
}  # fmt: skip
_COUNTED = (("edge", "moved"), ("word", "changed"), ("word", "removed"), ("word", "split"),
            ("word", "joined"), ("word", "added"))  # fmt: skip


@dataclass(frozen=True)
class Correction:
    """The steps that change a TextGrid, in their order."""

    steps: tuple[Step, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.steps)


def count_changes(correction: Correction, words: IntervalTier) -> str:
    """Return how many edges and words are other than before, each kind once; empty for none.

    Parameters
    ----------
    correction : Correction
    words : IntervalTier
        The words before. A step that another one undoes does not count.
    """
    given = {key(one.start_s): _plain(one.label) for one in words.intervals}
    labels = dict(given)  # as they are, by the starts of words as they are
    origins: dict[int, int] = {}  # where edges were that are elsewhere now
    changed: dict[int, str] = {}  # of the words, by their start
    added: set[int] = set()
    split: dict[int, str] = {}  # what a word was before
    counts: Counter[str] = Counter()
    for step in correction.steps:
        match step:
            case Move(from_s, to_s):
                origin = origins.pop(key(from_s), key(from_s))
                origins |= {key(to_s): origin} if origin != key(to_s) else {}
                for kept in (labels, changed, split):
                    if key(from_s) in kept:
                        kept[key(to_s)] = kept.pop(key(from_s))
                if key(from_s) in added:
                    added.symmetric_difference_update({key(from_s), key(to_s)})
            case Label(start_s, text):
                start = key(start_s)
                labels[start] = text
                if start in added:
                    added -= set() if text else {start}
                elif text == given.get(origins.get(start, start)):
                    changed.pop(start, None)
                else:
                    changed[start] = "changed" if text else "removed"
            case Split(start_s, at_s, left, right):
                split[key(start_s)] = labels.get(key(start_s), "")
                labels |= {key(start_s): left, key(at_s): right}
                counts["split"] += 1
            case Join(start_s, text):
                undone = split.pop(key(start_s), None) == text
                labels[key(start_s)] = text
                counts["split" if undone else "joined"] += -1 if undone else 1
            case Add(start_s, _, text):
                labels[key(start_s)] = text
                added.add(key(start_s))
    counts.update(changed.values())
    counts["moved"] += len(origins)
    counts["added"] += len(added)
    found = ((counts[done], noun, done) for noun, done in _COUNTED if counts[done])
    return ", ".join(f"{n} {noun}{'s' if n > 1 else ''} {done}" for n, noun, done in found)


def _plain(label: str) -> str:
    """Return a label as `read_correction` reads one."""
    return " ".join(label.split())


def key(time_s: float) -> int:
    """Return what is equal for two times that are one edge."""
    return round(time_s / SAME_S)


def read_correction(content: Mapping[str, Any]) -> Correction:
    """Convert what a page sends to a correction.

    Parameters
    ----------
    content : mapping
        ``steps``: lists of the name of a step (``move``, ``label``, ``split``, ``join``, ``add``)
        and its times and words.

    Raises
    ------
    TextGridError
        Other content.
    """
    steps = content.get("steps", [])
    if not isinstance(steps, list):
        raise TextGridError(f"corrections: expected a list of steps, not {shown(steps)}")
    if len(steps) > _MOST_STEPS:
        raise TextGridError(f"{len(steps)} corrections at once; save the first {_MOST_STEPS}")
    return Correction(tuple(map(_read_step, steps)))


def _read_step(given: object) -> Step:
    if not isinstance(given, list) or not given or not isinstance(given[0], str):
        raise TextGridError(f"corrections: expected a step, not {shown(given)}")
    name, *values = given
    kind = _KINDS.get(name)
    if kind is None or len(values) != len(kind._fields):
        raise TextGridError(f"corrections: there is no step {shown(given)}")
    readers = [_time if field.endswith("_s") else _read_label for field in kind._fields]
    step: Step = kind(*_apply(readers, values))
    if kind is not Label and "" in step:
        raise TextGridError("corrections: a word is empty; write what is said")
    return step


def _apply(readers: Sequence[Callable[[object], float | str]], values: Sequence[object]) -> Any:  # noqa: ANN401 - the fields of any step
    return [read(value) for read, value in zip(readers, values, strict=True)]


def _time(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not abs(value) < _FAR_S:
        raise TextGridError(f"corrections: expected a time in seconds, not {shown(value)}")
    return float(value)


def _read_label(value: object) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST_LABEL:
        raise TextGridError(
            f"word {shown(value)}: write a word of at most {_LONGEST_LABEL} characters"
        )
    label = _plain(value)
    if UNPRINTABLE.search(label) or not _encodes(label):
        raise TextGridError(
            f"word {shown(value)}: holds a character that shows nothing or acts on a display; "
            "write the word anew"
        )
    return label


def _encodes(label: str) -> bool:
    try:
        label.encode()
    except UnicodeEncodeError:  # half of a UTF-16 pair
        return False
    return True
