"""Run the code blocks of README and docs, and compare what they print with what the page shows.

    python .ci/run_blocks.py                 the quick ones; exit code 1 if one fails
    python .ci/run_blocks.py --slow          all that run on one machine, the demo included
    python .ci/run_blocks.py docs/cues.md    the blocks of some pages
    python .ci/run_blocks.py --list          what would run, and why the rest would not

A block is fenced as sh, python or r, or indented and begins with a command. Each block runs in a
folder of its own that holds the files that the pages name: examples/, talk.wav with its TextGrid,
corpus/, labels.jsonl, mine.csv. A block of text is compared with what the last command prints that
is named in the paragraph before, or with the block right above, on 80 columns; "..." stands for any
lines. What is not run matches a row of NOT_RUN, or a comment before the block:

    <!-- not run: REASON -->      the block
    <!-- before: COMMAND -->      runs first, for what the block takes as given
    <!-- not compared: REASON --> the block of text
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "examples" / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
COMMANDS = ("lemf", "msfser", "python", "python3", "pip", "torchrun", "zensical", "Rscript", "bash")
MOST_BETWEEN = 3  # lines between a block and what it prints
LIMIT_S = {False: 120.0, True: 3600.0}  # of one line: quick, slow

_INSTALLS = "installs: .ci/run does, in fresh environments"
_INSTALLED = re.compile(r"\.venv/bin/(lemf|msfser) ")  # what a line that installs then runs

# What a line of a block needs that is not here: the first row that matches tells.
NOT_RUN = (
    (r"emodb|LEMF_SPEECH_DATA|benchmarks/", "reads recordings that are not in the repository"),
    (
        r"iemocap|msp-podcast|MSP-PODCAST|\bpodcast\b|--split test3|^msfser submission",
        "reads a licensed corpus",
    ),
    (r"^msfser corpus (datasets|save-datasets)", "reads a folder of the hub's datasets"),
    (r"-m venv\b|/activate|\bpip3? install|pre-commit", _INSTALLS),
    (r"^\.?(venv/bin/)?(python -m )?pytest|ruff|\.ci/run\b", "is a part of CI itself"),
    (r"torchrun|--jobs 5|--jobs 8|srun|sbatch|tcp://|/scratch/|/data/", "needs more machines"),
    (r"models/|whisper", "needs a model of Whisper"),
    (r"--backend (openai|kimi)|kimi_worker|vllm", "needs a model that listens"),
    (r"--aligner mfa", "needs another program"),
    (r"roberta-large|--preset challenge|mine\.toml|--init", "needs a large model"),
    (
        r"^msfser (semantics \w+|evaluate|inspect|predict|encode) (DIR|RUN\d?|FOLDS?)\b",
        "is a synopsis",
    ),
    (r"make_example", "needs flite"),
    (r"^lemf serve\b", "answers until Ctrl-C"),
    (
        r"--resume|--cache|^msfser (export|compare|evaluate (run$|predictions\.parquet))",
        "goes on with what another line made",
    ),
    (r"^msfser (train|ablate) (?!.*--preset (tiny|voice))", "downloads WavLM-large"),
)
PROGRAMS = {  # of options, by the module that brings them
    r"--(pitch|aligner) praat": "parselmouth",
    r"--pitch swift": "swift_f0",
    r"--aligner viter": "viter",
}
SLOW = re.compile(
    r"^(msfser (?!corpus (table|mechanism .*--utterances))|lemf align corpus|import (msfser|torch))"
    r"|align_corpus|grids\.csv",
    re.MULTILINE,
)


@dataclass
class Block:
    """A block of a page: its place, kind, lines to run, and the output that the page shows."""

    place: str
    kind: str  # sh, python or r
    lines: list[str]
    shown: str | None = None
    before: list[str] = field(default_factory=list)
    reason: str = ""  # why the whole block is not run
    not_compared: bool = False


@dataclass
class Outcome:
    """What became of one line."""

    place: str
    line: str
    verdict: str  # ran, compared, failed, not run, slow
    detail: str = ""


def read_blocks(page: Path) -> list[Block]:
    """Return the blocks of a page that hold code, in their order."""
    name = page.relative_to(ROOT).as_posix() if page.is_relative_to(ROOT) else page.name
    lines = page.read_text(encoding="utf-8").split("\n")
    blocks: list[Block] = []
    said: dict[str, list[str]] = {}
    place = block_end = 0
    while place < len(lines):
        line = lines[place]
        if comment := re.fullmatch(r"<!-- (not run|before|not compared): (.*) -->", line):
            said.setdefault(comment[1], []).append(comment[2])
            place += 1
            continue
        end = place + 1
        if line.startswith("```"):
            while not lines[end].startswith("```"):
                end += 1
            kind, content = line.removeprefix("```"), lines[place + 1 : end]
            end += 1
        elif line.startswith("    ") and (place == 0 or not lines[place - 1].strip()):
            while end < len(lines) and lines[end].startswith("    "):
                end += 1
            content = [text[4:] for text in lines[place:end]]
            kind = indented_kind(content[0])
        else:
            place += 1
            continue
        if kind == "text":
            commands = re.findall(r"`((?:lemf|msfser) [^`]+)`", last_paragraph(lines[:place]))
            if commands:
                blocks.append(
                    Block(f"{name}:{place + 1}", "sh", commands, before=said.get("before", []))
                )
            elif not blocks or place - block_end > MOST_BETWEEN:
                said, place = {}, end
                continue
            blocks[-1].shown = "\n".join(content)
            blocks[-1].not_compared = "not compared" in said
            blocks[-1].reason = "; ".join(said.get("not run", [])) or blocks[-1].reason
        elif kind in ("sh", "python", "r"):
            parts = join_lines(content) if kind == "sh" else ["\n".join(content)]
            reason = "; ".join(said.get("not run", []))
            blocks.append(
                Block(
                    f"{name}:{place + 1}", kind, parts, before=said.get("before", []), reason=reason
                )
            )
            block_end = end
        said = {}
        place = end
    return blocks


def last_paragraph(lines: list[str]) -> str:
    """Return the lines of the paragraph that ends right before, joined."""
    text = "\n".join(lines).rstrip().rpartition("\n\n")[2]
    return text.replace("\n", " ")


def indented_kind(line: str) -> str:
    """Return what an indented block is by its first line: sh, python, or "" for no code."""
    if line.removeprefix("$ ").split(" ")[0] in COMMANDS or "=... python" in line:
        return "sh"
    return "python" if re.match(r"(import|from) \w|lemf\.\w+\(|.* = lemf\.", line) else ""


def join_lines(lines: list[str]) -> list[str]:
    """Return the commands of a block: comments dropped, continued lines joined.

    Of a line that installs lemf and then runs the command, the commands.
    """
    text = re.sub(r"\\\n\s*", "", "\n".join(lines))
    stripped = (re.sub(r"(^|\s+)# .*", "", line).strip() for line in text.split("\n"))
    commands = []
    for line in (line for line in stripped if line and not line.startswith("#!")):
        ran = [part for part in line.split(" && ") if _INSTALLED.match(part)]
        commands.append(" && ".join(ran) if ran else line)
    return commands


def why_not(line: str, kind: str) -> str:
    """Return why a line is not run; empty where it is."""
    if kind == "r" and shutil.which("Rscript") is None:
        return "needs R"
    for option, module in PROGRAMS.items():
        if re.search(option, line) and find_spec(module) is None:
            return f"needs {module}"
    return next((reason for pattern, reason in NOT_RUN if re.search(pattern, line)), "")


def make_corpus(folder: Path) -> None:
    """Make synthetic sentences of many voices with labels, for the pages that learn from labels."""
    from pyarrow.parquet import read_table

    import lemf
    from msfser.corpora.mechanism.files import write_mechanism
    from msfser.manifest import read_manifest

    (folder / "demo").mkdir()
    write_mechanism(folder / "sentences", n_utterances=48, seed=0, jobs=2)
    manifest = read_manifest(folder / "sentences")
    rated = ["wav,speaker,valence,arousal,dominance"]
    for utterance in manifest.utterances:
        ratings = ",".join(f"{value:.2f}" for value in utterance.labels)
        rated.append(f"sentences/{utterance.wav},{utterance.speaker},{ratings}")
    for name in ("mine.csv", "recordings.csv"):
        (folder / name).write_text("\n".join(rated), encoding="utf-8")
    lines = []
    for row in read_table(folder / "sentences" / "truth.parquet").to_pylist():
        grid = f"sentences/alignment/{row['id']}.TextGrid"
        words, _ = lemf.read_textgrid(folder / grid).tiers
        n_words = sum(bool(interval.label) for interval in words.intervals)
        ratings = [3 if place == row["stressed_word_index"] else 1 for place in range(n_words)]
        label = {"audio": f"sentences/audio/{row['id']}.wav", "textgrid": grid}
        lines.append(json.dumps({**label, "speaker": row["speaker"], "ratings": ratings}))
    (folder / "labels.jsonl").write_text("\n".join(lines), encoding="utf-8")


def make_call(folder: Path) -> None:
    """Write call.wav and call.TextGrid: two speakers, who say one example each, in two channels."""
    import numpy as np
    import soundfile

    import lemf

    voices = [soundfile.read(ROOT / "examples" / f"{name}.wav")[0] for name in ("really", "didnt")]
    n_first, n_samples = len(voices[0]), sum(map(len, voices))
    near = np.zeros((n_samples, 2))
    near[:n_first, 0], near[n_first:, 1] = voices
    soundfile.write(folder / "call.wav", near + 0.1 * near[:, ::-1], 16_000)
    end_s, tiers = n_samples / 16_000, []
    for speaker, name, start_s in (("Anna", "really", 0.0), ("Ben", "didnt", n_first / 16_000)):
        for tier in lemf.read_textgrid(ROOT / "examples" / f"{name}.TextGrid").tiers:
            moved = [
                lemf.Interval(one.start_s + start_s, one.end_s + start_s, one.label)
                for one in tier.intervals
                if one.label
            ]
            tiers.append(lemf.make_tier(f"{speaker} - {tier.name}", moved, 0.0, end_s))
    lemf.write_textgrid(lemf.TextGrid(0.0, end_s, tuple(tiers)), folder / "call.TextGrid")


def make_folder(folder: Path, made: Path) -> None:
    """Fill a folder with the files that the pages name."""
    shutil.copytree(ROOT / "examples", folder / "examples")
    shutil.copytree(ROOT / "docs" / "images", folder / "docs" / "images")
    for name in ("talk", "recording", "interview", "corpus/anna/really", "corpus/ben/didnt"):
        source = ROOT / "examples" / ("didnt" if name.endswith("didnt") else "really")
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source.with_suffix(".wav"), target.with_suffix(".wav"))
        grid = source.with_suffix(".TextGrid").read_text(encoding="utf-8")
        if name == "talk":
            grid = grid.replace('"words"', '"Anna - words"').replace('"phones"', '"Anna - phones"')
        target.with_suffix(".TextGrid").write_text(grid, encoding="utf-8")
        target.with_suffix(".txt").write_text("I really didn't mean that\n", encoding="utf-8")
    shutil.copy(folder / "recording.wav", folder / "new.wav")
    for name in ("labels.jsonl", "mine.csv", "recordings.csv", "call.wav", "call.TextGrid"):
        if (made / name).exists():
            shutil.copy(made / name, folder)
    (folder / "sentences").symlink_to(made / "sentences")
    commands = folder / ".venv" / "bin"
    commands.mkdir(parents=True)
    modules = {"lemf": "-m lemf", "msfser": "-m msfser", "python": "", "python3": ""}
    for name, module in modules.items():  # a link would leave the environment of sys.executable
        script = commands / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" {module} "$@"\n')
        script.chmod(0o755)
    (folder / "demo").symlink_to(made / "demo")  # which later blocks find complete


def run_page(page: Path, work: Path, *, slow: bool, only_list: bool) -> list[Outcome]:
    """Run the blocks of a page one after the other, each in a folder of its own."""
    outcomes: list[Outcome] = []
    for number, block in enumerate(read_blocks(page)):
        folder = work / f"{page.parent.name}.{page.stem}.{number}"
        outcomes += run_block(block, folder, work, slow=slow, only_list=only_list)
    return outcomes


def run_block(
    block: Block, folder: Path, made: Path, *, slow: bool, only_list: bool
) -> list[Outcome]:
    """Run the lines of a block, and compare the output of the last with the text that follows."""
    outcomes: list[Outcome] = []
    for number, line in enumerate(block.lines):
        if reason := block.reason or why_not(line, block.kind):
            outcomes.append(Outcome(block.place, line, "not run", reason))
            continue
        late = SLOW.search("\n".join([*block.before, line]))
        if only_list or (late and not slow):
            outcomes.append(Outcome(block.place, line, "slow" if late else "ran"))
            continue
        code = line
        if block.kind == "python":
            code = "\n".join([*block.before, line])
        if not folder.exists():
            folder.mkdir()
            make_folder(folder, made)
            for command in block.before if block.kind != "python" else ():
                done, output = run_line(command, "sh", folder, slow=slow)
                if not done:
                    outcomes.append(Outcome(block.place, command, "failed", output))
        done, output = run_line(code, block.kind, folder, slow=slow)
        is_last = number == len(block.lines) - 1
        outcome = Outcome(block.place, line, "ran" if done else "failed", "" if done else output)
        if done and is_last and block.shown is not None and not block.not_compared:
            same = is_shown(output, block.shown)
            outcome.verdict = "compared" if same else "failed"
            outcome.detail = "" if same else f"prints\n{output}\nand the page shows\n{block.shown}"
        outcomes.append(outcome)
    return outcomes


def run_line(line: str, kind: str, folder: Path, *, slow: bool) -> tuple[bool, str]:
    """Run a command or a piece of Python; return whether it ended well, and what it printed."""
    bin_folder = folder / ".venv" / "bin"
    environment = {
        **os.environ,
        "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "80",
        "OMP_NUM_THREADS": "1",
    }
    commands = {
        "python": [sys.executable, "-c", line],
        "r": ["Rscript", "-e", line],
        "sh": ["bash", "-c", line],
    }
    try:
        ended = subprocess.run(
            commands[kind], cwd=folder, env=environment, text=True, encoding="utf-8",
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=LIMIT_S[slow], check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return False, f"ran longer than {LIMIT_S[slow]:.0f} s"
    return ended.returncode == 0, ended.stdout


def is_shown(output: str, shown: str) -> bool:
    """Check that the lines of a page are printed one after the other; ``...`` is any lines."""
    wanted = [line.rstrip() for line in shown.strip("\n").split("\n")]
    pattern = "\n".join("(.*\n)*?.*" if line == "..." else re.escape(line) for line in wanted)
    printed = "\n".join(line.rstrip() for line in output.split("\n"))
    return re.search(rf"^{pattern}$", printed, re.MULTILINE) is not None


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("pages", nargs="*", type=Path, help="pages; by default all")
    parser.add_argument("--slow", action="store_true", help="also what takes minutes")
    parser.add_argument("--list", action="store_true", dest="only_list", help="run nothing")
    parser.add_argument("--bare", action="store_true", help="without sentences and labels.jsonl")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="pages at a time")
    options = parser.parse_args()
    if options.slow:
        options.jobs = 1  # several pages use the folder of the demo
    pages = [page.resolve() for page in options.pages] or PAGES
    start_s = time.monotonic()
    with tempfile.TemporaryDirectory() as name, ThreadPoolExecutor(options.jobs) as pool:
        if not (options.only_list or options.bare):
            make_corpus(Path(name))
            make_call(Path(name))
        found = pool.map(
            lambda page: run_page(page, Path(name), slow=options.slow, only_list=options.only_list),
            pages,
        )
        outcomes = [outcome for page in found for outcome in page]
    for outcome in outcomes:
        if options.only_list:
            print(
                f"{outcome.place}: {outcome.verdict}: {outcome.line.splitlines()[0]}"
                + (f"  ({outcome.detail})" if outcome.detail else "")
            )
        elif outcome.verdict == "failed":
            print(f"{outcome.place}: FAILED: {outcome.line}\n{outcome.detail}\n")
    counts = Counter(outcome.verdict for outcome in outcomes)
    reasons = Counter(outcome.detail for outcome in outcomes if outcome.verdict == "not run")
    print(
        f"{counts['ran'] + counts['compared']} lines ran, the output of {counts['compared']} was "
        f"compared, {counts['failed']} failed, in {time.monotonic() - start_s:.0f} s; "
        f"{counts['slow']} are left to --slow; {counts['not run']} are not run:"
    )
    for reason, count in reasons.most_common():
        print(f"  {count:3} {reason}")
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
