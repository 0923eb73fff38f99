"""Emphasis -> SSML 1.1, so that a synthesiser stresses the same words.

https://www.w3.org/TR/speech-synthesis11/, sections 3.2.2 (emphasis) and 3.2.4 (prosody).
"""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET

from lemf.display.interchange.contrast import Contrast, contrasts
from lemf.display.interchange.xml_text import xml_text
from lemf.errors import SettingsError, shown
from lemf.scoring.emphasis import Emphasis
from lemf.scoring.word_emphasis import SentenceEmphasis

_NAMESPACE = "http://www.w3.org/2001/10/synthesis"
_UNKNOWN = "und"  # of BCP 47: the language is not known
_CODE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")  # of BCP 47, as far as its form goes
_MOST_ST, _MOST_DB = 12.0, 12.0  # of a prosody element: more is an outlier
_LEAST_RATE, _MOST_RATE = 50, 200  # per cent


def check_language_code(language: str | None) -> None:
    """Check that a language is a code of BCP 47 by its form; None is unknown.

    Raises
    ------
    SettingsError
        Anything else, such as ``"German"``.
    """
    if language is not None and not _CODE.fullmatch(language):
        raise SettingsError(
            f"language {shown(language)}: write its code for SSML, such as en or de-AT"
        )


def format_ssml(emphasis: Emphasis, language: str | None = None) -> str:
    """Format a document with one ``s`` per sentence and an ``emphasis`` around stressed words.

    Inside, ``prosody`` has the contrast of the word with the other words of its sentence: ``pitch``
    in per cent, ``volume`` in dB, ``rate`` in per cent. Emphasised are the words that were decided
    to be, without a decision the top word.

    Parameters
    ----------
    emphasis : Emphasis
    language : str, optional
        Code of the language; ``und`` when left out.

    Raises
    ------
    SettingsError
        `language` has not the form of a code.
    """
    check_language_code(language)
    root = ET.Element(
        "speak", {"version": "1.1", "xmlns": _NAMESPACE, "xml:lang": language or _UNKNOWN}
    )
    for sentence in emphasis.sentences:
        root.append(_format_sentence(sentence))
    ET.indent(root, level=0)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, "unicode") + "\n"


def _format_sentence(sentence: SentenceEmphasis) -> ET.Element:
    parent = ET.Element("s")
    emphasised = {word.index for word in sentence.emphasised}
    for word, contrast in zip(sentence.words, contrasts(sentence), strict=True):
        text = xml_text(word.word)
        if word.index in emphasised:
            outer = ET.SubElement(parent, "emphasis", {"level": "strong"})
            inner = ET.SubElement(outer, "prosody", _prosody(contrast))
            inner.text = text
        else:
            element = ET.SubElement(parent, "w")
            element.text = text
    return parent


def _prosody(contrast: Contrast) -> dict[str, str]:
    """Return the attributes of what was measured, within what a synthesiser can speak."""
    attributes = {}
    if not math.isnan(contrast.pitch_st):
        pitch_st = min(max(contrast.pitch_st, -_MOST_ST), _MOST_ST)
        attributes["pitch"] = f"{100 * (2 ** (pitch_st / 12) - 1):+.0f}%"
    if not math.isnan(contrast.level_db):
        attributes["volume"] = f"{min(max(contrast.level_db, -_MOST_DB), _MOST_DB):+.1f}dB"
    if not math.isnan(contrast.length) and contrast.length > 0:
        rate = min(max(100 / contrast.length, _LEAST_RATE), _MOST_RATE)
        attributes["rate"] = f"{rate:.0f}%"
    return attributes
