import os
from dataclasses import dataclass

import pytest

from lemf import LemfError
from msfser.errors import SemanticsError
from msfser.semantics.work import Contents, Shard, do_jobs, key_of, open_work


@dataclass(frozen=True)
class Task:
    key: str


def entry(key, status="ok", **more):
    return {"key": key, "status": status, **more}


def test_what_is_done_is_not_done_again_and_what_failed_is(tmp_path):
    asked = []

    def make(todo):
        for task in todo:
            asked.append(task.key)
            yield entry(task.key, "failed" if task.key == "b" else "ok")

    tasks = [Task("a"), Task("b"), Task("a"), Task("c")]
    seen = []
    with open_work(tmp_path, "es") as work:
        do_jobs(work, tasks, make, lambda done, total: seen.append((done, total)))
    assert asked == ["a", "b", "c"]
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]
    with open_work(tmp_path, "es") as work:
        do_jobs(work, tasks, make)
    assert asked == ["a", "b", "c", "b"]


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
    with pytest.raises(SemanticsError, match=r"gs\.jsonl: line 1 is no work of msfser"):
        open_work(tmp_path, "gs").__enter__()


def test_a_second_run_is_refused_and_other_semantics_are_not(tmp_path):
    refused = pytest.raises(LemfError, match=rf"gs\.lock: process {os.getpid()} works on this")
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


def test_files_are_read_again_only_if_they_changed(tmp_path, monkeypatch):
    path = tmp_path / "a.wav"
    path.write_bytes(b"abc")
    contents = Contents()
    digest = contents.read([path])[path]
    assert digest == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    stamps = contents.stamps(path)
    later = Contents([{"files": stamps}])
    monkeypatch.setattr("hashlib.file_digest", None)  # reading would raise
    assert later.read([path]) == {path: digest}
    monkeypatch.undo()
    path.write_bytes(b"abcd")
    assert later.read([path])[path] != digest
    path.unlink()
    assert later.read([path]) == {path: str(path)}
    assert later.stamps(path) == []
