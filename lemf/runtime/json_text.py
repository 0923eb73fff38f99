"""JSON of files and servers, in one hand: what no later step can use is refused here."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

from lemf.errors import shown

_MOST_DIGITS = 300  # of an integer: more do not fit a float


def parse_json(text: str | bytes) -> Any:  # noqa: ANN401 - any JSON
    """Parse JSON that somebody else wrote.

    Parameters
    ----------
    text : str or bytes

    Returns
    -------
    dict, list, str, int, float, bool or None

    Raises
    ------
    ValueError
        The text is no JSON, or is nested too deep; two keys of an object are equal, of which one
        would be lost; a number is too long. The message fits into parentheses.
    """
    try:
        return json.loads(text, object_pairs_hook=_unique, parse_int=_integer)
    except RecursionError:
        raise ValueError("nested too deep") from None


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    content = dict(pairs)
    if len(content) < len(pairs):
        (key, _), *_ = Counter(key for key, _ in pairs).most_common(1)
        raise ValueError(f"two keys are named {shown(key)}")
    return content


def _integer(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"a number of {len(digits):,} digits")
    return int(digits)


JSON_DECODER = json.JSONDecoder(object_pairs_hook=_unique, parse_int=_integer)  # as `parse_json`
