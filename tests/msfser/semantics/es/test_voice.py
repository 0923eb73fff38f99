import math
from dataclasses import asdict, replace

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

import lemf
from msfser.commands.cli import main
from msfser.manifest import read_manifest, write_manifest
from msfser.semantics.es.description import (
    check_description,
    emotions_of,
    format_description,
    schema_of,
)
from msfser.semantics.es.voice import (
    Voice,
    describe_recording,
    describe_voice,
    measure_voice,
)
from msfser.semantics.jobs import Job
from msfser.semantics.texts import read_texts

RATE_HZ = 16_000
CENT = 2 ** (1 / 1200) - 1
DB = 0.05
MIDDLE = Voice(f0_hz=160.0, range_st=10.0, phones_per_s=13.0, level_dbfs=-20.0, stressed="really")


def write_tone(path, f0_hz, level_dbfs, length_s=1.0, glide_st=0.0):
    """A harmonic tone of known RMS whose F0 glides linearly in semitones."""
    t = np.arange(round(length_s * RATE_HZ)) / RATE_HZ
    f0 = f0_hz * 2 ** (glide_st * (t / length_s - 0.5) / 12)
    phase = 2 * np.pi * np.cumsum(f0) / RATE_HZ
    tone = sum(np.sin(k * phase) / k for k in range(1, 15))
    tone *= 10 ** (level_dbfs / 20) / np.sqrt(np.mean(tone**2))
    soundfile.write(path, tone, RATE_HZ, subtype="DOUBLE")
    return path


def test_f0_range_and_level_of_a_known_tone(tmp_path):
    voice = measure_voice(write_tone(tmp_path / "a.wav", 200.0, -20.0), None)
    assert voice.f0_hz == pytest.approx(200.0, rel=CENT)
    assert voice.range_st == pytest.approx(0.0, abs=0.05)
    assert voice.level_dbfs == pytest.approx(-20.0, abs=DB)
    assert math.isnan(voice.phones_per_s)
    assert voice.stressed is None
    glide = measure_voice(write_tone(tmp_path / "b.wav", 200.0, -30.0, glide_st=12.0), None)
    assert glide.range_st == pytest.approx(0.9 * 12, abs=0.3)  # 5th to 95th percentile
    assert glide.level_dbfs == pytest.approx(-30.0, abs=3 * DB)


def test_pauses_change_neither_level_nor_f0(tmp_path):
    samples, _ = soundfile.read(write_tone(tmp_path / "a.wav", 150.0, -20.0))
    soundfile.write(
        tmp_path / "b.wav", np.concatenate([np.zeros(16000), samples, np.zeros(8000)]), RATE_HZ
    )
    voice = measure_voice(tmp_path / "b.wav", None)
    assert voice.level_dbfs == pytest.approx(-20.0, abs=0.5)
    assert voice.f0_hz == pytest.approx(150.0, rel=10 * CENT)


def test_pace_and_stress_come_from_the_alignment(corpus):
    manifest = read_manifest(corpus)
    row = manifest.utterances[3]  # the fourth of five words is stressed
    voice = measure_voice(manifest.wav_path(row), manifest.alignment_path(row))
    assert voice.stressed == "four"
    (four,) = (word for word in lemf.score(
        manifest.wav_path(row), manifest.alignment_path(row)
    ).sentences[0].words if word.word == "four")  # fmt: skip
    assert set(voice.stress) == {name for name in four.in_words if name}
    assert "long" in voice.stress
    # five words of two phones each: four of 0.1 s and one of 0.15 s
    assert voice.phones_per_s == pytest.approx(10 / 0.55, abs=1e-6)


def test_a_word_whose_alignment_failed_is_no_stress(corpus, tmp_path):
    manifest = read_manifest(corpus)
    row = manifest.utterances[3]
    samples, rate_hz = soundfile.read(manifest.wav_path(row))
    soundfile.write(tmp_path / "a.wav", np.pad(samples, (0, 3 * rate_hz)), rate_hz)
    grid = lemf.read_textgrid(manifest.alignment_path(row))
    end_s = grid.end_s + 3
    (four,) = (one for one in grid.tiers[0].intervals if one.label == "four")
    tiers = []
    for tier in grid.tiers:  # the stressed word and its last phone go on until the end
        *others, last = [one for one in tier.intervals if one.end_s <= four.end_s + 1e-6]
        tiers.append(replace(tier, end_s=end_s, intervals=(*others, replace(last, end_s=end_s))))
    stretched = replace(grid, end_s=end_s, tiers=tuple(tiers))
    lemf.write_textgrid(stretched, tmp_path / "a.TextGrid")
    assert lemf.score(tmp_path / "a.wav", stretched).sentences[0].ranked[0].word == "four"
    assert measure_voice(tmp_path / "a.wav", tmp_path / "a.TextGrid").stressed is None


