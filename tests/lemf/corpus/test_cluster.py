"""Real dask schedulers and workers, on this machine."""

import http.server
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress

import pytest
from click.testing import CliRunner

from lemf.commands.cli import main
from lemf.runtime.cluster import cluster_workers
from lemf.runtime.workers import KILLED, run_tasks

distributed = pytest.importorskip("distributed")

LEMF = [sys.executable, "-m", "lemf"]
HOST = ("--host", "127.0.0.1", "--no-dashboard")
ONE_THREAD = ("--nthreads", "1")
DIE = "__import__('os').kill(__import__('os').getpid(), 9)"


class Cluster:
    """A scheduler, and the workers that it is given."""

    def __init__(self, folder):
        self.folder, self.processes, self.scheduler = folder, [], None

    def start_scheduler(self, **variables):
        place = self.folder / "s.json"
        place.unlink(missing_ok=True)
        self.scheduler = self.start("scheduler", "--port", "0", **variables)
        limit = time.monotonic() + 120
        while not (place.exists() and place.read_text().endswith("}")):
            assert time.monotonic() < limit
            time.sleep(0.02)
        self.address = json.loads(place.read_text())["address"]
        return self.address

    def start_worker(self, *options, **variables):
        """Start a worker, and wait until the scheduler knows as many as have been started."""
        process = self.start("worker", *ONE_THREAD, *options, **variables)
        n_workers = sum(one is not self.scheduler and one.poll() is None for one in self.processes)
        with distributed.Client(self.address, set_as_default=False) as client:
            limit = time.monotonic() + 120
            while len(client.nthreads()) != n_workers:
                assert time.monotonic() < limit
                time.sleep(0.02)
        return process

    def start(self, kind, *options, **variables):
        module = f"distributed.cli.dask_{kind}"
        command = [sys.executable, "-m", module, *HOST, "--scheduler-file", "s.json", *options]
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=os.environ | variables,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def stop(self):
        for process in self.processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # with the worker of a nanny
            process.wait()
        self.processes.clear()


@pytest.fixture
def cluster(tmp_path):
    found = Cluster(tmp_path)
    yield found
    found.stop()


@pytest.fixture
def batch(make_corpus, monkeypatch, tmp_path):
    """Run `lemf batch --cluster ADDRESS` over three files, with less patience."""
    monkeypatch.setattr("lemf.runtime.cluster._LONGEST_CONNECT_S", 1.0)
    monkeypatch.setattr("lemf.runtime.cluster._LONGEST_ALONE_S", 1.0)
    make_corpus(3)
    monkeypatch.chdir(tmp_path)
    return lambda address: CliRunner().invoke(
        main, ["batch", "corpus", "-o", "o.parquet", "--cluster", address]
    )


