"""What a start costs: `lemf --help`, and `lemf score` on 2 s, against importing numpy.

    python benchmarks/startup.py

Whole processes in turn, wall time; Harvest's own time is measured in this process and taken off
`lemf score`, as it is work and not start-up. The last column has the user time, of which nothing is
taken off, and that of espeak-ng's process is a part: the least of all rounds.
"""

from __future__ import annotations

import os
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
    users_s = dict.fromkeys(COMMANDS, np.inf)
    quiet = subprocess.DEVNULL
    for _ in range(ROUNDS):
        for name, command in COMMANDS.items():
            started = time.perf_counter()
            process = subprocess.Popen(command, stdout=quiet, stderr=quiet)
            _, status, usage = os.wait4(process.pid, 0)
            times[name].append(time.perf_counter() - started)
            assert status == 0, command
            users_s[name] = min(users_s[name], usage.ru_utime)
    harvest_s = time_harvest()
    baseline = np.array(times['python -c "import numpy"'])
    print(
        f"median of {ROUNDS} rounds; Harvest itself takes {1000 * harvest_s:.0f} ms of the scores"
    )
    print("| command | wall | without Harvest | over import numpy | user time over import numpy |")
    print("| --- | ---: | ---: | ---: | ---: |")
    for name, measured in times.items():
        start_s = np.array(measured) - (harvest_s if "score" in name else 0.0)
        ratio = np.median(start_s / baseline)
        wall_ms, start_ms = 1000 * np.median(measured), 1000 * np.median(start_s)
        user_ratio = users_s[name] / users_s['python -c "import numpy"']
        print(
            f"| `{name}` | {wall_ms:.0f} ms | {start_ms:.0f} ms | {ratio:.2f} | {user_ratio:.1f} |"
        )


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
