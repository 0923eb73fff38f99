"""Compare the F0 maxima of words by Harvest with Praat's, and with the flag `doubtful_pitch`.

    python benchmarks/pitch_maxima.py [FOLDER]

reads the recordings of EmoDB, LibriTTS and MFA in the folder of real speech (by default
LEMF_SPEECH_DATA). A maximum is too high if it is over 20 % above Praat's in the same word, or if
Praat finds no voice there. Prints the share of words that are flagged, how many of the flagged are
too high, and how many of the too high are flagged; the rule was chosen on the first group of
speakers. Praat errs, too: in some of the words that count as falsely flagged it is Praat that is
wrong.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

import lemf

CHOSEN_ON = ("03", "08", "10", "11", "12")  # speakers of EmoDB
TOO_HIGH_ST = 12 * math.log2(1.2)
STEPS_ST = (-100.0, 1.0, TOO_HIGH_ST, 6.0, 100.0)


def main() -> None:
    """Print one row per group, and how often a maximum is flagged by how far it is too high."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ["LEMF_SPEECH_DATA"])
    groups: dict[str, list[tuple[float, bool]]] = {}
    for name, wav, textgrid in recordings(folder):
        groups.setdefault(name, []).extend(compare(wav, textgrid))
    columns = ("words", "too high", "flagged", "true of the flags", "found of the too high")
    print(f"| words of | {' | '.join(columns)} |")
    print("| --- | --- | --- | --- | --- | --- |")
    for name, words in groups.items():
        print(f"| {name} | {len(words)} | {' | '.join(map('{:.0%}'.format, shares(words)))} |")
    together = [word for words in groups.values() for word in words]
    print()
    for low, high in pairwise(STEPS_ST):
        flags = [flagged for above_st, flagged in together if low <= above_st < high]
        print(f"{low:.1f} to {high:.1f} st above Praat's: {sum(flags)} of {len(flags)} flagged")
    flags = [flagged for above_st, flagged in together if above_st == math.inf]
    print(f"where Praat finds no voice: {sum(flags)} of {len(flags)} flagged")


def recordings(folder: Path) -> Iterator[tuple[str, Path, Path]]:
    """Find the recordings with TextGrids, each with the name of its group."""
    for wav in sorted((folder / "emodb" / "wav").glob("*.wav")):
        group = "chosen on" if wav.stem[:2] in CHOSEN_ON else "other speakers"
        textgrid = folder / "emodb" / "textgrid" / f"{wav.stem}.TextGrid"
        yield f"EmoDB, {group}", wav, textgrid
    for name in ("libritts", "mfa"):
        for wav in sorted((folder / name).glob("*.wav")):
            yield name, wav, wav.with_suffix(".TextGrid")


def compare(wav: Path, textgrid: Path) -> Iterator[tuple[float, bool]]:
    """Compute how far Harvest's maximum of each word is above Praat's, and whether it is flagged.

    Yields
    ------
    semitones, flagged
        Of the words in which Harvest finds a voice; infinite where Praat finds none.
    """
    harvest, praat = (
        lemf.score(wav, textgrid, lemf.Settings(pitch=method)).words
        for method in ("harvest", "praat")
    )
    for ours, theirs in zip(harvest, praat, strict=True):
        if not math.isnan(ours.pitch):
            above_st = (ours.pitch - theirs.pitch) * 12 / math.log(2)
            yield math.inf if math.isnan(above_st) else above_st, "doubtful_pitch" in ours.flags


def shares(words: Sequence[tuple[float, bool]]) -> list[float]:
    """Compute the shares of a row."""
    wrong = [above_st > TOO_HIGH_ST for above_st, _ in words]
    flagged = [flag for _, flag in words]
    both = sum(a and b for a, b in zip(wrong, flagged, strict=True))
    return [
        sum(wrong) / len(words),
        sum(flagged) / len(words),
        both / max(sum(flagged), 1),
        both / max(sum(wrong), 1),
    ]


if __name__ == "__main__":
    main()
