"""Whether a run over a corpus continues from whatever a kill can leave of an earlier run.

interrupted_run.py FOLDER    FOLDER/corpus holds few recordings; writes the number of states

A kill leaves the files as they are between two changes. So one run keeps a copy of its files before
each change; then each different state is put back, and the same run continues it.
"""

import os
import re
import shutil
import sys
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import lemf.corpus.run

OUTPUTS = {"out.parquet", "sentences.parquet", "features.parquet", "out.failed.csv", "out.run.json"}
CHANGES = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod")
TOKEN = re.compile(r"\.\w{8}\.part$")  # of a partial file


class Here:
    """Workers that work in this process."""

    deaths = ()

    def n_ahead(self):
        return 1

    def submit(self, function, task):
        future = Future()
        future.set_result(function(task))
        return future

    def wait(self, futures):
        return set(futures)


@contextmanager
def here(n_processes):
    yield Here()


def run():
    lemf.corpus.run.score_corpus(
        "corpus", "out.parquet",
        sentence_table="sentences.parquet", features="features.parquet",
    )  # fmt: skip


def read_files():
    """Return the contents of all files but the corpus, by path; None for a folder."""
    paths = [path for path in Path().rglob("*") if path.parts[0] != "corpus"]
    return {str(path): None if path.is_dir() else path.read_bytes() for path in paths}


def put_back(files):
    for path in Path().iterdir():
        if path.is_dir() and path.name != "corpus":
            shutil.rmtree(path)
        elif path.is_file():
            path.unlink()
    for path, content in sorted(files.items()):
        if content is None:
            Path(path).mkdir()
        else:
            Path(path).write_bytes(content)


def record_states():
    """Run once, and return each different state in which a kill could leave the files."""
    states, recording = {}, True

    def see(event, arguments):
        nonlocal recording
        opened = event == "open" and isinstance(arguments[2], int) and arguments[2] & os.O_CREAT
        if recording and (opened or event in CHANGES):
            recording = False
            files = read_files()
            recording = True
            named = {TOKEN.sub(".part", path): content for path, content in files.items()}
            states.setdefault(tuple(sorted(named.items(), key=str)), files)

    sys.addaudithook(see)
    run()
    recording = False
    return states.values()


def main():
    os.chdir(sys.argv[1])
    lemf.corpus.run.local_workers = here
    states = record_states()
    expected = read_files()
    assert expected.keys() == OUTPUTS, expected.keys()
    for files in states:
        put_back(files)
        run()
        left = read_files()
        assert left == expected, (sorted(files), sorted(left))
    return len(states)


if __name__ == "__main__":
    sys.stdout.write(f"{main()}\n")
