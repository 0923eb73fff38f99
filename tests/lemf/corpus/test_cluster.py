"""A real dask scheduler with two worker processes, on this machine."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from lemf.commands.cli import main

distributed = pytest.importorskip("distributed")


def dask(kind, folder, *options):
    module = f"distributed.cli.dask_{kind}"
    return subprocess.Popen(
        [sys.executable, "-m", module, *options, "--no-dashboard", "--scheduler-file", "s.json"],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


@pytest.fixture
def cluster(tmp_path):
    """The address of a scheduler, and its two workers."""
    host = ("--host", "127.0.0.1")
    scheduler = dask("scheduler", tmp_path, *host, "--port", "0")
    one = ("--nthreads", "1", "--no-nanny")
    workers = [dask("worker", tmp_path, *host, *one) for _ in range(2)]
    limit = time.monotonic() + 30
    while not (tmp_path / "s.json").exists():
        assert time.monotonic() < limit
        time.sleep(0.05)
    time.sleep(0.2)
    yield json.loads((tmp_path / "s.json").read_text())["address"], workers
    for process in (*workers, scheduler):
        process.kill()
        process.wait()


@pytest.mark.slow
def test_a_cluster_gives_the_same_bytes_though_a_worker_is_killed(cluster, make_corpus, tmp_path):
    address, workers = cluster
    make_corpus(120)
    (tmp_path / "corpus/speaker0/0010.wav").write_bytes(b"garbage")
    lemf = [sys.executable, "-m", "lemf", "batch", "corpus", "-o"]
    features = ("--features", "f.parquet")
    local = subprocess.run(
        [*lemf, "out.parquet", *features, "--jobs", "2"], cwd=tmp_path, capture_output=True
    )
    assert local.returncode == 1
    names = ("out.parquet", "f.parquet", "out.failed.csv")
    expected = [(tmp_path / name).read_bytes() for name in names]
    for name in (*names, "out.run.json"):
        (tmp_path / name).unlink()
    process = subprocess.Popen(
        [*lemf, "out.parquet", *features, "--cluster", address],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
    )
    while process.poll() is None and len(list(tmp_path.glob("out.parquet.parts/*.part"))) < 10:
        time.sleep(0.01)
    assert process.poll() is None, process.communicate()
    os.kill(workers[0].pid, signal.SIGKILL)
    _, stderr = process.communicate(timeout=120)
    assert "1 of 120 files failed: see out.failed.csv" in stderr
    assert "Traceback" not in stderr
    assert process.returncode == 1
    assert [(tmp_path / name).read_bytes() for name in names] == expected


def test_no_scheduler_is_one_line(make_corpus, monkeypatch, tmp_path):
    monkeypatch.setattr("lemf.runtime.cluster._LONGEST_CONNECT_S", 1)
    make_corpus(1)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(
        main, ["batch", "corpus", "-o", "o.parquet", "--cluster", "tcp://127.0.0.1:9"]
    )
    assert result.exit_code == 1
    assert "Error: --cluster tcp://127.0.0.1:9: no dask scheduler answers" in result.stderr


def test_without_dask_the_package_is_named(make_corpus, monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "distributed", None)
    make_corpus(1)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(
        main, ["batch", "corpus", "-o", "o.parquet", "--cluster", "tcp://127.0.0.1:9"]
    )
    assert result.exit_code == 1
    assert result.stderr == "Error: distributed is missing: pip install 'lemf[cluster]'\n"
