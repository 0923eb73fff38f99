"""The process in which Praat aligns one recording: its synthesiser remembers what it spoke before.

A script that `lemf.aligner.external.praat` starts. Standard input holds, as JSON, the path of the
``sound``, the ``text``, and the ``language`` as Praat names it. The answer is one line of JSON: the
``phones``, each with its name, start and end, or an ``error``.
"""

from __future__ import annotations

import json
import sys

import parselmouth
from parselmouth.praat import call

_RATE_HZ = 44_100  # that of Praat's synthesiser; at another, its aligner fails
_VOICE = "Female1"
_SILENCE_DB, _SHORTEST_SILENCE_S, _SHORTEST_SOUND_S = -35.0, 0.1, 0.1  # Praat's own defaults


def find_phones(path: str, text: str, language: str) -> list[tuple[str, float, float]]:
    """Return the name, start and end of each phone."""
    sound = parselmouth.Sound(path).resample(_RATE_HZ)
    grid = call(sound, "To TextGrid", "text", "")
    call(grid, "Set interval text", 1, 1, text)
    synthesiser = call("Create SpeechSynthesizer", language, _VOICE)
    settings = (_SILENCE_DB, _SHORTEST_SILENCE_S, _SHORTEST_SOUND_S)
    aligned = call([synthesiser, sound, grid], "To TextGrid (align)", 1, 1, 1, *settings)
    tier = call(aligned, "Get number of tiers")  # the last is that of the phones
    phones = []
    for place in range(1, call(aligned, "Get number of intervals", tier) + 1):
        if name := call(aligned, "Get label of interval", tier, place):
            start_s = call(aligned, "Get start time of interval", tier, place)
            phones.append((name, start_s, call(aligned, "Get end time of interval", tier, place)))
    return phones


def main() -> None:
    """Answer the request on standard input."""
    request = json.load(sys.stdin)
    answer: dict[str, object]
    try:
        answer = {"phones": find_phones(request["sound"], request["text"], request["language"])}
    except parselmouth.PraatError as error:
        answer = {"error": str(error).splitlines()[0]}
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
