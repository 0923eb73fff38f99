"""The words of a recording, aligned piece by piece; a text that does not fit is refused."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from lemf.aligner.acoustics.classifier import PhoneClassifier, read_classifier
from lemf.aligner.acoustics.graph import fit_graph
from lemf.aligner.acoustics.mfcc import FRAME_PERIOD_S
from lemf.aligner.acoustics.models import PhoneModels
from lemf.aligner.confidence import Fit, measure_chance, measure_fit
from lemf.aligner.forced import AlignedText, AlignedWord, ForcedPath, find_word_path, read_times
from lemf.aligner.long_recordings import Piece, Pieces, find_pieces, seconds_of
from lemf.aligner.transcript import TranscriptWord
from lemf.arrays import FloatArray
from lemf.errors import AlignerError, shown
from lemf.runtime.progress import Watch, no_watch

DOUBTFUL = "perhaps not what is said"  # how the note on words of low confidence begins
LACKS = "the text lacks what sounds"  # how the note on sound that is not in the text begins
LEAST_CONFIDENCE = 0.5  # of a word whose place is not doubtful
SURE_RATIO = -0.5  # likelihood ratio of a text that fits in any case
_SURE_CONFIDENCE = 0.8  # mean of words that fit where the rest of the text does
_MOST_UNFIT = 0.4  # confidence of words of a stretch that does not fit
CHANCE_WEIGHT = 1.5
LEAST_FIT = -1.2  # of a text that fits: its ratio, and by how much it is above that of chance
_FEWEST_PHONES = 12  # of words that a text is refused for, unless they are half of it
_MOST_PHONES_PER_FRAME = 0.15  # phones per frame: 30 per second
_LEAST_FRAMES = 8  # per phone where words may be
_SHOWN = 5  # words in a note


def fit_words(
    features: FloatArray,
    words: Sequence[TranscriptWord],
    phones: Sequence[Sequence[str]],
    models: PhoneModels,
    duration_s: float,
    *,
    classifier: PhoneClassifier | None = None,
    force_fit: bool = False,
    watch: Watch = no_watch,
) -> AlignedText:
    """Align the words of a recording, with their confidences, and check that they fit.

    Parameters
    ----------
    features : (frames, 26) float64
    words : sequence of TranscriptWord
    phones : sequence of sequences of str
        The names of the phones of each word.
    models : PhoneModels
    duration_s : float
        Of the recording.
    classifier : PhoneClassifier, optional
        By which words are judged; without, that which ships with lemf.
    force_fit : bool
        Whether words that do not fit become notes.
    watch : Watch
        Is told the seconds that are done: the text is found in them first, then its phones.

    Returns
    -------
    AlignedText
        The notes name sound that is not in the text, and doubtful words.

    Raises
    ------
    AlignerError
        Words do not fit the sound; the recording is too short for them.
    """
    if sum(map(len, phones)) > _MOST_PHONES_PER_FRAME * len(features):
        fit_graph(phones, len(features))  # raises where the recording is too short
    classifier = classifier or read_classifier()
    pieces = find_pieces(features, phones, [word.sentence for word in words], models, watch)
    missed = [
        piece
        for piece in pieces.unspoken
        if _is_missed(piece, features, words, phones, models, classifier)
    ]
    if not force_fit and any(_is_most(piece, words) for piece in missed):
        raise AlignerError(_complain(words, missed))
    aligned: list[AlignedWord] = []
    strict: list[float] = []  # confidences of the words of a text that does not fit
    unfit: list[Piece] = []
    for piece in pieces.spoken:
        watch(seconds_of(piece.start), seconds_of(len(features)), note="finding the phones")
        spoken, fit, fits = _align(piece, features, words, phones, models, classifier, duration_s)
        aligned += spoken
        strict += fit.confidences(is_mild=False).tolist()
        if not fits:
            unfit.append(piece)
    missed = [piece for piece in missed if not _is_sure(aligned, piece, unfit)]
    missed += [piece for piece in unfit if not any(_overlap(piece, other) for other in missed)]
    if missed and not force_fit:
        raise AlignerError(_complain(words, missed))
    if missed:
        aligned = _doubt(aligned, strict, missed)
    confidence = float(np.mean([word.confidence for word in aligned]))
    notes = (*(_misfit(words, piece) for piece in missed), *_notes(aligned, words, pieces))
    return AlignedText(tuple(aligned), duration_s, confidence, notes)


_REMEDY = "correct the text, or align it all the same with --force-fit (force_fit=True)"


def _align(
    piece: Piece,
    features: FloatArray,
    words: Sequence[TranscriptWord],
    phones: Sequence[Sequence[str]],
    models: PhoneModels,
    classifier: PhoneClassifier,
    duration_s: float,
) -> tuple[list[AlignedWord], Fit, bool]:
    """Align the words of a piece; return them, how well each fits, and whether all do."""
    own = phones[piece.first : piece.last]
    path = find_word_path(features[piece.start : piece.end], own, models)
    is_last = piece.end == len(features)
    placed = read_times(
        path, words[piece.first : piece.last], duration_s if is_last else None, start=piece.start
    )
    fit = measure_fit(path, features[piece.start : piece.end], len(own), classifier)
    aligned = [
        replace(word, confidence=round(confidence, 3))
        for word, confidence in zip(placed, fit.confidences().tolist(), strict=True)
    ]
    is_short = _count(phones, piece) < _FEWEST_PHONES and len(own) < len(words)
    return aligned, fit, is_short or _fits(fit, path, own, models)


def _doubt(
    aligned: Sequence[AlignedWord], strict: Sequence[float], missed: Sequence[Piece]
) -> list[AlignedWord]:
    """Lower the confidences of a text that does not fit; where half of it does not, of all."""
    unfit = {place for piece in missed for place in range(piece.first, piece.last)}
    if 2 * len(unfit) >= len(aligned):
        unfit = set(range(len(aligned)))
    return [
        replace(word, confidence=round(own * (_MOST_UNFIT if place in unfit else 1.0), 3))
        for place, (word, own) in enumerate(zip(aligned, strict, strict=True))
    ]


def _is_sure(aligned: Sequence[AlignedWord], piece: Piece, unfit: Sequence[Piece]) -> bool:
    """Check that words which seemed left out are well aligned, and few, in a text that fits."""
    own = aligned[piece.first : piece.last]
    if _is_most(piece, aligned) or any(_overlap(piece, other) for other in unfit):
        return False
    return float(np.mean([word.confidence for word in own])) > _SURE_CONFIDENCE


def _is_missed(
    piece: Piece,
    features: FloatArray,
    words: Sequence[TranscriptWord],
    phones: Sequence[Sequence[str]],
    models: PhoneModels,
    classifier: PhoneClassifier,
) -> bool:
    """Check that words are enough to tell, and that they do not fit the sound in their place."""
    n_phones, n_words = _count(phones, piece), piece.last - piece.first
    if 2 * n_words < len(words) and (n_words < 2 or n_phones < _FEWEST_PHONES):
        return False
    if piece.end - piece.start < _LEAST_FRAMES * n_phones:
        return True
    own = phones[piece.first : piece.last]
    frames = features[piece.start : piece.end]
    path = find_word_path(frames, own, models)
    return not _fits(measure_fit(path, frames, n_words, classifier), path, own, models)


def _fits(fit: Fit, path: ForcedPath, phones: Sequence[Sequence[str]], models: PhoneModels) -> bool:
    ratio = fit.likelihood_ratio
    if ratio > SURE_RATIO:
        return True
    return ratio + CHANCE_WEIGHT * (ratio - measure_chance(path, phones, models)) > LEAST_FIT


def _count(phones: Sequence[Sequence[str]], piece: Piece) -> int:
    return sum(map(len, phones[piece.first : piece.last]))


def _is_most(piece: Piece, words: Sequence[object]) -> bool:
    return 2 * (piece.last - piece.first) > len(words)


def _overlap(one: Piece, other: Piece) -> bool:
    return one.first < other.last and other.first < one.last


def _misfit(words: Sequence[TranscriptWord], piece: Piece) -> str:
    """Name words that do not fit, and where."""
    first, last = words[piece.first].text, words[piece.last - 1].text
    if piece.last == piece.first + 1:
        named = f"word {piece.last} ({shown(first)}) does"
    else:
        named = f"words {piece.first + 1} to {piece.last} ({shown(f'{first} ... {last}')}) do"
    return f"{named} not fit the sound {_span(piece)}"


def _span(piece: Piece) -> str:
    start_s, end_s = piece.start * FRAME_PERIOD_S, piece.end * FRAME_PERIOD_S
    if piece.end - piece.start < 2:
        return f"at {start_s:.2f} s"
    return f"from {start_s:.2f} to {end_s:.2f} s"


def _complain(words: Sequence[TranscriptWord], missed: Sequence[Piece]) -> str:
    more = f" (and {len(missed) - 1} more places)" if len(missed) > 1 else ""
    return f"{_misfit(words, missed[0])}{more}; {_REMEDY}"


def _notes(
    aligned: Sequence[AlignedWord], words: Sequence[TranscriptWord], pieces: Pieces
) -> Iterator[str]:
    """Yield notes on sound that is not in the text, and on words that may not be what is said."""
    for piece in pieces.unwritten:
        before, after = words[: piece.first], words[piece.first :]
        places = [f"after {shown(before[-1].text)}"] if before else []
        places += [f"before {shown(after[0].text)}"] if after else []
        yield f"{LACKS} {_span(piece)}, {' and '.join(places)}"
    doubtful = [
        f"{shown(word.text)} ({word.start_s:.2f} s)"
        for word in aligned
        if word.confidence < LEAST_CONFIDENCE
    ]
    if doubtful:
        more = f" and {len(doubtful) - _SHOWN} more" if len(doubtful) > _SHOWN else ""
        yield f"{DOUBTFUL}: {', '.join(doubtful[:_SHOWN])}{more}"
