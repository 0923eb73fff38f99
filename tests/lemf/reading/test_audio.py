from pathlib import Path

import numpy as np
import pytest
import soundfile

import lemf
from lemf.errors import AudioError
from lemf.reading import frames

PCM = ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"]
STEP = {"PCM_U8": 2**-6, "ULAW": 0.04, "ALAW": 0.04, "PCM_16": 2**-14}


def sine(n_samples=4000, channels=1):
    t = np.arange(n_samples)
    return np.stack([0.5 * np.sin(0.05 * t * (c + 1)) for c in range(channels)], axis=1)


def first_samples(audio):
    (samples,) = audio.slices([(0, 9)])
    return samples


@pytest.mark.parametrize("subtype", PCM)
def test_wav_of_every_kind(tmp_path, subtype):
    path = tmp_path / "a.wav"
    soundfile.write(path, sine(), 16000, subtype=subtype)
    audio = lemf.read_audio(path)
    assert (audio.rate_hz, audio.n_samples, audio.notes) == (16000, 4000, ())
    (samples,) = audio.slices([(0, 4000)])
    assert samples.dtype == np.float64
    np.testing.assert_allclose(samples, sine()[:, 0], rtol=0, atol=STEP.get(subtype, 1e-6))


@pytest.mark.parametrize("rate_hz", [8000, 11025, 18000, 44100, 48000, 96000])
@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg"])
def test_formats_and_rates(tmp_path, suffix, rate_hz):
    path = tmp_path / f"a.{suffix}"
    soundfile.write(path, sine(), rate_hz)
    audio = lemf.read_audio(path)
    assert audio.rate_hz == rate_hz
    assert audio.duration_s == pytest.approx(4000 / rate_hz, abs=1e-9)


def test_channels_are_mixed_with_a_note(tmp_path):
    path = tmp_path / "stereo.wav"
    soundfile.write(path, sine(channels=2), 16000, subtype="DOUBLE")
    audio = lemf.read_audio(path)
    assert audio.notes == ("2 channels mixed down; --channel takes one of them",)
    np.testing.assert_allclose(first_samples(audio), sine(channels=2).mean(axis=1)[:9], atol=1e-12)
    assert lemf.read_audio(path, channel="mix").notes == ()


def test_one_channel_is_chosen(tmp_path):
    path = tmp_path / "stereo.wav"
    soundfile.write(path, sine(channels=2), 16000, subtype="DOUBLE")
    audio = lemf.read_audio(path, channel=2)
    assert audio.notes == ()
    np.testing.assert_allclose(first_samples(audio), sine(channels=2)[:9, 1], rtol=0, atol=1e-12)
    with pytest.raises(AudioError, match=r"stereo\.wav: no channel 3; it has 2"):
        lemf.read_audio(path, channel=3)


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg"])
def test_long_files_read_in_blocks_as_in_memory(tmp_path, monkeypatch, suffix):
    samples = 0.3 * np.random.default_rng(1).normal(size=(100_000, 2)).clip(-3, 3)
    path = tmp_path / f"long.{suffix}"
    soundfile.write(path, samples, 16000)
    (whole,) = lemf.read_audio(path, channel=2).slices([(0, 100_000)])
    monkeypatch.setattr("lemf.reading.audio.WHOLE_S", 1.0)
    blocks = lemf.read_audio(path, channel=2)
    assert not isinstance(blocks._source, np.ndarray)
    assert blocks.n_samples == 100_000
    spans = [(0, 10), (12_345, 54_321), (50_000, 60_000), (60_000, 60_001), (99_000, 100_000)]
    for (start, stop), samples in zip(spans, blocks.slices(spans), strict=True):
        np.testing.assert_array_equal(samples, whole[start:stop])


def test_a_file_that_shrinks_while_it_is_read_is_noticed(tmp_path, monkeypatch):
    monkeypatch.setattr("lemf.reading.audio.WHOLE_S", 0.1)
    path = tmp_path / "a.wav"
    soundfile.write(path, sine(), 16000)
    audio = lemf.read_audio(path)
    soundfile.write(path, sine(1000), 16000)
    with pytest.raises(AudioError, match="became shorter"):
        list(audio.slices([(0, 3000), (2000, 4000)]))


