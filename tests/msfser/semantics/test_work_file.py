import os

import pytest

from lemf import LemfError
from msfser.errors import SemanticsError
from msfser.semantics.work_file import Shard, key_of, open_work


def entry(key, status="ok", **more):
    return {"key": key, "status": status, **more}


def test_a_torn_last_line_is_dropped_and_any_other_is_refused(tmp_path):
    with open_work(tmp_path, "gs") as work:
        work.append(entry("a", text="one"))
        work.append(entry("b", text="two"))
    path = tmp_path / "semantics/gs.jsonl"
    whole = path.read_bytes()
    for cut in range(1, len(whole.splitlines()[1]) + 1):
        path.write_bytes(whole[:-cut])
        with open_work(tmp_path, "gs") as work:
            assert set(work.entries) == {"a"}
            work.append(entry("c"))
        assert path.read_bytes().count(b"\n") == 2
    path.write_bytes(b"garbage\n" + whole)
    with pytest.raises(SemanticsError, match=r"gs\.jsonl: line 1 was not written by msfser"):
        open_work(tmp_path, "gs").__enter__()


def test_a_second_run_is_refused_and_other_semantics_are_not(tmp_path):
    refused = pytest.raises(LemfError, match=rf"gs\.lock: process {os.getpid()} is working")
    with open_work(tmp_path, "gs"), open_work(tmp_path, "es"), refused:
        open_work(tmp_path, "gs").__enter__()
    with open_work(tmp_path, "gs"):
        pass
    assert sorted(path.name for path in (tmp_path / "semantics").iterdir()) == [
        "es.jsonl", "gs.jsonl",
    ]  # fmt: skip


def test_shards_work_at_the_same_time_and_are_put_together(tmp_path):
    with (
        open_work(tmp_path, "es", Shard(1, 2)) as first,
        open_work(tmp_path, "es", Shard(2, 2)) as second,
    ):
        first.append(entry("a"))
        second.append(entry("b", "failed"))
        with pytest.raises(LemfError, match=r"es\.1-of-2\.lock: process"):
            open_work(tmp_path, "es").__enter__()
    with open_work(tmp_path, "es") as work:
        assert work.done("a")
        assert not work.done("b")
        work.append(entry("b"))
    with open_work(tmp_path, "es", Shard(2, 2)) as second:
        assert second.done("b")
        second.append(entry("b", "failed"))  # what was done once stays done
    with open_work(tmp_path, "es") as work:
        assert work.done("b")


def test_every_place_belongs_to_one_shard():
    shards = [Shard(i, 3) for i in (1, 2, 3)]
    assert [sum(shard.holds(place) for shard in shards) for place in range(10)] == [1] * 10
    for i, n in ((0, 3), (4, 3), (1, 0)):
        with pytest.raises(SemanticsError, match="write i/n"):
            Shard(i, n)


def test_a_key_tells_what_it_is_made_of():
    assert key_of("a", {"x": 1, "y": 2}) == key_of("a", {"y": 2, "x": 1})
    assert key_of("a", "b") != key_of("ab")
    assert len(key_of(1)) == 32
