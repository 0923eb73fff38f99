"""For both packages: the same examples of Hypothesis, one thread a process side by side, pipes.

Ctrl-C reaches the children of tests.
"""

import os
import signal

import pytest
from hypothesis import settings

settings.register_profile("repeatable", deadline=None, derandomize=True)
settings.load_profile("repeatable")
if "PYTEST_XDIST_WORKER" in os.environ:  # side by side, more threads than cores slow each other
    os.environ.setdefault("OMP_NUM_THREADS", "1")
signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored where a shell runs this by "&"


@pytest.fixture
def pipes(tmp_path, monkeypatch):
    """Enter a folder with pipes of all suffixes, where a test may wait for 60 s."""

    def end(*_):
        raise TimeoutError("waits for a pipe")

    monkeypatch.chdir(tmp_path)
    for suffix in ("wav", "flac", "TextGrid", "csv", "tsv", "jsonl", "json", "parquet", "toml"):
        os.mkfifo(f"p.{suffix}")
    before = signal.signal(signal.SIGALRM, end)
    signal.alarm(60)
    yield tmp_path
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)
