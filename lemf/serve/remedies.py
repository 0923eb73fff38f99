"""A message of lemf -> the same in the terms of the pages, which have no command line."""

from __future__ import annotations

import re

# What a command line or Python would be told, and what a page has instead
_IN_PAGE = (
    (
        re.compile(r"align it all the same with --force-fit(?: \(force_fit=True\))?"),
        "tick “Align words that do not fit the sound, too”",
    ),
    (
        re.compile(
            r"(?:the language must be named, such as --language en|language is missing); "
            r"lemf align --languages lists them"
        ),
        "choose the language of the text",
    ),
    (
        re.compile(r"lemf align --languages lists (?:all|them)[ \d]*"),
        "the list of languages has them",
    ),
    (
        re.compile(r"lemf align aligns the recording with its text, and --text-file scores it"),
        "drop the recording alone, and write what is said",
    ),
    (re.compile(r"; --force replaces \w+"), "; name the file anew"),
)
_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


def in_page_terms(message: str) -> str:
    """Return a message with remedies that the user of a page can follow.

    What is left of options belongs to ``lemf serve``, which takes those of ``lemf score``.

    Examples
    --------
    >>> in_page_terms("a.wav: 2 speakers; choose one with --speaker")
    'a.wav: 2 speakers; choose one with --speaker, an option of lemf serve'
    """
    for pattern, remedy in _IN_PAGE:
        message = pattern.sub(remedy, message)
    if not _OPTION.search(message) or "lemf serve" in message:
        return message
    several = len(set(_OPTION.findall(message))) > 1
    return f"{message}, {'options' if several else 'an option'} of lemf serve"