@pytest.mark.parametrize(
    ("value", "name"), [(np.nan, "nan"), (np.inf, "inf"), (-np.inf, "-inf"), (1e30, "1.*e.30")]
)
def test_samples_that_are_no_numbers_are_refused(tmp_path, value, name):
    samples = sine()
    samples[1600] = value
    path = tmp_path / "a.wav"
    soundfile.write(path, samples, 16000, subtype="FLOAT")
    with pytest.raises(AudioError, match=rf"a\.wav: sample 1600 \(0\.100 s\) is {name}"):
        lemf.read_audio(path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", r"a\.wav: cannot be read as audio \(the file is empty\)"),
        (b"this is text, not sound", r"a\.wav: cannot be read as audio \(Format not recognised\)"),
        (b"RIFF\x24\0\0\0WAVE", r"a\.wav: cannot be read as audio"),
    ],
)
def test_what_is_not_audio_is_refused(tmp_path, content, message):
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(AudioError, match=message):
        lemf.read_audio(path)


def test_missing_file_folder_and_header_without_samples(tmp_path):
    with pytest.raises(AudioError, match=r"gone\.wav: there is no such recording"):
        lemf.read_audio(tmp_path / "gone.wav")
    with pytest.raises(AudioError, match="this is a folder"):
        lemf.read_audio(tmp_path)
    soundfile.write(tmp_path / "none.wav", np.zeros(0), 16000)
    with pytest.raises(AudioError, match=r"none\.wav: holds no samples"):
        lemf.read_audio(tmp_path / "none.wav")


@pytest.mark.parametrize("rate_hz", [4000, 7999, 500_000])
def test_rates_outside_8_to_384_khz_are_refused(tmp_path, rate_hz):
    soundfile.write(tmp_path / "a.wav", sine(), rate_hz)
    with pytest.raises(AudioError, match=f"{rate_hz} Hz is not between 8000 and 384000 Hz"):
        lemf.read_audio(tmp_path / "a.wav")


@pytest.mark.parametrize(("low", "high"), [(-1.0, 1.0), (-1.0, 32767 / 32768), (-0.2, 1.0)])
def test_clipping_is_noted_at_either_side(low, high):
    wave = 3 * sine(16000)[:, 0]
    clipped = np.clip(wave, low, high)
    flat = np.mean((clipped[1:] == clipped[:-1]) & (np.abs(clipped[1:]) >= 0.99))
    (note,) = [n for n in lemf.Audio.from_samples(clipped, 16000).notes if "clipped" in n]
    assert note.startswith(f"{flat:.2%} of the samples")
    stereo = np.stack([clipped, np.zeros(16000)], axis=1)
    assert any("clipped" in note for note in lemf.Audio.from_samples(stereo, 16000).notes)


def test_loud_and_quiet_recordings_are_not_called_clipped():
    for fine in (1e-6 * sine()[:, 0], np.clip(sine()[:, 0], -0.3, 0.3), 2 * sine(16000)[:, 0]):
        assert lemf.Audio.from_samples(fine, 16000).notes == ()


@pytest.mark.parametrize(("n_flat", "noted"), [(100, True), (30, False)])
def test_a_thousandth_of_clipped_samples_is_noted_and_a_third_of_that_is_not(n_flat, noted):
    wave = np.tile(sine(16000)[:, 0], 7)[:100_000]
    wave[5000 : 5000 + n_flat + 1] = 1.0  # the first of them repeats no neighbour
    notes = lemf.Audio.from_samples(wave, 16000).notes
    assert [note.partition(" of the samples")[0] for note in notes] == ["0.10%"] * noted


def test_offset_is_noted():
    (note,) = lemf.Audio.from_samples(sine()[:, 0] + 0.2, 16000).notes
    assert note.startswith("a constant offset of 0.2")
    silent, note = lemf.Audio.from_samples(np.full(1600, 0.3), 16000).notes
    assert note.startswith("a constant offset of 0.3")
    assert (silent,) == lemf.Audio.from_samples(np.zeros(1600), 16000).notes
    assert "the recording is silent" in silent


def test_channels_that_cancel_are_noted():
    wave = sine(channels=1)[:, 0]
    audio = lemf.Audio.from_samples(np.stack([wave, -wave], axis=1), 16000)
    assert "the channels cancel each other in the mix; take one with --channel" in audio.notes
    (note,) = lemf.Audio.from_samples(np.stack([wave, wave], axis=1), 16000).notes
    assert "mixed down" in note


