import os
from operator import attrgetter

import numpy as np
import pytest
import soundfile

from msfser.config.settings import RATE_HZ
from msfser.data import kept_scan, scan
from msfser.data.kept_scan import SCAN_NAME, scan_corpus

COLUMNS = attrgetter(
    "n_samples", "sums", "squares", "samples_hash", "file_hash", "n_bytes", "changed_ns"
)


@pytest.fixture
def corpus(tmp_path):
    """Three recordings of noise, and the folder in which the scan is kept."""
    generator = np.random.default_rng(0)
    paths = [tmp_path / f"{number}.wav" for number in range(3)]
    for path in paths:
        soundfile.write(path, generator.normal(0, 0.1, 8000), RATE_HZ, subtype="PCM_16")
    folder = tmp_path / "corpus"
    folder.mkdir()
    return folder, paths


@pytest.fixture
def read(monkeypatch):
    """The recordings that were read."""
    paths, read_facts = [], scan.read_facts

    def read_and_note(path, stamp):
        paths.append(path)
        return read_facts(path, stamp)

    monkeypatch.setattr(scan, "read_facts", read_and_note)
    return paths


def assert_same(one, two):
    for a, b in zip(COLUMNS(one), COLUMNS(two), strict=True):
        np.testing.assert_array_equal(a, b)
    assert one.failures == two.failures


def test_the_second_scan_reads_nothing_and_finds_the_same(corpus, read):
    folder, paths = corpus
    first = scan_corpus(folder, paths)
    assert sorted(read) == paths
    content = (folder / SCAN_NAME).read_bytes()
    read.clear()
    assert_same(scan_corpus(folder, paths), first)
    assert scan_corpus(folder, paths[1:]).n_samples.tolist() == [8000, 8000]
    assert read == []
    assert (folder / SCAN_NAME).read_bytes() == content  # nothing was forgotten


def test_only_what_is_new_or_has_changed_is_read(corpus, read):
    folder, paths = corpus
    first = scan_corpus(folder, paths[:2])
    before = paths[0].stat()
    soundfile.write(paths[0], np.full(8000, 0.25), RATE_HZ, subtype="PCM_16")
    os.utime(paths[0], ns=(before.st_atime_ns, before.st_mtime_ns))
    assert paths[0].stat().st_size == before.st_size
    read.clear()
    second = scan_corpus(folder, paths)
    assert sorted(read) == [paths[0], paths[2]]
    assert second.samples_hash[0] != first.samples_hash[0]
    assert second.sums[0] == pytest.approx(2000.0)
    assert second.samples_hash[1] == first.samples_hash[1]


def test_what_could_not_be_read_is_tried_again(corpus, read):
    folder, paths = corpus
    content = paths[1].read_bytes()
    paths[1].write_bytes(b"no recording")
    assert list(scan_corpus(folder, paths).failures) == [1]
    read.clear()
    assert list(scan_corpus(folder, paths).failures) == [1]
    assert read == [paths[1]]
    paths[1].write_bytes(content)
    assert scan_corpus(folder, paths).failures == {}


@pytest.mark.parametrize("fault", ["damaged", "other versions", "cannot be written"])
def test_a_kept_scan_that_is_of_no_use_is_made_anew_or_left(corpus, read, monkeypatch, fault):
    folder, paths = corpus
    first = scan_corpus(folder, paths)
    path = folder / SCAN_NAME
    if fault == "damaged":
        path.write_bytes(path.read_bytes()[:-9])
    elif fault == "other versions":
        monkeypatch.setattr(kept_scan, "version", lambda name: f"{name} of tomorrow")
    else:
        path.unlink()
        path.mkdir()
    read.clear()
    assert_same(scan_corpus(folder, paths), first)
    assert sorted(read) == paths
    read.clear()
    scan_corpus(folder, paths)
    assert sorted(read) == (paths if fault == "cannot be written" else [])
