"""What a start costs: `lemf --help`, and `lemf score` on 2 s, against importing numpy.

    python benchmarks/startup.py

Whole processes in turn, wall time; Harvest's own time is measured in this process and taken off
`lemf score`, as it is work and not start-up.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import soundfile

import lemf

ROUNDS = 15
EXAMPLES = Path(__file__).parents[1] / "examples"
WAV, TEXTGRID = EXAMPLES / "really.wav", EXAMPLES / "really.TextGrid"
TEXT = "I really didn't mean that"
LEMF = str(Path(sys.executable).parent / "lemf")
COMMANDS = {
    'python -c "import numpy"': [sys.executable, "-c", "import numpy"],
    "lemf --help": [LEMF, "--help"],
    "lemf score": [LEMF, "score", str(WAV), str(TEXTGRID)],
    "lemf score --format json": [LEMF, "score", str(WAV), str(TEXTGRID), "--format", "json"],
    "lemf score --text": [LEMF, "score", str(WAV), "--text", TEXT, "--language", "en"],
}


def main() -> None:
    """Print the median time of each command and its ratio to the first."""
    times = {name: [] for name in COMMANDS}
    for _ in range(ROUNDS):
        for name, command in COMMANDS.items():
            started = time.perf_counter()
            subprocess.run(command, check=True, capture_output=True)
            times[name].append(time.perf_counter() - started)
    harvest_s = time_harvest()
    baseline = np.array(times['python -c "import numpy"'])
    print(
        f"median of {ROUNDS} rounds; Harvest itself takes {1000 * harvest_s:.0f} ms of the scores"
    )
    print("| command | wall | without Harvest | over import numpy |")
    print("| --- | ---: | ---: | ---: |")
    for name, measured in times.items():
        start_s = np.array(measured) - (harvest_s if "score" in name else 0.0)
        ratio = np.median(start_s / baseline)
        wall_ms, start_ms = 1000 * np.median(measured), 1000 * np.median(start_s)
        print(f"| `{name}` | {wall_ms:.0f} ms | {start_ms:.0f} ms | {ratio:.2f} |")


def time_harvest() -> float:
    """Return the wall seconds of Harvest on the file, median of five after a first one."""
    samples, rate_hz = soundfile.read(WAV)
    seconds = []
    for _ in range(6):
        started = time.perf_counter()
        lemf.harvest(samples, rate_hz)
        seconds.append(time.perf_counter() - started)
    return float(np.median(seconds[1:]))


if __name__ == "__main__":
    main()
