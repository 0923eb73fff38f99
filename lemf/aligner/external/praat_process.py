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
_SILENCES_DB = (-35.0, -36.0, -34.0, -38.0, -32.0, -40.0)  # Praat's own default, then near ones
_SHORTEST_SILENCE_S, _SHORTEST_SOUND_S = 0.1, 0.1
_OTHER_DOMAIN = "The domain of the TextGrid"  # where it has rounded its own times unluckily


def find_phones(path: str, text: str, language: str) -> list[tuple[str, float, float]]:
    """Return the name, start and end of each phone."""
    sound = parselmouth.Sound(path).resample(_RATE_HZ)
    grid = call(sound, "To TextGrid", "text", "")
    call(grid, "Set interval text", 1, 1, text)
    synthesiser = call("Create SpeechSynthesizer", language, _VOICE)
    for silence_db in _SILENCES_DB:
        settings = (silence_db, _SHORTEST_SILENCE_S, _SHORTEST_SOUND_S)
        try:
            aligned = call([synthesiser, sound, grid], "To TextGrid (align)", 1, 1, 1, *settings)
            break
        except parselmouth.PraatError as error:
            if silence_db == _SILENCES_DB[-1] or not str(error).startswith(_OTHER_DOMAIN):
                raise
    tier = call(aligned, "Get number of tiers")  # the last is that of the phones
    phones = []
    for place in range(1, call(aligned, "Get number of intervals", tier) + 1):
        if name := call(aligned, "Get label of interval", tier, place):
            start_s = call(aligned, "Get start time of interval", tier, place)
            end_s = call(aligned, "Get end time of interval", tier, place)
            phones.append((name, start_s, end_s))
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
