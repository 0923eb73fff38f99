"""The process in which espeak-ng runs: texts in, phones with times and sound out.

A script that `lemf.aligner.espeak` starts: espeak-ng is a library in C under the GPL, so it is
loaded into this process only, and its crash ends no other. It imports nothing of lemf, so that it
starts at once. Requests and answers are lines of JSON. The first request holds the ``libraries``,
each a path and the path of its data or null; it is answered by the ``library`` that works, its
``version``, ``rate_hz`` and ``voices``, or by the ``faults`` of all. Each other request holds the
identifier of a ``voice``, a ``text`` and whether its ``sound`` is wanted, and is answered by the
``events``, the duration ``end_ms`` and the ``sound`` as 16-bit samples in base64. An event is the
position in the text, the time in milliseconds, and the name of a phone, or null where a word
begins.
"""

from __future__ import annotations

import binascii
import ctypes
import json
import os
import signal
import sys
import threading
import time

TYPE_CHECKING = False  # `typing` takes longer to load than all else here
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

_OUTPUT_SYNCHRONOUS = 2
_PHONEME_EVENTS, _PHONEME_IPA, _DONT_EXIT = 0x0001, 0x0002, 0x8000
_UTF8 = 1
_CHARACTERS = 1  # positions count characters
_WORD, _PHONEME = 1, 7
_MBROLA = "mb/"  # voices that need other files
_WATCH_S = 0.5


class _Id(ctypes.Union):
    _fields_ = (
        ("number", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("string", ctypes.c_char * 8),
    )


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _Id),
    )


class _Voice(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
    )


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


class Library:
    """The library espeak-ng, opened from a path with its data."""

    def __init__(self, path: str, data: str | None) -> None:
        self._espeak = ctypes.CDLL(path)
        self._espeak.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
        self._espeak.espeak_Info.restype = ctypes.c_char_p
        options = _PHONEME_EVENTS | _PHONEME_IPA | _DONT_EXIT
        folder = None if data is None else os.fsencode(data)
        rate_hz = self._espeak.espeak_Initialize(_OUTPUT_SYNCHRONOUS, 0, folder, options)
        if rate_hz <= 0:
            raise OSError("its data is missing or of another version")
        self.rate_hz: int = rate_hz
        self.version: str = self._espeak.espeak_Info(None).decode(errors="replace")
        self._events: list[tuple[int, int, str | None]] = []
        self._sound: list[bytes] = []
        self._callback = _Callback(self._receive)  # kept alive as long as the library calls it
        self._espeak.espeak_SetSynthCallback(self._callback)

    def _receive(self, samples: Any, n_samples: int, events: Any) -> int:  # noqa: ANN401
        if samples and n_samples > 0:
            self._sound.append(ctypes.string_at(samples, 2 * n_samples))
        place = 0
        while events[place].type:
            event = events[place]
            if event.type == _PHONEME:  # a longer name is cut after eight bytes
                name = event.id.string.decode(errors="ignore")
                self._events.append((event.text_position - 1, event.audio_position, name))
            elif event.type == _WORD:
                self._events.append((event.text_position - 1, event.audio_position, None))
            place += 1
        return 0

    def speak(self, voice: str, text: str, sound: bool) -> dict[str, object]:
        """Speak a text and return the events and the sound."""
        self._events, self._sound = [], []
        if self._espeak.espeak_SetVoiceByName(voice.encode()) != 0:
            return {"error": "it has no such voice"}
        if hasattr(self._espeak, "espeak_ng_SetRandSeed"):
            self._espeak.espeak_ng_SetRandSeed(1)  # the same noise in the same text
        content = text.encode(errors="replace").replace(b"\0", b" ")
        self._espeak.espeak_Synth(content, len(content) + 1, 0, _CHARACTERS, 0, _UTF8, None, None)
        self._espeak.espeak_Synchronize()
        samples = b"".join(self._sound)
        return {
            "events": self._events,
            "end_ms": 500 * len(samples) / self.rate_hz,
            "sound": binascii.b2a_base64(samples if sound else b"", newline=False).decode(),
        }

    def voices(self) -> list[tuple[str, str, list[tuple[str, int]]]]:
        """Return identifier, name and codes of each voice, each code with its rank."""
        voices, place = self._espeak.espeak_ListVoices(None), 0
        found = []
        while voices[place]:
            voice = voices[place].contents
            identifier = voice.identifier.decode(errors="replace")
            if not identifier.startswith(_MBROLA):
                codes = list(_read_codes(voice.languages))
                found.append((identifier, voice.name.decode(errors="replace"), codes))
            place += 1
        return found


def _read_codes(address: int) -> Iterator[tuple[str, int]]:
    """Yield each code with its rank, the best the lowest: a byte, then the code and a zero."""
    while rank := ctypes.string_at(address, 1)[0]:
        code = ctypes.string_at(address + 1)
        yield code.decode(errors="replace"), rank
        address += 1 + len(code) + 1


def _open_first(
    libraries: Sequence[tuple[str, str | None]],
) -> tuple[Library | None, str, list[str]]:
    """Return the first library that works and its path, or None and the faults of all."""
    faults: list[str] = []
    for path, data in libraries:
        try:
            return Library(path, data), path, faults
        except (OSError, AttributeError) as error:  # AttributeError: a function it lacks
            faults.append(f"{path}: {str(error).removeprefix(f'{path}: ')}")
    return None, "", faults


def _end_with(parent: int) -> None:
    """End this process soon after its parent, even while espeak-ng is busy."""
    while os.getppid() == parent:
        time.sleep(_WATCH_S)
    os._exit(1)


def main() -> None:
    """Answer the requests on standard input until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends this
    if os.name == "posix":
        threading.Thread(target=_end_with, args=(int(sys.argv[1]),), daemon=True).start()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever the library prints is no answer

    def answer(content: object) -> None:
        answers.write(json.dumps(content) + "\n")
        answers.flush()

    library, path, faults = _open_first(json.loads(sys.stdin.readline())["libraries"])
    if library is None:
        answer({"faults": faults})
        return
    answer(
        {
            "library": path,
            "version": library.version,
            "rate_hz": library.rate_hz,
            "voices": library.voices(),
        }
    )
    for line in sys.stdin:
        answer(library.speak(**json.loads(line)))


if __name__ == "__main__":
    main()
