"""Run Python commands as forks of this process, which has imported msfser once for all of them.

Each line of standard input is an order: the command (python, then -m MODULE or a script, then its
arguments), its folder, its environment, and the place of its files. These are ``stderr``, ``pid``
and, when the command has ended, ``status``.
"""

import json
import os
import runpy
import signal
import sys
from importlib import import_module
from pathlib import Path

MODULES = (
    "matplotlib.backends.backend_agg", "matplotlib.figure", "msfser.ablation.run",
    "msfser.commands.cli", "msfser.evaluation.evaluate", "msfser.training.train", "pyarrow.parquet",
)  # fmt: skip


def run(order):
    """Become the command, with nothing of this process but its modules."""
    os.chdir(order["folder"])
    os.environ.clear()
    os.environ.update(order["environment"])
    files = (os.devnull, os.devnull, os.path.join(order["place"], "stderr"))  # noqa: PTH118
    for number, name in enumerate(files):
        os.dup2(os.open(name, os.O_RDWR | os.O_CREAT), number)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    _, *sys.argv = order["command"]
    if sys.argv[0] == "-m":
        del sys.argv[0]
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    else:
        sys.path[0] = str(Path(sys.argv[0]).parent)
        runpy.run_path(sys.argv[0], run_name="__main__")


def write(place, name, number):
    whole = Path(place) / name
    half = whole.with_suffix(".half")
    half.write_text(str(number))
    half.rename(whole)


def start(order):
    """Start the command below a process that waits for its end."""
    if os.fork():
        return
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    command = os.fork()
    if not command:
        run(order)
        sys.exit()
    write(order["place"], "pid", command)
    _, status = os.waitpid(command, 0)
    write(order["place"], "status", os.waitstatus_to_exitcode(status))
    os._exit(0)


if __name__ == "__main__":
    for module in MODULES:
        import_module(module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        start(json.loads(line))
