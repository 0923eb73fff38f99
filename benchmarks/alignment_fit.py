"""Count how often texts that do not fit are caught, and learn how sure the aligner is of a word.

    LEMF_SPEECH_DATA=... python benchmarks/alignment_fit.py
    LEMF_SPEECH_DATA=... python benchmarks/alignment_fit.py --weights

The first counts on the shared German and English recordings, whose texts are swapped, halved, or
changed in a word, by the models that ship with lemf and by models without the speaker (German) or
without the half of the recordings in which a text is (English). The second prints the weights of
lemf/aligner/confidence.py, learnt by the latter models.
"""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from aligner_seed import Utterance, read_speech, train_seed
from alignment import read_english

from lemf.aligner.acoustics.mfcc import measure_moments, standardise
from lemf.aligner.acoustics.models import PhoneModels, read_seed
from lemf.aligner.confidence import FEATURES, Fit, measure_fit
from lemf.aligner.fitting import LEAST_CONFIDENCE, fit_words
from lemf.aligner.forced import find_words
from lemf.errors import AlignerError

FEWEST_LETTERS, FEWEST_PHONES = 4, 3  # of a content word
N_REPLACED = 3  # words replaced in each recording
Z = 1.96


@dataclass(frozen=True, eq=False)
class Case:
    """A recording with the models that align it."""

    utterance: Utterance
    models: PhoneModels


def content_words(one: Utterance) -> list[int]:
    """Return the words that may be replaced."""
    return [
        place
        for place, (word, phones) in enumerate(zip(one.words, one.phones, strict=True))
        if len(word.text) >= FEWEST_LETTERS and len(phones) >= FEWEST_PHONES
    ]


def replaced(
    one: Utterance, others: Sequence[Utterance], rng: random.Random
) -> Iterator[tuple[int, Utterance]]:
    """Yield copies of a recording with one word replaced by one of another text, and its place."""
    places = content_words(one)
    for place in rng.sample(places, min(N_REPLACED, len(places))):
        while True:
            other = rng.choice(others)
            if other.text != one.text and (found := content_words(other)):
                source = rng.choice(found)
                if other.words[source].text.lower()[:4] != one.words[place].text.lower()[:4]:
                    break
        words, phones = list(one.words), list(one.phones)
        words[place], phones[place] = other.words[source], other.phones[source]
        yield place, replace(one, words=tuple(words), phones=phones)


def left_out(
    german: Sequence[Utterance], english: Sequence[Utterance]
) -> tuple[list[Case], list[Case]]:
    """Return each recording with models that know neither its speaker nor, if English, its text."""
    by_speaker = {
        speaker: train_seed([one for one in german if one.speaker != speaker], english)
        for speaker in sorted({one.speaker for one in german})
    }
    by_half = [train_seed(german, english[1 - half :: 2]) for half in (0, 1)]
    return (
        [Case(one, by_speaker[one.speaker]) for one in german],
        [Case(one, by_half[place % 2]) for place, one in enumerate(english)],
    )


def fit_of(one: Utterance, models: PhoneModels) -> Fit:
    """Measure the fit of the words of a recording."""
    features = standardise(one.cepstra, measure_moments(one.cepstra))
    return measure_fit(find_words(features, one.phones, models), len(one.phones))