def fake_lemf(folder, code=None, version=None):
    """Return the environment of a worker with another lemf, or none."""
    folder.mkdir()
    if code is not None:
        (folder / "lemf").mkdir()
        (folder / "lemf/__init__.py").write_text(code)
    if version is not None:
        about = folder / f"lemf-{version}.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: lemf\nVersion: {version}\n")
    return {"PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])}


def run_batch(folder, address, names):
    return subprocess.Popen(
        [*LEMF, "batch", "corpus", "-o", names[0], "--features", names[1], "--cluster", address],
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_parts(folder, process, n_parts):
    while process.poll() is None and len(list(folder.glob("out.parquet.parts/0*.part"))) < n_parts:
        time.sleep(0.01)
    assert process.poll() is None, process.communicate()


@pytest.mark.slow
def test_a_killed_worker_and_a_killed_scheduler_change_no_byte(cluster, make_corpus, tmp_path):
    make_corpus(120)
    (tmp_path / "corpus/speaker0/0010.wav").write_bytes(b"garbage")
    names = ("out.parquet", "f.parquet", "out.failed.csv")
    local = [*LEMF, "batch", "corpus", "-o", names[0], "--features", names[1], "--jobs", "2"]
    assert subprocess.run(local, cwd=tmp_path, capture_output=True).returncode == 1
    expected = [(tmp_path / name).read_bytes() for name in names]
    for name in (*names, "out.run.json"):
        (tmp_path / name).unlink()

    # The scheduler is killed
    address = cluster.start_scheduler()
    cluster.start_worker("--no-nanny")
    process = run_batch(tmp_path, address, names)
    wait_for_parts(tmp_path, process, 10)
    cluster.scheduler.kill()
    _, stderr = process.communicate(timeout=300)
    assert process.returncode == 1
    assert stderr.splitlines()[-1] == (
        "Error: the cluster is gone; what is done is kept: run the same command to go on"
    )
    assert all(line.startswith(("scoring: ", "Error: ")) for line in stderr.splitlines())
    cluster.stop()

    # Another goes on, and a worker of it is killed
    address = cluster.start_scheduler()
    cluster.start_worker(**fake_lemf(tmp_path / "none", "raise ImportError('no lemf here')"))
    first, _ = [cluster.start_worker("--no-nanny") for _ in range(2)]
    process = run_batch(tmp_path, address, names)
    wait_for_parts(tmp_path, process, 30)
    first.kill()
    _, stderr = process.communicate(timeout=300)
    assert "1 of 120 files failed: see out.failed.csv" in stderr
    assert "Traceback" not in stderr
    assert process.returncode == 1
    assert [(tmp_path / name).read_bytes() for name in names] == expected


@pytest.mark.slow
def test_workers_without_this_lemf_get_no_files(cluster, batch, monkeypatch, tmp_path):
    cannot_import = fake_lemf(tmp_path / "none", "raise ModuleNotFoundError(name='lemf')")
    address = cluster.start_scheduler()

    def assert_one_line(*parts):
        result = batch(address)
        assert (result.exit_code, result.stderr.count("\n")) == (1, 1), result.stderr
        for part in (*parts, "what is done is kept: run the same command to go on"):
            assert part in result.stderr

    assert_one_line("Error: the cluster has no workers")
    broken = cluster.start_worker("--no-nanny", **cannot_import)
    monkeypatch.setattr("lemf.runtime.cluster._LONGEST_PROBE_S", 60.0)
    assert_one_line("no worker of the cluster can run lemf 0.", "cannot import lemf")
    broken.kill()
    broken.wait()
    old = cluster.start_worker("--no-nanny", **fake_lemf(tmp_path / "old", version="0.0.1"))
    assert_one_line("no worker of the cluster can run lemf 0.", "has lemf 0.0.1; install this")
    cluster.start_worker("--no-nanny")
    result = batch(address)
    assert (result.exit_code, "3 files scored" in result.stderr) == (0, True), result.stderr
    assert old.poll() is None


@pytest.mark.slow
def test_a_task_that_kills_its_workers_is_given_up_and_no_other(cluster):
    address = cluster.start_scheduler(DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="0")
    cluster.start_worker()  # with a nanny, which starts it again
    tasks = ["1 + 1", DIE, "2 + 2"]
    with cluster_workers(address) as workers:
        assert dict(run_tasks(workers, eval, tasks)) == {"1 + 1": 2, DIE: KILLED, "2 + 2": 4}


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("tcp://127.0.0.1:9", "Timed out"),
        ("foo", "missing port"),
        ("", "missing port"),
        ("tls://127.0.0.1:9", "TLS expects"),
        ("http://127.0.0.1:9", "unknown address scheme"),
        (None, "waited in vain"),
    ],
)
def test_no_scheduler_is_one_line(batch, address, reason):
    class Silent(http.server.BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    if address is None:
        address = f"tcp://127.0.0.1:{server.server_port}"
    started = time.monotonic()
    level = logging.getLogger("distributed").level
    result = batch(address)
    server.shutdown()
    server.server_close()
    assert time.monotonic() - started < 15
    assert (result.exit_code, result.stderr.count("\n")) == (1, 1), result.stderr
    assert f"Error: --cluster {address}: no dask scheduler answers ({reason}" in result.stderr
    assert logging.getLogger("distributed").level == level


def test_without_dask_the_package_is_named(batch, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    result = batch("tcp://127.0.0.1:9")
    assert result.exit_code == 1
    assert result.stderr == "Error: distributed is missing: pip install 'lemf[cluster]'\n"
