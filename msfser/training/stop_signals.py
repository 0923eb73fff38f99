"""Handlers of Ctrl-C and SIGTERM that let a loop end by itself."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


@contextmanager
def noticed_signals() -> Iterator[threading.Event]:
    """Set an event at the first signal; a second signal ends the process as usual.

    Outside the main thread, signals are not handled, and the event is never set.
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
