"""For a phonetician: two readings of the same words, compared word by word.

Which word is stressed in each, and by what: the highest F0 in Hz and in semitones above the
sentence's median, the level, and the mean length of the phones. Prints a table and writes it as
CSV, and each TextGrid with tiers of the scores, to be opened in Praat.

    python examples/compare_readings.py -o compared
    python examples/compare_readings.py first.wav second.wav -o compared --figures

The TextGrids are found beside the recordings.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path

import lemf

HERE = Path(__file__).parent
COLUMNS = {  # of a reading, with how many decimals are printed
    "score": 2, "f0_hz": 0, "excursion_st": 1, "level_db": 1, "duration_ms": 0,
}  # fmt: skip


def read_rows(emphasis: lemf.Emphasis) -> list[dict[str, float | str]]:
    """Return the columns of each word; ``duration_ms`` is the mean length of its phones."""
    return [
        {
            "word": word.word,
            "score": word.score,
            "f0_hz": word.measures.f0_hz,
            "excursion_st": word.measures.excursion_st,
            "level_db": word.measures.level_db,
            "duration_ms": 1000 * word.duration,
        }
        for word in emphasis.words
        if word.measures is not None  # all of them: they were asked for
    ]


def compare(first: lemf.Emphasis, second: lemf.Emphasis) -> list[dict[str, float | str]]:
    """Return a row for each word: the columns of both readings, and the second minus the first."""
    rows = []
    for one, other in zip(read_rows(first), read_rows(second), strict=True):
        if one["word"] != other["word"]:
            raise SystemExit(
                f"{second.audio}: says {other['word']} where the other says {one['word']}"
            )
        row = {"word": one["word"]}
        row |= {f"first.{name}": one[name] for name in COLUMNS}
        row |= {f"second.{name}": other[name] for name in COLUMNS}
        row |= {f"change.{name}": float(other[name]) - float(one[name]) for name in COLUMNS}
        rows.append(row)
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the script."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "recordings", nargs="*", type=Path, help="two; those of the example if left out"
    )
    parser.add_argument(
        "-o", "--output", type=Path, default=Path("compared"), help="folder to write"
    )
    parser.add_argument(
        "--figures", action="store_true", help="draw each reading, as PDF for a column"
    )
    given = parser.parse_args(arguments)
    paths = given.recordings or [HERE / "really.wav", HERE / "didnt.wav"]
    if len(paths) != 2:
        parser.error("name two recordings of the same words")
    given.output.mkdir(parents=True, exist_ok=True)

    # Measure each reading, and write its scores for Praat
    readings = []
    for path in paths:
        textgrid = lemf.read_textgrid(lemf.find_alignment(path) or path.with_suffix(".TextGrid"))
        emphasis = lemf.score(path, textgrid, lemf.Settings(measures=True))
        scored = given.output / f"{path.stem}.TextGrid"
        lemf.write_textgrid(lemf.add_tiers(textgrid, emphasis), scored, force=True)
        print(
            f"{path.name}: {emphasis.segment.text}, top word {emphasis.sentences[0].ranked[0].word}"
        )
        readings.append(emphasis)
        if given.figures:
            import matplotlib.pyplot as plt

            (upper, *_) = lemf.draw(emphasis)
            upper.figure.savefig(given.output / f"{path.stem}.pdf")
            plt.close(upper.figure)

    # Compare them
    rows = compare(*readings)
    print(f"\n{'second - first':<16}" + "".join(f"{name:>14}" for name in COLUMNS))
    for row in rows:
        changes = [(float(row[f"change.{name}"]), digits) for name, digits in COLUMNS.items()]
        cells = (f"{round(change, digits) + 0.0:>+14.{digits}f}" for change, digits in changes)
        print(f"{row['word']:<16}" + "".join(cells))
    with (given.output / "words.csv").open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    print(f"\nwrote {given.output / 'words.csv'}")


if __name__ == "__main__":
    main()
