"""Many small files at a time: threads, because the disk or the network is what takes the time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from lemf.runtime.progress import Watch, no_watch

_CHUNK = 64  # few enough that progress is seen, enough that handing out costs nothing
_THREADS = 16

_ItemT = TypeVar("_ItemT")
_ResultT = TypeVar("_ResultT")


def threaded_map(
    function: Callable[[_ItemT], _ResultT], items: Sequence[_ItemT], watch: Watch = no_watch
) -> list[_ResultT]:
    """Apply a function to all items and keep their order; the first error ends it.

    Parameters
    ----------
    function : function of an item
        Reads or writes a file of its own.
    items : sequence
    watch : Watch
        Told how many items are done, of how many.

    Returns
    -------
    list
    """
    chunks = [items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK)]
    results: list[_ResultT] = []
    watch(0, len(items))
    pool = ThreadPoolExecutor(_THREADS)
    try:
        for done in pool.map(lambda chunk: [function(item) for item in chunk], chunks):
            results += done
            watch(len(results), len(items))
    finally:
        pool.shutdown(cancel_futures=True)
    return results
