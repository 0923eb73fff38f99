"""The plan of a run over a corpus: its files, its settings and how they are cut into shards.

Two runs with the same plan give the same output, so one can continue where the other stopped.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Any

from lemf.config import AlignSettings, Settings, shown_fields
from lemf.corpus.manifest import Recording
from lemf.errors import shown
from lemf.runtime.output import printable_path
from lemf.scoring.decision_models import find_model, model_to_dict

_FEWEST_SHARDS = 256  # if there are as many files: few files may be long ones
_ROWS_AT_ONCE = 1000  # recordings
_LARGEST_SHARD = 64  # files; a killed run loses at most its unfinished shards


@dataclass(frozen=True)
class Plan:
    """The files of a run, and everything that its output depends on.

    Attributes
    ----------
    recordings : list of Recording
    shard_size : int
        Files in a shard; the last may have fewer.
    identity : dict
        Plain types; equal for runs that give the same output.
    settings : Settings
    aligning : AlignSettings or None
        How texts are aligned where there is no TextGrid.
    whisper : str or None
        The model that transcribes where there is no text either.
    """

    recordings: list[Recording]
    shard_size: int
    identity: dict[str, Any]
    settings: Settings
    aligning: AlignSettings | None = None
    whisper: str | None = None

    @property
    def keeps_features(self) -> bool:
        """Whether the features of the files are an output."""
        return self.identity["features"] is not None

    @property
    def n_shards(self) -> int:
        """Number of shards."""
        return -(-len(self.recordings) // self.shard_size)

    def shard_of(self, number: int) -> int:
        """Return the number of the shard that holds a file."""
        return number // self.shard_size

    def files_of(self, shard: int) -> range:
        """Return the numbers of the files of a shard."""
        first = shard * self.shard_size
        return range(first, min(first + self.shard_size, len(self.recordings)))

    def differs_from(self, identity: Mapping[str, Any]) -> str | None:
        """Describe how an earlier run differs from this one; None if it does not."""
        now = self.identity
        then: dict[str, Any] = {**dict.fromkeys(now), "settings": {}, "files": 0, **identity}
        if then["lemf"] != now["lemf"]:
            return f"made by lemf {then['lemf']}, this is {now['lemf']}"
        for name, value in now["settings"].items():
            before = then["settings"].get(name)
            if before != value:
                return f"other settings: {name} was {before!r} and is {value!r}"
        if then.get("decision") != now.get("decision"):
            return f"the decision of {shown(now['settings'].get('decide'))} is no longer the same"
        if then.get("align") != now.get("align"):
            return _describe_aligning(then.get("align") or {}, now.get("align") or {})
        for name in ("sentence_table", "features"):
            if then[name] != now[name]:
                option = f"--{name.replace('_', '-')}"
                return f"{option} was {then[name] or 'not given'}, is {now[name] or 'not given'}"
        if then["list"] != now["list"]:
            if then["files"] != now["files"]:
                return f"other files: they were {then['files']:,} and are {now['files']:,}"
            return f"other files: still {now['files']:,}, but not the same paths, ids or speakers"
        return None

    def find_changed(self, stamps: Iterable[tuple[int, int]]) -> str | None:
        """Describe which files have changed since they were scored; None if none has.

        Parameters
        ----------
        stamps : iterable of (number, stamp)
            The numbers of files, and what `stamp_of` returned when they were scored.
        """
        changed = [
            (recording.audio, "TextGrid" if recording.textgrid else "text")
            for number, stamp in stamps
            if stamp_of(recording := self.recordings[number]) != stamp
        ]
        if not changed:
            return None
        others = f" and {len(changed) - 1:,} more" if len(changed) > 1 else ""
        audio, words = changed[0]
        return f"changed since: {audio} or its {words}{others}"


_ALIGN_OPTIONS = {  # by their names in a plan
    "language": "--language",
    "aligner": "--aligner",
    "force_fit": "--force-fit",
    "whisper": "--whisper",
    "speaker_pattern": "--speaker-pattern",
}


def _describe_aligning(then: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Name the first option by which texts are aligned otherwise than before."""
    for name, option in _ALIGN_OPTIONS.items():
        if then.get(name) != now.get(name):
            was, is_now = (
                {None: "not given", False: "not given", True: "given"}.get(one, one)
                for one in (then.get(name), now.get(name))
            )
            return f"{option} was {was}, is {is_now}"
    return (
        "--no-training was not given, is given"
        if then.get("training")
        else ("--no-training was given, is not given")
    )


def make_plan(
    recordings: list[Recording],
    settings: Settings,
    *,
    sentence_table: Path | None = None,
    features: Path | None = None,
    aligning: AlignSettings | None = None,
    whisper: str | None = None,
) -> Plan:
    """Cut the list of files into shards, and describe what the output depends on.

    Parameters
    ----------
    recordings : list of Recording
        In the order of the output.
    settings : Settings
    sentence_table, features : Path, optional
        Further outputs.
    aligning : AlignSettings, optional
        How texts are aligned where there is no TextGrid.
    whisper : str, optional
        The model that transcribes where there is no text either.
    """
    identity = {
        "lemf": version_of("lemf"),
        "settings": describe_settings(settings),
        "sentence_table": _printable(sentence_table),
        "features": _printable(features),
        "files": len(recordings),
        "list": _checksum_of(recordings),
    }
    if (model := find_model(settings)) is not None:
        identity["decision"] = model_to_dict(model)
    if aligning is not None:
        identity["align"] = asdict(aligning) | ({"whisper": whisper} if whisper else {})
    shard_size = min(max(len(recordings) // _FEWEST_SHARDS, 1), _LARGEST_SHARD)
    return Plan(recordings, shard_size, identity, settings, aligning, whisper)


def _checksum_of(recordings: list[Recording]) -> str:
    """Compute the SHA-256 of a list of files as JSON, some at a time to stay in the cache.

    Texts of recordings that have a TextGrid are not read, and may come and go.
    """
    checksum = hashlib.sha256(b"[")
    for first in range(0, len(recordings), _ROWS_AT_ONCE):
        some = recordings[first : first + _ROWS_AT_ONCE]
        rows = json.dumps([one[:5] if one.textgrid else one for one in some])[1:-1]
        checksum.update(f"{', ' if first else ''}{rows}".encode())
    checksum.update(b"]")
    return checksum.hexdigest()


def _printable(path: Path | None) -> str | None:
    return None if path is None else printable_path(path)


def describe_settings(settings: Settings) -> dict[str, Any]:
    """Convert all settings to plain types, with the weight of every cue of the set."""
    described = shown_fields(settings) | {"weights": settings.cue_weights}
    plain: dict[str, Any] = json.loads(json.dumps(described))
    return plain


def stamp_of(recording: Recording) -> int:
    """Compute a checksum of the sizes and times of a recording's two files."""
    seen = b""
    for path in (recording.audio, recording.textgrid or recording.text_file):
        try:
            if path is not None:
                status = os.stat(path)  # noqa: PTH116 - pathlib is too slow for 200,000 files
                seen += b"%d %d " % (status.st_size, status.st_mtime_ns)
        except (OSError, ValueError):
            seen += b"- "
    return zlib.crc32(seen)
