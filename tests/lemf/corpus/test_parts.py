"""The folder of parts: what lemf wrote is removed, everything else is kept."""

import shutil
from contextlib import suppress

import pytest

from lemf.corpus.parts import DamagedPartError, Part, Parts
from lemf.errors import CorpusError

STRANGERS = ["notes.txt", "1.part", "x000001.part", ".000001.part", "plan.json.bak", ".DS_Store"]


@pytest.fixture
def parts(tmp_path):
    """A run that was killed: a plan, two parts, and one that was being written."""
    parts = Parts(tmp_path / "out.parts")
    parts.start({"a": 1})
    for shard in (0, 1234567):
        parts.write(shard, Part())
    (parts.folder / ".000002.part.x1y2.part").write_bytes(b"half")
    (parts.folder / ".plan.json.x1y2.part").write_bytes(b"half")
    return parts


def names(parts):
    return sorted(path.name for path in parts.folder.iterdir())


def test_parts_of_a_killed_run_are_kept_and_partials_removed(parts):
    parts.check()
    assert parts.read_plan() == {"a": 1}
    assert parts.done() == {0, 1234567}
    assert names(parts) == ["000000.part", "1234567.part", "plan.json"]
    parts.start({"a": 2})
    assert (parts.done(), parts.read_plan()) == (set(), {"a": 2})
    parts.remove()
    assert not parts.folder.exists()


def test_the_lock_of_lemf_0_1_is_known(parts):
    (parts.folder / "lock").write_text("1")
    parts.check()
    parts.remove()
    assert not parts.folder.exists()


@pytest.mark.parametrize("name", STRANGERS)
def test_a_file_not_made_by_lemf_is_refused_and_kept(parts, name):
    stranger = parts.folder / name
    stranger.write_text("mine")
    with pytest.raises(CorpusError, match=rf"{name}: not made by lemf; move it to another folder"):
        parts.check()
    assert parts.done() == {0, 1234567}
    parts.start({"a": 2})
    parts.remove()
    assert names(parts) == [name]
    assert stranger.read_text() == "mine"


def test_a_folder_within_is_refused(parts):
    (parts.folder / "000003.part").mkdir()
    with pytest.raises(CorpusError, match=r"000003\.part: not made by lemf"):
        parts.check()


def test_a_missing_folder_has_no_parts(parts):
    shutil.rmtree(parts.folder)
    parts.check()
    assert (parts.done(), parts.read_plan()) == (set(), None)


@pytest.mark.parametrize("place", [0, 5, 9])
def test_a_part_with_a_changed_byte_is_refused(tmp_path, place):
    parts = Parts(tmp_path / "out.parts")
    part = Part(n_files=2, tables={"words": b"abcdef", "sentences": b"ghij"})
    parts.start({"a": 1})
    parts.write(3, part)
    assert parts.read(3) == part
    (path,) = parts.folder.glob("*.part")
    content = bytearray(path.read_bytes())
    content[content.index(b"abcdefghij") + place] ^= 1
    path.write_bytes(content)
    with pytest.raises(DamagedPartError, match=r"000003\.part: damaged"):
        parts.read(3)


def test_no_flipped_bit_of_a_part_goes_unnoticed(parts):
    whole = Part(
        [7], 1, 2, 0.5, [], [["a", "a.wav", "clipped"]], {"words": b"rows", "features": b""}
    )
    parts.write(5, whole)
    path = parts.folder / "000005.part"
    content = path.read_bytes()
    for bit in range(8 * len(content)):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        with suppress(DamagedPartError):
            assert parts.read(5) == whole, bit
    path.write_bytes(content[:20])
    with pytest.raises(DamagedPartError):
        parts.read_head(5)
