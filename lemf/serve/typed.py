"""What is typed or pasted into the form of the words -> plain text, or why it is none."""

from __future__ import annotations

import re

from lemf.errors import AlignerError
from lemf.transcription.text_files import read_transcript

_TAG = re.compile(r"</?[A-Za-z][^<>\n]{0,60}>|&(?:amp|lt|gt|quot|nbsp|#\d{1,6});")
_TEXTGRID_LINE = re.compile(
    r'^\s*(?:(?:xmin|xmax)\s*=\s*[\d.]+|(?:text|mark|name|class)\s*=\s*".*"|"(?:Interval|Text)Tier")\s*$',
    re.MULTILINE,
)


def read_typed(text: str, name: str) -> str:
    """Return the words that were typed for a recording.

    Parameters
    ----------
    text : str
    name : str
        Of the recording.

    Raises
    ------
    AlignerError
        The text is empty, or holds markup or lines of a file that nobody reads aloud.
    """
    named = f"the words of {name}"
    if found := _TAG.search(text):
        raise AlignerError(f"{named}: hold markup, {found[0]}; write the plain words")
    if found := _TEXTGRID_LINE.search(text):
        raise AlignerError(
            f"{named}: hold a line of a TextGrid, {found[0].strip()}; drop the TextGrid into the "
            "list of recordings, or write the plain words"
        )
    try:
        return read_transcript(text.encode(errors="replace"), encoding="utf-8").text
    except AlignerError as error:
        raise AlignerError(str(error).replace("<bytes>", named, 1)) from None