@pytest.mark.parametrize("bits", [8, 16, 32])
def test_integers_are_scaled_as_libsndfile_scales_them(tmp_path, bits):
    subtype = {8: "PCM_U8", 16: "PCM_16", 32: "PCM_32"}[bits]
    soundfile.write(tmp_path / "a.wav", sine()[:, 0], 16000, subtype=subtype)
    (expected,) = lemf.read_audio(tmp_path / "a.wav").slices([(0, 4000)])
    full_scale = 2.0 ** (bits - 1)
    integers = np.round(expected * full_scale)
    array = (integers + 128).astype("uint8") if bits == 8 else integers.astype(f"int{bits}")
    (found,) = lemf.Audio.from_samples(array, 16000).slices([(0, 4000)])
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("samples", [[1, 2, 3], np.ones(3, bool), np.ones(3, complex)])
def test_types_of_no_known_scale_are_refused(samples):
    with pytest.raises(TypeError, match="give floats or integers of 8 to 32 bits"):
        lemf.Audio.from_samples(samples, 16000)
    with pytest.raises(TypeError, match="masked"):
        lemf.Audio.from_samples(np.ma.masked_equal([1.0, 2.0], 2.0), 16000)
    with pytest.raises(TypeError, match="whole number"):
        lemf.Audio.from_samples(np.ones(3), 16000.5)


def test_unusable_arrays_are_refused():
    with pytest.raises(AudioError, match="holds no samples"):
        lemf.Audio.from_samples(np.zeros(0), 16000)
    with pytest.raises(ValueError, match="shape"):
        lemf.Audio.from_samples(np.zeros((2, 2, 2)), 16000)


def test_a_minute_is_what_fits_in_memory():
    assert frames.WHOLE_S == 60.0


def speech_like(n_samples=32_000):
    t = np.arange(n_samples) / 16000
    return 0.3 * np.sin(2 * np.pi * 150 * t) * (1 + 0.5 * np.sin(2 * np.pi * 3 * t))


@pytest.mark.parametrize(("bits", "scale"), [(16, 2**15), (24, 2**23), (32, 2**31)])
@pytest.mark.parametrize("in_file", [True, False])
@pytest.mark.parametrize("whole_s", [60.0, 0.5])
def test_integers_in_floats_are_scaled_with_a_note(
    tmp_path, monkeypatch, bits, scale, in_file, whole_s
):
    monkeypatch.setattr("lemf.reading.audio.WHOLE_S", whole_s)
    integers = np.round(speech_like() * scale)
    if in_file:
        soundfile.write(tmp_path / "a.wav", integers, 16000, subtype="DOUBLE")
        audio = lemf.read_audio(tmp_path / "a.wav")
    else:
        audio = lemf.Audio.from_samples(integers, 16000)
    (samples,) = audio.slices([(0, 32_000)])
    np.testing.assert_array_equal(samples, integers / scale)
    (note,) = audio.notes
    assert note == (
        f"the samples are whole numbers up to {np.abs(integers).max():,.0f}, integers of {bits} "
        f"bits stored as floats: divided by {scale:,}"
    )


def test_a_single_sample_that_is_not_whole_shows_that_samples_are_no_integers(tmp_path):
    samples = np.round(speech_like() * 2**15)
    samples[-1] = 0.5
    soundfile.write(tmp_path / "a.wav", samples, 16000, subtype="DOUBLE")
    (note,) = lemf.read_audio(tmp_path / "a.wav").notes
    assert note == "the samples reach 14,743 times full scale: divided by 16,384"


def test_samples_far_beyond_full_scale_are_divided_by_a_power_of_two_and_not_called_clipped():
    (note,) = (audio := lemf.Audio.from_samples(11_470.3 * speech_like(), 16000)).notes
    assert note == "the samples reach 5,161 times full scale: divided by 8,192"
    (samples,) = audio.slices([(0, 32_000)])
    np.testing.assert_array_equal(samples, 11_470.3 * speech_like() / 8192)


