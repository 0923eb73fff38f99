"""The cues of each word of a sentence, by the names of the table `lemf.config.CUES`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from functools import cache
from importlib import import_module

from lemf.arrays import FloatArray
from lemf.config import CUES
from lemf.contours.contours import Contours
from lemf.cues.phone_norms import PhoneNorms
from lemf.cues.sentence_contours import SentenceContours
from lemf.reading.alignment import Word


def word_cues(
    names: Iterable[str],
    words: Sequence[Word],
    contours: Contours,
    sentence: SentenceContours | None,
    expected: PhoneNorms,
    vowels: Collection[str],
) -> dict[str, FloatArray]:
    """Measure cues of every word of a sentence.

    Parameters
    ----------
    names : iterable of str
        Names in `lemf.config.CUES`.
    words : sequence of Word
    contours : Contours
        Contours of the recording.
    sentence : SentenceContours or None
        Contours cut to these words; None where no cue reads them.
    expected : PhoneNorms
        Expected durations of phones.
    vowels : collection of str
        The labels of vowels.

    Returns
    -------
    dict of str to (words,) float64
        In the order of the names; NaN where a cue could not be measured.

    Raises
    ------
    ValueError
        A name that is not in the table.
    """
    inputs = {
        "words": words,
        "contours": contours,
        "sentence": sentence,
        "expected": expected,
        "vowels": vowels,
    }
    values = {}
    for name in names:
        if name not in CUES:
            raise ValueError(f"unknown cue {name!r}; there are: {', '.join(CUES)}")
        function = cue_function(name)
        values[name] = function(**{one: inputs[one] for one in CUES[name].reads})
    return values


@cache
def cue_function(name: str) -> Callable[..., FloatArray]:
    """Find the function that computes a cue of the table."""
    function: Callable[..., FloatArray] = getattr(
        import_module(f"lemf.cues.{CUES[name].module}"), name
    )
    return function
