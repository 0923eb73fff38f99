"""Emphasis -> captions for video: WebVTT and ASS, word by word, stressed words marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from lemf.display.interchange.turns import Turn
from lemf.errors import UNPRINTABLE
from lemf.scoring.word_emphasis import SentenceEmphasis, WordEmphasis

_VTT_CLASS = "emphasised"
_VTT_HEAD = "WEBVTT\n"  # no STYLE: ffmpeg before 6 reads no cue after one
_ASS_HEAD = """[Script Info]
ScriptType: v4.00+
WrapStyle: 0
PlayResX: 1280
PlayResY: 720

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, \
Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, \
Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,Arial,48,&H00FFFFFF,&H00B0B0B0,&H00000000,&H80000000,0,0,0,0,100,100,0,0,1,2,1,2,\
40,40,40,1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""
_ASS_ON, _ASS_OFF = r"{\b1\1c&H0000FFFF&}", r"{\b0\1c&H00FFFFFF&}"
# Braces begin commands of ASS, and a backslash a line break, which no escape takes back everywhere
_ASS_TEXT = str.maketrans({"{": "\uff5b", "}": "\uff5d", "\\": "\u29f5"})
_ASS_FIELD = _ASS_TEXT | str.maketrans({",": "\uff0c"})  # commas separate fields


def format_webvtt(turns: Sequence[Turn]) -> str:
    """Format one cue per sentence, the start of each word, emphasised words bold and of a class.

    Emphasised are the words that were decided to be, without a decision the top word. Of several
    speakers, a voice span names each.
    """
    cues = [
        f"{_clock(sentence.start_s)} --> {_clock(sentence.end_s)}\n"
        f"{_vtt_voice(speaker)}{_vtt_text(sentence)}\n"
        for sentence, speaker in turns
    ]
    return "\n".join([_VTT_HEAD, *cues])


def _vtt_voice(speaker: str) -> str:
    return f"<v {escape(_plain(speaker), quote=False)}>" if speaker else ""


def _vtt_text(sentence: SentenceEmphasis) -> str:
    pieces = []
    for word, is_emphasised in _words(sentence):
        text = escape(_plain(word.word), quote=False)
        if is_emphasised:
            text = f"<c.{_VTT_CLASS}><b>{text}</b></c>"
        pieces.append(text if word.index == 0 else f"<{_clock(word.start_s)}>{text}")
    return " ".join(pieces)


def format_ass(turns: Sequence[Turn]) -> str:
    r"""Format Advanced SubStation Alpha: one line per sentence, karaoke times, stressed words bold.

    ``\k`` counts the hundredths of a second from the start of a word to that of the next. Of
    several speakers, the field ``Name`` names each.
    """
    return _ASS_HEAD + "".join(
        f"Dialogue: 0,{_ass_clock(sentence.start_s)},{_ass_clock(sentence.end_s)},Default,"
        f"{_plain(speaker).translate(_ASS_FIELD) if speaker else ''},0,0,0,,{_ass_text(sentence)}\n"
        for sentence, speaker in turns
    )


def _ass_text(sentence: SentenceEmphasis) -> str:
    starts = [word.start_s for word in sentence.words]
    edges = [sentence.start_s, *starts[1:], sentence.end_s]
    centis = [round(100 * edge_s) for edge_s in edges]
    pieces = []
    for (word, is_emphasised), start, end in zip(
        _words(sentence), centis, centis[1:], strict=False
    ):
        text = _plain(word.word).translate(_ASS_TEXT)
        if is_emphasised:
            text = f"{_ASS_ON}{text}{_ASS_OFF}"
        pieces.append(f"{{\\k{end - start}}}{text}")
    return " ".join(pieces)


def _words(sentence: SentenceEmphasis) -> Iterator[tuple[WordEmphasis, bool]]:
    emphasised = {word.index for word in sentence.emphasised}
    return ((word, word.index in emphasised) for word in sentence.words)


def _plain(label: str) -> str:
    """Return a label without line ends, other control characters and what shows nothing."""
    return UNPRINTABLE.sub(" ", label).strip() or "\ufffd"


def _clock(time_s: float) -> str:
    """Format hours, minutes, seconds and milliseconds."""
    minutes, ms = divmod(round(1000 * time_s), 60_000)
    return f"{minutes // 60:02d}:{minutes % 60:02d}:{ms // 1000:02d}.{ms % 1000:03d}"


def _ass_clock(time_s: float) -> str:
    """Format hours, minutes, seconds and hundredths."""
    minutes, centis = divmod(round(100 * time_s), 6000)
    return f"{minutes // 60}:{minutes % 60:02d}:{centis // 100:02d}.{centis % 100:02d}"
