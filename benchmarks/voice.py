"""What `semantics es --backend acoustic` says of voices whose gender is known.

    python benchmarks/voice.py FOLDER

FOLDER is EmoDB with metadata.jsonl, wav/ and textgrid/. Its speakers 03, 10, 11, 12 and 15 are men.
"""

import json
import sys
from collections import Counter
from pathlib import Path

import numpy as np

from msfser.semantics.es.voice import describe_voice, measure_voice

MEN = {"03", "10", "11", "12", "15"}


def main() -> None:
    """Describe all, and count."""
    folder = Path(sys.argv[1])
    lines = (folder / "metadata.jsonl").read_text(encoding="utf-8").splitlines()
    guesses: Counter[tuple[str, str]] = Counter()
    neutral: Counter[tuple[str, str]] = Counter()
    measures = []
    for line in lines:
        row = json.loads(line)
        grid = folder / "textgrid" / f"{row['id']}.TextGrid"
        voice = measure_voice(folder / row["file"], grid)
        gender = "male" if row["speaker"] in MEN else "female"
        pair = gender, describe_voice(voice).gender
        guesses[pair] += 1
        if row["emotion"] == "neutral":
            neutral[pair] += 1
        measures.append((voice.range_st, voice.phones_per_s, voice.level_dbfs))
    for name, counts in (("all", guesses), ("neutral", neutral)):
        for gender in ("male", "female"):
            said = ", ".join(
                f"{counts[gender, guess]} {guess}" for guess in ("male", "unclear", "female")
            )
            print(f"{name}: {gender} voices said to be {said}")
    for name, values in zip(
        ("range, semitones", "phones per second", "level, dBFS"),
        np.array(measures).T,
        strict=True,
    ):
        low, middle, high = np.nanpercentile(values, [10, 50, 90])
        print(f"{name}: 10 % {low:.1f}, median {middle:.1f}, 90 % {high:.1f}")


if __name__ == "__main__":
    main()