@pytest.mark.parametrize(("gain", "noted"), [(2.5, False), (10.0, True)])
def test_samples_somewhat_beyond_full_scale_stay_as_they_are(gain, noted):
    audio = lemf.Audio.from_samples(gain * speech_like(), 16000)
    (samples,) = audio.slices([(0, 32_000)])
    np.testing.assert_array_equal(samples, gain * speech_like())
    assert [note[:27] for note in audio.notes] == ["the samples reach 4.50 time"] * noted


def test_clipping_beyond_full_scale_is_flat_at_the_highest_sample():
    clipped = np.clip(30 * speech_like(), -4.0, 4.0)
    assert any("clipped" in note for note in lemf.Audio.from_samples(clipped, 16000).notes)
    flat_below = np.where(np.arange(32_000) < 16_000, clipped, 1e-3)
    flat_below[20_000] = 8.0
    notes = lemf.Audio.from_samples(flat_below, 16000).notes
    assert not any("clipped" in note for note in notes)


@pytest.mark.parametrize("whole_s", [60.0, 0.5])
def test_flat_samples_of_several_blocks_are_counted_at_the_highest_of_all(
    tmp_path, monkeypatch, whole_s
):
    monkeypatch.setattr("lemf.reading.audio.WHOLE_S", whole_s)
    monkeypatch.setattr("lemf.reading.sound_files.decoding._BLOCK", 5000)
    samples = np.clip(30 * speech_like(), -4.0, 4.0)
    samples[:10_000] = np.clip(samples[:10_000], -1.0, 1.0)  # flat, too, but lower
    soundfile.write(tmp_path / "a.wav", samples, 16000, subtype="DOUBLE")
    by_block = lemf.read_audio(tmp_path / "a.wav").notes
    assert by_block == lemf.Audio.from_samples(samples, 16000).notes


@pytest.mark.parametrize(("hz", "noted"), [(20, True), (45, True), (75, False), (100, False)])
@pytest.mark.parametrize("rate_hz", [8000, 11_025, 44_100])
def test_sound_below_60_hz_that_holds_most_energy_is_noted(hz, noted, rate_hz):
    t = np.arange(2 * rate_hz) / rate_hz
    rumble = 0.5 * np.sin(2 * np.pi * hz * t)
    audio = lemf.Audio.from_samples(rumble + 0.2 * np.sin(2 * np.pi * 200 * t), rate_hz)
    assert [note[:22] for note in audio.notes] == ["86% of the energy lies"] * noted
    assert audio.low_notes == audio.notes
    louder_voice = rumble + 0.6 * np.sin(2 * np.pi * 200 * t)
    assert lemf.Audio.from_samples(louder_voice, rate_hz).notes == ()


def test_high_sound_is_not_taken_for_low_sound():
    t = np.arange(32_000) / 16000
    for hz in (940, 1000, 1030, 2980, 7990):
        tone = 0.5 * np.sin(2 * np.pi * hz * t)
        assert lemf.Audio.from_samples(tone, 16000).notes == ()


def test_an_array_with_its_axes_exchanged_is_refused():
    with pytest.raises(ValueError, match=r"shape \(2, 4000\): 4000 channels of 2 samples; transpo"):
        lemf.Audio.from_samples(sine(channels=2).T, 16000)


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="the file is one of Linux")
def test_an_error_of_the_disk_names_the_recording():
    with pytest.raises(AudioError, match=r"^/proc/self/mem: cannot be read as audio \(Invalid arg"):
        lemf.read_audio("/proc/self/mem")


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg", "a.mp3", "a.aiff"])
def test_the_claimed_duration_is_that_of_the_header(tmp_path, name):
    path = tmp_path / name
    soundfile.write(path, sine(32_000), 16_000)
    assert lemf.claimed_duration(path) == pytest.approx(2.0, abs=0.1)
    content = path.read_bytes()
    if name == "a.flac":  # nothing is decoded: neither a cut nor a length of 0 is noticed
        assert lemf.claimed_duration(content[:9000]) == 2.0
        total = int.from_bytes(content[21:26], "big") >> 36 << 36
        assert np.isnan(
            lemf.claimed_duration(content[:21] + total.to_bytes(5, "big") + content[26:])
        )
    with pytest.raises(AudioError, match="no such recording"):
        lemf.claimed_duration(tmp_path / "none.wav")
