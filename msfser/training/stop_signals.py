"""Ctrl-C and SIGTERM, noticed so that a loop can end by itself."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def noticed_signals() -> Iterator[threading.Event]:
    """Set the event at the first signal; the second one ends the process as ever.

    Outside the main thread no signal is taken, and the event stays as it is.
    """
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def notice(number: int, frame: FrameType | None) -> None:
        asked.set()
        for each, handler in before.items():
            signal.signal(each, handler)

    for number in before:
        signal.signal(number, notice)
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
