"""The pages of the server: the list of recordings, a recording, and a message in place of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from lemf.config import Settings
from lemf.errors import printable
from lemf.page.command import name_words
from lemf.page.content import page_content
from lemf.page.html import RECORDING_SCRIPTS, fill_page
from lemf.page.sound import Sound, describe_sound
from lemf.pipeline import score_measurement
from lemf.serve.exports import EXPORTS
from lemf.serve.folder import Entry, WordFiles
from lemf.serve.opened import Corrected, Opened
from lemf.serve.upload import LARGEST_RECORDING, LONGEST_S

_POLICY = {"connect-src": "'self'", "media-src": "'self'"}
_LIST_SCRIPTS = ("requests.js", "wav.js", "microphone.js", "folder.js")
_EDITING = ("serve/requests.js", "serve/edits.js", "serve/handles.js", "serve/editor.js")


def recording_content(
    opened: Opened, corrected: Corrected, settings: Settings, saves_to: str, sound: Sound
) -> dict[str, Any]:
    """Return what the page of a recording holds, as `page_content` and for its corrections.

    Parameters
    ----------
    opened : Opened
    corrected : Corrected
        The recording with the corrections so far.
    settings : Settings
    saves_to : str
        Name of the file that corrections are saved to.
    sound : Sound
        What is played.
    """
    emphasis = score_measurement(corrected.measured, settings)
    named = name_words(opened.textgrid.path)
    if corrected.counts:
        named = (str(opened.entry.path.with_name(saves_to)),)
    content = page_content(corrected.measured, settings, emphasis, named)
    if corrected.counts:
        content["command"]["where"] += ", once the corrections are saved"
    return {
        **content,
        "audio": printable(opened.entry.name),
        "index": "/",
        "sound_notes": describe_sound(sound, settings.highpass_hz),
        "sound": f"/sound/{opened.entry.id}",
        "serve": {
            "id": opened.entry.id,
            "words": opened.choice,
            "revision": opened.revision,
            "saves_to": printable(saves_to),
            "stem": printable(opened.entry.path.stem),
            "corrected": corrected.counts,
            "exports": [[name, one.title, one.suffix] for name, one in EXPORTS.items()],
        },
    }


def recording_page(content: Mapping[str, Any]) -> str:
    """Return the page of a recording, with what corrects it."""
    return fill_page(
        "recording.html",
        (*RECORDING_SCRIPTS, *_EDITING),
        title=f"{content['audio']}: emphasis",
        data=content,
        styles=("page.css", "serve/serve.css"),
        editor="serve/editor.html",
        policy=_POLICY,
    )


def list_page(
    folder: str,
    entries: Sequence[tuple[Entry, WordFiles]],
    languages: Sequence[tuple[str, str]],
    wanted: Entry | None = None,
) -> str:
    """Return the list of the recordings, with the forms that add one and its words.

    Parameters
    ----------
    folder : str
    entries : sequence of (Entry, WordFiles)
    languages : sequence of (code, name)
    wanted : Entry, optional
        A recording without words, for which the form of the text is open.
    """
    data = {
        "folder": printable(folder),
        "recordings": [_row(entry, files) for entry, files in entries],
        "languages": [list(one) for one in languages],
        "wanted": None if wanted is None else {"id": wanted.id, "name": printable(wanted.name)},
        "largest": LARGEST_RECORDING,
        "longest_s": LONGEST_S,
    }
    return fill_page(
        "serve/folder.html",
        ("data.js", "words.js", *(f"serve/{name}" for name in _LIST_SCRIPTS)),
        title=f"{data['folder']}: recordings",
        data=data,
        styles=("page.css", "serve/serve.css"),
        policy={**_POLICY, "script-src": "'self'"},  # for the worklet, the one script served
    )


def _row(entry: Entry, files: WordFiles) -> dict[str, Any]:
    words = files.alignment or files.transcript
    return {
        "id": entry.id,
        "name": printable(entry.name),
        "words": None if words is None else printable(words.name),
        "corrected": None if files.corrected is None else printable(files.corrected.name),
    }


def message_page(message: str) -> str:
    """Return a page of one line, with a link to the list of the recordings."""
    return fill_page(
        "serve/message.html",
        (),
        title=printable(message),
        data={},
        styles=("page.css", "serve/serve.css"),
    )
