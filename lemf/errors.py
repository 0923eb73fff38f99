"""The errors that lemf raises when the user's input cannot be used.

Every message is one line that names the file, the place, the value and the remedy. A wrong type
or a wrong shape handed to a function by a programmer stays ``TypeError`` or ``ValueError``.
"""

from __future__ import annotations

import re
import reprlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

# Control characters, line separators and marks that turn the direction of text
_ACTING = r"\0-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u206f"
# What shows nothing: Default_Ignorable_Code_Point of Unicode but for the next two lines, the marks
# of interlinear annotation, and the blank of Braille
_UNSEEN = (
    r"\u00ad\u034f\u115f\u1160\u17b4\u17b5\u200b\u2060-\u2065\u2800\u3164\ufeff\uffa0\ufff0-\ufffb"
    r"\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
)
_JOINERS = r"\u180e\u200c\u200d"  # which Persian, Indic and Mongolian words need
_VARIANTS = r"\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef"  # select how a letter looks
# Joiners and variants count only behind a letter or sign, and one of each
UNPRINTABLE = re.compile(
    f"[{_ACTING}{_UNSEEN}]|(?<![^\\s{_ACTING}{_UNSEEN}{_JOINERS}{_VARIANTS}])[{_VARIANTS}]"
    f"|(?<![^\\s{_ACTING}{_UNSEEN}{_JOINERS}])[{_JOINERS}]"
)
_BREAK = re.compile(r"[\t\n\v\f\r\x1c-\x1e\x85\u2028\u2029]\s*")
_LONGEST = 480  # characters of a message: with "Error: " before it, a line is under 500
_LONG_WORD = re.compile(r"\S{81,}")  # a path or a name
_SHORT = reprlib.Repr()
_SHORT.maxstring = _SHORT.maxother = 80  # characters


class LemfError(Exception):
    """Root of all errors that a user can cause and correct; the message becomes one line."""

    def __init__(self, message: str = "") -> None:
        super().__init__(one_line(message))


class AudioError(LemfError):
    """A recording that is missing, unreadable or empty, or holds samples that are not finite."""


class TextGridError(LemfError):
    """A TextGrid that is missing, malformed, or lacks the tier, speaker or words asked for."""


class NoWordsError(TextGridError):
    """A TextGrid whose word tier holds only silence: nothing to score, and nothing to correct."""


class AlignerError(LemfError):
    """A text that an aligner cannot speak or that does not fit the sound, or a broken aligner."""


class KilledAlignerError(AlignerError):
    """An aligner's process that was killed twice or cannot be started: no fault of the text."""


class SettingsError(LemfError):
    """A setting outside its range, or the name of something that does not exist."""


class CorpusError(LemfError):
    """A corpus, manifest or labels that cannot be used, or a run that cannot start or go on."""


class OutputError(LemfError):
    """A file that cannot be written, or that exists already and may not be replaced."""


class MissingPackageError(LemfError):
    """An optional package that the chosen option needs is not installed."""


def with_notes(error: LemfError, notes: Sequence[str]) -> LemfError:
    """Return an error whose message ends in what was noticed while the input was read."""
    return type(error)(f"{error} (note: {'; '.join(notes)})") if notes else error


def one_line(message: str) -> str:
    """Format a message on one line of at most 480 characters that a terminal can show.

    A longer message loses the middle of its longest words, such as a path, then its own middle.
    """
    line = printable(_BREAK.sub(" ", message).strip())
    if len(line) > _LONGEST:
        line = _LONG_WORD.sub(lambda word: f"{word[0][:40]}...{word[0][-37:]}", line)
    if len(line) > _LONGEST:
        line = f"{line[:240]} ... {line[-230:]}"
    return printable(line)  # what was cut may begin with a joiner


def shown(value: object) -> str:
    """Format a value for a message: neither long nor deep."""
    try:
        return _SHORT.repr(value)
    except ValueError:  # an int of more digits than Python writes
        return f"a very large {type(value).__name__}"


def printable(text: str, *, keep: str = "") -> str:
    r"""Replace what would act on a display instead of being shown, and what shows nothing.

    The one rule for labels, names and messages on terminals, in tables, figures and pages.

    Parameters
    ----------
    text : str
    keep : str
        Control characters that stay, such as newlines.

    Returns
    -------
    str
        Control characters, marks that turn the direction of text and invisible characters are
        replaced by U+FFFD; joiners and variation selectors stay behind a letter or sign, one of
        each. Lone halves of UTF-16 pairs, which nothing can encode, are written ``\udXXX``.
    """
    text = UNPRINTABLE.sub(lambda c: c[0] if c[0] in keep else "\N{REPLACEMENT CHARACTER}", text)
    return text.encode(errors="backslashreplace").decode()
