import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import namedtuple
from pathlib import Path

import numpy as np
import pytest
import soundfile

from lemf import LemfError, OutputError
from lemf.runtime.locks import hold_lock
from msfser.config.settings import RATE_HZ
from msfser.data import cache as caching
from msfser.data import clips, facts
from msfser.data.batching import ClipReader
from msfser.data.cache import ClipCache, open_cache
from msfser.data.clips import WaveStatistics, read_clip
from msfser.data.scan import scan_clips
from msfser.errors import DataError

Usage = namedtuple("Usage", "total used free")


def noise(n_samples, channels=1, seed=0):
    samples = np.random.default_rng(seed).normal(0, 0.2, (n_samples, channels)).clip(-1, 1)
    return samples[:, 0] if channels == 1 else samples


@pytest.fixture
def weird(tmp_path):
    """Recordings of many kinds that can be used."""
    made = []
    for name, subtype, rate_hz, channels in (
        ("a.wav", "PCM_16", RATE_HZ, 1),
        ("b.wav", "PCM_U8", RATE_HZ, 1),
        ("c.wav", "PCM_24", RATE_HZ, 1),
        ("d.wav", "FLOAT", RATE_HZ, 1),
        ("e.wav", "PCM_16", 44_100, 1),
        ("f.wav", "PCM_16", 44_100, 2),
        ("g.wav", "PCM_16", RATE_HZ, 2),
        ("h.flac", "PCM_16", RATE_HZ, 1),
        ("i.flac", "PCM_24", 48_000, 2),
        ("j.ogg", "VORBIS", RATE_HZ, 1),
    ):
        path = tmp_path / name
        soundfile.write(path, noise(rate_hz, channels), rate_hz, subtype=subtype)
        made.append(path)
    cut = tmp_path / "k.wav"  # which lacks its end, and is read as far as it goes
    cut.write_bytes(made[0].read_bytes()[:-8001])
    return [*made, cut]


@pytest.fixture
def count_decoded(monkeypatch):
    """Count the recordings that are decoded from here on."""
    decoded = []
    for name in ("read_audio", "read_stretch"):
        reader = getattr(clips, name)

        def counting(path, *arguments, _reader=reader, **options):
            decoded.append(path)
            return _reader(path, *arguments, **options)

        monkeypatch.setattr(clips, name, counting)
    return decoded


def read_crop(reader, path, start, stop, n_samples):
    crop = np.full(stop - start, np.nan, np.float32)
    reader.read_into(crop, path, start, n_samples)
    return crop


def same_scan(a, b):
    return all(
        np.array_equal(one, other) if isinstance(one, np.ndarray) else one == other
        for one, other in zip(vars(a).values(), vars(b).values(), strict=True)
    )


def test_what_is_in_the_cache_is_what_is_decoded_to_the_byte(weird, tmp_path, count_decoded):
    plain = scan_clips(weird)
    cache = ClipCache(tmp_path / "cache")
    assert same_scan(scan_clips(weird, cache=cache), plain)
    reader = ClipReader("global", WaveStatistics(0.01, 0.3))
    cached = ClipReader("global", WaveStatistics(0.01, 0.3), cache=cache)
    expected = [(read_clip(path).samples, reader.read(path)) for path in weird]
    del count_decoded[:]
    assert same_scan(scan_clips(weird, cache=ClipCache(tmp_path / "cache")), plain)
    for path, (raw, normalised) in zip(weird, expected, strict=True):
        assert cache.find(path).samples().tobytes() == raw.tobytes()
        assert cached.read(path).tobytes() == normalised.tobytes()
        part = read_crop(cached, path, 777, 9000, len(raw))
        assert part.tobytes() == normalised[777:9000].tobytes()
    assert count_decoded == []


def test_samples_of_16_bits_take_two_bytes(weird, tmp_path):
    cache = ClipCache(tmp_path / "cache")
    scan_clips(weird, cache=cache)
    short = {path.name for path in weird if cache.find(path).stored.dtype == np.int16}
    assert short == {"a.wav", "b.wav", "h.flac", "k.wav"}


