from dataclasses import dataclass

import pytest

pytest.importorskip("torch")

from msfser.errors import ConfigError, DataError
from msfser.training.jobs.run_jobs import check_jobs, run_jobs
from msfser.training.ranks.ranks import ALONE, Ranks

TRAINING = '''
import os, signal, time
from dataclasses import dataclass
from pathlib import Path

from msfser.errors import DataError

@dataclass(frozen=True)
class Job:
    name: str
    folder: Path

def run(job, ranks, quiet):
    """`kill` dies once, while `long` works; `bad` and `fault` fail."""
    started = job.folder / f"{job.name}.started"
    n_starts = started.read_text().count("x") if started.exists() else 0
    started.write_text("x" * (n_starts + 1))
    if job.name == "kill" and not n_starts:
        while not (job.folder / "long.started").exists():
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGKILL)
    if job.name == "long":
        while not (job.folder / "kill.started").exists():
            time.sleep(0.01)
        time.sleep(1.0)
    if job.name == "bad":
        raise DataError("u0003: no label")
    if job.name == "fault":
        raise RuntimeError("CUDA out of memory")
    (job.folder / job.name).write_text(f"{ranks.size} {quiet}")
'''


@pytest.fixture
def training(tmp_path, monkeypatch):
    """A module that other processes can import, too."""
    (tmp_path / "trained_side_by_side.py").write_text(TRAINING)
    monkeypatch.syspath_prepend(tmp_path)
    import trained_side_by_side

    return trained_side_by_side


def test_a_killed_process_runs_its_job_again_and_costs_no_other(training, tmp_path):
    said = []
    jobs = [training.Job(name, tmp_path) for name in ("kill", "long", "after")]
    run_jobs(training.run, jobs, tmp_path, n_all=4, jobs=2, report=said.append)
    for name, n_starts in (("kill", 2), ("long", 1), ("after", 1)):
        assert (tmp_path / name).read_text() == "1 True"
        assert len((tmp_path / f"{name}.started").read_text()) == n_starts
    assert said[0] == "1 of 4 runs are done already"
    assert {line.partition(":")[0] for line in said[1:]} == {"kill", "long", "after"}
    assert [line.rpartition("(")[2] for line in said[1:]] == ["2 of 4)", "3 of 4)", "4 of 4)"]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_job_that_fails_leaves_the_others_and_is_named(training, tmp_path, n_jobs):
    said = []
    jobs = [training.Job(name, tmp_path) for name in ("bad", "good", "fault")]
    with pytest.raises(DataError, match=r"^2 of 3 runs failed, such as .+; what is done is kept$"):
        run_jobs(training.run, jobs, tmp_path, n_all=3, jobs=n_jobs, report=said.append)
    assert (tmp_path / "good").read_text() == f"1 {n_jobs > 1}"
    ended = sorted(line.rpartition(" (")[0] for line in said if " of 3)" in line)
    assert ended == [
        "bad: u0003: no label",
        "fault: RuntimeError: CUDA out of memory",
        "good: done",
    ]


@dataclass
class Name:
    name: str


def test_where_processes_train_together_a_failure_ends_them(tmp_path):
    def fail(job, ranks, quiet):
        raise DataError(f"{job.name} fails")

    with pytest.raises(DataError, match=r"^one fails$"):
        run_jobs(
            fail, [Name("one"), Name("two")], tmp_path,
            n_all=2, jobs=1, ranks=Ranks(size=2), report=str,
        )  # fmt: skip


def test_jobs_and_torchrun_exclude_each_other():
    with pytest.raises(ConfigError, match=r"--jobs 2: 4 processes of torchrun train each run"):
        check_jobs(2, Ranks(size=4))
    check_jobs(1, Ranks(size=4))
    check_jobs(2, ALONE)
