"""What two processes can gain at best on a machine: busy loops, timed beside the real work."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Sequence


def time_busy(n_loops: int, n_additions: int) -> float:
    """Return the wall seconds of several busy loops at once."""
    code = f"n = 0\nfor i in range({n_additions}): n += i"
    started = time.perf_counter()
    loops = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(n_loops)]
    for loop in loops:
        loop.wait()
    return time.perf_counter() - started


def print_gains(what: str, gains: Sequence[float], busy_gains: Sequence[float]) -> None:
    """Print the rows of a table: the gain, that of busy loops in the same rounds, their ratio."""
    shares = [gain / busy_gain for gain, busy_gain in zip(gains, busy_gains, strict=True)]
    for name, values in (
        (what, gains),
        ("two busy loops against one", busy_gains),
        ("share of the possible gain", shares),
    ):
        middle = statistics.median(values)
        print(f"| {name} | {middle:.2f} ({min(values):.2f}-{max(values):.2f}) |")
