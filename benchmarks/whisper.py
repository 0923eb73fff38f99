"""Word error rate of a Whisper on LJSpeech, and its speed.

    python benchmarks/whisper.py FOLDER --model MODEL [--engine faster-whisper|transformers]

FOLDER holds metadata.csv (id|text|normalised text) and the recordings. Case and punctuation are
left out; numbers count as they are written, so "15th" for "fifteenth" is an error.
"""

import argparse
import re
import time
from pathlib import Path

from msfser.data.clips import read_clip
from msfser.semantics.whisper import WhisperSettings, load_whisper


def main() -> None:
    """Transcribe all, and count the edits."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--model", required=True)
    parser.add_argument("--engine", default="faster-whisper")
    parser.add_argument("--batch-size", type=int, default=16)
    options = parser.parse_args()
    ear = WhisperSettings(engine=options.engine, model=options.model, language="en", device="cpu")
    whisper = load_whisper(ear)
    lines = (options.folder / "metadata.csv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("|") for line in lines]
    clips = [read_clip(options.folder / f"{row[0]}.wav") for row in rows]
    started = time.perf_counter()
    heard = []
    for start in range(0, len(clips), options.batch_size):
        batch = clips[start : start + options.batch_size]
        heard += whisper.transcribe([clip.samples for clip in batch])
    seconds = time.perf_counter() - started
    n_words = sum(len(words_of(row[2])) for row in rows)
    n_edits = sum(
        edit_distance(words_of(row[2]), words_of(text))
        for row, text in zip(rows, heard, strict=True)
    )
    audio_s = sum(clip.duration_s for clip in clips)
    print(f"{len(rows)} utterances, {n_words} words, {n_edits} edits")
    print(f"word error rate {n_edits / n_words:.3f}; {audio_s / seconds:.1f} times real time")


def words_of(text: str) -> list[str]:
    """Return the words without case and punctuation."""
    return re.sub(r"[^a-z0-9' ]", "", text.lower()).split()


def edit_distance(wanted: list[str], found: list[str]) -> int:
    """Count the words to insert, to delete or to replace."""
    row = list(range(len(found) + 1))
    for i, word in enumerate(wanted, 1):
        above, row[0] = row[0], i
        for j, other in enumerate(found, 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (word != other))
    return row[-1]


if __name__ == "__main__":
    main()