@pytest.mark.parametrize("wave_norm", ["global", "utterance", "none"])
def test_a_crop_is_cut_from_the_whole_with_and_without_a_cache(weird, tmp_path, wave_norm):
    cache = ClipCache(tmp_path / "cache")
    scan_clips(weird, cache=cache)
    statistics = WaveStatistics(0.01, 0.3)
    for path in weird:
        whole = ClipReader(wave_norm, statistics).read(path)
        for start, stop in ((0, 4000), (4097, 9001), (len(whole) - 1, len(whole))):
            for reader in (
                ClipReader(wave_norm, statistics),
                ClipReader(wave_norm, statistics, kept_bytes=0),
                ClipReader(wave_norm, statistics, cache=cache),
            ):
                crop = read_crop(reader, path, start, stop, len(whole))
                assert crop.tobytes() == whole[start:stop].tobytes()


def test_only_the_crop_is_decoded(tmp_path, count_decoded):
    path = tmp_path / "a.flac"
    soundfile.write(path, noise(RATE_HZ), RATE_HZ)
    reader = ClipReader("none", WaveStatistics(), kept_bytes=0)
    spans = []
    read_stretch = clips.read_stretch
    clips.read_stretch = lambda *a, **k: spans.append(a[1:]) or read_stretch(*a, **k)
    read_crop(reader, path, 3000, 8000, RATE_HZ)
    clips.read_stretch = read_stretch
    assert spans == [(3000, 8000)]
    assert len(count_decoded) == 1


def test_a_changed_file_is_noticed(tmp_path, write_wav, count_decoded):
    path = write_wav(noise(8000))
    cache = ClipCache(tmp_path / "cache")
    first = scan_clips([path], cache=cache)
    times = path.stat()
    write_wav(noise(8000, seed=1))
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert cache.find(path) is None
    expected = read_clip(path).samples
    reader = ClipReader("none", WaveStatistics(), cache=cache)
    assert reader.read(path).tobytes() == expected.tobytes()
    second = scan_clips([path], cache=cache)
    assert second.samples_hash != first.samples_hash
    assert cache.find(path).samples().tobytes() == expected.tobytes()
    assert len(list((tmp_path / "cache").rglob("*.clip"))) == 1  # in place of the first
    path.unlink()
    with pytest.raises(LemfError, match="no such recording"):
        reader.read(path)
    count_decoded.clear()
    assert "no such recording" in scan_clips([path], cache=cache).failures[0]


@pytest.mark.parametrize("kept_bytes", [0, 1 << 20])
def test_a_file_that_has_become_shorter_since_the_run_began_ends_it(
    tmp_path, write_wav, kept_bytes
):
    cache = ClipCache(tmp_path / "cache")
    path = write_wav(noise(8000))
    scan_clips([path], cache=cache)
    write_wav(noise(7000))
    for readers in ({"cache": cache}, {}):
        reader = ClipReader("global", WaveStatistics(), kept_bytes=kept_bytes, **readers)
        for _ in range(2):
            with pytest.raises(DataError, match="has become shorter since the run began"):
                read_crop(reader, path, 0, 8000, 8000)
            scan_clips([path], cache=cache)  # whose length is then that of the file


def test_other_versions_of_what_decodes_decode_anew(tmp_path, write_wav, monkeypatch):
    path = write_wav(noise(8000))
    scan_clips([path], cache=ClipCache(tmp_path / "cache"))
    monkeypatch.setattr(caching, "version", lambda name: "9.9")
    assert ClipCache(tmp_path / "cache").find(path) is None


def test_what_cannot_be_used_is_not_kept(tmp_path, write_wav):
    silent, short = write_wav(np.zeros(8000), name="s.wav"), write_wav(noise(100), name="t.wav")
    empty, good = tmp_path / "e.wav", write_wav(noise(8000))
    empty.write_bytes(b"")
    no_samples = write_wav(np.empty(0), name="n.wav")
    cut = tmp_path / "c.flac"
    soundfile.write(cut, noise(40_000), RATE_HZ)
    cut.write_bytes(cut.read_bytes()[:-9000])
    wavs = [silent, short, empty, no_samples, cut, good]
    cache = ClipCache(tmp_path / "cache")
    plain = scan_clips(wavs)
    for _ in range(2):
        scan = scan_clips(wavs, cache=cache)
        assert scan.failures == plain.failures
        assert sorted(scan.failures) == [0, 1, 2, 3, 4]
        assert same_scan(scan, plain)
    assert [cache.find(wav) is not None for wav in wavs] == [False] * 5 + [True]


