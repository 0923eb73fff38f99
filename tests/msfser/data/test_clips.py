import os

import numpy as np
import pytest
import soundfile
import soxr

import lemf
from lemf import LemfError
from msfser.config.settings import RATE_HZ
from msfser.data.clips import WaveStatistics, normalise, read_clip, read_crop, read_samples
from msfser.data.facts import ClipFacts
from msfser.data.scan import scan_clips
from msfser.errors import DataError


def tone(n_samples, rate_hz=RATE_HZ, hz=440.0):
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(n_samples) / rate_hz)


def test_a_clip_at_16_khz_comes_as_it_is(write_wav):
    samples = tone(8000)
    clip = read_clip(write_wav(samples))
    assert clip.samples.dtype == np.float32
    np.testing.assert_allclose(clip.samples, samples, rtol=0, atol=2**-15)
    assert clip.notes == ()
    assert clip.duration_s == 0.5


def test_stereo_at_44_khz_is_mixed_and_resampled_and_said(write_wav):
    left = tone(44_100, 44_100)
    clip = read_clip(write_wav(np.stack([left, left], axis=1), 44_100))
    assert len(clip.samples) == RATE_HZ
    inner = slice(1000, -1000)  # the resampler's filter reaches over the ends
    np.testing.assert_allclose(clip.samples[inner], tone(RATE_HZ)[inner], rtol=0, atol=1e-3)
    assert clip.notes == ("2 channels mixed down", "resampled from 44100 to 16000 Hz")


def test_what_cannot_be_used_is_said_in_one_line(write_wav, tmp_path):
    with pytest.raises(DataError, match=r"short.wav: 0.125 s long; the model needs 0.25 s"):
        read_clip(write_wav(tone(2000), name="short.wav"))
    with pytest.raises(DataError, match=r"still\.wav: holds nothing but zeros"):
        read_clip(write_wav(np.zeros(8000), name="still.wav"))
    path = tmp_path / "nan.wav"
    soundfile.write(path, np.array([0.0, np.nan] * 4000), RATE_HZ, subtype="FLOAT")
    with pytest.raises(LemfError, match="nan"):
        read_clip(path)
    with pytest.raises(LemfError, match="no such recording"):
        read_clip(tmp_path / "none.wav")


def test_a_clip_of_exactly_a_quarter_of_a_second_is_long_enough(write_wav):
    assert read_clip(write_wav(tone(4000))).duration_s == 0.25
    with pytest.raises(DataError, match=r"the model needs 0\.25 s or more"):
        read_clip(write_wav(tone(3999)))


@pytest.mark.parametrize("rate_hz", [8000, 11_025, 22_050, 44_100, 48_000, 96_000])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "DOUBLE"])
def test_resampling_float32_gives_the_bytes_of_resampling_float64(tmp_path, rate_hz, subtype):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.random.default_rng(0).normal(0, 0.1, rate_hz), rate_hz, subtype)
    exact, _ = soundfile.read(path)
    expected = soxr.resample(exact, rate_hz, RATE_HZ).astype(np.float32)
    assert read_clip(path).samples.tobytes() == expected.tobytes()
    assert read_samples(path).tobytes() == expected.tobytes()


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.aiff", "f.wav"])
@pytest.mark.parametrize("rate_hz", [RATE_HZ, 44_100])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_crop_has_the_bytes_of_the_whole_clip(tmp_path, name, rate_hz, channels):
    path = tmp_path / name
    samples = np.random.default_rng(0).normal(0, 0.1, (2 * rate_hz, channels))
    soundfile.write(path, samples, rate_hz, "FLOAT" if name == "f.wav" else None)
    whole = read_clip(path).samples
    assert read_samples(path).tobytes() == whole.tobytes()
    for start, stop in ((0, len(whole)), (0, 4000), (5000, 12_345), (len(whole) - 9, len(whole))):
        assert read_crop(path, start, stop).tobytes() == whole[start:stop].tobytes()
    with pytest.raises(DataError, match="has become shorter since the run began"):
        read_crop(path, 0, len(whole) + 1)


def test_a_scan_gives_lengths_levels_and_what_failed(write_wav, tmp_path):
    generator = np.random.default_rng(0)
    clips = [generator.normal(0.01, 0.1, n) for n in (8000, 12_000)]
    paths = [write_wav(clip, name=f"{i}.wav") for i, clip in enumerate(clips)]
    seen = []
    scan = scan_clips(
        [paths[0], tmp_path / "none.wav", paths[1]],
        watch=lambda done, total: seen.append((done, total)),
    )
    assert scan.n_samples.tolist() == [8000, 0, 12_000]
    assert list(scan.failures) == [1]
    assert "no such recording" in scan.failures[1]
    assert seen == [(0, 3), (1, 3), (2, 3), (3, 3)]
    everything = np.concatenate([read_clip(path).samples for path in paths]).astype(np.float64)
    statistics = scan.statistics([0, 2])
    assert statistics.mean == pytest.approx(everything.mean(), abs=1e-9)
    assert statistics.std == pytest.approx(everything.std(), abs=1e-9)
    assert scan.statistics([1]) == WaveStatistics(0.0, 1.0)
    assert scan_clips([]).n_samples.shape == (0,)


def test_a_file_that_was_replaced_is_read_again_though_size_and_date_are_kept(write_wav):
    samples = np.random.default_rng(0).normal(0, 0.1, 8000)
    path = write_wav(samples)
    first = scan_clips([path])
    facts = ClipFacts(*(int(column[0]) if column.dtype == np.int64 else float(column[0])
                        for column in list(vars(first).values())[:-1]))  # fmt: skip
    times = path.stat()
    write_wav(samples[::-1])
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert path.stat().st_size == times.st_size
    second = scan_clips([path], known={path: facts})
    assert second.samples_hash != first.samples_hash
    assert second.file_hash != first.file_hash
    assert second.n_samples == first.n_samples
    soundfile.write(path.with_suffix(".flac"), *soundfile.read(path))
    other_format = scan_clips([path.with_suffix(".flac")])
    assert other_format.samples_hash == second.samples_hash
    assert other_format.file_hash != second.file_hash


def test_a_fault_of_the_decoder_costs_its_recording_only(write_wav, monkeypatch):
    good, bad = (write_wav(tone(8000), name=f"{name}.wav") for name in ("good", "bad"))

    def decode(path):
        if path == bad:
            raise RuntimeError("the decoder\nfailed")
        return lemf.read_stretch(path)

    monkeypatch.setattr("msfser.data.clips.read_stretch", decode)
    scan = scan_clips([bad, good])
    assert scan.failures == {0: "RuntimeError: the decoder failed"}
    assert scan.n_samples.tolist() == [0, 8000]


def test_normalising(write_wav):
    samples = np.random.default_rng(0).normal(3, 2, 1000).astype(np.float32)
    np.testing.assert_array_equal(normalise(samples, "none", WaveStatistics(1, 2)), samples)
    by_all = normalise(samples, "global", WaveStatistics(3.0, 2.0))
    np.testing.assert_allclose(by_all, (samples - 3) / 2, rtol=0, atol=1e-6)
    own = normalise(samples, "utterance", WaveStatistics())
    assert own.mean() == pytest.approx(0, abs=1e-5)
    assert own.std() == pytest.approx(1, abs=1e-5)
    assert np.isfinite(normalise(np.full(10, 5, np.float32), "utterance", WaveStatistics())).all()
