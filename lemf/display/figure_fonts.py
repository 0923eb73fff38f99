"""What the installed fonts can show of the words in a figure, and what stands for the rest."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import replace
from functools import cache
from pathlib import PurePath

from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font

from lemf.errors import printable
from lemf.scoring.emphasis import Emphasis
from lemf.scoring.word_emphasis import SentenceEmphasis

_USUAL_FONTS = (
    "Noto Sans",
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans Devanagari",
    "Noto Sans Arabic",
    "Microsoft YaHei",
    "PingFang SC",
    "Arial Unicode MS",
)
_NOT_FOR_TEXT = ("Last Resort", "Color Emoji")  # in names of fonts: placeholders; bitmaps
_LONGEST_LABEL = 40  # letters of a word
_CUT_LABEL = _LONGEST_LABEL - 1


def fonts_of(emphasis: Emphasis) -> tuple[list[str], str]:
    """Find the installed fonts to draw an emphasis with, and the letters that none of them shows.

    Parameters
    ----------
    emphasis : Emphasis

    Returns
    -------
    fonts : list of str
        Names of fonts in the order in which a letter is looked up.
    missing : str
        Letters of the words or of the name of the recording, sorted.
    """
    return fonts_for((PurePath(emphasis.audio).name, *(word.word for word in emphasis.words)))


def fonts_for(texts: Iterable[str]) -> tuple[list[str], str]:
    """Find the installed fonts to write texts with, and the letters that none of them shows."""
    letters = {letter for text in texts for letter in printable(text)}
    fonts, missing = _fonts_for("".join(sorted(letters)))
    return list(fonts), missing


@cache
def _fonts_for(letters: str) -> tuple[tuple[str, ...], str]:
    installed = fontManager.get_font_names()
    fonts = ["DejaVu Sans", *(name for name in _USUAL_FONTS if name in installed)]
    missing = {c for c in letters if not c.isspace() and not _is_invisible(c)}
    for name in fonts:
        missing -= _shown(name)
    for name in installed if missing else ():  # any other font that shows a letter
        if name in fonts or any(part in name for part in _NOT_FOR_TEXT):
            continue
        if found := missing & _shown(name):
            fonts.append(name)
            missing -= found
    return tuple(fonts), "".join(sorted(missing))


def _is_invisible(character: str) -> bool:
    """Check for joiners and selectors of variants, which draw nothing."""
    return unicodedata.category(character) == "Cf" or "\ufe00" <= character <= "\ufe0f"


def _shown(name: str) -> set[str]:
    """Return the letters that a font has in both weights in which words are written."""
    paths = (findfont(FontProperties(family=name, weight=w)) for w in ("normal", "bold"))
    try:
        normal, bold = (get_font(path).get_charmap().keys() for path in paths)
    except (OSError, RuntimeError):  # a font that FreeType cannot load
        return set()
    return {chr(code) for code in normal & bold}


def drawable(sentence: SentenceEmphasis, missing: str = "") -> SentenceEmphasis:
    """Convert the words of a sentence to what a figure shows of them.

    Parameters
    ----------
    sentence : SentenceEmphasis
    missing : str
        Letters that no font shows. A word that has others, too, gets U+FFFD in their place, and
        a word of such letters only is written as ``#INDEX``.

    Returns
    -------
    SentenceEmphasis
        The same times and scores; words have at most 40 letters, and none that is a control
        character or turns the direction of text.
    """
    words = []
    for word in sentence.words:
        label = word.word if len(word.word) <= _LONGEST_LABEL else word.word[:_CUT_LABEL] + "…"
        shown = readable(label, missing) if set(label) - set(missing) else f"#{word.index}"
        words.append(replace(word, word=shown))
    text = " ".join(word.word for word in words)
    return replace(sentence, words=tuple(words), text=text)


def readable(text: str, missing: str = "") -> str:
    """Replace control characters and letters that no font shows by U+FFFD."""
    return printable(text).translate(dict.fromkeys(map(ord, missing), "\N{REPLACEMENT CHARACTER}"))
