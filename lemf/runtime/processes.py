"""How Python processes start: with which imports, variables and signals."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


@contextmanager
def no_collection() -> Iterator[None]:
    """Search for no cycles of objects, which takes as long as the making of many objects."""
    collected = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collected:
            gc.enable()


@contextmanager
def no_main_module() -> Iterator[None]:
    """Start processes inside the ``with`` block that do not run the caller's script again.

    Tasks need nothing of it, and a script without ``if __name__ == "__main__":``, or one read from
    stdin, would start a corpus again in each worker, or could not be found.
    """
    main = vars(sys.modules["__main__"])
    names = ("__spec__", "__file__")
    before = {name: main[name] for name in names if name in main}
    main.update(dict.fromkeys(names))
    try:
        yield
    finally:
        for name in names:
            del main[name]
        main.update(before)


@contextmanager
def no_interrupt() -> Iterator[None]:
    """Hold Ctrl-C back to the end of the ``with`` block; processes started in it never get it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def start_method() -> multiprocessing.context.BaseContext:
    """Return how processes start: forked from one that has loaded lemf, where the system can."""
    methods = multiprocessing.get_all_start_methods()
    if sys.flags.ignore_environment and not sys.flags.safe_path and "fork" in methods:
        return multiprocessing.get_context("fork")  # python -E: `same_imports` would not be read
    return multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")


@contextmanager
def same_imports() -> Iterator[None]:
    """Start Python processes inside the ``with`` block that import what this one imports.

    The processes of `multiprocessing` begin as ``python -c``, which looks for modules in the
    current folder first: a ``soundfile.py`` beside a user's recordings would run. Here they get the
    path of this process, except entries that Python ignores or that hold the separator of paths.
    """
    entries = [entry or os.getcwd() for entry in sys.path if isinstance(entry, str)]  # noqa: PTH109
    path = [entry for entry in entries if os.pathsep not in entry]
    with environment({"PYTHONSAFEPATH": "1", "PYTHONPATH": os.pathsep.join(path)}):
        yield


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables inside the ``with`` block."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def killed_by(code: int | None) -> int | None:
    """Return the number of the signal by which a process was ended from outside; None if by none.

    Parameters
    ----------
    code : int or None
        Its return code; a crash of its own, such as a segmentation fault, is no such signal.
    """
    own = ("SIGSEGV", "SIGABRT", "SIGBUS", "SIGFPE", "SIGILL", "SIGTRAP", "SIGSYS")
    crashes = {int(getattr(signal, name)) for name in own if hasattr(signal, name)}
    return -code if code is not None and code < 0 and -code not in crashes else None
