import shutil

from msfser.semantics.jobs import _Contents, do_jobs, to_texts, usable_utterances
from msfser.semantics.texts import Text
from msfser.semantics.work_file import Shard, open_work


def test_what_is_done_is_not_done_again_and_what_failed_is(tmp_path, make_corpus):
    manifest = make_corpus(tmp_path / "c", 3)
    shutil.copy(manifest.root / "000.wav", manifest.root / "002.wav")  # the same content
    asked, seen = [], []

    def make(todo):
        for job in todo:
            asked.append(job.id)
            status = "failed" if job.id == "u001" else "ok"
            yield job, {"status": status, "text": job.id, "reason": None}

    def go(*depends_on):
        with open_work(tmp_path, "es") as work:
            return do_jobs(
                manifest, usable_utterances(manifest), work, depends_on, make,
                watch=lambda done, total: seen.append((done, total)),
            )  # fmt: skip

    entries = go("model a")
    assert asked == ["u000", "u001"]
    assert seen == [(0, 2), (1, 2), (2, 2)]
    assert [entries[f"u00{i}"]["text"] for i in range(3)] == ["u000", "u001", "u000"]
    text = to_texts(entries, source="test")["u001"]
    assert text == Text(text="u001", status="failed", source="test")
    assert go("model a") == entries
    assert asked == ["u000", "u001", "u001"]
    go("model b")
    assert asked[3:] == ["u000", "u001"]
    (manifest.root / "000.wav").write_bytes(b"other")
    go("model a")
    assert asked[5:] == ["u000", "u001"]


def test_only_what_depends_on_the_alignment_sees_its_changes(tmp_path, make_corpus):
    manifest = make_corpus(tmp_path / "c", 1)
    asked = []

    def make(todo):
        for job in todo:
            asked.append(job.alignment)
            yield job, {"status": "ok", "text": "x"}

    utterances = usable_utterances(manifest)
    with open_work(tmp_path, "es") as work:
        for _ in range(2):
            for with_alignment in (False, True):
                do_jobs(manifest, utterances, work, (), make, with_alignment=with_alignment)
            (manifest.root / "000.TextGrid").write_text("other")
    grid = manifest.root / "000.TextGrid"
    assert asked == [None, grid, grid]


def test_a_shard_holds_its_part_without_the_failed_rows(tmp_path, make_corpus):
    manifest = make_corpus(tmp_path / "c", 5)
    utterances = usable_utterances(manifest, Shard(2, 2))
    assert [utterance.id for utterance in utterances] == ["u001", "u003"]


def test_files_are_read_again_only_if_they_changed(tmp_path, monkeypatch):
    path = tmp_path / "a.wav"
    path.write_bytes(b"abc")
    contents = _Contents([])
    digest = contents.read([path])[path]
    assert digest == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    stamps = contents.stamps(path)
    later = _Contents([{"files": stamps}])
    monkeypatch.setattr("hashlib.file_digest", None)  # reading would raise
    assert later.read([path]) == {path: digest}
    monkeypatch.undo()
    path.write_bytes(b"abcd")
    assert later.read([path])[path] != digest
    path.unlink()
    assert later.read([path]) == {path: str(path)}
    assert later.stamps(path) == []
