"""Replaces the key of a server, and other secrets, in whatever the server sends back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

_SHORTEST_SECRET = 4  # characters; placeholders such as "x" are no secrets
_SHORTEST_UNIQUE = 8  # shorter keys, such as EMPTY, are replaced only as whole words

# Escapes of JSON, once or more, and characters that may stand unseen anywhere in a key
_ESCAPE = re.compile(r"\\+(?:u([0-9a-fA-F]{4})|[bfnrt]|(?=[/\"]))")
_CHARACTER = re.compile(rf"{_ESCAPE.pattern}|(.)", re.DOTALL)
_UNSEEN = re.compile(
    "[\0-\x1f\x7f-\x9f\xad\u034f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f"
    "\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def parse_json(text: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Read JSON; a ValueError where it is not, or is nested too deeply."""
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def redact_json(secrets: Sequence[str], text: str) -> str:
    """Replace secrets in a text, also where JSON writes them in another way."""
    text = redact(secrets, text)
    if "\\" in text:
        with suppress(ValueError, RecursionError):
            content = parse_json(text)
            if (clean := redact(secrets, content)) != content:
                return json.dumps(clean, ensure_ascii=False)
    return text


def redact(secrets: Sequence[str], content: Any) -> Any:  # noqa: ANN401 - whatever an entry holds
    """Replace secrets in all texts of some content.

    Parameters
    ----------
    secrets : sequence of str
        As `Server.secrets` lists them.
    content : str, dict, list, tuple or other value

    Returns
    -------
    content
        Of the same type, with ``"***"`` for each secret.
    """
    if isinstance(content, str):
        for secret in secrets:
            if len(secret) >= _SHORTEST_UNIQUE:
                content = content.replace(secret, "***")
            elif len(secret) >= _SHORTEST_SECRET:
                content = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", "***", content)
        return _redact_altered(secrets, content)
    if isinstance(content, Mapping):
        return {redact(secrets, name): redact(secrets, value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return type(content)(redact(secrets, value) for value in content)
    return content


def _redact_altered(secrets: Sequence[str], text: str) -> str:
    """Replace secrets in other case, escaped, or with characters between that are not seen."""
    folded = _seen(_ESCAPE.sub(lambda one: chr(int(one[1] or "0", 16)), text))
    for secret in map(str.casefold, secrets):
        if len(secret) < _SHORTEST_UNIQUE or secret not in folded:
            continue
        spans, characters = [], []
        for one in _CHARACTER.finditer(text):
            for character in _seen(chr(int(one[1], 16)) if one[1] else one[2] or ""):
                spans.append(one.span())
                characters.append(character)
        found = [one.span() for one in re.finditer(re.escape(secret), "".join(characters))]
        for start, stop in reversed(found):
            text = f"{text[: spans[start][0]]}***{text[spans[stop - 1][1] :]}"
    return text


def _seen(text: str) -> str:
    return _UNSEEN.sub("", text).casefold()
