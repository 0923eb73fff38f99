"""Show whether other code changes a byte of what the commands print and write.

    python benchmarks/compare_outputs.py OLD_PYTHON NEW_PYTHON [--data FOLDER] [--only REGEX]
        [--work FOLDER] [--allow-json-additions] [--slow]

Both Pythons have lemf with the extras ser, whisper, test and test-models. The chains of commands of
`compared/commands.py` run with the one and then with the other in a folder of the same path, and
what each command printed on stdout, its exit code and the files that it wrote or removed are
compared byte by byte. Stderr is shown where it differs, and does not count. What no two runs share
is listed in `compared/files.py`. Prints one row per command; the exit code is 1 if anything
differs. A command that fails with the old Python although the table does not say so counts as a
difference, as nothing was compared.

With --work, results stay in FOLDER/old and FOLDER/new, and are used again as long as the packages
of that Python, the commands and their inputs are the same.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from compared.commands import CHAINS, SLOW
from compared.files import Comparison, compare_results

COMPARED = Path(__file__).resolve().parent / "compared"
LONGEST_S = 1800  # a command
MOST_SHOWN = 8  # lines below a command
ABOUT = """
import hashlib, importlib.metadata, json, pathlib, lemf
home = pathlib.Path(lemf.__file__).parents[1]
digest = hashlib.sha256()
for package in "lemf", "msfser":
    for path in sorted((home / package).rglob("*")):
        if path.is_file() and path.suffix != ".pyc":
            digest.update(str(path.relative_to(home)).encode() + b"\\0" + path.read_bytes())
others = {one.name: one.version for one in importlib.metadata.distributions()}
print(json.dumps({"home": str(home), "digest": digest.hexdigest(), "others": others}))
"""


@dataclass(frozen=True)
class Side:
    """A Python, and where its results go; `about` is what ABOUT prints."""

    python: str
    results: Path
    about: Mapping[str, object]


@dataclass(frozen=True)
class Bench:
    """Where commands run: `run` holds a folder for each chain, the same for both sides."""

    run: Path
    links: Mapping[str, Path]
    inputs_key: str


def main() -> None:
    """Compare, print one row per command, exit with 1 if anything differs."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("old", metavar="OLD_PYTHON")
    parser.add_argument("new", metavar="NEW_PYTHON")
    parser.add_argument(
        "--data", type=Path, default=os.environ.get("LEMF_SPEECH_DATA"), help="real speech"
    )
    parser.add_argument("--only", default="", metavar="REGEX", help="chains to run, by any command")
    parser.add_argument("--work", type=Path, metavar="FOLDER", help="keep and reuse results here")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="chains side by side")
    parser.add_argument("--allow-json-additions", action="store_true", help="more keys are equal")
    parser.add_argument("--slow", action="store_true", help="run the demo in full, too")
    options = parser.parse_args()
    started_s = time.monotonic()
    chains = {
        name: commands
        for name, commands in (CHAINS | (SLOW if options.slow else {})).items()
        if any(re.search(options.only, line) for line in (name, *commands))
    }
    if not chains:
        parser.error(f"--only {options.only}: no command matches")
    work = (options.work or Path(tempfile.mkdtemp(prefix="compare-outputs-"))).absolute()
    sides = [
        read_side(shutil.which(python) or python, work / name)
        for name, python in (("old", options.old), ("new", options.new))
    ]
    tell_other_versions(sides)
    counts: Counter[str] = Counter()
    try:
        (work / "run").mkdir(parents=True)
    except FileExistsError:
        sys.exit(f"{work / 'run'}: another comparison runs here; remove it if that was killed")
    try:
        bench = set_up(work, sides[0].python, options.data, chains)
        with ThreadPoolExecutor(options.jobs) as pool:
            # The longest first: those of msfser.
            order = sorted(chains, key=lambda name: not name.startswith("msfser train"))
            running = {
                pool.submit(
                    compare_chain, name, chains[name], sides, bench, options.allow_json_additions
                ): name
                for name in order
            }
            for future in as_completed(running):
                rows = future.result()
                counts.update(verdict for _, verdict, _ in rows)
                print_rows(running[future], rows)
    finally:
        shutil.rmtree(work / "run")
    total = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
    print(f"\n{total}, in {(time.monotonic() - started_s) / 60:.1f} minutes", end="")
    if options.work is None and not counts["DIFFERS"]:
        shutil.rmtree(work)
        print()
    else:
        print(f"; results lie in {work}")
    sys.exit(counts["DIFFERS"] > 0)


def read_side(python: str, results: Path) -> Side:
    """Ask a Python what is installed there."""
    python = str(Path(python).absolute())
    return Side(python, results, json.loads(run_quietly([python, "-P", "-c", ABOUT])))


def set_up(
    work: Path, python: str, data: Path | None, chains: Mapping[str, Sequence[str]]
) -> Bench:
    """Link the folders, and write the inputs, that the chains name."""
    text = " ".join(line for commands in chains.values() for line in commands)
    names = ("calls.py", "inputs.py", "models.py")
    scripts = b"".join((COMPARED / name).read_bytes() for name in names)
    key = hashlib.sha256(scripts).hexdigest()[:12]
    nothing = work / "nothing"
    nothing.mkdir(exist_ok=True)
    links = {
        "examples": COMPARED.parents[1] / "examples",
        "data": nothing if data is None else data.absolute(),
        "inputs": work / f"inputs-{key}",
    }
    inputs = {"speech", "corpus", *re.findall(r"inputs/([\w-]+)", text)}
    if not (links["data"] / "emodb").exists():
        inputs.discard("labels")
    script = [python, COMPARED / "inputs.py", links["inputs"], links["data"], *sorted(inputs)]
    run_quietly(script)
    return Bench(work / "run", links, key)


