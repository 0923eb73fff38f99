"""Words told from pauses by their sound: vowels, breath, hum, and real speech."""

from functools import partial

import numpy as np
import pytest
import soundfile

import lemf
from lemf.config import Settings
from lemf.contours.voice import sounds_like_words
from lemf.reading.alignment import align
from lemf.reading.audio import Audio, read_audio
from lemf.reading.textgrid import Interval, IntervalTier, TextGrid
from lemf.reading.tiers import WORD_TIER_NAMES

RATE_HZ = 16000
WORDS = [Interval(0.0, 0.5, "a"), Interval(1.0, 1.5, "b")]
SPAN = Interval(0.5, 1.0, "pau")


def tone(f0_hz, amplitude, length_s=0.5):
    t = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    return amplitude * sum(np.sin(2 * np.pi * f0_hz * k * t) / k for k in range(1, 20))


def recording(between, rng, noise=1e-4):
    """Two vowels with a sound of half a second between them."""
    samples = np.concatenate([tone(120, 0.1), between, tone(140, 0.1)])
    return Audio.from_samples(samples + rng.normal(0, noise, len(samples)), RATE_HZ)


@pytest.mark.parametrize("f0_hz", [80, 120, 250, 450])
@pytest.mark.parametrize(("gain_db", "expected"), [(0, True), (-10, True), (-30, False)])
def test_a_vowel_about_as_loud_as_the_words(rng, f0_hz, gain_db, expected):
    audio = recording(tone(f0_hz, 0.1 * 10 ** (gain_db / 20)), rng)
    assert sounds_like_words(audio, [SPAN], WORDS) is expected


def test_neither_silence_nor_breath_nor_hum_nor_clicks(rng):
    n_samples = RATE_HZ // 2
    breath = rng.normal(0, 0.1, n_samples)  # as loud as the words, and unvoiced
    hum = 0.3 * np.sin(2 * np.pi * 50 * np.arange(n_samples) / RATE_HZ)  # loud, and no voice
    clicks = np.zeros(n_samples)
    clicks[::2000] = 0.9
    for between in (np.zeros(n_samples), breath, hum, clicks):
        assert sounds_like_words(recording(between, rng), [SPAN], WORDS) is False
    assert sounds_like_words(recording(np.zeros(n_samples), rng, noise=0), [SPAN], WORDS) is False


