"""The best CCC that a model of the mechanism corpus can reach, from equations and by an oracle.

The best prediction from some inputs x is m = E[y | x]; it explains the share R2 = var(m) / var(y).
m itself has CCC 2 R2 / (1 + R2). Stretched to the variance of the labels, m has CCC sqrt(R2), the
most that any prediction from x can have: CCC never exceeds the correlation, and m correlates best.

Inputs are the audio and any of GS, LES, ES. Two assumptions are made: the text encoder ignores word
order (otherwise audio and GS together would show which word is stressed, as LES does), and LES has
the stressed word.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from msfser.ccc import FloatArray, ccc
from msfser.corpora.mechanism.drawing import draw_sentence
from msfser.corpora.mechanism.planted import NOTHING, Planted
from msfser.corpora.mechanism.sentences import (
    F0_RANGE_SEMITONES,
    F0_RANGE_WEIGHT,
    LABEL_NOISE,
    N_CONTENT,
    POLARITIES,
    POLARITY_WEIGHT,
    SITUATION_WEIGHT,
    SITUATIONS,
    STATUS,
    TEMPO,
    TEMPO_WEIGHT,
    Sentence,
    standardise,
)
from msfser.manifest import DIMENSIONS
from msfser.outputs import format_csv

Semantics = tuple[str, ...]  # some of "gs", "les", "es", in this order

SEMANTICS_SETS: tuple[Semantics, ...] = tuple(
    chosen for n in range(4) for chosen in combinations(("gs", "les", "es"), n)
)


SECOND_TURNS = 2 / 5  # of the utterances of the test split, where there are dialogues


def inputs_name(semantics: Semantics) -> str:
    """Return the name of a set of inputs, such as ``"audio+gs+les"``."""
    return "+".join(("audio", *semantics))


def reachable_ccc(
    semantics: Semantics, contour_shape: float = 0.0, context_flip: float = 0.0
) -> dict[str, float]:
    """Compute the best reachable CCC of each dimension from the equations of the labels.

    Parameters
    ----------
    semantics : tuple of {"gs", "les", "es", "context"}
        Inputs of the model besides the audio.
    contour_shape, context_flip : float
        As planted.

    Returns
    -------
    dict of str to float
        By dimension; sqrt(R2).
    """
    # variances of the noise and of each effect
    noise = LABEL_NOISE**2 / 3.0  # variance of a uniform variable of this half width
    arousal = F0_RANGE_WEIGHT**2 + TEMPO_WEIGHT**2
    valence = POLARITY_WEIGHT**2 * float(np.mean(np.square(list(POLARITIES.values()))))
    situation = (SITUATION_WEIGHT - contour_shape) ** 2 * float(np.mean(np.square(STATUS)))
    peaks = contour_shape**2 / 3.0  # heard
    heard = peaks + situation if "es" in semantics else peaks
    # GS shows four polarities, but not which one counts: their mean explains var(p) / 4.
    known = 1.0 if "les" in semantics else 1.0 / N_CONTENT if "gs" in semantics else 0.0
    if "context" not in semantics:  # so that a turn is flipped by a chance of which none knows
        known *= (1.0 - 2.0 * context_flip * SECOND_TURNS) ** 2
    explained = {
        "valence": known * valence / (valence + noise),
        "arousal": arousal / (arousal + noise),
        "dominance": heard / (peaks + situation + noise),
    }
    return {dimension: float(np.sqrt(explained[dimension])) for dimension in DIMENSIONS}


def oracle_ccc(sentences: Sequence[Sentence], semantics: Semantics) -> dict[str, float]:
    """Fit least squares to the causes that the inputs show, and compute the CCC.

    The audio shows melody and tempo; GS how often each word occurs; LES the stressed word; ES the
    situation. The fit, and the mean and variance of the predictions, come from every other
    sentence, the CCC from the others.

    Parameters
    ----------
    sentences : sequence of Sentence
        Some thousands.
    semantics : tuple of {"gs", "les", "es"}

    Returns
    -------
    dict of str to float
        By dimension.
    """
    causes = np.array([_visible_causes(sentence, semantics) for sentence in sentences])
    labels = np.array([sentence.labels for sentence in sentences])
    fitted, tested = slice(0, None, 2), slice(1, None, 2)
    weights = np.linalg.lstsq(causes[fitted], labels[fitted])[0]
    predictions = causes @ weights
    mean, spread = predictions[fitted].mean(axis=0), predictions[fitted].std(axis=0)
    stretched = (predictions - mean) / spread * labels[fitted].std(axis=0)
    stretched += labels[fitted].mean(axis=0)
    found = ccc(stretched[tested], labels[tested])
    return {dimension: float(value) for dimension, value in zip(DIMENSIONS, found, strict=True)}


def draw_sentences(seed: int, n_sentences: int) -> list[Sentence]:
    """Draw sentences for the oracle, without synthesis."""
    return [draw_sentence(seed, index) for index in range(n_sentences)]


def unknown_dimensions(planted: Planted) -> tuple[str, ...]:
    """Return the dimensions whose best reachable CCC is not known, by what is planted.

    The equations above hold neither for valence that a class makes, nor for melody and tempo that
    are a habit, nor for labels that are means of votes.
    """
    causes = {
        "valence": planted.class_imbalance or planted.rater_spread,
        "arousal": planted.speaker_shift or planted.rater_spread,
        "dominance": planted.rater_spread,
    }
    return tuple(name for name in DIMENSIONS if causes[name])


def format_reachable(planted: Planted = NOTHING) -> bytes:
    """Format ``reachable.csv``: dimension, inputs, ccc, by what is planted.

    Where the context flips valence, each set of inputs comes again with the context. A value that
    is not known is left empty.
    """
    unknown = unknown_dimensions(planted)
    rows = [
        (dimension, inputs_name(semantics), "" if dimension in unknown else f"{value:.6f}")
        for semantics in _sets(planted)
        for dimension, value in _best(semantics, planted).items()
    ]
    return format_csv([("dimension", "inputs", "ccc"), *rows])


def reachable_table(sentences: Sequence[Sentence], planted: Planted = NOTHING) -> str:
    """Format the best reachable CCCs as plain text, ``-`` where not known.

    Those of the oracle stand beside them in brackets where nothing is planted, of which the oracle
    knows nothing.
    """
    unknown = unknown_dimensions(planted)
    width = max(len(inputs_name(semantics)) for semantics in _sets(planted)) + 1
    lines = [f"{'inputs':<{width}}" + "".join(f"{dimension:>18}" for dimension in DIMENSIONS)]
    for semantics in _sets(planted):
        best = _best(semantics, planted)
        cells = ["-" if name in unknown else f"{best[name]:.3f}" for name in DIMENSIONS]
        if planted == NOTHING:
            found = oracle_ccc(sentences, semantics)
            cells = [
                f"{cell} ({found[name]:+.3f})" for cell, name in zip(cells, DIMENSIONS, strict=True)
            ]
        lines.append(
            f"{inputs_name(semantics):<{width}}" + "".join(f"{cell:>18}" for cell in cells)
        )
    return "\n".join(lines)


def _sets(planted: Planted) -> list[Semantics]:
    """Return the sets of inputs, each again with the context where it flips valence."""
    chosen = [*SEMANTICS_SETS]
    if planted.context_flip:
        chosen += [(*semantics, "context") for semantics in SEMANTICS_SETS]
    return chosen


def _best(semantics: Semantics, planted: Planted) -> dict[str, float]:
    return reachable_ccc(semantics, planted.contour_shape, planted.context_flip)


def _visible_causes(sentence: Sentence, semantics: Semantics) -> FloatArray:
    content = tuple(POLARITIES)
    shown = [
        1.0,
        standardise(sentence.f0_range_semitones, F0_RANGE_SEMITONES),
        standardise(sentence.tempo, TEMPO),
    ]
    if "gs" in semantics:
        shown += [sentence.words.count(word) for word in content]
    if "les" in semantics:
        shown += [word == sentence.words[sentence.stressed_word] for word in content]
    if "es" in semantics:
        shown += [number == sentence.situation for number in range(len(SITUATIONS))]
    return np.array(shown, dtype=np.float64)
