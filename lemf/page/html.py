"""The content of a page -> one HTML file that loads nothing and runs only its own script.

Its content security policy allows one script and one style, by their hashes, and the sound. Labels
reach the page as JSON, deflated and in base 85, and are shown as text alone.
"""

from __future__ import annotations

import json
import re
import zlib
from base64 import b64encode, b85encode
from collections.abc import Mapping, Sequence
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import Any

from lemf.errors import printable
from lemf.page.sound import Sound

RECORDING_SCRIPTS = (
    "data.js",
    "score.js",
    "sound.js",
    "scales.js",
    "drawing.js",
    "chart.js",
    "words.js",
    "table.js",
    "weights.js",
    "page.js",
)
_SAFE = str.maketrans("<&", ",.")
_SEALED: Mapping[str, str] = {}


def format_page(
    content: Mapping[str, Any], sound: Sound | None, sound_notes: Sequence[str] = ()
) -> str:
    """Put the content of a recording and its sound into the page.

    Parameters
    ----------
    content : mapping
        As `lemf.page.content.page_content` returns it.
    sound : Sound or None
    sound_notes : sequence of str
        Shown below those of `content`, from `lemf.page.sound.describe_sound`.
    """
    media_type, encoded = "", ""
    if sound is not None:
        media_type, encoded = sound.media_type, b64encode(sound.content).decode()
    return fill_page(
        "recording.html",
        RECORDING_SCRIPTS,
        title=f"{content['audio']}: emphasis",
        data={**content, "sound_notes": [printable(note) for note in sound_notes]},
        sound=encoded,
        media_type=media_type,
    )


def format_index(content: Mapping[str, Any]) -> str:
    """Put the sentences of a corpus into a page.

    Parameters
    ----------
    content : mapping
        As `lemf.page.folder` gathers it.
    """
    return fill_page(
        "index.html",
        ("data.js", "words.js", "index.js"),
        title=f"{content['source']}: emphasis",
        data=content,
        styles=("page.css", "index.css"),
    )


def fill_page(
    template: str,
    scripts: Sequence[str],
    *,
    title: str,
    data: Mapping[str, Any],
    styles: Sequence[str] = ("page.css",),
    sound: str = "",
    media_type: str = "",
    editor: str | None = None,
    policy: Mapping[str, str] = _SEALED,
) -> str:
    """Fill a template with one script, one style, the data and the sound.

    Parameters
    ----------
    template : str
        Name of an asset with ``{{PLACE}}`` where something goes. Assets are those of this folder,
        and ``ROOM/NAME`` those of another room of lemf.
    scripts : sequence of str
        Names of the assets that make the script, in their order.
    title : str
    data : mapping
        What the page holds.
    styles : sequence of str
        Names of the assets that make the style.
    sound : str
        Base64.
    media_type : str
        Of the sound.
    editor : str, optional
        Name of the asset that corrects the words, for the page of a server.
    policy : mapping of str to str
        Further sources that the content security policy allows, by its directives; by default
        none, so that a page loads nothing.
    """
    style = "\n".join(map(_asset, styles))
    code = "\n".join(map(_asset, scripts))
    script = f'"use strict";\n(async () => {{\n{code}}})();\n'
    directives = {
        "default-src": "'none'",
        "script-src": f"'{_hash(script)}'",
        "style-src": f"'{_hash(style)}'",
        "media-src": "blob:",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
    }
    for name, sources in policy.items():
        directives[name] = f"{directives.get(name, '')} {sources}".strip()
    parts = {
        "policy": "; ".join(f"{name} {sources}" for name, sources in directives.items()),
        "title": escape(title),
        "style": style,
        "data": pack_data(data),
        "sound": sound,
        "media_type": escape(media_type),
        "script": script,
        "editor": "" if editor is None else _asset(editor),
    }
    # in one pass: what is put in is not searched again
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts[place[1]], _asset(template))


def pack_data(data: Mapping[str, Any]) -> str:
    """Pack what a page holds: JSON, numbers in full precision, deflated and in base 85.

    A comma and a full stop stand for ``<`` and ``&``, so that no letter acts in HTML.
    """
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return b85encode(zlib.compress(text.encode(), level=9)).decode().translate(_SAFE)


def _asset(name: str) -> str:
    room, _, name = name.rpartition("/")
    text = files(f"lemf.{room or 'page'}").joinpath("assets", name).read_text(encoding="utf-8")
    return text.replace("\r\n", "\n")


def _hash(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
