"""What is heard in a page: the samples as they were recorded, and a note where they are not."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile

from lemf import Settings, report
from lemf.page.sound import describe_sound, encode_recording
from lemf.reading.audio import open_audio

RATE_HZ = 16_000
EXAMPLES = Path(__file__).parents[3] / "examples"


def tone(peak):
    times_s = np.arange(RATE_HZ) / RATE_HZ
    return peak * np.sin(2 * np.pi * 200.3 * times_s)


def encode(samples, kind="flac"):
    sound = encode_recording(open_audio(samples, RATE_HZ, None), kind)
    played, rate_hz = soundfile.read(io.BytesIO(sound.content))
    assert rate_hz == RATE_HZ
    return sound, played


def test_samples_of_16_bits_are_heard_as_they_are(rng):
    samples = rng.integers(-(2**15), 2**15, RATE_HZ) / 2**15
    sound, played = encode(samples)
    np.testing.assert_array_equal(played, samples)
    assert sound.note == ""


@pytest.mark.parametrize("kind", ["flac", "ogg"])
@pytest.mark.parametrize(("peak", "divisor", "lower_db"), [(1.5, 2, "6.0"), (3.9, 4, "12.0")])
def test_samples_beyond_full_scale_are_heard_unclipped_and_lower_with_a_note(
    kind, peak, divisor, lower_db
):
    samples = tone(peak)
    sound, played = encode(samples, kind)
    assert sound.note.startswith(f"the sound is {lower_db} dB below the recording")
    inside = slice(800, -800)  # Vorbis rings at the ends
    np.testing.assert_allclose(
        played[inside], samples[inside] / divisor, atol=2e-5 if kind == "flac" else 0.03
    )


@pytest.mark.parametrize("peak", [1e-4, 1e-3, 0.015])
def test_a_quiet_recording_keeps_its_steps(peak):
    samples = tone(peak)
    sound, played = encode(samples)
    np.testing.assert_allclose(played, samples, atol=2.0**-24)
    assert sound.note == ""


def test_silence_is_heard():
    _, played = encode(np.zeros(RATE_HZ))
    np.testing.assert_array_equal(played, 0.0)


def test_the_page_says_how_its_sound_differs(page_data):
    wav, grid = EXAMPLES / "really.wav", EXAMPLES / "really.TextGrid"
    samples, rate_hz = soundfile.read(wav)
    loud = samples * 2.5 / np.abs(samples).max()
    settings = Settings(highpass_hz=80)
    page = page_data(report(loud, grid, settings, rate_hz=rate_hz))
    assert page["sound_notes"] == [
        "the sound is 12.0 dB below the recording, which reaches beyond full scale",
        "the sound is as it was recorded; what was measured lies above 80 Hz",
    ]
    assert page_data(report(wav, grid, settings, sound="none"))["sound_notes"] == []
    assert describe_sound(None, 80) == []