def compare_chain(
    name: str,
    commands: Sequence[str],
    sides: Sequence[Side],
    bench: Bench,
    json_additions: bool,
) -> list[tuple[str, str, Comparison]]:
    """Run a chain with both Pythons, one after the other in the same folder, and compare."""
    needed = sorted(set(re.findall(r"\bdata/[\w-]+", " ".join(commands))))
    missing = [one for one in needed if not (bench.links["data"] / one[5:]).exists()]
    if missing:
        note = Comparison(notes=[f"{', '.join(missing)}: not found; name its folder with --data"])
        return [(command, "skipped", note) for command in commands]
    folders = [run_chain(name, commands, side, bench) for side in sides]
    rows = []
    for number, command in enumerate(commands):
        results = [folder / f"{number:02d}" for folder in folders]
        found = compare_results(*results, json_additions=json_additions)
        exit_code = int((results[0] / "exit_code").read_text())
        if (exit_code != 0) != command.startswith("!"):
            said = (results[0] / "stderr").read_text(errors="replace").splitlines()[-1:]
            found.differences.append(f"exit code {exit_code} with the old: {' '.join(said)}")
        rows.append((command, "DIFFERS" if found.differences else "equal", found))
    return rows


def print_rows(name: str, rows: Sequence[tuple[str, str, Comparison]]) -> None:
    """Print a chain, one row per command, and below it what differs."""
    print(f"\n{name}")
    for command, verdict, found in rows:
        print(f"  {verdict:8} {command}")
        lines = [*found.differences, *(f"(does not count) {line}" for line in found.notes)]
        for line in lines[:MOST_SHOWN]:
            print(f"           {line}")
        if len(lines) > MOST_SHOWN:
            print(f"           and {len(lines) - MOST_SHOWN} more")
    sys.stdout.flush()


def run_chain(name: str, commands: Sequence[str], side: Side, bench: Bench) -> Path:
    """Run a chain, unless its results are there; return the folder of a folder per command."""
    results, place = side.results / name.replace(" ", "-"), bench.run / name.replace(" ", "-")
    stamp = json.dumps([dict(side.about), list(commands), bench.inputs_key, str(bench.links)])
    key = results / "key"
    if key.exists() and key.read_text() == stamp:
        return results
    shutil.rmtree(results, ignore_errors=True)
    place.mkdir()
    for link, target in bench.links.items():
        (place / link).symlink_to(target)
    for number, command in enumerate(commands):
        before = list_files(place)
        done = subprocess.run(
            to_arguments(command, side.python),
            cwd=place,
            env=environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=LONGEST_S,
            check=False,
        )
        after = list_files(place)
        folder = results / f"{number:02d}"
        (folder / "files").mkdir(parents=True)
        home = str(side.about["home"]).encode()  # some messages name a file of the package
        (folder / "stdout").write_bytes(done.stdout.replace(home, b"INSTALLED"))
        (folder / "stderr").write_bytes(done.stderr.replace(home, b"INSTALLED"))
        (folder / "exit_code").write_text(f"{done.returncode}\n")
        gone = sorted(before.keys() - after.keys())
        (folder / "removed").write_text("".join(f"{path}\n" for path in gone))
        for path in (path for path, stamp in after.items() if before.get(path) != stamp):
            copy = folder / "files" / path
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(place / path, copy)
    shutil.rmtree(place)
    key.write_text(stamp)
    return results


def to_arguments(command: str, python: str) -> list[str]:
    """Turn a line of the table into the arguments of a process."""
    program, *arguments = shlex.split(command.removeprefix("! "))
    start: dict[str, list[str]] = {
        "call": [str(COMPARED / "calls.py")],
        "serve": [str(COMPARED / "models.py")],
        "torchrun": ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m"],
    }
    return [python, *start.get(program, ["-m", program]), *arguments]


def environment() -> dict[str, str]:
    """Return an environment without what could make two runs differ."""
    kept = {
        key: value for key, value in os.environ.items() if not key.startswith(("PYTHON", "LEMF"))
    }
    return kept | {
        "COLUMNS": "100",
        "CUDA_VISIBLE_DEVICES": "",
        "HF_HUB_OFFLINE": "1",
        "LC_ALL": "C.UTF-8",
        "MPLBACKEND": "agg",
        "OMP_NUM_THREADS": "1",
        "PYTHONSAFEPATH": "1",
        "SOURCE_DATE_EPOCH": "1700000000",
    }


def list_files(folder: Path) -> dict[str, tuple[int, int, int]]:
    """Return what tells whether a file was written: inode, size and time, by relative path."""
    found = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            if not path.is_symlink():
                status = path.stat()
                found[path.relative_to(folder).as_posix()] = (
                    status.st_ino,
                    status.st_size,
                    status.st_mtime_ns,
                )
    return found


def run_quietly(command: Sequence[str | Path]) -> str:
    """Run a command of this script and return its stdout; end with its last line if it fails."""
    beside = environment() | {"PYTHONSAFEPATH": ""}  # scripts import their neighbours
    done = subprocess.run(command, env=beside, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command[:2]))}: {done.stderr.splitlines()[-1:]}")
    return done.stdout


def tell_other_versions(sides: Sequence[Side]) -> None:
    """Print which other packages are not the same on both sides, as they change bytes, too."""
    old, new = (dict(side.about["others"]) for side in sides)
    changed = [
        f"{name} {old[name]} and {new[name]}"
        for name in sorted(old.keys() & new.keys())
        if old[name] != new[name]
    ]
    if changed:
        print(f"note: other versions with the old and the new Python: {', '.join(changed)}")


if __name__ == "__main__":
    main()
