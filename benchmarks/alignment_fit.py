"""Count how often texts that do not fit are caught, and learn how sure the aligner is of a word.

    LEMF_SPEECH_DATA=... python benchmarks/alignment_fit.py
    LEMF_SPEECH_DATA=... python benchmarks/alignment_fit.py --weights

The first counts on the shared German and English recordings, whose texts are swapped, halved, or
changed in a word, by the models that ship with lemf and by models without the speaker (German) or
without the half of the recordings in which a text is (English). The second prints the weights of
lemf/aligner/confidence.py, learnt by the latter models, and how many changed words those learnt on
one half of the speakers and texts catch in the other half, by the false alarms there. Needs torch.
"""

from __future__ import annotations

import os
import random
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from aligner_classifier import train_classifier
from aligner_seed import Utterance, read_speech, train_seed
from alignment import read_english

from lemf.aligner.acoustics.classifier import PhoneClassifier, read_classifier
from lemf.aligner.acoustics.mfcc import measure_moments, standardise
from lemf.aligner.acoustics.models import PhoneModels, read_seed
from lemf.aligner.confidence import FEATURES, measure_fit, weigh
from lemf.aligner.fitting import LEAST_CONFIDENCE, fit_words
from lemf.aligner.forced import find_word_path
from lemf.errors import AlignerError

FEWEST_LETTERS, FEWEST_PHONES = 4, 3  # of a content word
N_REPLACED = 3  # words replaced in each recording
CURVE = (0, 1, 2, 3, 5)  # false alarms
Z = 1.96


@dataclass(frozen=True, eq=False)
class Case:
    """A recording with the models that align it."""

    utterance: Utterance
    models: PhoneModels
    classifier: PhoneClassifier

    @property
    def is_first_half(self) -> bool:
        """Whether weights that are tried on the second half are learnt on it."""
        return int(re.findall(r"\d+", self.utterance.name)[-1 if self.is_english else 0]) % 4 < 2

    @property
    def is_english(self) -> bool:
        """Whether it is one of LJSpeech."""
        return self.utterance.speaker == "LJ"


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
    parts = {
        speaker: ([one for one in german if one.speaker != speaker], english)
        for speaker in sorted({one.speaker for one in german})
    }
    parts |= {half: (german, english[1 - half :: 2]) for half in (0, 1)}
    learnt = {}
    for part, speech in parts.items():
        models = train_seed(*speech)
        learnt[part] = (models, train_classifier(*speech, models))
    return (
        [Case(one, *learnt[one.speaker]) for one in german],
        [Case(one, *learnt[place % 2]) for place, one in enumerate(english)],
    )


def fit_of(one: Utterance, case: Case) -> np.ndarray:
    """Measure the fit of the words of a recording, (words, features)."""
    features = standardise(one.cepstra, measure_moments(one.cepstra))
    path = find_word_path(features, one.phones, case.models)
    return measure_fit(path, features, len(one.phones), case.classifier).features


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


@dataclass(frozen=True, eq=False)
class Measured:
    """The features of the words of a recording, and with one word replaced, with its place."""

    case: Case
    right: np.ndarray
    wrong: list[tuple[int, np.ndarray]]


def measure(cases: Sequence[Case]) -> Iterator[Measured]:
    """Measure right words, and wrong words in their places."""
    others = [case.utterance for case in cases]
    for number, case in enumerate(cases):
        rng = random.Random(number)
        one = case.utterance.warped(case.models)
        wrong = [(place, fit_of(changed, case)) for place, changed in replaced(one, others, rng)]
        yield Measured(case, fit_of(one, case), wrong)


def learn(found: Sequence[Measured]) -> np.ndarray:
    """Learn weights from recordings."""
    right = np.vstack([one.right for one in found])
    return learn_weights(
        right, np.array([words[place] for one in found for place, words in one.wrong])
    )


def print_curve(found: Sequence[Measured]) -> None:
    """Print how many wrong words weights catch that were learnt on the other half."""
    lowest, of_wrong = [], []
    for is_first in (False, True):
        weights = learn([one for one in found if one.case.is_first_half == is_first])
        for one in found:
            if one.case.is_first_half != is_first:
                lowest.append(weigh(one.right, weights).min())
                of_wrong += [
                    (weigh(words, weights)[place], one.case.is_english)
                    for place, words in one.wrong
                ]
    odds, english = np.array(of_wrong).T
    for n_alarms in CURVE:
        caught = odds < np.sort(lowest)[n_alarms]
        shares = (caught[english == is_english].mean() for is_english in (0, 1))
        print(
            f"{n_alarms:3} of {len(lowest)} right recordings with a doubtful word, wrong words "
            f"caught: {caught.mean():.3f} (German {next(shares):.3f}, English {next(shares):.3f})"
        )


def check(one: Utterance, case: Case) -> tuple[bool, list[int], bool]:
    """Return whether a text is refused, its doubtful words, and whether there is any note."""
    features = standardise(one.cepstra, measure_moments(one.cepstra))
    try:
        aligned = fit_words(
            features,
            one.words,
            one.phones,
            case.models,
            one.duration_s,
            classifier=case.classifier,
        )
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
        one = case.utterance.warped(case.models)
        refused, _, noted = check(one, case)
        note("right: refused", refused)
        note("right: refused or noted", noted)
        other = next(o for o in [*others[place:], *others] if o.text != one.text)
        swapped = replace(one, words=other.words, phones=other.phones)
        refused, _, noted = check(swapped, case)
        note("text of another recording: refused", refused)
        note("text of another recording: refused or noted", noted)
        if (half := len(one.words) // 2) > 0:
            kept = slice(half) if place % 2 else slice(half, None)
            halved = replace(one, words=one.words[kept], phones=one.phones[kept])
            note("half of the text: refused or noted", check(halved, case)[2])
            n_frames = len(one.cepstra) // 2
            cepstra = one.cepstra[:n_frames] if place % 2 else one.cepstra[n_frames:]
            cut = replace(one, cepstra=cepstra, duration_s=one.duration_s / 2)
            note("half of the sound: refused or noted", check(cut, case)[2])
        for changed_place, changed in replaced(one, others, rng):
            refused, doubtful, _ = check(changed, case)
            note("one content word: refused or named", refused or changed_place in doubtful)
    for kind, results in found.items():
        count(kind, results)


def main() -> None:
    """Print the weights, or the counts."""
    german, english = read_speech()
    if "--weights" in sys.argv:
        found = [one for cases in left_out(german, english) for one in measure(cases)]
        for name, weight in zip((*FEATURES, "constant"), learn(found), strict=True):
            print(f"    {weight:.4f},  # {name}")
        print_curve(found)
        return
    shipped = (read_seed(), read_classifier())
    grids = read_english(Path(os.environ["LEMF_SPEECH_DATA"]))
    count_all("German, models that ship", [Case(one, *shipped) for one in german])
    count_all("English, models that ship", [Case(one, *shipped) for one in english])
    count_all("English with grids, models that ship", [Case(one, *shipped) for one in grids])
    without_speaker, without_text = left_out(german, english)
    count_all("German, speaker left out", without_speaker)
    count_all("English, text left out", without_text)


if __name__ == "__main__":
    main()
