import json

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

import lemf
from lemf.commands.cli import main
from lemf.contours.contours import Work, measure_contours
from lemf.contours.highpass import highpass_kernel, highpass_slices

RATES_HZ = [8000, 16_000, 44_100]
ROUNDING = 1e-12  # of samples that are about 1
SAME_SCORE = 0.02  # a filter changes a voice a little, too


def filtered(samples, rate_hz, cutoff_hz):
    audio = lemf.Audio.from_samples(samples, rate_hz)
    (found,) = highpass_slices(audio, [(0, len(samples))], cutoff_hz)
    return found


@pytest.mark.parametrize("rate_hz", RATES_HZ)
@pytest.mark.parametrize("cutoff_hz", [20.0, 60.0, 300.0])
def test_the_response_stops_below_and_passes_above(rate_hz, cutoff_hz):
    kernel = highpass_kernel(cutoff_hz, rate_hz)
    n_fft = 1 << 19
    amplitude = np.abs(np.fft.rfft(kernel, n_fft))
    hz = np.fft.rfftfreq(n_fft, 1 / rate_hz)
    assert abs(kernel.sum()) < ROUNDING
    assert 20 * np.log10(amplitude[hz < 0.75 * cutoff_hz].max()) < -70
    np.testing.assert_allclose(amplitude[hz > 1.25 * cutoff_hz], 1.0, rtol=0, atol=0.005)
    assert amplitude[np.argmin(np.abs(hz - cutoff_hz))] == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("n_samples", [1, 2, 700, 2935, 16_000, 70_000, 200_000])
def test_it_is_a_convolution_of_the_recording_mirrored_at_its_ends(n_samples):
    samples = np.random.default_rng(n_samples).normal(0, 0.3, n_samples)
    kernel = highpass_kernel(60.0, 16_000)
    half = len(kernel) // 2
    some = np.unique(np.linspace(0, n_samples - 1, 300).astype(int))
    mirrored = np.pad(samples, half, "symmetric")
    expected = [mirrored[i : i + len(kernel)] @ kernel[::-1] for i in some]
    found = filtered(samples, 16_000, 60.0)
    assert found.shape == samples.shape
    np.testing.assert_allclose(found[some], expected, rtol=0, atol=ROUNDING)


def test_phase_and_voice_stay_and_offset_and_rumble_go():
    t = np.arange(48_000) / 16_000
    voice = 0.3 * np.sin(2 * np.pi * 120 * t + 0.7)
    found = filtered(voice + 0.4 * np.sin(2 * np.pi * 20 * t) + 0.1, 16_000, 60.0)
    inside = slice(1600, -1600)  # a sine mirrored at an end is none
    np.testing.assert_allclose(found[inside], voice[inside], rtol=0, atol=1e-3)
    np.testing.assert_allclose(filtered(np.full(4000, 0.2), 16_000, 60.0), 0, atol=ROUNDING)


@pytest.mark.parametrize("pitch", ["harvest", "praat"])
def test_blocks_and_threads_change_nothing(tmp_path, monkeypatch, pitch):
    if pitch == "praat":
        pytest.importorskip("parselmouth")
    rng = np.random.default_rng(3)
    t = np.arange(150_001) / 16_000
    samples = 0.3 * np.sin(2 * np.pi * 130 * t) + 0.2 * np.sin(30 * t) + rng.normal(0, 0.01, len(t))
    path = tmp_path / "a.flac"
    soundfile.write(path, samples, 16_000)
    settings = lemf.Settings(highpass_hz=60.0, pitch=pitch)
    whole = measure_contours(lemf.read_audio(path), settings, with_detail=True)
    monkeypatch.setattr("lemf.reading.audio.WHOLE_S", 1.0)  # not kept in memory
    monkeypatch.setattr("lemf.reading.sound_files.decoding._BLOCK", 9999)
    blocks = measure_contours(
        lemf.read_audio(path), settings, with_detail=True, work=Work(threads=3)
    )
    np.testing.assert_array_equal(blocks.f0_hz, whole.f0_hz)
    np.testing.assert_array_equal(blocks.energy, whole.energy)
    np.testing.assert_array_equal(blocks.detail.mid_energy, whole.detail.mid_energy)
    np.testing.assert_array_equal(blocks.detail.periodicity, whole.detail.periodicity)


def test_stretches_are_those_of_the_whole():
    audio = lemf.Audio.from_samples(np.random.default_rng(5).normal(0, 0.1, 150_000), 16_000)
    (whole,) = highpass_slices(audio, [(0, 150_000)], 60.0)
    spans = [(0, 10), (5, 70_000), (69_000, 69_001), (100_000, 150_000)]
    for (start, stop), samples in zip(spans, highpass_slices(audio, spans, 60.0), strict=True):
        np.testing.assert_array_equal(samples, whole[start:stop])


def test_rumble_under_a_word_no_longer_raises_it(utterance, tmp_path):
    clean = lemf.score(utterance.wav, utterance.textgrid)
    last = clean.words[-1]
    t = np.arange(len(utterance.samples)) / utterance.rate_hz
    under_last = np.exp(-(((t - (last.start_s + last.end_s) / 2) / 0.1) ** 2))
    rumble = 1.5 * under_last * np.sin(2 * np.pi * 25 * t)
    path = tmp_path / "rumble.wav"
    soundfile.write(path, utterance.samples + rumble, utterance.rate_hz, subtype="DOUBLE")
    assert (last.rank, lemf.score(path, utterance.textgrid).words[-1].rank) == (3, 2)
    arguments = ["score", str(path), str(utterance.textgrid), "--format", "json"]
    noted = CliRunner().invoke(main, arguments)
    assert "of the energy lies below 60 Hz" in noted.stderr
    assert json.loads(noted.stdout)["settings"]["highpass_hz"] is None
    mended = CliRunner().invoke(main, [*arguments, "--highpass", "60"])
    assert mended.stderr == ""
    result = json.loads(mended.stdout)
    assert (result["notes"], result["settings"]["highpass_hz"]) == ([], 60.0)
    scores = [word["score"] for word in result["sentences"][0]["words"]]
    expected = lemf.score(utterance.wav, utterance.textgrid, lemf.Settings(highpass_hz=60.0))
    np.testing.assert_allclose(
        scores, [word.score for word in expected.words], rtol=0, atol=SAME_SCORE
    )
    assert [word.rank for word in expected.words] == [word.rank for word in clean.words]


@pytest.mark.parametrize(("value", "told"), [("5", "5 Hz"), ("1001", "1001 Hz"), ("nan", "nan Hz")])
def test_cutoffs_out_of_range_are_refused(value, told):
    result = CliRunner().invoke(main, ["score", "a.wav", "a.TextGrid", "--highpass", value])
    assert f"high-pass filter at {told}: write a frequency from 10 to 1000 Hz" in result.stderr
    with pytest.raises(lemf.SettingsError, match="highpass_hz 'x': write a frequency in Hz, or No"):
        lemf.Settings(highpass_hz="x")
