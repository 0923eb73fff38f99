"""Make the figures of the docs again, and say which differ from those in docs/images.

    python .ci/remake_figures.py                  those of the examples and the synthetic corpus
    python .ci/remake_figures.py --slow           also those of the demo: a quarter of an hour
    python .ci/remake_figures.py --data FOLDER    also those of the recordings in FOLDER, which hold
                                                  EmoDB with its ratings, and LJSpeech; some hours
    python .ci/remake_figures.py --write          replace those in docs/images
    python .ci/remake_figures.py really report    these alone

Each figure is the work of the command that its page shows. The exit code is 1 if a command fails.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"


class Figure(NamedTuple):
    """A figure of the docs: its page, the command that writes NAME.png, and a key of REASONS."""

    page: str
    command: str
    needs: str = ""  # "" or a key of REASONS


_PLOT = "lemf plot examples/{0}.wav examples/{0}.TextGrid -o {1}.png"
_DEMO = "msfser demo -o demo --seeds 3 && "
_LAST = "demo/runs/gs+les+es/seed0"

FIGURES = {
    "really": Figure("example.md", _PLOT.format("really", "really")),
    "didnt": Figure("example.md", _PLOT.format("didnt", "didnt")),
    "really-listeners": Figure(
        "cues.md", _PLOT.format("really", "really-listeners") + " --cues listeners"
    ),
    "report": Figure(
        "report.md",
        "lemf report examples/really.wav examples/really.TextGrid -o really.html && chromium "
        "--headless --no-sandbox --hide-scrollbars --window-size=1100,1052 "
        '--screenshot=report.png "file://$PWD/really.html"',
    ),
    "serve": Figure("serve.md", "lemf serve examples", "hand"),
    "corpus": Figure(
        "corpora.md", "msfser corpus mechanism -o synthetic --utterances 480 --figure corpus.png"
    ),
    "mechanism": Figure(
        "mechanism.md",
        "msfser corpus mechanism -o made --utterances 24 && "
        "lemf plot made/audio/m00001.wav made/alignment/m00001.TextGrid -o mechanism.png",
    ),
    "demo": Figure("demo.md", f"{_DEMO}cp demo/figures/ablation.png demo.png", "demo"),
    "demo-routing": Figure(
        "demo.md", f"{_DEMO}cp demo/figures/routing.png demo-routing.png", "demo"
    ),
    "evaluation": Figure(
        "evaluation.md",
        f"{_DEMO}msfser evaluate {_LAST} --split test --force && "
        f"cp {_LAST}/evaluation/figures/test-scatter.png evaluation.png",
        "demo",
    ),
    "bias": Figure("evaluation.md", "python benchmarks/planted.py speaker -o planted", "planted"),
    "harvest": Figure(
        "harvest.md",
        "python benchmarks/harvest.py librispeech --every 8 --lengths 10 30 60 120 300 900 "
        "--pyworld-to 120 -o harvest.png",
        "data",
    ),
    "decision-reliability": Figure(
        "decision.md", "python benchmarks/decision.py --figure decision-reliability.png", "data"
    ),
    "robustness": Figure(
        "cues.md", "python benchmarks/robustness.py emodb/metadata.jsonl -o robustness.png", "data"
    ),
    "implant": Figure(
        "cues.md", "python benchmarks/implant.py emodb/metadata.jsonl -o implant.png", "data"
    ),
    "implanted_decisions": Figure(
        "implants.md",
        "python benchmarks/implanted_decisions.py . --jobs 2 -o implanted_decisions.png",
        "data",
    ),
    "agreement": Figure(
        "agreement.md",
        "lemf evaluate emodb/metadata.jsonl --cues paper --cues listeners --cues all --scores "
        "emphases=emphases.csv --by emotion --figure agreement.png",
        "scores",
    ),
}
REASONS = {
    "demo": "needs the demo: --slow",
    "data": "needs recordings: --data FOLDER",
    "planted": "figures/test-bias.png of an evaluation of benchmarks/planted.py speaker",
    "hand": "a page after a correction by hand",
    "scores": "needs the scores of a neural network, as its page says",
}


def make_folder(folder: Path, data: Path | None) -> None:
    """Fill a folder with what the commands name."""
    for name in ("examples", "benchmarks"):
        (folder / name).symlink_to(ROOT / name)
    for source in sorted(data.iterdir()) if data else ():
        (folder / source.name).symlink_to(source.resolve())
    commands = folder / "bin"
    commands.mkdir()
    modules = {"lemf": "-m lemf", "msfser": "-m msfser", "python": ""}
    for name, module in modules.items():  # a link would leave the environment of sys.executable
        script = commands / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" {module} "$@"\n')
        script.chmod(0o755)


def run(command: str, folder: Path, data: Path | None) -> str:
    """Run a command; return what it printed if it failed."""
    environment = {
        **os.environ,
        "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
    }
    if data:
        environment["LEMF_SPEECH_DATA"] = str(data.resolve())
    ended = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, text=True, encoding="utf-8",
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
    )  # fmt: skip
    return "" if ended.returncode == 0 else ended.stdout or f"exit code {ended.returncode}"


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="figures; by default all")
    parser.add_argument("--slow", action="store_true", help="those of the demo, too")
    parser.add_argument("--data", type=Path, metavar="FOLDER", help="those of recordings, too")
    parser.add_argument("--write", action="store_true", help="replace those in docs/images")
    options = parser.parse_args()
    if unknown := [name for name in options.names if name not in FIGURES]:
        parser.error(f"no figure {unknown[0]}; there are: {', '.join(FIGURES)}")
    given = {"", *(["demo"] if options.slow else []), *(["data"] if options.data else [])}
    n_failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_folder(folder, options.data)
        for figure in options.names or FIGURES:
            page, command, needs = FIGURES[figure]
            if needs not in given:
                print(f"{figure}.png ({page}): not made: {REASONS[needs]}")
                continue
            if failure := run(command, folder, options.data):
                n_failed += 1
                print(f"{figure}.png ({page}): FAILED: {command}\n{failure}")
                continue
            made, kept = folder / f"{figure}.png", IMAGES / f"{figure}.png"
            same = kept.exists() and made.read_bytes() == kept.read_bytes()
            if options.write and not same:
                shutil.copy(made, kept)
            verdict = "the same bytes" if same else "written" if options.write else "differs"
            print(f"{figure}.png ({page}): {verdict}")
    return 1 if n_failed else 0


if __name__ == "__main__":
    sys.exit(main())
