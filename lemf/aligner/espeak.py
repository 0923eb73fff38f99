"""The phones of a text, with the times at which espeak-ng speaks them.

espeak-ng joins function words into one ("in the" has one event), so each sentence is spoken twice:
as it stands, for the phones and their times, and with bars between the words, which tells whose
the phones are.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

import numpy as np

from lemf.aligner.espeak_client import EspeakProcess
from lemf.aligner.readable_letters import find_unreadable
from lemf.aligner.spoken_languages import Language, find_language
from lemf.aligner.spoken_phones import SpokenPhone, SpokenText, find_owners
from lemf.aligner.transcript import sentence_ends
from lemf.errors import AlignerError, KilledAlignerError, shown

_BAR = " | "  # espeak-ng speaks it as nothing, and joins no words across it
_COMMANDS = str.maketrans("|[<\0", "    ")
_NOT_IPA = str.maketrans("", "", "\u02c8\u02cc-")  # marks of stress and of linking
_RETROFLEX = {"s.": "\u0282", "z.": "\u0290", "i.": "\u0268"}  # names of Mandarin that are not IPA
# Marks that espeak-ng may name apart from their phone: aspirated, palatal, round, long
_MODIFIERS = "\u02b0\u02b2\u02b7\u02d0"
# A glide and a vowel in one name: "ja" of Russian
_GLIDE = re.compile(rf"[jw](?=[^\W\d_{_MODIFIERS}])")
_GLIDE_MS = 30
_MAX_WORDS = 40  # spoken at a time: longer sentences are cut, behind a comma if there is one
_COMMAS = tuple(",;:)\u060c\u061b\u3001\uff0c\uff1b")

_Event = tuple[str, int, float]  # name of a phone, word, time in ms


class Espeak:
    """The synthesiser espeak-ng; opened by `open_espeak`, for one thread.

    Attributes
    ----------
    languages : tuple of Language
        In the order of their codes.
    version : str
        Of espeak-ng.
    library : str
        Its path.
    """

    def __init__(self) -> None:
        try:
            self._process = EspeakProcess()
        except KilledAlignerError:  # perhaps by accident
            self._process = EspeakProcess()
        self._is_fresh = True
        hello = self._process.hello
        self.version: str = hello["version"]
        self.library: str = hello["library"]
        self._rate_hz: int = hello["rate_hz"]
        self.languages = tuple(
            sorted(
                (
                    Language(codes[0][0], name.strip(), voice, tuple(map(tuple, codes)))
                    for voice, name, codes in hello["voices"]
                    if codes
                ),
                key=lambda language: language.code,
            )
        )

    def speak(self, words: Sequence[str], language: str, *, sound: bool = True) -> SpokenText:
        """Speak a text, sentence by sentence.

        Parameters
        ----------
        words : sequence of str
            With their punctuation, as `TranscriptWord.spoken`.
        language : str
            A code or name that `find_language` understands.
        sound : bool
            Whether the sound is kept, 180 kB per second.

        Returns
        -------
        SpokenText
            The phones in IPA without stress marks, as the synthesiser says numbers and
            abbreviations. A word that it does not speak has none. The same whatever was spoken
            before.

        Raises
        ------
        AlignerError
            An unknown language; espeak-ng crashes or hangs twice.
        KilledAlignerError
            Its process is killed twice.
        """
        voice = find_language(language, self.languages).identifier
        try:
            return self._speak(words, voice, sound)
        except KilledAlignerError:
            pass
        except AlignerError:
            if self._process.is_alive:
                raise
        return self._speak(words, voice, sound)

    def _speak(self, words: Sequence[str], voice: str, sound: bool) -> SpokenText:
        if not self._is_fresh:  # what was spoken before changes the times by a millisecond
            self.end()
            self._process = EspeakProcess()
        self._is_fresh = False
        phones: list[SpokenPhone] = []
        samples = bytearray()
        start_ms, begin = 0.0, 0
        for end in _request_ends(words):
            spoken = [word.translate(_COMMANDS) for word in words[begin:end]]
            answer, events, owners = self._speak_sentence(voice, spoken, sound)
            samples += binascii.a2b_base64(answer["sound"])
            edges_ms = [*(time_ms for _, _, time_ms in events), answer["end_ms"]]
            edges_s = (start_ms + np.minimum.accumulate(edges_ms[::-1])[::-1]) / 1000
            phones += [
                SpokenPhone(name, begin + owner, start_s, end_s)
                for (name, _, _), owner, (start_s, end_s) in zip(
                    events, owners, pairwise(edges_s.tolist()), strict=True
                )
                if name
            ]
            start_ms, begin = start_ms + answer["end_ms"], end
        return SpokenText(tuple(phones), np.frombuffer(samples, "<i2") / 2.0**15, self._rate_hz)

    def find_unreadable(self, words: Sequence[str], language: str) -> list[int]:
        """Find the words whose letters the voice of a language does not know.

        Raises
        ------
        AlignerError
            An unknown language.
        """
        return find_unreadable(words, find_language(language, self.languages))

    def _speak_sentence(
        self, voice: str, words: Sequence[str], sound: bool
    ) -> tuple[dict[str, Any], list[_Event], list[int]]:
        """Return the answer, its phones and pauses (of no name), and the word of each."""
        plain = self._say(voice, " ".join(words), sound)
        barred = self._say(voice, _BAR.join(words), False) if len(words) > 1 else plain
        events = _read_phones(plain["events"], words, " ")
        barred_events = _read_phones(barred["events"], words, _BAR)
        known = [(name, word) for name, word, _ in barred_events if name]
        owners = iter(find_owners([name for name, _, _ in events if name], known))
        spoken = [next(owners) if name else -1 for name, _, _ in events]
        if {word for _, word in known} - set(spoken):  # a word is lost between its neighbours
            barred = self._say(voice, _BAR.join(words), sound)
            return barred, barred_events, [word for _, word, _ in barred_events]
        return plain, events, spoken

    def _say(self, voice: str, text: str, sound: bool) -> dict[str, Any]:
        answer = self._process.ask({"voice": voice, "text": text, "sound": sound}, shown(text))
        if "error" in answer:
            raise AlignerError(f"espeak-ng cannot speak by {voice!r}: {answer['error']}")
        return answer

    def end(self) -> None:
        """End the process in which espeak-ng runs."""
        self._process.end()


@contextmanager
def open_espeak() -> Iterator[Espeak]:
    """Start espeak-ng: the library of the system, else that of the package espeakng-loader.

    The library named by the environment variable ``PHONEMIZER_ESPEAK_LIBRARY`` comes before both.

    Raises
    ------
    MissingPackageError
        Neither is installed.
    AlignerError
        The library does not start.
    """
    espeak = Espeak()
    try:
        yield espeak
    finally:
        espeak.end()


def check_language(language: str) -> Language:
    """Return the language of espeak-ng that a user means.

    Raises
    ------
    AlignerError
        There is no such language; the message lists some like it.
    MissingPackageError
        The extra ``align`` is not installed.
    """
    with open_espeak() as espeak:
        return find_language(language, espeak.languages)


def _request_ends(words: Sequence[str]) -> Iterator[int]:
    """Yield the end of each request: of a sentence, or of a part where it is long."""
    begin = 0
    for end in sentence_ends(words):
        while end - begin > _MAX_WORDS:
            commas = [
                place
                for place in range(begin + _MAX_WORDS // 2, begin + _MAX_WORDS)
                if words[place].endswith(_COMMAS)
            ]
            begin = commas[-1] + 1 if commas else begin + _MAX_WORDS
            yield begin
        yield end
        begin = end


def _read_phones(
    events: Sequence[tuple[int, int, str | None]], words: Sequence[str], between: str
) -> list[_Event]:
    """Return the phones of spoken words, each with the last word that began before it."""
    starts = np.cumsum([0, *(len(word) + len(between) for word in words)])[:-1]
    phones: list[_Event] = []
    word = 0
    for position, time_ms, name in events:
        if name is None:
            word = max(word, int(np.searchsorted(starts, position, side="right")) - 1)
            continue
        spoken = _phone_name(name)
        if spoken and not spoken.strip(_MODIFIERS) and phones:
            before, _, start_ms = phones[-1]
            phones[-1] = (before + spoken, word, start_ms)
        elif _GLIDE.match(spoken):
            phones += [(spoken[0], word, time_ms), (spoken[1:], word, time_ms + _GLIDE_MS)]
        else:
            phones.append((spoken, word, time_ms))
    return phones


def _phone_name(name: str) -> str:
    """Return the IPA of a phone, or no name for a pause and a change of language, as "(en)"."""
    if name.startswith("("):
        return ""
    name = name.translate(_NOT_IPA)
    for kirshenbaum, ipa in _RETROFLEX.items():
        name = name.replace(kirshenbaum, ipa)
    return f"{name[:-1]}\u02b0" if len(name) > 1 and name.endswith("h") else name
