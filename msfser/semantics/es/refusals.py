"""What a server refuses in a request, by the status and the words of its error.

No two servers word it alike: the words tell what is meant (a recording), that it is not taken, and
that the reason is not this one recording.
"""

from __future__ import annotations

import re

# Statuses of refused requests; those that may have other reasons need clear words.
_REFUSED = {400, 406, 415, 422, 501}
_PERHAPS_REFUSED = {200, 404, 405, 500}
_NOT_ABLE = (
    r"(?:\b(?:not|non|cannot|never|no|none|without|only|unable|lacks?)\b|n't\b)[^.]{0,60}?"
    r"(?:support|accept|allow|enabl|handl|process|permit|understand|implement|capab|listen|hear"
    r"|multi-?modal|match)|unsupported|disabled|(?:text[ -]only|only text)"
)
_OTHER_FORM = (
    r"unknown|unrecogni[sz]ed|unexpected|expected|(?:must|should) be|at most 0\b"
    r"|invalid.{0,20}\b(?:type|content|value|part)"
)
_OF_AUDIO = (re.compile("audio|speech|modal", re.I), re.compile(_NOT_ABLE, re.I))
_OF_FORM = (
    re.compile(
        r"audio|speech|modal|\bmedia\b|content|\bparts?\b|\binputs?\b(?! should)|untagged enum",
        re.I,
    ),
    re.compile(f"{_NOT_ABLE}|{_OTHER_FORM}", re.I | re.S),
)
_OF_ONE_RECORDING = re.compile(  # another may be taken
    r"\btoo (?:long|short|large|big|small|loud|quiet|many)|\b(?:long|short)er|exceed|\blimit"
    r"|\b(?:max|min)imum|duration|\bseconds?\b|decod|corrupt|damaged|sampl\w*.rate|codec"
    r"|silen[ct]|\bempty|base64|\btokens?\b|file size|at least|polic|filter|moderat|safety",
    re.I,
)
_LONG_RUN = re.compile(r"[\w+/=]{80,}")  # of the recording, which some servers repeat
_MOST_SAID = 100_000  # characters
_OF_SCHEMA = re.compile(
    "response_format|json_schema|json schema|guided|grammar|structured output", re.IGNORECASE
)
_LONG_RUN = re.compile(r"[\w+/=]{80,}")  # of the recording, which some servers repeat

_NOT_TAKEN = (
    rf"(?:{_NOT_ABLE}|unknown|unrecogni[sz]ed|unexpected|extra|not permitted|deprecated|instead)"
)
_OF_LENGTH = re.compile(
    rf"\bmax_tokens\b.{{0,80}}?{_NOT_TAKEN}|{_NOT_TAKEN}.{{0,40}}?\bmax_tokens\b", re.I | re.S
)
_WORDS = rf"(?:{_NOT_TAKEN}|must be|should be|positive|greater)"
_OF_TEMPERATURE = re.compile(
    rf"\btemperature\b.{{0,80}}?{_WORDS}|{_NOT_TAKEN}.{{0,40}}?\btemperature\b", re.I | re.S
)


def refused_settings(status: int, said: str) -> list[tuple[str, str]]:
    """Return each setting that an error refuses, and its other name, ``""`` for none."""
    said = _LONG_RUN.sub("", said[:_MOST_SAID])
    if status not in _REFUSED or said.lstrip()[:1] == "<" or _OF_AUDIO[0].search(said):
        return []
    found = [("temperature", "")] if _OF_TEMPERATURE.search(said) else []
    too_many = re.search("too large|context", said, re.IGNORECASE)
    if _OF_LENGTH.search(said) and not too_many:
        found.append(("max_tokens", "max_completion_tokens"))
    return found


def refuses_schema(status: int, said: str) -> bool:
    """Recognise an error that says that no JSON schema is accepted.

    Parameters
    ----------
    status : int
        Of HTTP.
    said : str
        The text of the error, without the name of the model, which may be any word.
    """
    found = _OF_SCHEMA.search(said[:_MOST_SAID]) if status in _REFUSED else None
    return found is not None and "audio" not in said[: found.start()].casefold()


def refuses_audio(status: int, said: str) -> bool:
    """Recognise an error that says that no recording is accepted; as `refuses_schema`."""
    said = _LONG_RUN.sub("", said[:_MOST_SAID])
    if said.lstrip()[:1] == "<" or status not in _REFUSED | _PERHAPS_REFUSED:  # a page
        return False
    words = _OF_FORM if status in _REFUSED else _OF_AUDIO
    return all(word.search(said) for word in words) and not _OF_ONE_RECORDING.search(said)