@pytest.mark.parametrize("kept", [0, 7, 100, 128, 5000])
def test_half_an_entry_is_not_served(tmp_path, write_wav, kept):
    path = write_wav(noise(8000))
    cache = ClipCache(tmp_path / "cache")
    plain = scan_clips([path], cache=cache)
    (entry,) = (tmp_path / "cache").rglob("*.clip")
    entry.write_bytes(entry.read_bytes()[:kept])
    assert cache.find(path) is None
    assert same_scan(scan_clips([path], cache=cache), plain)
    assert cache.find(path) is not None


def test_a_damaged_entry_is_written_anew_when_a_run_begins(tmp_path, write_wav):
    path = write_wav(noise(8000))
    cache = ClipCache(tmp_path / "cache")
    plain = scan_clips([path], cache=cache)
    (entry,) = (tmp_path / "cache").rglob("*.clip")
    whole = entry.read_bytes()
    entry.write_bytes(whole[:5000] + bytes(4096) + whole[9096:])  # as after a power cut
    assert cache.verify(path) is None
    assert same_scan(scan_clips([path], cache=cache), plain)
    assert entry.read_bytes() == whole


def fill(folder, wavs, **options):
    """Start a process that fills a cache."""
    code = (
        "import sys; from pathlib import Path; from msfser.data.cache import ClipCache\n"
        "from msfser.data.scan import scan_clips\n"
        "print('begins', flush=True)\n"
        "scan_clips([Path(w) for w in sys.argv[2:]], cache=ClipCache(Path(sys.argv[1])))\n"
    )
    return subprocess.Popen(
        [sys.executable, "-c", code, str(folder), *map(str, wavs)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options,
    )  # fmt: skip


@pytest.fixture
def many(tmp_path):
    """Sixty recordings of 20 s."""
    wavs = []
    for number in range(60):
        path = tmp_path / "wavs" / f"{number}.flac"
        path.parent.mkdir(exist_ok=True)
        if number == 0:
            soundfile.write(path, noise(320_000), RATE_HZ)
        else:
            shutil.copy(wavs[0], path)
        wavs.append(path)
    return wavs


def test_a_process_that_is_killed_leaves_whole_entries_only(tmp_path, many):
    expected = read_clip(many[0]).samples.tobytes()
    folder = tmp_path / "cache"
    for _ in range(3):
        process = fill(folder, many)
        n_before = len(list(folder.rglob("*.clip")))
        while len(list(folder.rglob("*.clip"))) < n_before + 4 and process.poll() is None:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        cache = ClipCache(folder)
        found = [cache.find(wav) for wav in many]
        assert sum(clip is not None for clip in found) >= min(n_before + 4, 60)
        assert all(clip.samples().tobytes() == expected for clip in found if clip)
    scan_clips(many, cache=cache)
    assert all(cache.verify(wav) is not None for wav in many)
    assert len([path for path in folder.rglob("*") if path.is_file()]) == 60  # nothing is left


def test_two_processes_fill_a_cache_at_once_and_decode_once(tmp_path, many):
    folder = tmp_path / "cache"
    processes = [fill(folder, many) for _ in range(2)]
    said = []
    for process in processes:
        _, stderr = process.communicate(timeout=300)
        assert process.returncode == 0, stderr
        said.append(stderr)
    cache = ClipCache(folder)
    assert all(cache.verify(wav) is not None for wav in many)
    counts = [line.split()[2] for text in said for line in text.splitlines() if "decoded" in line]
    assert sum(map(int, counts)) == 60, said


def test_one_that_comes_later_waits_and_finds_the_recordings(
    tmp_path, write_wav, count_decoded, capsys
):
    path = write_wav(noise(8000))
    cache = ClipCache(tmp_path / "cache")
    scans = []
    with hold_lock(cache.folder / ".lock"):
        later = threading.Thread(target=lambda: scans.append(scan_clips([path], cache=cache)))
        later.start()
        limit = time.monotonic() + 60
        while "waiting" not in capsys.readouterr().err and time.monotonic() < limit:
            time.sleep(0.01)
        found, samples = facts.read_facts(path, facts.read_stamp(path))
        (cache.folder / cache._place(path).parent.name).mkdir()
        cache.put(path, found, samples)
        count_decoded.clear()
    later.join()
    assert scans[0].n_samples.tolist() == [8000]
    assert count_decoded == []


def test_a_disk_that_is_too_small_is_refused_before_anything_is_decoded(
    tmp_path, write_wav, monkeypatch, count_decoded
):
    wavs = [write_wav(noise(16_000, seed=n), name=f"{n}.wav") for n in range(3)]
    cache = ClipCache(tmp_path / "cache")
    reserve = 64 << 20

    def leave(free):
        monkeypatch.setattr(caching.shutil, "disk_usage", lambda _: Usage(0, 0, reserve + free))

    leave(95_000)  # three times 32,000 are needed
    with pytest.raises(
        DataError, match=r"cache: 3 recordings take 0\.1 MB or more, and 0\.1 MB are free; name a"
    ):
        scan_clips(wavs, cache=cache)
    assert count_decoded == []
    leave(96_384)  # as are three heads of 128 bytes
    assert scan_clips(wavs, cache=cache).usable == [0, 1, 2]


def test_a_disk_that_fills_up_ends_the_run_and_leaves_whole_entries(
    tmp_path, write_wav, monkeypatch
):
    wavs = [write_wav(noise(16_000, seed=n), name=f"{n}.wav") for n in range(3)]
    cache = ClipCache(tmp_path / "cache")
    room = [10**12, *[(64 << 20) + 40_000] * 1, *[0] * 9]
    monkeypatch.setattr(caching.shutil, "disk_usage", lambda _: Usage(0, 0, room.pop(0)))
    with pytest.raises(DataError, match=r"cache: the disk is full before the cache is; what is in"):
        scan_clips(wavs, cache=cache)
    monkeypatch.undo()
    assert sum(cache.verify(wav) is not None for wav in wavs) == 1


def test_how_much_was_put_is_said_once(tmp_path, write_wav, capsys):
    wavs = [write_wav(noise(16_000, seed=n), name=f"{n}.wav") for n in range(3)]
    folder = tmp_path / "cache"
    scan_clips(wavs, cache=ClipCache(folder))
    assert f"cache {folder}: 3 recordings decoded, 0.1 MB; " in capsys.readouterr().err
    scan_clips(wavs, cache=ClipCache(folder))
    assert not capsys.readouterr().err


def test_the_progress_goes_on_behind_what_is_in_the_cache(tmp_path, write_wav):
    wavs = [write_wav(noise(16_000, seed=n), name=f"{n}.wav") for n in range(4)]
    cache = ClipCache(tmp_path / "cache")
    scan_clips(wavs[:3], cache=cache)
    seen = []
    scan_clips(wavs, cache=cache, watch=lambda done, total, *_: seen.append((done, total)))
    assert seen[-2:] == [(3, 4), (4, 4)]


def test_a_cache_that_may_not_be_written_is_read(tmp_path, write_wav, monkeypatch, capsys):
    wavs = [write_wav(noise(16_000, seed=n), name=f"{n}.wav") for n in range(2)]
    cache = ClipCache(tmp_path / "cache")
    scan_clips(wavs[:1], cache=cache)
    capsys.readouterr()
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert scan_clips(wavs, cache=cache).usable == [0, 1]
    assert "cache: may not be written; 1 recordings are not in it" in capsys.readouterr().err
    assert cache.find(wavs[0]) is not None
    assert cache.find(wavs[1]) is None


def test_a_cache_that_cannot_be_made_is_an_error_of_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    for name in (str(tmp_path / "file"), str(tmp_path / "file" / "below"), "a\0b"):
        with pytest.raises(OutputError, match="the folder cannot be made"):
            open_cache(name)
    assert open_cache("") is None
    assert open_cache(str(tmp_path / "none"), make=False) is None
    assert not (tmp_path / "none").exists()


def test_the_permissions_of_entries_are_the_users(tmp_path, many):
    if os.name != "posix":
        pytest.skip("umask")
    before = os.umask(0o027)
    try:
        scan_clips(many[:32], cache=ClipCache(tmp_path / "cache"))
        mask = os.umask(0o027)
    finally:
        os.umask(before)
    assert mask == 0o027  # though sixteen threads have asked for it
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "cache").rglob("*.clip")}
    assert modes == {0o640}
    assert Path(tmp_path / "cache").stat().st_mode & 0o777 == 0o750
