"""Extended Semantics by Kimi-Audio, which needs its own environment: jobs out, replies in.

`kimi_worker.py` runs there, and its replies are checked here. A recording whose reply is
not a valid description is exported again, with the fault in its prompt.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from lemf import read_rows
from lemf.runtime.output import write_output
from msfser.errors import SemanticsError
from msfser.semantics.es.description import prompt_of, reply_entry, tidy_text
from msfser.semantics.jobs import Job, Results
from msfser.semantics.work_file import Entry, WorkFile

MODEL = "moonshotai/Kimi-Audio-7B-Instruct"
MAX_TOKENS = 512
_LONGEST_ERROR = 400  # characters
WORKER = Path(__file__).with_name("kimi_worker.py")


def export_jobs(path: Path, jobs: Sequence[Job], work: WorkFile, emotions: Sequence[str]) -> None:
    """Write the jobs of the worker.

    Parameters
    ----------
    path : Path
        The JSONL file.
    jobs : sequence of Job
    work : WorkFile
        Holds the fault of an earlier reply.
    emotions : sequence of str

    Raises
    ------
    lemf.LemfError
        The file cannot be written, or exists already.
    """
    lines = []
    for job in jobs:
        prompt = prompt_of(emotions)
        before = work.entries.get(job.key, {})
        if "reason" in before and not before.get("passing"):
            fault = before["reason"]
            prompt += f"\nAn earlier reply could not be used: {fault}. Reply with the object only."
        row = {
            "key": job.key,
            "wav": str(job.wav.absolute()),
            "prompt": prompt,
            "max_tokens": MAX_TOKENS,
        }
        lines.append(json.dumps(row).encode() + b"\n")
    write_output(path, b"".join(lines))


def read_replies(path: Path) -> dict[str, Mapping[str, object]]:
    """Read the lines that the worker wrote, by key; the last reply counts, and no error after it.

    Raises
    ------
    lemf.LemfError
        The file cannot be read, or a line is not a JSON object.
    SemanticsError
        The worker did not write a line of the file.
    """
    replies: dict[str, Mapping[str, object]] = {}
    for place, row in read_rows(path, suffixes=(".jsonl",)).rows:
        key = row.get("key")
        if not isinstance(key, str) or not ({"reply", "error"} & set(row)):
            raise SemanticsError(
                f"{place}: not a reply of kimi_worker.py; name the file that it wrote"
            )
        if _has_reply(row) or not _has_reply(replies.get(key, {})):
            replies[key] = row
    return replies


def take_replies(
    replies: Mapping[str, Mapping[str, object]], emotions: Sequence[str], jobs: Sequence[Job]
) -> Results:
    """Yield an entry for each job that has a reply; the others remain to be done."""
    for job in jobs:
        row = replies.get(job.key)
        if row is not None:
            yield job, _to_entry(row, emotions)


def _has_reply(row: Mapping[str, object]) -> bool:
    return isinstance(row.get("reply"), str) and row.get("error") is None


def _to_entry(row: Mapping[str, object], emotions: Sequence[str]) -> Entry:
    if not _has_reply(row):
        reason = tidy_text(str(row.get("error") or "no reply")[:_LONGEST_ERROR])
        return {"status": "failed", "reason": reason, "passing": True}
    reply = str(row["reply"])
    try:
        return reply_entry(reply, emotions)
    except SemanticsError as error:
        return {"status": "failed", "reason": str(error), "reply": reply}
