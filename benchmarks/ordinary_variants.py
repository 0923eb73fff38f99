"""Show whether other code scores ordinary files differently, or has more to say about them.

    python benchmarks/ordinary_variants.py OLD_PYTHON NEW_PYTHON [--data FOLDER] [--only REGEX]
        [--allow REGEX]...

Every shared recording with a TextGrid, as it is, and what `compared/variants.py` makes of some of
them: other audio formats, rates, channels and levels; other formats, encodings, tiers, gaps and
labels of silence of the TextGrid; other settings. `lemf score --format json` runs on each with both
installations. Scores, ranks, segments, notes, flags and exit codes must be the same (scores to
1e-12); the wording of an error may change. OLD_PYTHON may be a JSON file that
``--save FILE`` wrote when it was the new one. Prints each difference in one line and a summary; the
exit code is 1 if anything differs that no --allow matches: a REGEX that is searched for in the
line. ALLOWED are those that are true of some recordings, and are only counted.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

TOLERANCE = 1e-12
ALLOWED = (  # true of some of the recordings
    "doubtful_pitch",  # 41 of 42 flagged words of EmoDB are 20 % off Praat's maximum
    "lies below 60 Hz",
    "have no voiced frame",
    "taken for silence or noise",
    "phone_word_silence.*(one_word|flat|constant_duration|words 'silence a silence' -> 'a')",
)


def main() -> None:
    """Write the variants, score them with both installations and compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old", metavar="OLD_PYTHON", help="or a file that --save wrote")
    parser.add_argument("new", metavar="NEW_PYTHON")
    parser.add_argument("--data", type=Path, default=os.environ.get("LEMF_SPEECH_DATA"))
    parser.add_argument("--only", default="", metavar="REGEX", help="variants to score, by name")
    parser.add_argument("--allow", action="append", default=[], metavar="REGEX")
    parser.add_argument("--save", type=Path, metavar="FILE", help="keep what the new one gave")
    options = parser.parse_args()
    if options.data is None:
        parser.error("name the folder of shared recordings by --data or LEMF_SPEECH_DATA")
    from compared.variants import write_variants

    with tempfile.TemporaryDirectory() as folder:
        variants = [
            (name, arguments)
            for name, arguments in write_variants(Path(folder), options.data)
            if re.search(options.only, name)
        ]
        print(f"{len(variants)} variants", file=sys.stderr)
        old, new = (
            json.loads(Path(side).read_text())
            if side.endswith(".json")
            else score_all(side, variants, Path(folder))
            for side in (options.old, options.new)
        )
    if options.save:
        options.save.write_text(json.dumps(new))
    sys.exit(report(old, new, (*ALLOWED, *options.allow)))


def score_all(
    python: str, variants: Sequence[tuple[str, list[str]]], folder: Path
) -> dict[str, Any]:
    """Score the variants by another Python, which runs this file."""
    wanted, found = folder / "wanted.json", folder / "found.json"
    wanted.write_text(json.dumps(variants))
    subprocess.run([python, __file__, "--measure", wanted, found], check=True)
    results: dict[str, Any] = json.loads(found.read_text())
    return results


def measure(wanted: Path, found: Path) -> None:
    """Run `lemf score` on each of the variants in this process."""
    from importlib.metadata import entry_points

    from click.testing import CliRunner

    (command,) = {one.load() for one in entry_points(group="console_scripts", name="lemf")}
    results = {}
    for name, arguments in json.loads(wanted.read_text()):
        result = CliRunner().invoke(command, ["score", *arguments, "--format", "json"])
        if not isinstance(result.exception, SystemExit | None):
            results[name] = {"exit": repr(result.exception), "stderr": "", "content": None}
            continue
        content = json.loads(result.stdout) if result.exit_code == 0 else None
        stderr = result.stderr.replace(str(wanted.parent), "FOLDER")
        results[name] = {"exit": result.exit_code, "stderr": stderr, "content": content}
    found.write_text(json.dumps(results))


def report(old: dict[str, Any], new: dict[str, Any], allowed: Sequence[str]) -> int:
    """Print what differs, and return the exit code."""
    counts: Counter[str] = Counter()
    exits: Counter[Any] = Counter()
    true: Counter[str] = Counter()  # variants with an allowed difference
    for name in sorted(old.keys() & new.keys()):
        exits[new[name]["exit"]] += 1
        lines = [f"{name}: {line}" for line in differences(old[name], new[name])]
        reported = [line for line in lines if not any(re.search(one, line) for one in allowed)]
        true.update(one for one in allowed if any(re.search(one, line) for line in lines))
        counts["same" if not lines else "differs" if reported else "allowed"] += 1
        for line in reported:
            print(line)
        wordings = [side[name]["stderr"].strip() for side in (old, new)]
        if not lines and wordings[0] != wordings[1]:
            counts["other wording"] += 1
            print(f"(wording) {name}: {wordings[0]!r} -> {wordings[1]!r}")
    print(", ".join(f"{kind}: {count}" for kind, count in counts.items()))
    print(", ".join(f"exit {code}: {count}" for code, count in exits.items()))
    print("".join(f"allowed, {one}: {count}\n" for one, count in true.items()), end="")
    if missing := len(old.keys() ^ new.keys()):
        print(f"scored by one side only: {missing}")
    return int(counts["differs"] > 0)


def differences(old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    """Find what differs between two results of one variant, one line each."""
    if old["exit"] != new["exit"]:
        yield f"exit {old['exit']} -> {new['exit']}: {(new['stderr'] or old['stderr']).strip()}"
        return
    if new["content"] is None:
        return
    yield from _added_and_gone("note", old["content"]["notes"], new["content"]["notes"])
    pairs = [old["content"]["sentences"], new["content"]["sentences"]]
    if len(pairs[0]) != len(pairs[1]):
        yield f"sentences {len(pairs[0])} -> {len(pairs[1])}"
        return
    for before, after in zip(*pairs, strict=True):
        place = f"sentence {before['index']}"
        yield from _added_and_gone(f"{place} flag", before["flags"], after["flags"])
        texts = [[word["word"] for word in one["words"]] for one in (before, after)]
        if texts[0] != texts[1]:
            yield f"{place} words {' '.join(texts[0])!r} -> {' '.join(texts[1])!r}"
            continue
        segments = [one["segment"]["text"] for one in (before, after)]
        if segments[0] != segments[1]:
            yield f"{place} segment {segments[0]!r} -> {segments[1]!r}"
        for word_before, word_after in zip(before["words"], after["words"], strict=True):
            word = f"{place} word {word_after['index']} {word_after['word']!r}"
            yield from _added_and_gone(f"{word} flag", word_before["flags"], word_after["flags"])
            for key in ("score", "pitch", "energy", "duration", "start_s", "end_s", "rank"):
                if not _same(word_before[key], word_after[key]):
                    yield f"{word} {key} {word_before[key]} -> {word_after[key]}"


def _added_and_gone(what: str, before: list[str], after: list[str]) -> Iterator[str]:
    yield from (f"new {what}: {one}" for one in after if one not in before)
    yield from (f"gone {what}: {one}" for one in before if one not in after)


def _same(before: float | None, after: float | None) -> bool:
    if before is None or after is None:
        return before is after
    return math.isclose(before, after, rel_tol=0.0, abs_tol=TOLERANCE)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(Path(sys.argv[2]), Path(sys.argv[3]))
    else:
        main()