def learn_weights(right: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    """Learn logistic regression on as many right as wrong words, (features + 1,)."""
    rows = np.vstack([right, wrong])
    scale = rows.std(axis=0)
    rows = np.column_stack([rows / scale, np.ones(len(rows))])
    is_right = np.arange(len(rows)) < len(right)
    shares = np.where(is_right, 0.5 / len(right), 0.5 / len(wrong)) * len(rows)
    ridge = np.diag([*np.ones(len(scale)), 0.0])
    weights = np.zeros(len(scale) + 1)
    for _ in range(50):
        likely = 1 / (1 + np.exp(-rows @ weights))
        slope = rows.T @ (shares * (is_right - likely)) - ridge @ weights
        curve = (rows * (shares * likely * (1 - likely))[:, None]).T @ rows + ridge
        weights += np.linalg.solve(curve, slope)
    return np.append(weights[:-1] / scale, weights[-1])


def words_to_learn(cases: Sequence[Case]) -> tuple[np.ndarray, np.ndarray]:
    """Measure right words, and wrong words in their places."""
    rng = random.Random(0)
    others = [case.utterance for case in cases]
    right, wrong = [], []
    for case in cases:
        one = case.utterance.warped(case.models)
        right.append(fit_of(one, case.models).features)
        for place, changed in replaced(one, others, rng):
            wrong.append(fit_of(changed, case.models).features[place])
    return np.vstack(right), np.array(wrong)


def check(one: Utterance, models: PhoneModels) -> tuple[bool, list[int], bool]:
    """Return whether a text is refused, its doubtful words, and whether there is any note."""
    features = standardise(one.cepstra, measure_moments(one.cepstra))
    try:
        aligned = fit_words(features, one.words, one.phones, models, one.duration_s)
    except AlignerError:
        return True, [], True
    doubtful = [
        place for place, word in enumerate(aligned.words) if word.confidence < LEAST_CONFIDENCE
    ]
    return False, doubtful, bool(aligned.notes)


def count(label: str, found: Sequence[bool]) -> None:
    """Print a count with its Wilson interval."""
    n, share = len(found), float(np.mean(found))
    middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    reach = Z / (1 + Z**2 / n) * np.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    interval = f"[{max(middle - reach, 0):.3f}, {min(middle + reach, 1):.3f}]"
    print(f"  {label:44} {sum(found):4} of {n:4}  {interval}", flush=True)


def count_all(label: str, cases: Sequence[Case]) -> None:
    """Print how many changed texts are caught, and how many right ones are refused or noted."""
    print(label)
    rng = random.Random(1)
    found: dict[str, list[bool]] = {}
    others = [case.utterance for case in cases]

    def note(kind: str, is_found: bool) -> None:
        found.setdefault(kind, []).append(is_found)

    for place, case in enumerate(cases):
        models = case.models
        one = case.utterance.warped(models)
        refused, _, noted = check(one, models)
        note("right: refused", refused)
        note("right: refused or noted", noted)
        other = next(o for o in [*others[place:], *others] if o.text != one.text)
        swapped = replace(one, words=other.words, phones=other.phones)
        refused, _, noted = check(swapped, models)
        note("text of another recording: refused", refused)
        note("text of another recording: refused or noted", noted)
        if (half := len(one.words) // 2) > 0:
            kept = slice(half) if place % 2 else slice(half, None)
            halved = replace(one, words=one.words[kept], phones=one.phones[kept])
            note("half of the text: refused or noted", check(halved, models)[2])
            n_frames = len(one.cepstra) // 2
            cepstra = one.cepstra[:n_frames] if place % 2 else one.cepstra[n_frames:]
            cut = replace(one, cepstra=cepstra, duration_s=one.duration_s / 2)
            note("half of the sound: refused or noted", check(cut, models)[2])
        for changed_place, changed in replaced(one, others, rng):
            refused, doubtful, _ = check(changed, models)
            note("one content word: refused or named", refused or changed_place in doubtful)
    for kind, results in found.items():
        count(kind, results)


def main() -> None:
    """Print the weights, or the counts."""
    german, english = read_speech()
    if "--weights" in sys.argv:
        learnt = [words_to_learn(cases) for cases in left_out(german, english)]
        weights = learn_weights(*(np.vstack(part) for part in zip(*learnt, strict=True)))
        for name, weight in zip((*FEATURES, "constant"), weights, strict=True):
            print(f"    {weight:.4f},  # {name}")
        return
    seed = read_seed()
    grids = read_english(Path(os.environ["LEMF_SPEECH_DATA"]))
    count_all("German, models that ship", [Case(one, seed) for one in german])
    count_all("English, models that ship", [Case(one, seed) for one in english])
    count_all("English with grids, models that ship", [Case(one, seed) for one in grids])
    without_speaker, without_text = left_out(german, english)
    count_all("German, speaker left out", without_speaker)
    count_all("English, text left out", without_text)


if __name__ == "__main__":
    main()
