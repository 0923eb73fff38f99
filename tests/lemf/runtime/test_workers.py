"""Tasks are Python expressions and the function is `eval`, which every worker can import."""

import os
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import BrokenExecutor, Future
from pathlib import Path

import pytest

from lemf.errors import AudioError, CorpusError, MissingPackageError, SettingsError
from lemf.runtime.processes import same_imports
from lemf.runtime.workers import KILLED, Failure, attempt, local_workers, run_tasks

DIE = "__import__('os').kill(__import__('os').getpid(), 9)"


class Immediate:
    """Workers that do a task when it is handed out."""

    deaths = (BrokenExecutor,)

    def __init__(self):
        self.n_renewed = 0

    def n_ahead(self):
        return 5

    def submit(self, function, task):
        future = Future()
        try:
            future.set_result(function(task))
        except Exception as error:
            future.set_exception(error)
        return future

    def wait(self, futures):
        return set(futures)

    def renew(self):
        self.n_renewed += 1


def test_every_task_comes_back_with_its_result():
    with local_workers(2) as workers:
        assert dict(run_tasks(workers, eval, [f"{n} + 1" for n in range(50)])) == {
            f"{n} + 1": n + 1 for n in range(50)
        }


def test_workers_have_one_blas_thread_and_the_caller_keeps_its_own(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    with local_workers(1) as workers:
        ((_, count),) = run_tasks(workers, eval, ["__import__('os').cpu_count() and 1"])
    assert count == 1
    assert os.environ["OMP_NUM_THREADS"] == "3"
    assert "OPENBLAS_NUM_THREADS" not in os.environ


def test_the_task_that_kills_its_worker_is_given_up_and_no_other():
    tasks = [f"{n} + 0" for n in range(1, 30)]
    tasks[7] = DIE
    tasks[20] = DIE + " or 2"
    with local_workers(2) as workers:
        results = dict(run_tasks(workers, eval, tasks))
    assert len(results) == len(tasks)
    assert [task for task in tasks if results[task] == KILLED] == [tasks[7], tasks[20]]


def test_a_worker_that_dies_while_it_sends_a_result_holds_nobody_up():
    send_half = (
        "os.write(self._handle, bytes(content)[: len(content) // 2]), os.kill(os.getpid(), 9)"
    )
    cut = f"""
import os, multiprocessing.connection
multiprocessing.connection.Connection._send = lambda self, content, *_: ({send_half})
"""
    tasks = ["1 + 0", f"exec({cut!r}) or bytes(100_000)", "2 + 0"]
    code = f"""
from lemf.runtime.workers import KILLED, local_workers, run_tasks
tasks = {tasks!r}
with local_workers(2) as workers:
    results = dict(run_tasks(workers, eval, tasks))
print([results[task] for task in tasks] == [1, KILLED, 2])
with local_workers(1) as workers:
    for _ in run_tasks(workers, eval, ["1", *tasks[1:]]):
        break
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stdout == "True\n", done.stderr


def test_an_error_in_a_worker_is_raised_here():
    with local_workers(1) as workers, pytest.raises(ZeroDivisionError):
        list(run_tasks(workers, eval, ["1 / 0"]))


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (AudioError("a.wav: cut\noff"), "a.wav: cut off"),
        (MemoryError(), "not enough memory"),
        (ZeroDivisionError("division\n by zero"), "ZeroDivisionError: division by zero"),
    ],
)
def test_what_is_wrong_with_a_file_is_a_reason_in_one_line(error, reason):
    def fail(_):
        raise error

    assert attempt(fail, "1") == Failure(reason)
    assert attempt(eval, "1 + 1") == 2


def test_a_missing_package_is_no_reason_of_one_file():
    def fail(_):
        raise MissingPackageError("pip install it")

    with pytest.raises(MissingPackageError, match="pip install it"):
        attempt(fail, "1")


def test_leaving_in_the_middle_of_a_long_task_does_not_wait_for_it():
    with local_workers(1) as workers:
        results = run_tasks(workers, eval, ["0", "__import__('time').sleep(60)"])
        assert next(results) == ("0", 0)
        started = time.monotonic()
    assert time.monotonic() - started < 30


def test_few_tasks_are_drawn_ahead():
    drawn = 0

    def tasks():
        nonlocal drawn
        for _ in range(10_000):
            drawn += 1
            yield "1"

    for done, _ in enumerate(run_tasks(Immediate(), eval, tasks())):
        assert drawn <= done + 6


def test_workers_that_never_start_end_the_run():
    class Dead(Immediate):
        def submit(self, function, task):
            future = Future()
            future.set_exception(BrokenExecutor("gone"))
            return future

    with pytest.raises(CorpusError, match="no worker can be started"):
        list(run_tasks(Dead(), eval, ["1"]))


@pytest.mark.parametrize(
    "error",
    [
        RuntimeError("Error during deserialization of the task graph. This frequently\noccurs if"),
        ModuleNotFoundError("No module named 'lemf'", name="lemf"),
    ],
)
def test_a_cluster_that_cannot_import_lemf_is_an_error_with_the_remedy(error):
    def fail(_):
        raise error

    with pytest.raises(CorpusError, match="the cluster cannot import lemf; install this version"):
        list(run_tasks(Immediate(), fail, ["1"]))


@pytest.mark.parametrize("error", [RuntimeError("else"), ImportError("else", name="else")])
def test_other_errors_stay_what_they_are(error):
    def fail(_):
        raise error

    with pytest.raises(type(error), match="else"):
        list(run_tasks(Immediate(), fail, ["1"]))


def test_a_cluster_that_goes_away_ends_the_run():
    class Gone(Immediate):
        def submit(self, function, task):
            future = Future()
            future.cancel()
            future.set_running_or_notify_cancel()
            return future

    with pytest.raises(CorpusError, match="the cluster is gone; what is done is kept"):
        list(run_tasks(Gone(), eval, ["1"]))


PLANTED = ("lemf", "soundfile", "numpy", "pyarrow", "multiprocessing", "signal", "msfser")


@pytest.fixture
def planted(tmp_path):
    """Modules in the current folder that leave a trace when they are imported."""
    for name in PLANTED:
        trace = tmp_path / f"{name}.imported"
        (tmp_path / f"{name}.py").write_text(f"open({str(trace)!r}, 'w').close()\n")
    return tmp_path


def traces(folder):
    return sorted(path.name for path in folder.glob("*.imported"))


def test_planted_modules_are_imported_where_python_looks_into_the_current_folder(planted):
    subprocess.run([sys.executable, "-c", "import lemf"], cwd=planted, check=True)
    assert traces(planted) == ["lemf.imported"]


def test_workers_import_what_the_parent_does_and_nothing_of_the_current_folder(planted):
    script = planted / "scripts" / "run.py"
    script.parent.mkdir()
    script.write_text(
        "import lemf\n"
        "from lemf.contours.pitch import HARVEST_IS_COMPILED\n"
        "from lemf.runtime.workers import local_workers, run_tasks\n"
        "FILE = \"__import__('lemf').__file__\"\n"
        "COMPILED = \"__import__('lemf.contours.pitch').contours.pitch.HARVEST_IS_COMPILED\"\n"
        "if __name__ == '__main__':\n"
        "    with local_workers(2) as workers:\n"
        "        found = dict(run_tasks(workers, eval, [FILE, COMPILED]))\n"
        "    assert found == {FILE: lemf.__file__, COMPILED: HARVEST_IS_COMPILED}, found\n"
    )
    path = os.pathsep.join(entry for entry in sys.path if entry)
    subprocess.run(
        [sys.executable, script], cwd=planted, check=True,
        env=os.environ | {"PYTHONPATH": path},
    )  # fmt: skip
    assert traces(planted) == []


def test_a_folder_on_the_parents_path_is_on_the_path_of_its_workers(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "only_here.py").write_text("ANSWER = 42\n")
    with local_workers(1) as workers:
        assert list(run_tasks(workers, eval, ["__import__('only_here').ANSWER"])) == [
            ("__import__('only_here').ANSWER", 42)
        ]


def test_entries_that_pythonpath_cannot_hold_are_left_out(tmp_path, monkeypatch):
    split = f"{tmp_path / 'left'}{os.pathsep}{tmp_path / 'right'}"
    kept = str(tmp_path / "kept")
    monkeypatch.setattr(sys, "path", [tmp_path, b"bytes", split, kept, ""])
    monkeypatch.chdir(tmp_path)
    with same_imports():
        assert os.environ["PYTHONPATH"].split(os.pathsep) == [kept, str(tmp_path)]


def test_the_callers_environment_is_as_before(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "mine")
    monkeypatch.delenv("PYTHONSAFEPATH", raising=False)
    with local_workers(1):
        pass
    assert os.environ["PYTHONPATH"] == "mine"
    assert "PYTHONSAFEPATH" not in os.environ


def test_a_corpus_with_modules_in_its_folder_is_scored_without_them(planted, utterance):
    lemf = shutil.which("lemf", path=Path(sys.executable).parent)
    if lemf is None:
        pytest.skip("the script lemf is not installed beside this Python")
    subprocess.run(
        [lemf, "batch", ".", "-o", "out.parquet", "--jobs", "2"],
        cwd=planted, check=True, capture_output=True,
    )  # fmt: skip
    assert (planted / "out.parquet").exists()
    assert traces(planted) == []


def test_no_process_at_all_is_refused():
    with pytest.raises(SettingsError, match="jobs 0: at least one process"), local_workers(0):
        pass


SCRIPT = """\
from lemf.runtime.workers import local_workers, run_tasks
print("begun")
with local_workers(2) as workers:
    print(sorted(run_tasks(workers, eval, ["1 + 1", "2 + 2"])), __name__)
"""


@pytest.mark.parametrize("command", [["script.py"], ["-m", "script"], ["-c", SCRIPT], ["-"]])
def test_workers_do_not_run_the_script_again(tmp_path, command):
    (tmp_path / "script.py").write_text(SCRIPT)
    path = os.pathsep.join([str(tmp_path), *(entry for entry in sys.path if entry)])
    done = subprocess.run(
        [sys.executable, *command], cwd=tmp_path, input=SCRIPT, capture_output=True, text=True,
        env=os.environ | {"PYTHONPATH": path}, timeout=60,
    )  # fmt: skip
    assert done.stderr == ""
    assert done.stdout == "begun\n[('1 + 1', 2), ('2 + 2', 4)] __main__\n"


@pytest.mark.skipif(sys.platform == "win32", reason="no signal for a group of processes")
def test_ctrl_c_is_never_seen_by_the_fork_server(tmp_path):
    (tmp_path / "slow.py").write_text(
        "import os, signal, sys, time\n"
        "print('loading', flush=True)\n"
        "time.sleep(1)\n"
    )  # fmt: skip
    script = (
        "import multiprocessing, time\n"
        "from lemf.runtime import workers\n"
        "load = multiprocessing.set_forkserver_preload\n"
        "multiprocessing.set_forkserver_preload = lambda names: load(['slow'])\n"
        "try:\n"
        "    with workers.local_workers(1):\n"
        "        time.sleep(30)\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted')\n"
    )
    path = os.pathsep.join([str(tmp_path), *(entry for entry in sys.path if entry)])
    process = subprocess.Popen(
        [sys.executable, "-c", script], cwd=tmp_path, env=os.environ | {"PYTHONPATH": path},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stdout.readline() == "loading\n"
    os.killpg(process.pid, signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert (stdout, stderr) == ("interrupted\n", "")
