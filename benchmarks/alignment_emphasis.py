"""Compare the emphasised words that aligned grids give with those of given grids and of listeners.

    LEMF_SPEECH_DATA=... python benchmarks/alignment_emphasis.py

The sentences of EmoDB without a tie for the word that listeners heard as the most stressed are
scored by the grids measured by hand, by those of Praat's aligner and of a prototype, and by those
of lemf: each recording alone, the corpus trained on itself, and each alone by models without its
speaker. Prints how often the top word is that of the listeners, with a 95 % bootstrap interval, and
that of the grids by hand; then, for the English grids of LibriTTS and MFA, of unknown origin, how
often the top word of lemf's grid is theirs.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from aligner_seed import Utterance, read_speech
from alignment import Words, align, left_out, spans_of, train_corpus

import lemf
from lemf.agreement.evaluation.ranking import evaluate
from lemf.agreement.labels.rated_sentences import rate_sentences
from lemf.aligner.acoustics.models import read_seed
from lemf.aligner.align import to_textgrid
from lemf.aligner.forced import AlignedText

CUES = ("paper", "listeners")
SETTINGS = {cues: lemf.Settings(cues=cues) for cues in CUES}


def align_german() -> dict[str, tuple[Sequence[Utterance], Words]]:
    """Align the German sentences in three ways."""
    german, ljspeech = read_speech()
    seed = read_seed()
    warped = [one.warped(seed) for one in german]
    models, moments = train_corpus(warped, seed)
    return {
        "lemf, each alone": (german, align(warped, seed, {})),
        "lemf, the corpus trained on itself": (german, align(warped, models, moments)),
        "lemf, each alone, speaker left out": (german, left_out(german, ljspeech, "speaker")),
    }


def write_grids(utterances: Sequence[Utterance], words: Words, folder: Path) -> Path:
    """Write aligned words as TextGrids; return their folder."""
    folder.mkdir()
    for one in utterances:
        aligned = AlignedText(tuple(words[one.name]), one.duration_s, 1.0)
        grid = to_textgrid(aligned, with_confidence=False)
        path = folder / f"{one.name}.TextGrid"
        path.write_text(lemf.format_textgrid(grid), encoding="utf-8")
    return folder


def print_german(data: Path, folders: Mapping[str, Path]) -> None:
    """Print one row per set of grids of EmoDB and set of cues."""
    labels = lemf.read_labels(data / "emodb" / "metadata.jsonl")
    tops: dict[tuple[str, str], dict[str, int]] = {}
    print("| grids of EmoDB | cues | top word of the listeners | top word of the grids by hand |")
    print("| --- | --- | --- | --- |")
    for label, folder in folders.items():
        placed = [replace(one, textgrid=str(folder / f"{one.id}.TextGrid")) for one in labels]
        rated = rate_sentences(placed, list(SETTINGS.values()))
        scores = {
            cues: [sentence.scored.scores[number] for sentence in rated.judged]
            for number, cues in enumerate(CUES)
        }
        for system in evaluate(rated, scores).systems:
            if system.name not in CUES:
                continue
            top = {
                sentence.id: int(np.argmax(of_words))
                for sentence, of_words in zip(rated.judged, scores[system.name], strict=True)
            }
            by_hand = tops.setdefault((system.name, "by hand"), top)
            same = sum(by_hand.get(name) == word for name, word in top.items())
            low, high = system.intervals["sentences"]["top1"]
            print(
                f"| {label} | {system.name} | {system.measures['top1']:.2f} [{low:.2f}, {high:.2f}]"
                f" | {same} of {len(top)} |",
                flush=True,
            )


def print_english(data: Path) -> None:
    """Print how often lemf's grid has the top word of a given one, which is told by its place."""
    for folder in ("libritts", "mfa"):
        same = dict.fromkeys(CUES, 0)
        recordings = sorted((data / folder).glob("*.wav"))
        for audio in recordings:
            given = lemf.read_textgrid(audio.with_suffix(".TextGrid"))
            text = " ".join(label for *_, label in spans_of(given, "words"))
            own = lemf.align(audio, text, language="en-us", force_fit=True)
            for cues, settings in SETTINGS.items():
                known, found = (
                    lemf.score(audio, grid, settings).sentences[0].ranked[0]
                    for grid in (given, own)
                )
                middle_s = (found.start_s + found.end_s) / 2
                same[cues] += known.start_s <= middle_s <= known.end_s
        for cues, n_same in same.items():
            print(f"{folder}, {cues}: the same top word in {n_same} of {len(recordings)}")


def main() -> None:
    """Print the table."""
    data = Path(os.environ["LEMF_SPEECH_DATA"])
    folders = {
        "by hand": data / "emodb" / "textgrid",
        "Praat's aligner": data / "emodb" / "textgrid-praat",
        "a prototype": data / "emodb" / "textgrid-espeak",
    }
    with tempfile.TemporaryDirectory() as name:
        for number, (label, aligned) in enumerate(align_german().items()):
            folders[label] = write_grids(*aligned, Path(name) / str(number))
        print_german(data, folders)
    print_english(data)


if __name__ == "__main__":
    main()
