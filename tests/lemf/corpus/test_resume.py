"""Whatever ends a run, the same command goes on, and the output is that of a quiet run."""

import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

LEMF = [sys.executable, "-m", "lemf"]
OUTPUTS = ("out.parquet", "sentences.parquet", "features.parquet", "out.failed.csv")
N_FILES = 150


def command(*options, source="corpus"):
    tables = ("--sentence-table", "sentences.parquet", "--features", "features.parquet")
    return [*LEMF, "batch", source, "-o", "out.parquet", *tables, *options]


def start(folder, *options, **more):
    return subprocess.Popen(
        command(*options), cwd=folder, stderr=subprocess.PIPE, text=True,
        start_new_session=True, **more,
    )  # fmt: skip


def finish(folder, *options):
    done = subprocess.run(
        command(*options), cwd=folder, capture_output=True, text=True, timeout=300
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode == 1, done.stderr  # one file of the corpus is broken
    return done


def outputs(folder):
    return {name: (folder / name).read_bytes() for name in OUTPUTS}


def remove_outputs(folder):
    for name in (*OUTPUTS, "out.run.json"):
        (folder / name).unlink()


def n_parts(folder):
    return len(list(folder.glob("out.parquet.parts/[0-9]*.part")))


def wait_for(condition, seconds=120):
    limit = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < limit, "waited in vain"
        time.sleep(0.01)
    return found


def children(pid):
    """The processes that a process has started, and those that they have."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        if parent == pid:
            child = int(path.parent.name)
            found += [child, *children(child)]
    return found


def workers(pid):
    direct = [child for child in children(pid) if child not in grandchildren(pid)]
    return [pid for child in direct for pid in children(child)]


def grandchildren(pid):
    return {grandchild for child in children(pid) for grandchild in children(child)}


def session_is_empty(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.fixture(scope="module")
def quiet_run(tmp_path_factory, build_corpus):
    """A folder with 150 files in `corpus`, one of them garbage, and what a quiet run made."""
    folder = tmp_path_factory.mktemp("quiet")
    build_corpus(folder / "corpus", N_FILES)
    (folder / "corpus/speaker0/0010.wav").write_bytes(b"garbage")
    finish(folder, "--jobs", "1")
    return folder


@pytest.fixture
def quiet(quiet_run):
    """The outputs of an undisturbed run with one process."""
    return outputs(quiet_run)


@pytest.fixture
def corpus(quiet_run, tmp_path):
    """The folder in which commands run."""
    shutil.copytree(quiet_run / "corpus", tmp_path / "corpus")
    return tmp_path


def test_whatever_a_kill_leaves_the_next_run_ends_with_the_same_files(build_corpus, tmp_path):
    build_corpus(tmp_path / "corpus", 3)
    (tmp_path / "corpus/speaker0/0002.wav").write_bytes(b"garbage")
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("interrupted_run.py"), tmp_path],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 30


@pytest.mark.slow
def test_killed_six_times_at_random_moments(corpus, quiet):
    moments = random.Random(5)
    n_killed = n_complete = 0
    while n_killed < 6 or not (n_complete or n_parts(corpus)):
        process = start(corpus, "--jobs", "2")
        longest_s = 1.6 + max(0, n_killed - 6)  # a busy machine may have done nothing by then
        try:
            process.wait(moments.uniform(0.1, longest_s))
        except subprocess.TimeoutExpired:
            os.kill(process.pid, signal.SIGKILL)  # its workers must see for themselves
            n_killed += 1
        process.communicate()
        wait_for(lambda group=process.pid: session_is_empty(group))
        if process.returncode == 1:
            n_complete += 1
            assert outputs(corpus) == quiet
            remove_outputs(corpus)
        else:
            assert process.returncode == -signal.SIGKILL
    kept = n_parts(corpus)
    result = finish(corpus, "--jobs", "2")
    assert ("scoring: resuming, " in result.stderr) == (0 < kept < N_FILES)
    assert outputs(corpus) == quiet
    assert {path.name for path in corpus.iterdir()} == {*OUTPUTS, "out.run.json", "corpus"}


@pytest.mark.slow
def test_ctrl_c_is_one_line_and_keeps_what_is_done(corpus, quiet):
    process = start(corpus, "--jobs", "2")
    wait_for(lambda: n_parts(corpus) > 5)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the workers, too
    _, stderr = process.communicate(timeout=300)
    assert process.returncode == 130
    assert "Traceback" not in stderr
    assert stderr.splitlines()[-1] == (
        "stopped; what is done is kept: run the same command to go on"
    )
    assert n_parts(corpus) > 5
    wait_for(lambda: session_is_empty(process.pid))
    assert "scoring: resuming, " in finish(corpus, "--jobs", "1").stderr
    assert outputs(corpus) == quiet


def kill_two_workers(process, corpus):
    """Kill one worker early in a run and one later; return how many were killed."""
    n_killed = 0
    for n_done in (5, 40):
        wait_for(lambda n=n_done: n_parts(corpus) > n or process.poll() is not None)
        found = wait_for(lambda: workers(process.pid) or [None] * (process.poll() is not None))
        if found[0] is not None:
            with suppress(ProcessLookupError):  # the run ended in between
                os.kill(found[0], signal.SIGKILL)
                n_killed += 1
    return n_killed


@pytest.mark.slow
def test_killed_workers_cost_nothing(corpus, quiet):
    for _ in range(5):  # a busy machine may look only when the run has ended
        process = start(corpus, "--jobs", "2")
        n_killed = kill_two_workers(process, corpus)
        _, stderr = process.communicate(timeout=300)
        assert process.returncode == 1
        assert "Traceback" not in stderr
        assert outputs(corpus) == quiet
        if n_killed == 2:
            return
        remove_outputs(corpus)
    pytest.fail("each run ended before its second worker was killed")


@pytest.mark.slow
@pytest.mark.parametrize("limit", [2_000, 30_000])
def test_a_full_disk_is_one_line_and_nothing_is_lost(corpus, quiet, limit):
    """With 2 kB no part can be written, with 30 kB all parts but not the features."""

    def small_files():
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    process = start(corpus, "--jobs", "2", preexec_fn=small_files)
    _, stderr = process.communicate(timeout=300)
    assert process.returncode == 1
    assert stderr.splitlines()[-1].startswith("Error: ")
    assert stderr.endswith("cannot be written (File too large)\n")
    assert "Traceback" not in stderr
    assert not (corpus / "out.parquet").exists()
    assert n_parts(corpus) == (0 if limit == 2_000 else N_FILES)
    finish(corpus, "--jobs", "2")
    assert outputs(corpus) == quiet


@pytest.mark.slow
def test_a_second_run_at_the_same_time_is_refused(corpus):
    process = start(corpus, "--jobs", "1")
    wait_for(lambda: n_parts(corpus) > 2)
    second = subprocess.run(command("--jobs", "1"), cwd=corpus, capture_output=True, text=True)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert second.returncode == 1
    assert second.stderr == (
        f"Error: out.parquet.lock: process {process.pid} is working on this output; "
        "wait for its end, or stop it\n"
    )


def interrupt(folder):
    """Leave a run unfinished."""
    process = start(folder, "--jobs", "1")
    wait_for(lambda: n_parts(folder) > 5)
    process.kill()
    process.communicate()


@pytest.mark.slow
def test_an_unfinished_run_goes_on_with_its_own_settings_and_files_only(corpus, quiet):
    interrupt(corpus)
    kept = n_parts(corpus)
    cases = [(["--pitch-range", "60-800"], "unfinished, other settings: pitch_floor_hz was 71.0")]
    done = corpus / "corpus/speaker0/0000.wav"
    for options, message in cases:
        result = finish(corpus, *options)
        assert message in result.stderr
        assert result.stderr.count("\n") == 1
    os.utime(done, ns=(1, 1))
    result = finish(corpus)
    assert "changed since: corpus/speaker0/0000.wav or its TextGrid; --force starts over" in (
        result.stderr
    )
    assert n_parts(corpus) >= kept
    assert "resuming" not in finish(corpus, "--force").stderr
    assert outputs(corpus) == quiet


@pytest.mark.slow
def test_a_damaged_part_is_done_again(corpus, quiet):
    interrupt(corpus)
    part, *_, other = sorted(corpus.glob("out.parquet.parts/*.part"))
    part.write_bytes(part.read_bytes()[:-10] + b"\0" * 10)
    other.write_bytes(b"")
    finish(corpus)
    assert outputs(corpus) == quiet
