"""Text that XML can hold."""

from __future__ import annotations

import re

_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\x7f-\x84\x86-\x9f]")


def xml_text(text: str) -> str:
    """Replace the characters that XML 1.0 forbids or discourages by the replacement character."""
    return _NOT_XML.sub("\ufffd", text)
