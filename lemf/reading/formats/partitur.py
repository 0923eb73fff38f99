"""BAS Partitur, .par: WebMAUS's words and phones, in samples at the rate of the file."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lemf.errors import TextGridError
from lemf.reading.formats.labels import ALIGN_IT, FindSound, Label, build_words
from lemf.reading.textgrid import TextGrid

_ORT = re.compile(r"ORT:\s+(\d+)\s+(\S.*)")
_KAN = re.compile(r"KAN:\s+(\d+)\s+(\S.*)")
_TIMED = re.compile(r"(MAU|WOR):\s+(\d{1,12})\s+(\d{1,12})\s+(-?\d+(?:,\d+)*)\s+(\S.*)")
_RATE = re.compile(r"^SAM:\s*(\d{1,7})\s*$", re.MULTILINE)


def read_partitur(text: str, path: str, find_sound: FindSound) -> TextGrid:
    """Read MAU, the phones, and WOR, the words, else the words of ORT or KAN that MAU links to.

    Raises
    ------
    TextGridError
        There is no sampling rate, or no line with times.
    """
    rate = _RATE.search(text)
    if rate is None or not int(rate[1]):
        raise TextGridError(f"{path}: no sampling rate (SAM:) in the Partitur; export it again")
    written: dict[str, str] = {}
    timed: dict[str, list[tuple[Label, str]]] = {"MAU": [], "WOR": []}
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip()
        if match := _ORT.fullmatch(line):
            written[match[1]] = match[2]
        elif match := _KAN.fullmatch(line):
            written.setdefault(match[1], match[2])
        elif match := _TIMED.fullmatch(line):
            kind, start, length, link, name = match.groups()
            start_s = int(start) / int(rate[1])
            end_s = (int(start) + int(length) + 1) / int(rate[1])  # the length ends on a sample
            timed[kind].append((Label(name, start_s, end_s, number), link))
    phones = [phone for phone, _ in timed["MAU"]]
    words = [word for word, _ in timed["WOR"]] or _linked_words(timed["MAU"], written)
    if not words:
        raise TextGridError(f"{path}: a Partitur without times of words (MAU, WOR); {ALIGN_IT}")
    return build_words(path, words, phones, find_sound=find_sound)


def _linked_words(phones: Sequence[tuple[Label, str]], written: dict[str, str]) -> list[Label]:
    """Return the words, each from its first to its last phone."""
    words: dict[str, Label] = {}
    for phone, link in phones:
        names = " ".join(written[index] for index in link.split(",") if index in written)
        first = words.get(link, phone._replace(text=names))
        words[link] = first._replace(end_s=phone.end_s)
    return [word for word in words.values() if word.text]  # none for -1, the link of pauses
