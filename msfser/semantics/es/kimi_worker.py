"""A script for Kimi-Audio's own environment: answers jobs, and needs nothing of msfser.

    python -I kimi_worker.py JOBS.jsonl REPLIES.jsonl [--model NAME|FOLDER]

``-I`` keeps the modules beside this script, such as ``wav.py``, out of that environment.
JOBS has one line per recording: ``key``, ``wav``, ``prompt``, ``max_tokens``. A line of REPLIES has
``key``, ``prompt`` (a hash) and ``reply`` or ``error``. Jobs whose prompt has a reply in REPLIES
are skipped, so a killed run can be resumed. Errors are tried again, and so is a recording whose
prompt has changed since, such as by the fault of its reply.
"""

import argparse
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any


def main() -> None:
    """Answer the jobs that have no reply yet."""
    parser = argparse.ArgumentParser(description="Answer jobs by Kimi-Audio.")
    parser.add_argument("jobs", type=Path)
    parser.add_argument("replies", type=Path)
    parser.add_argument("--model", default="moonshotai/Kimi-Audio-7B-Instruct")
    options = parser.parse_args()
    # jobs without a reply
    jobs = read_lines(options.jobs)
    lines = read_lines(options.replies) if options.replies.exists() else []
    done = {(line.get("key"), line.get("prompt")) for line in lines if "reply" in line}
    todo = [job for job in jobs if (job["key"], hash_of(job["prompt"])) not in done]
    say(f"{len(jobs) - len(todo)} of {len(jobs)} jobs are done")
    if not todo:
        return
    # replies, one line per job
    from kimia_infer.api.kimia import KimiAudio

    model = KimiAudio(model_path=options.model, load_detokenizer=False)
    drop_torn_line(options.replies)
    n_failed = 0
    with options.replies.open("ab", buffering=0) as stream:
        for number, job in enumerate(todo, 1):
            prompt = hash_of(job["prompt"])
            line = {"key": job["key"], "prompt": prompt, "model": options.model}
            try:
                line["reply"] = ask(model, job)
            except Exception as error:  # such as a broken recording: the others go on
                line["error"] = f"{type(error).__name__}: {error}"
                n_failed += 1
            stream.write(json.dumps(line).encode() + b"\n")
            os.fsync(stream.fileno())
            say(f"{number} of {len(todo)}: {job['wav']}")
    if n_failed:
        say(f"{n_failed} failed; the same command tries them again")


def ask(model: Any, job: dict[str, Any]) -> str:  # noqa: ANN401 - not installed here
    """Return the reply of the model to a prompt and a recording."""
    messages = [
        {"role": "user", "message_type": "text", "content": job["prompt"]},
        {"role": "user", "message_type": "audio", "content": job["wav"]},
    ]
    _, text = model.generate(
        messages,
        output_type="text",
        text_temperature=0.0,
        text_top_k=5,
        audio_temperature=0.8,
        audio_top_k=10,
        audio_repetition_penalty=1.0,
        text_repetition_penalty=1.0,  # above 1, memory use grows from call to call
        max_new_tokens=job["max_tokens"],  # the default is up to 7,500
    )
    return str(text)


def hash_of(prompt: str) -> str:
    """Return a hash that tells one prompt from another."""
    return hashlib.sha256(prompt.encode()).hexdigest()[:16]


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Read the objects of a JSONL file, without a torn last line."""
    lines = []
    for line in path.read_bytes().split(b"\n"):
        try:
            content = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(content, dict):
            lines.append(content)
    return lines


def drop_torn_line(path: Path) -> None:
    """Remove the last line of a file where a killed run left only a part."""
    if path.exists():
        content = path.read_bytes()
        os.truncate(path, content.rfind(b"\n") + 1)


def say(message: str) -> None:
    """Print a line on stderr."""
    shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in message)
    print(shown, file=sys.stderr, flush=True)  # noqa: T201 - a script of its own


if __name__ == "__main__":
    main()