@pytest.mark.parametrize(
    ("change", "phrase"),
    [
        ({"f0_hz": 144.0}, "This is a male speaker"),
        ({"f0_hz": 145.0}, "This is a speaker of unclear gender"),
        ({"f0_hz": 175.0}, "This is a speaker of unclear gender"),
        ({"f0_hz": 176.0}, "This is a female speaker"),
        ({"range_st": 7.9}, "a narrow pitch range"),
        ({"range_st": 16.1}, "a wide pitch range"),
        ({"phones_per_s": 10.9}, "a slow pace"),
        ({"phones_per_s": 16.1}, "a fast pace"),
        ({"level_dbfs": -28.1}, "a quiet recording"),
        ({"level_dbfs": -15.9}, "a loud recording"),
        ({"stressed": "x" * 100}, f'stress on "{"x" * 28}"'),
        ({"stress": ("high", "long", "loud")}, 'Unknown). The word "really" is high, long, loud. '),
        ({"stress": ("long",), "stressed": "x" * 100}, f'The word "{"x" * 28}" is long. '),
        ({"stress": ()}, "Unknown). The speech is characterized"),
        ({"phones_per_s": math.nan, "stressed": None}, "pitch range and a medium level."),
    ],
)
def test_each_measure_is_put_into_words(change, phrase):
    text = format_description(describe_voice(replace(MIDDLE, **change)))
    assert phrase in text
    assert "expressing an unnamed emotion (categorized as Unknown)" in text


def test_any_voice_makes_a_valid_description():
    nothing = Voice(
        f0_hz=math.nan, range_st=math.nan, phones_per_s=math.nan, level_dbfs=math.nan, stressed=None
    )
    emotions = emotions_of("own")
    every = replace(MIDDLE, stressed="w" * 99, stress=("high", "short", "loud"), has_rumble=True)
    for voice in (MIDDLE, nothing, every):
        content = asdict(describe_voice(voice))
        content["paralinguistics"] = list(content["paralinguistics"])
        check_description(content, emotions)
        assert set(content) == set(schema_of(emotions)["properties"])
    assert describe_voice(nothing).gender == "unclear"


def test_a_sound_without_a_voice_is_described_as_such(tmp_path):
    click = np.zeros(RATE_HZ)
    click[8000] = 0.5
    soundfile.write(tmp_path / "a.wav", click, RATE_HZ)
    entry = describe_recording(Job("k", "a", tmp_path / "a.wav"))
    assert "characterized by no voiced speech." in entry["text"]
    assert entry["measured"]["f0_hz"] is None


def test_the_command_describes_what_it_can(corpus, tmp_path):
    broken = tmp_path / "broken.TextGrid"
    broken.write_text("no TextGrid")
    manifest = read_manifest(corpus)
    first, second, *others = manifest.utterances
    first = replace(first, alignment=str(broken))
    second = replace(second, wav=str(tmp_path / "none.wav"))
    manifest = replace(manifest, utterances=(first, second, *others))
    write_manifest(corpus / "manifest.parquet", manifest, force=True)
    arguments = ["semantics", "es", str(corpus), "--backend", "acoustic", "--jobs", "2"]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 1
    assert "es: 11 ok, 1 failed" in result.output
    assert "none.wav" in result.output.splitlines()[-1]
    es = read_texts(corpus).es
    assert "stress on" not in es[0].text
    assert 'stress on "three"' in es[2].text
    assert 'The word "three" is ' in es[2].text
    assert (es[2].source, es[2].model) == ("acoustic", f"lemf {lemf.__version__}")
    before = (corpus / "semantics/es.jsonl").read_text()
    CliRunner().invoke(main, arguments)
    assert (corpus / "semantics/es.jsonl").read_text().startswith(before)


def test_the_level_of_integers_stored_as_floats_is_that_of_the_integers(tmp_path):
    samples, _ = soundfile.read(write_tone(tmp_path / "a.wav", 200.0, -20.0))
    soundfile.write(tmp_path / "b.wav", np.round(samples * 2**15), RATE_HZ, subtype="FLOAT")
    voice = measure_voice(tmp_path / "b.wav", None)
    assert voice.level_dbfs == pytest.approx(-20.0, abs=DB)


def test_a_rumble_is_named_and_its_level_is_not_taken_for_the_voice(tmp_path):
    samples, _ = soundfile.read(write_tone(tmp_path / "a.wav", 200.0, -20.0))
    rumble = 0.4 * np.sin(2 * np.pi * 20 * np.arange(len(samples)) / RATE_HZ)
    soundfile.write(tmp_path / "b.wav", samples + rumble, RATE_HZ, subtype="FLOAT")
    entry = describe_recording(Job("k", "b", tmp_path / "b.wav"))
    assert "a rumble below the voice" in entry["text"]
    assert "level" not in entry["text"]
    assert "loud" not in entry["text"]
    assert (entry["measured"]["level_dbfs"], entry["measured"]["has_rumble"]) == (None, True)
    clean = describe_recording(Job("k", "a", tmp_path / "a.wav"))
    assert "a medium level" in clean["text"]
    assert "has_rumble" not in clean["measured"]
