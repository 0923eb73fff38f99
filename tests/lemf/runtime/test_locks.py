"""One process at a time works on an output; a dead one is in nobody's way."""

import os
import subprocess
import sys
import threading

import pytest

from lemf.errors import OutputError
from lemf.runtime.locks import hold_lock

HOLD = """
import sys, time
from pathlib import Path
from lemf.runtime.locks import hold_lock

with hold_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def works(process):
    return rf"out\.lock: process {process} is working on this output; wait for its end, or stop it$"


def test_a_second_process_is_refused_until_the_first_is_killed(tmp_path):
    path = tmp_path / "out.lock"
    with subprocess.Popen([sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        with pytest.raises(OutputError, match=works(process.pid)), hold_lock(path):
            pass
        process.kill()
    assert path.exists()
    with hold_lock(path), pytest.raises(OutputError, match=works(os.getpid())), hold_lock(path):
        pass
    assert not path.exists()


def test_the_number_of_a_dead_process_does_not_show_through(tmp_path):
    path = tmp_path / "out.lock"
    path.write_text(" 123456789012345")
    with hold_lock(path), pytest.raises(OutputError, match=works(os.getpid())), hold_lock(path):
        pass


def test_a_process_that_ends_soon_is_waited_for(tmp_path):
    path, held, ended = tmp_path / "out.lock", threading.Event(), threading.Event()

    def hold():
        with hold_lock(path):
            held.set()
            ended.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    with (
        pytest.raises(OutputError, match="is working on this output"),
        hold_lock(path, wait_s=0.05),
    ):
        pass
    threading.Timer(0.1, ended.set).start()
    with hold_lock(path, wait_s=60):
        thread.join()
    assert not path.exists()


def test_an_error_releases_the_lock(tmp_path):
    with pytest.raises(ZeroDivisionError), hold_lock(tmp_path / "out.lock"):
        1 / 0  # noqa: B018
    assert list(tmp_path.iterdir()) == []
    with hold_lock(tmp_path / "out.lock"):
        pass


def test_a_lock_file_that_cannot_be_made_is_one_line(tmp_path):
    (tmp_path / "out.lock").mkdir()
    (tmp_path / "out.lock/lock").write_text("1")  # as lemf 0.1 left it when it was killed
    with pytest.raises(OutputError, match=r"out\.lock: cannot be locked .*; remove this folder$"):
        hold_lock(tmp_path / "out.lock").__enter__()
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match=r"file/out\.lock: cannot be locked \(.*\)$"):
        hold_lock(tmp_path / "file/out.lock").__enter__()
