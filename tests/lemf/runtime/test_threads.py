import threading
import time

import pytest

from lemf.runtime.threads import threaded_map


@pytest.mark.parametrize("n_items", [0, 1, 17, 1000, 3000])
def test_results_keep_the_order_of_the_items_and_progress_counts_all(n_items):
    seen = []
    results = threaded_map(
        lambda item: item**2, range(n_items), lambda done, total: seen.append((done, total))
    )
    assert results == [item**2 for item in range(n_items)]
    assert seen[0] == (0, n_items)
    assert seen[-1] == (n_items, n_items)
    assert seen == sorted(seen)


def test_few_items_are_all_under_way_at_once():
    together = threading.Barrier(8, timeout=60)
    threaded_map(lambda _: together.wait(), range(8))


def test_the_first_error_ends_the_work():
    begun = []

    def fail(item):
        begun.append(item)
        raise ValueError(f"item {item}")

    with pytest.raises(ValueError, match="item 0"):
        threaded_map(fail, range(100_000))
    assert len(begun) < 100_000 // 64


def test_a_stop_while_progress_is_shown_ends_the_work():
    begun = []

    def stop(done, total):
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        threaded_map(lambda item: (begun.append(item), time.sleep(1e-4)), range(20_000), stop)
    assert len(begun) < 10_000
