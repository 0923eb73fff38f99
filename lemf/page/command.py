"""How a page was made -> the command of lemf that gives its numbers, quoted for a shell.

The page adds the cue set, weights and decision that are chosen in it. File names are those seen
from the folder of the recording, so that a page tells nothing of the machine that made it.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Sequence
from pathlib import PurePath

from lemf.config import DECISIONS, OFF, AlignSettings, Settings
from lemf.errors import printable

_ALIGNED = re.compile(r"<aligned by (\w+), ([\w-]+)>")  # the name of words without a file
_USUAL = Settings()
_USUAL_ALIGNING = AlignSettings()


def word_arguments(
    textgrid: object = None,
    aligning: AlignSettings = _USUAL_ALIGNING,
    *,
    text: str | None = None,
    text_file: str | None = None,
    whisper: str | None = None,
) -> tuple[str, ...]:
    """Return the arguments of ``lemf score`` that name the words of a recording.

    Parameters
    ----------
    textgrid : path, optional
        What is no file, such as bytes, is named TEXTGRID. Without any words, they are found beside
        the recording.
    aligning : AlignSettings
    text, text_file, whisper : str, optional
        Values of the options of these names.
    """
    arguments = []
    if textgrid is not None:
        path = str(textgrid) if isinstance(textgrid, str | PurePath) else "<bytes>"
        arguments.append("TEXTGRID" if path.startswith("<") else path)
    for name, value, usual in (
        ("--text", text, None),
        ("--text-file", text_file, None),
        ("--whisper", whisper, None),
        ("--language", aligning.language, None),
        ("--aligner", aligning.aligner, _USUAL_ALIGNING.aligner),
    ):
        if value is not None and value != usual:
            arguments += [name, value]
    return (*arguments, *(["--force-fit"] if aligning.force_fit else []))


def name_words(textgrid: str) -> tuple[str, ...]:
    """Return the arguments for words that a result names: a TextGrid, or a text beside."""
    if match := _ALIGNED.match(textgrid):
        aligner, language = match.groups()
        usual = aligner == _USUAL_ALIGNING.aligner
        return ("--language", language, *(() if usual else ("--aligner", aligner)))
    return ("TEXTGRID",) if textgrid.startswith("<") else (textgrid,)


def page_command(audio: str, words: Sequence[str], settings: Settings) -> dict[str, str]:
    """Return the parts of the command of a page.

    Parameters
    ----------
    audio : str
        Name of the recording: the path as given.
    words : sequence of str
        As `word_arguments` or `name_words` returns it.
    settings : Settings
        As given: what is found in the TextGrid is not named.

    Returns
    -------
    dict
        ``where`` it gives the numbers; ``given``: the command and its files; ``options``: those by
        which the recording is measured and cut, empty where all are the usual ones; ``decide``: the
        file of the decision, empty where there is none. All are quoted for a POSIX shell.
    """
    name = "AUDIO" if audio.startswith("<") else _as_file(PurePath(audio).name)
    given = ["lemf", "score", name]
    values = iter(words)
    for word in values:
        if not word.startswith("--"):
            given.append(word if word == "TEXTGRID" else _as_file(_beside(word, audio)))
        elif word == "--text-file":
            given += [word, _as_file(_beside(next(values), audio))]
        elif word == "--force-fit":
            given.append(word)
        elif word == "--whisper" and os.path.isabs(model := next(values)):  # noqa: PTH117
            given += [word, _beside(model, audio)]
        elif word == "--whisper":
            given += [word, model]
        else:
            given += [word, next(values)]
    decide = settings.decide
    is_file = decide is not None and decide not in (*DECISIONS, OFF)
    return {
        "where": "in the folder of the recording",
        "given": _quote(given),
        "options": _quote(_measure_arguments(settings)),
        "decide": _quote([_as_file(_beside(str(decide), audio))]) if is_file else "",
    }


def _measure_arguments(settings: Settings) -> list[str]:
    arguments = []
    channel, highpass_hz = settings.channel, settings.highpass_hz
    for name, value, usual in (
        ("--pitch", settings.pitch, _USUAL.pitch),
        ("--pitch-range", _pitch_range(settings), _pitch_range(_USUAL)),
        ("--highpass", None if highpass_hz is None else _number(highpass_hz), None),
        ("--sentences", settings.sentences, _USUAL.sentences),
        ("--words-tier", settings.words_tier, None),
        ("--phones-tier", settings.phones_tier, None),
        ("--speaker", settings.speaker, None),
        ("--channel", None if channel is None else str(channel), None),
        ("--duration", settings.duration, _USUAL.duration),
        ("--encoding", settings.encoding, None),
        ("--normalise", settings.normalise, _USUAL.normalise),
    ):
        if value is not None and value != usual:
            arguments += [name, value]
    for label in settings.silence:
        arguments += ["--silence", label]
    flags = (("--breaks", settings.breaks), ("--measures", settings.measures))
    return [*arguments, *(name for name, value in flags if value)]


def _pitch_range(settings: Settings) -> str:
    return f"{_number(settings.pitch_floor_hz)}-{_number(settings.pitch_ceiling_hz)}"


def _number(value: float) -> str:
    return repr(value).removesuffix(".0")


def _beside(path: str, audio: str) -> str:
    """Return a path as it is seen from the folder of the recording."""
    if path == "-":
        return path
    folder = os.path.dirname(audio)  # noqa: PTH120 - as in messages
    try:
        return os.path.relpath(path, folder or os.curdir)
    except ValueError:  # another drive
        return PurePath(path).name


def _as_file(name: str) -> str:
    """Return a name that is not read as an option."""
    return f"./{name}" if name.startswith("-") and name != "-" else name


def _quote(arguments: Sequence[str]) -> str:
    return shlex.join(printable(one, keep="\n\t") for one in arguments)
