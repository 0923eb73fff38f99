import os
import resource
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lemf.errors import OutputError
from lemf.runtime.output import (
    check_apart,
    check_output,
    check_suffix,
    open_output,
    printable_path,
    printable_text,
    remove_partials,
    write_output,
)


def test_a_file_appears_whole_with_usual_permissions(tmp_path):
    path = tmp_path / "a.csv"
    write_output(path, b"content")
    assert path.read_bytes() == b"content"
    assert [file.name for file in tmp_path.iterdir()] == ["a.csv"]
    other = tmp_path / "b.csv"
    other.touch()
    assert path.stat().st_mode == other.stat().st_mode


def test_an_existing_file_is_kept_unless_forced(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b"old")
    with pytest.raises(OutputError, match=r"a\.csv: exists already; --force replaces it"):
        write_output(path, b"new")
    assert path.read_bytes() == b"old"
    write_output(path, b"new", force=True)
    assert path.read_bytes() == b"new"


def test_missing_folder_and_folder_as_file(tmp_path):
    with pytest.raises(OutputError, match="does not exist; create it first"):
        check_output(tmp_path / "gone" / "a.csv")
    with pytest.raises(OutputError, match="this is a folder"):
        check_output(tmp_path, force=True)


def test_a_failed_write_leaves_the_old_file_and_no_half(tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    path.write_bytes(b"old")

    def disk_full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", disk_full)
    with pytest.raises(OutputError, match=r"a\.csv: cannot be written \(No space left on device\)"):
        write_output(path, b"new", force=True)
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.csv"]


@pytest.mark.parametrize("name", ["a.png", "a.PDF", "a.png.svg"])
def test_a_known_suffix_passes(name):
    check_suffix(Path(name), (".png", ".svg", ".pdf"))
    check_suffix(None, (".png",))


@pytest.mark.parametrize("name", ["a.gif", "png", "a.png.gz"])
def test_an_unknown_suffix_is_refused(name):
    with pytest.raises(OutputError, match=rf"^{name}: the name must end in \.png, \.svg$"):
        check_suffix(Path(name), (".png", ".svg"))


def test_paths_and_labels_become_text_that_utf8_holds():
    assert printable_path(Path("corpus/\udcfcber.wav")) == "corpus/\ufffdber.wav"
    assert printable_text("\ud83d broken") == "\\ud83d broken"
    for text in ("\u0259\u02b0 \U0001f600", "", "a b\nc"):
        assert printable_path(text) == printable_text(text) == text


def test_surrogates_that_stand_for_no_byte_become_text_too():
    assert printable_path("\ud800a\udfff\udcfc") == "\ufffda\ufffd\ufffd"


@pytest.mark.parametrize("n_bytes", [240, 241, 255])
def test_names_as_long_as_the_file_system_takes(tmp_path, n_bytes):
    path = tmp_path / ("\u00e9" * (n_bytes // 2 - 2)).ljust(n_bytes - n_bytes // 2 + 2, "x")
    assert len(os.fsencode(path.name)) == n_bytes
    check_output(path)
    with pytest.raises(ZeroDivisionError), open_output(path) as stream:
        stream.write(bytes(1 // 0))
    write_output(path, b"content")
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    shutil.copy(path, tmp_path / "partial")
    with open_output(path, force=True) as stream:
        stem = Path(stream.name).stem
        other = stem[:-1] + ("_" if stem[-1] != "_" else "a")
        os.link(stream.name, tmp_path / f"{other}.part")  # of a killed run
    assert len(list(tmp_path.iterdir())) == 3
    remove_partials(path)
    assert {file.name for file in tmp_path.iterdir()} == {path.name, "partial"}


def write_forced(path):
    write_output(path, b"new", force=True)


@pytest.mark.parametrize("use", [check_output, write_forced])
def test_what_a_killed_process_left_of_an_output_is_removed_before_the_next(tmp_path, use):
    path = tmp_path / "a.csv"
    process = subprocess.Popen(
        [
            sys.executable, "-c",
            "import sys; from pathlib import Path; from lemf.runtime.output import open_output\n"
            "with open_output(Path('a.csv')) as stream: print(flush=True); sys.stdin.read()",
        ],
        cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    process.stdout.readline()
    (left,) = tmp_path.iterdir()
    use(path)
    assert left.exists()  # its process goes on
    process.kill()
    process.communicate()
    path.unlink(missing_ok=True)
    use(path)
    assert {file.name for file in tmp_path.iterdir()} <= {path.name}


def test_files_that_no_killed_process_left_of_an_output_stay(tmp_path):
    path = tmp_path / "a.csv"
    others = ["a.csv.part", ".a.csv.part", ".a.csv.gz.x1.part", ".a.csv.x1.part.bak", "b.x1.part"]
    for name in others:
        (tmp_path / name).touch()
    (tmp_path / ".a.csv.x2.part").mkdir()
    (tmp_path / ".a.csv.x3.part").touch()
    write_output(path, b"content")
    left = {file.name for file in tmp_path.iterdir()}
    assert left == {*others, ".a.csv.x2.part", path.name}


def test_two_writers_of_one_output_do_not_remove_each_others_files(tmp_path):
    path = tmp_path / "a.csv"
    with open_output(path, force=True) as stream:
        stream.write(b"first")
        write_output(path, b"second", force=True)
        assert path.read_bytes() == b"second"
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_removed_before_its_lock_is_made_again(tmp_path, monkeypatch):
    fcntl = pytest.importorskip("fcntl")
    made = []

    def flock(stream, operation):
        made.append(Path(stream.name))
        if len(made) == 1:
            made[0].unlink()  # by another process

    monkeypatch.setattr(fcntl, "flock", flock)
    write_output(tmp_path / "a.csv", b"content")
    assert [file.name for file in tmp_path.iterdir()] == ["a.csv"]
    assert len(set(made)) == 2


@pytest.mark.parametrize("name", ["x" * 256, "gone/a.csv", "loop", "nul\0"])
def test_paths_that_take_no_file(tmp_path, name):
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(OutputError):
        check_output(tmp_path / name)
    with pytest.raises(OutputError, match="is read as input"):
        check_apart([tmp_path / "loop"], [tmp_path / "loop"])


@pytest.mark.skipif(sys.platform != "linux", reason="limits the size of files")
def test_a_disk_that_takes_nothing_is_noticed_before_any_work(tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        with pytest.raises(OutputError, match=r"a\.csv: cannot be written \(File too large\)"):
            check_output(tmp_path / "a.csv")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="umask")
def test_threads_that_write_at_once_leave_the_umask_as_it_was(tmp_path, monkeypatch):
    umask = os.umask

    def slow(mask):
        before = umask(mask)
        time.sleep(0.002)
        return before

    first = umask(0o027)
    monkeypatch.setattr(os, "umask", slow)
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: write_output(tmp_path / str(n), b"x"), range(32)))
    finally:
        left = umask(first)
    assert left == 0o027
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o640}
