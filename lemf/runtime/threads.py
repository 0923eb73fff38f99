"""Read or write many files at a time by threads, where the disk or the network takes the time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from lemf.runtime.progress import Watch, no_watch

_MOST_AT_ONCE = 64  # items handed to a thread: more would hide progress, and save nothing
_THREADS = 16

_ItemT = TypeVar("_ItemT")
_ResultT = TypeVar("_ResultT")


def threaded_map(
    function: Callable[[_ItemT], _ResultT], items: Sequence[_ItemT], watch: Watch = no_watch
) -> list[_ResultT]:
    """Apply a function to all items and keep their order; the first error ends the work.

    Parameters
    ----------
    function : function of an item
        Reads or writes one file.
    items : sequence
    watch : function, optional
        Called with the numbers of items that are done and of all items.

    Returns
    -------
    list
    """
    size = min(-(-len(items) // _THREADS) or 1, _MOST_AT_ONCE)
    chunks = [items[start : start + size] for start in range(0, len(items), size)]
    results: list[_ResultT] = []
    watch(0, len(items))
    with ThreadPoolExecutor(_THREADS) as pool:  # `map` cancels what waits when an error ends it
        for done in pool.map(lambda chunk: [function(item) for item in chunk], chunks):
            results += done
            watch(len(results), len(items))
    return results
