"""Global Semantics: what is said, from the corpus's transcripts or heard by Whisper."""

from __future__ import annotations

from msfser.manifest import Manifest
from msfser.semantics.store import Text

TRANSCRIPT = "transcript"


def take_transcripts(manifest: Manifest) -> dict[str, Text]:
    """Give the corpus's own transcripts, white space made plain.

    Returns
    -------
    dict of id to Text
        Status ``"missing"`` where the transcript is missing or empty.
    """
    texts = {}
    for utterance in manifest.usable():
        text = " ".join((utterance.transcript or "").split())
        if text:
            texts[utterance.id] = Text(text=text, status="ok", source=TRANSCRIPT)
        else:
            texts[utterance.id] = Text(source=TRANSCRIPT, reason="the corpus has no transcript")
    return texts