def test_whispered_words_say_nothing(rng):
    audio = Audio.from_samples(rng.normal(0, 0.1, 3 * RATE_HZ // 2), RATE_HZ)
    assert sounds_like_words(audio, [SPAN], WORDS) is False


def test_gaps_too_short_for_a_word_hold_the_speech_beside_them(rng):
    audio = recording(tone(120, 0.1), rng)
    gaps = [Interval(0.5, 0.58, "pau"), Interval(0.7, 0.78, "pau")]
    assert sounds_like_words(audio, gaps, WORDS) is False
    assert sounds_like_words(audio, [*gaps, Interval(0.8, 1.0, "pau")], WORDS) is True


def test_a_recording_that_ends_before_the_intervals_is_no_fault(rng):
    audio = Audio.from_samples(tone(120, 0.1, 0.4), RATE_HZ)
    assert sounds_like_words(audio, [SPAN], WORDS) is False
    assert sounds_like_words(audio, [Interval(0.0, 0.4, "pau")], [Interval(3, 4, "a")]) is False


def test_a_long_file_is_read_in_blocks_with_the_same_answer(rng, tmp_path):
    samples = np.concatenate([recording(tone(120, 0.1), rng)._source, np.zeros(70 * RATE_HZ)])
    soundfile.write(tmp_path / "long.wav", samples, RATE_HZ, subtype="DOUBLE")
    audio = read_audio(tmp_path / "long.wav")
    assert not isinstance(audio._source, np.ndarray)
    assert sounds_like_words(audio, [SPAN], WORDS) is True
    assert sounds_like_words(audio, [Interval(2.0, 3.0, "pau")], WORDS) is False


def test_what_was_heard_is_heard_once_with_the_same_answer(rng, monkeypatch):
    audio = recording(tone(120, 0.1), rng)
    known, read = {}, []
    slices = Audio.slices

    def listen(self, spans):
        spans = list(spans)
        read.extend(spans)
        return slices(self, spans)

    monkeypatch.setattr(Audio, "slices", listen)
    moved = Interval(0.6, 1.0, "pau")
    for span, n_new in ((SPAN, 3), (SPAN, 0), (moved, 1), (SPAN, 0)):
        expected = sounds_like_words(audio, [span], WORDS)
        read.clear()
        assert sounds_like_words(audio, [span], WORDS, known) is expected
        assert len(read) == n_new
    assert len(known) == 4


def test_the_sound_reaches_the_scores(utterance):
    """Without phones, a loud `pau` is a word, and a quiet one is not."""
    words = [i for i in utterance.grid.tiers[0].intervals if i.label]
    names = iter(["pau", "two", "three"])
    spoken = tuple(Interval(i.start_s, i.end_s, next(names)) for i in words)
    quiet = Interval(0.0, words[0].start_s, "rest")
    grid = TextGrid(0.0, 1.35, (IntervalTier("words", 0.0, 1.35, (quiet, *spoken)),), "a")
    settings = Settings(duration="word")
    found = lemf.score(utterance.samples, grid, settings, rate_hz=utterance.rate_hz)
    assert [word.word for word in found.sentences[0].words] == ["pau", "two", "three"]
    assert found.notes[:2] == (
        "taken for silence or noise: 'rest' (1) of tier 'words'",
        "scored as words, though they look like silence or hold no letter: 'pau' (1) of tier "
        "'words'; --silence LABEL leaves one out",
    )


LABELS = ("_", "#", "h#", "#SIL#", "-", "SIL_S", "pau", "sp1", "REST", "(.)", "sil", "[xyz]")


@pytest.mark.slow
@pytest.mark.parametrize("phones", ["used", "unused", "absent"])
def test_no_label_of_silence_changes_a_shared_recording(speech_data, phones):
    """Pauses of real speech stay pauses, whatever they are called and whatever else tells."""
    folders = ["emodb/textgrid", "emodb/textgrid-espeak", "emodb/textgrid-praat", "libritts", "mfa"]
    settings = Settings(duration="phones" if phones == "used" else "word")
    n_files = 0
    for path in (path for folder in folders for path in (speech_data / folder).glob("*.TextGrid")):
        wav = path.with_suffix(".wav")
        wav = wav if wav.exists() else path.parents[1] / "wav" / wav.name
        if not wav.exists() or path.stem == "14a02Nc":  # whose phones of silence begin in words
            continue
        audio, grid = read_audio(wav), lemf.read_textgrid(path)
        tiers = [tier for tier in grid.tiers if tier.name in ("words", "word", "phones", "phoneme")]
        if phones == "absent":
            tiers = [tier for tier in tiers if tier.name in WORD_TIER_NAMES]
        aligned = [
            align(
                TextGrid(grid.start_s, grid.end_s, tuple(renamed(tier, label) for tier in tiers)),
                settings,
                audio.duration_s,
                partial(sounds_like_words, audio),
            ).sentences
            for label in ("", *LABELS)
        ]
        different = [
            label for label, one in zip(LABELS, aligned[1:], strict=True) if one != aligned[0]
        ]
        assert not different, path
        n_files += 1
    assert n_files == 214


def renamed(tier, label):
    """A tier with this label of silence."""
    intervals = (
        Interval(i.start_s, i.end_s, label if i.label in ("", "sp", "sil", "spn") else i.label)
        for i in tier.intervals
    )
    return IntervalTier(tier.name, tier.start_s, tier.end_s, tuple(intervals))


@pytest.mark.slow
def test_most_words_of_real_speech_sound_like_the_others(speech_data):
    heard = []
    for path in (speech_data / "emodb" / "textgrid").glob("*.TextGrid"):
        audio = read_audio(path.parents[1] / "wav" / f"{path.stem}.wav")
        words = [i for i in lemf.read_textgrid(path).tiers[0].intervals if i.label]
        heard += [
            sounds_like_words(audio, [word], [other for other in words if other != word])
            for word in words
            if word.end_s - word.start_s >= 0.1
        ]
    assert len(heard) == 407
    assert np.mean(heard) == pytest.approx(0.85, abs=0.005)
