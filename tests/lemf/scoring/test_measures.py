"""Measures of words: F0 in Hz, its time and excursion, level and rate, in every output."""

import json
import math
from dataclasses import replace

import numpy as np
import pyarrow.parquet
import pytest
import soundfile
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import lemf
from lemf.commands.cli import main
from lemf.contours.contours import Contours, Detail
from lemf.contours.energy import mean_level_db
from lemf.contours.measurement import measure
from lemf.display.export import add_tiers, format_json, read_schema
from lemf.display.html import format_html
from lemf.pipeline import score_measurement
from lemf.reading.alignment import Phone, Word
from lemf.reading.frames import frame_times
from lemf.scoring.measures import (
    find_clear_f0,
    lacks_fundamental,
    loud_in_words,
    measure_flags,
    measure_words,
    phone_rate,
)

CENT = 1.0
DB = 0.01
RATE_HZ = 16000
NAMES = ["f0_hz", "f0_time_s", "excursion_st", "level_db", "rate_phones_per_s"]
ASKED = lemf.Settings(measures=True)


def cents(f0_hz, reference_hz):
    return 1200 * np.log2(f0_hz / reference_hz)


def contours_of(f0_hz, energy=None, periodicity=None):
    f0_hz = np.asarray(f0_hz, dtype=float)
    energy = np.ones(len(f0_hz)) if energy is None else energy
    periodicity = np.where(f0_hz > 0, 0.9, 0.0) if periodicity is None else periodicity
    return Contours(frame_times(len(f0_hz)), f0_hz, energy, Detail(energy, periodicity))


def measured(words, contours):
    return measure_words(words, find_clear_f0(words, contours, "harvest"), RATE_HZ)


@pytest.fixture
def spoken(make_utterance):
    """Words of 120, 160 and 110 Hz, at 0.1 to 0.35, 0.45 to 0.85 and 0.95 to 1.25 s."""
    return make_utterance((120.0, 160.0, 110.0), (0.5, 1.0, 0.4), (0.25, 0.4, 0.3))


@pytest.mark.parametrize("pitch", ["harvest", "praat"])
def test_tones_have_their_hz_and_their_semitones(spoken, pitch):
    words = lemf.score(spoken.wav, spoken.textgrid, lemf.Settings(measures=True, pitch=pitch)).words
    found = [word.measures for word in words]
    found_hz = np.array([one.f0_hz for one in found])
    np.testing.assert_allclose(cents(found_hz, [120.0, 160.0, 110.0]), 0, rtol=0, atol=20 * CENT)
    references = [one.f0_hz / 2 ** (one.excursion_st / 12) for one in found]
    np.testing.assert_allclose(cents(np.array(references), references[0]), 0, rtol=0, atol=1e-6)
    assert found[1].excursion_st > 0 > found[2].excursion_st
    for word, one in zip(words, found, strict=True):
        assert word.start_s <= one.f0_time_s < word.end_s
        assert one.rate_phones_per_s == pytest.approx(2 / (word.end_s - word.start_s))


def test_the_level_of_a_sine_is_its_root_mean_square():
    samples = 0.5 * np.sin(2 * np.pi * 200 * np.arange(RATE_HZ) / RATE_HZ)
    words = [lemf.Interval(0.2, 0.8, "a")]
    grid = lemf.TextGrid(0.0, 1.0, (lemf.IntervalTier("words", 0.0, 1.0, tuple(words)),), "<g>")
    asked = lemf.Settings(measures=True, duration="word")
    (word,) = lemf.score(samples, grid, asked, rate_hz=RATE_HZ).words
    rms_db = 20 * math.log10(np.sqrt(np.mean(samples**2)))
    assert word.measures.level_db == pytest.approx(rms_db, abs=DB)
    assert math.isnan(word.measures.rate_phones_per_s)


@pytest.mark.parametrize("rate_hz", [8000, 11025, 44100])
def test_the_mean_level_is_that_of_the_samples_at_any_rate(rate_hz):
    from lemf.contours.energy import frame_energy

    samples = np.random.default_rng(0).normal(0, 0.1, 2 * rate_hz)
    centres = np.arange(rate_hz // 2, rate_hz + rate_hz // 2, rate_hz // 1000)
    level_db = mean_level_db(frame_energy(samples, centres, rate_hz), rate_hz)
    inner = samples[rate_hz // 2 : rate_hz + rate_hz // 2]
    assert level_db == pytest.approx(10 * np.log10(np.mean(inner**2)), abs=0.1)
    assert math.isnan(mean_level_db(np.zeros(3), rate_hz))
    assert math.isnan(mean_level_db(np.zeros(0), rate_hz))


def test_silence_has_no_measure_but_its_rate(make_grid):
    grid = make_grid([("a", 0.1, 0.4), ("b", 0.5, 0.9)], 1.0)
    words = lemf.score(np.zeros(RATE_HZ), grid, ASKED, rate_hz=RATE_HZ).words
    for word in words:
        values = [getattr(word.measures, name) for name in NAMES]
        assert np.isnan(values[:4]).all()
        assert values[4] == pytest.approx(2 / (word.end_s - word.start_s))


def test_noise_has_a_level_and_no_f0(make_grid):
    samples = np.random.default_rng(3).normal(0, 0.1, RATE_HZ)
    grid = make_grid([("a", 0.1, 0.4), ("b", 0.5, 0.9)], 1.0)
    words = lemf.score(samples, grid, ASKED, rate_hz=RATE_HZ).words
    assert [word.measures.level_db for word in words] == pytest.approx([-20, -20], abs=0.5)
    assert np.isnan([word.measures.f0_hz for word in words]).all()


def test_a_word_of_no_or_one_frame():
    words = [Word("a", 0.1011, 0.1049), Word("b", 0.2, 0.204), Word("c", 0.3, 0.6)]
    none, one, long = measured(words, contours_of(np.full(200, 150.0)))
    assert np.isnan([none.f0_hz, none.level_db, none.rate_phones_per_s]).all()
    assert math.isnan(one.f0_hz)  # an edge of voicing, as far as the words tell
    assert math.isfinite(one.level_db)
    assert long.f0_hz == 150.0
    flags = measure_flags(find_clear_f0(words, contours_of(np.full(200, 150.0)), "harvest"))
    assert flags == [(), (), ()]


def test_clear_f0_of_under_30_ms_is_flagged():
    words = [
        Word("a", 0.1, 0.2),
        Word("b", 0.2, 0.225),
        Word("c", 0.225, 0.255),
        Word("d", 0.3, 0.6),
    ]
    clear = find_clear_f0(words, contours_of(np.full(200, 150.0)), "harvest")
    assert measure_flags(clear) == [(), ("brief_pitch",), ("brief_pitch",), ()]  # d: an edge
    assert [one.f0_hz for one in measure_words(words, clear, RATE_HZ)] == [150.0] * 4


def test_octave_errors_edges_and_aperiodic_frames_do_not_make_the_maximum():
    f0_hz, periodicity = np.zeros(100), np.full(100, 0.9)
    f0_hz[20:80] = 150.0
    f0_hz[50] = 160.0  # the maximum
    f0_hz[[20, 79]] = 165.0  # edges of voicing, one frame each
    f0_hz[40:43] = 310.0  # over an octave
    f0_hz[60], periodicity[60] = 165.0, 0.2
    words = [Word("a", 0.05, 0.45)]
    (found,) = measured(words, contours_of(f0_hz, periodicity=periodicity))
    assert found.f0_hz == 160.0
    assert found.f0_time_s == pytest.approx(0.25)
    assert found.excursion_st == pytest.approx(12 * np.log2(160 / 150))


def test_a_frame_is_loud_within_20_db_of_its_word_and_30_db_of_its_second():
    energy = np.full(300, 1e-6)
    for first, level_db in ((20, 0.0), (100, -28.0), (180, -31.0)):
        energy[first : first + 40] = 10 ** (level_db / 20)
        energy[first + 30] *= 10 ** (-19 / 20)
        energy[first + 35] *= 10 ** (-21 / 20)
    spans = [slice(20, 60), slice(100, 140), slice(180, 220)]
    loud = loud_in_words(energy, spans)
    expected = np.zeros(300, dtype=bool)
    expected[20:60] = True
    expected[55] = False
    expected[100:140] = True
    expected[[130, 135]] = False  # the dips lie over 30 dB below the loudest
    np.testing.assert_array_equal(loud, expected)


def test_a_word_far_softer_than_its_neighbours_has_its_maximum(make_utterance):
    """By 18 dB: the cues leave it out, which compare words."""
    spoken = make_utterance((120.0, 160.0, 110.0), (1.0, 0.125, 1.0), (0.4, 0.2, 0.4))
    found = [word.measures.f0_hz for word in lemf.score(spoken.wav, spoken.textgrid, ASKED).words]
    np.testing.assert_allclose(cents(np.array(found), [120, 160, 110]), 0, rtol=0, atol=20 * CENT)


def test_the_fundamental_is_missing_below_55_per_cent_of_half_a_second():
    voiced = np.zeros(200)
    voiced[:109] = 100.0
    loud = np.ones(200, dtype=bool)
    assert lacks_fundamental(voiced, loud)
    voiced[109:111] = 100.0
    assert not lacks_fundamental(voiced, loud)
    assert not lacks_fundamental(np.zeros(200), loud & (np.arange(200) < 99))
    assert lacks_fundamental(np.zeros(200), loud & (np.arange(200) < 100))
    assert not lacks_fundamental(np.zeros(0), np.zeros(0, dtype=bool))


def test_where_harvest_misses_the_fundamental_no_f0_is_given_and_a_note_says_so():
    words = [Word("a", 0.0, 0.5), Word("b", 0.5, 1.0)]
    f0_hz = np.where(np.arange(201) % 20 < 8, 300.0, 0.0)  # a harmonic now and then
    clear = find_clear_f0(words, contours_of(f0_hz), "harvest")
    assert clear.is_missing
    assert np.isnan(clear.f0_hz).all()
    other = find_clear_f0(words, contours_of(f0_hz), "praat")
    assert not other.is_missing
    assert np.nanmax(other.f0_hz) == 300.0


def test_the_flag_and_the_note_of_a_missing_fundamental_are_in_every_output(spoken):
    whole = measure(spoken.wav, spoken.textgrid, ASKED)
    now_and_then = np.where(np.arange(len(whole.contours.f0_hz)) % 20 < 8, 300.0, 0.0)
    telephone = replace(whole, contours=replace(whole.contours, f0_hz=now_and_then))
    emphasis = score_measurement(telephone, ASKED)
    assert emphasis.sentences[0].flags[-1] == "missing_fundamental"
    (note,) = [note for note in emphasis.notes if "missing_fundamental" in note]
    assert note.startswith("no F0 to go by in 1 of 1 sentences: ")
    assert "missing_fundamental: voice in few" in str(emphasis)
    assert emphasis.to_rows()[0]["sentence_flags"].endswith("missing_fundamental")
    assert emphasis.to_rows()[0]["f0_hz"] is None
    plain = score_measurement(telephone, lemf.Settings())
    assert "missing_fundamental" not in format_json(plain)


def test_on_the_telephone_another_tracker_gives_the_f0_that_harvest_does_not(speech_data):
    stem = speech_data / "libritts/7127_75947_000010_000000"
    samples, rate_hz = soundfile.read(f"{stem}.wav")
    grid = lemf.read_textgrid(f"{stem}.TextGrid")
    spectrum = np.fft.rfft(samples)
    frequencies_hz = np.fft.rfftfreq(len(samples), 1 / rate_hz)
    spectrum[(frequencies_hz < 300) | (frequencies_hz > 3400)] = 0
    narrow = np.fft.irfft(spectrum, len(samples))
    praat = lemf.Settings(measures=True, pitch="praat")
    f0_hz = {}
    for name, one, asked in (
        ("whole", samples, ASKED), ("harvest", narrow, ASKED), ("praat", narrow, praat),
    ):  # fmt: skip
        emphasis = lemf.score(one, grid, asked, rate_hz=rate_hz)
        f0_hz[name] = np.array([word.measures.f0_hz for word in emphasis.words])
        missing = "missing_fundamental" in emphasis.sentences[0].flags
        assert missing == (name == "harvest")
    assert np.isnan(f0_hz["harvest"]).all()
    error = np.abs(f0_hz["praat"] / f0_hz["whole"] - 1)
    assert np.nanmean(error > 0.2) < 0.1
    assert np.isfinite(error).mean() > 0.8


@pytest.mark.parametrize(
    ("pitch", "expected_hz"), [("harvest", 151.0), ("praat", 151.0), ("swift", 152.0)]
)
def test_a_frame_at_each_edge_of_voicing_is_left_out_but_for_swift(pitch, expected_hz):
    f0_hz = np.zeros(100)
    f0_hz[20:80] = 150.0
    f0_hz[[20, 21]] = 152.0, 151.0
    words = [Word("a", 0.05, 0.45)]
    clear = find_clear_f0(words, contours_of(f0_hz), pitch)
    assert measure_words(words, clear, RATE_HZ)[0].f0_hz == expected_hz


def test_the_maximum_lies_inside_a_word_whose_start_is_rounded():
    """A frame up to a microsecond before the start counts as at the start."""
    start_s = 0.1 + 5e-7
    words = [Word("a", start_s, 0.4), Word("b", 0.4, 0.6)]
    (found, _) = measured(words, contours_of(np.linspace(200, 100, 200)))
    assert start_s <= found.f0_time_s < 0.4


def test_contours_without_detail_are_refused():
    contours = Contours(frame_times(9), np.ones(9), np.ones(9))
    with pytest.raises(ValueError, match="with_detail"):
        find_clear_f0([Word("a", 0.0, 0.04)], contours, "harvest")


def test_the_rate_counts_phones_and_not_the_gaps_between_them():
    phones = (Phone("a", 0.0, 0.1), Phone("b", 0.1, 0.15), Phone("c", 0.3, 0.4))
    assert phone_rate(Word("abc", 0.0, 0.5, phones)) == pytest.approx(3 / 0.25)
    assert math.isnan(phone_rate(Word("spn", 0.0, 0.5)))


@settings(max_examples=25, deadline=None)
@given(st.floats(-40, 40), st.integers(0, 2**32 - 1), st.integers(0, 200))
def test_gain_changes_only_the_level_and_time_only_the_time(gain_db, seed, later):
    """Of any contour; the last frames are those of both words."""
    rng = np.random.default_rng(seed)
    f0_hz = np.where(rng.random(160) < 0.8, rng.normal(150, 8, 160).clip(80, 300), 0.0)
    energy, periodicity = rng.random(160), rng.random(160)
    words = [Word("a", 0.1, 0.35), Word("b", 0.35, 0.7)]
    moved = [Word(w.text, w.start_s + later * 0.005, w.end_s + later * 0.005) for w in words]
    before = [np.zeros(later), np.zeros(later), np.zeros(later)]
    contours = contours_of(f0_hz, energy, periodicity)
    values = (f0_hz, energy * 10 ** (gain_db / 20), periodicity)
    changed = contours_of(*(np.append(a, b) for a, b in zip(before, values, strict=True)))
    for one, other in zip(measured(words, contours), measured(moved, changed), strict=True):
        assert other.level_db - one.level_db == pytest.approx(gain_db, abs=1e-6)
        np.testing.assert_equal(other.f0_hz, one.f0_hz)
        assert other.excursion_st == pytest.approx(one.excursion_st, abs=1e-9, nan_ok=True)
        expected_s = one.f0_time_s + later * 0.005
        assert other.f0_time_s == pytest.approx(expected_s, abs=1e-9, nan_ok=True)


def test_json_fits_the_schema_and_names_measures_only_where_asked_for(spoken, make_grid):
    schema = Draft202012Validator(json.loads(read_schema()))
    asked = lemf.score(spoken.wav, spoken.textgrid, ASKED)
    silent = lemf.score(
        np.zeros(RATE_HZ), make_grid([("a", 0.1, 0.4)], 1.0), ASKED, rate_hz=RATE_HZ
    )
    for one in (asked, silent):
        document = json.loads(format_json(one))
        assert not list(schema.iter_errors(document))
        for word in document["sentences"][0]["words"]:
            assert list(word["measures"]) == NAMES
    assert document["sentences"][0]["words"][0]["measures"]["f0_hz"] is None
    del document["sentences"][0]["words"][0]["measures"]["level_db"]
    assert list(schema.iter_errors(document))
    plain = lemf.score(spoken.wav, spoken.textgrid)
    assert "measures" not in format_json(plain)
    assert not set(NAMES) & set(plain.to_rows()[0])


def test_measures_change_no_score(spoken):
    asked = lemf.score(spoken.wav, spoken.textgrid, ASKED).words
    plain = lemf.score(spoken.wav, spoken.textgrid).words
    assert [word.score for word in asked] == [word.score for word in plain]
    assert [word.flags for word in asked] == [word.flags for word in plain]


def test_rows_data_frames_table_and_tooltip(spoken):
    asked = lemf.score(spoken.wav, spoken.textgrid, ASKED)
    rows = asked.to_rows()
    assert [key for key in rows[0] if key in NAMES] == NAMES
    assert "measures" not in rows[0]
    assert all(asked.to_dataframe()[name].dtype == float for name in NAMES)
    table = str(asked)
    for shown in (
        "excursion",
        "phones/s",
        f" {asked.words[1].measures.f0_hz:.0f} ",
        f"{asked.words[1].measures.level_db:.1f}",
    ):
        assert shown in table
        assert shown not in str(lemf.score(spoken.wav, spoken.textgrid))
    assert f"F0 {asked.words[1].measures.f0_hz:.0f} Hz, at " in asked._repr_html_()


def test_what_is_nan_is_a_dash_in_the_table_and_left_out_of_the_tooltip(make_grid):
    grid = make_grid([("a", 0.1, 0.4), ("b", 0.5, 0.9)], 1.0)
    silent = lemf.score(np.zeros(RATE_HZ), grid, ASKED, rate_hz=RATE_HZ)
    (row,) = [line.split() for line in str(silent).splitlines() if line.startswith("b ")]
    assert row == ["b", "-", "-", "-", "-", "5.0"]
    assert "F0 " not in format_html(silent)


def test_the_tier_holds_a_point_at_each_maximum(spoken):
    asked = lemf.score(spoken.wav, spoken.textgrid, ASKED)
    tier = add_tiers(spoken.grid, asked).tiers[-1]
    assert isinstance(tier, lemf.PointTier)
    assert tier.name == "f0_hz"
    assert [point.time_s for point in tier.points] == [w.measures.f0_time_s for w in asked.words]
    found = [float(point.label) for point in tier.points]
    np.testing.assert_allclose(found, [120, 160, 110], rtol=0.012)


def test_the_figure_marks_each_maximum(spoken):
    axes = lemf.draw(lemf.score(spoken.wav, spoken.textgrid, ASKED), f0_axis="hz")
    (marks,) = [line for line in axes[0].lines if line.get_label() == "highest clear F0"]
    np.testing.assert_allclose(marks.get_ydata(), [120, 160, 110], rtol=0.012)


@pytest.fixture
def run(make_corpus, monkeypatch, tmp_path):
    make_corpus(3)
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(main, [str(a) for a in arguments])


def test_batch_and_rescore_write_the_same_measures(run, tmp_path):
    made = ("batch", "corpus", "--jobs", "1", "-o", "a.parquet", "--features", "f.parquet")
    done = run(*made, "--measures")
    assert done.exit_code == 0, done.output
    assert run("rescore", "f.parquet", "-o", "b.parquet").exit_code == 0
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    table = pyarrow.parquet.read_table("a.parquet")
    assert [name for name in table.column_names if name in NAMES] == NAMES
    assert all(str(table.schema.field(name).type) == "double" for name in NAMES)
    contour = pyarrow.parquet.read_schema("f.parquet").field("f0_hz").type
    assert str(contour).startswith("list")  # of frames, in the table of recordings


def test_rescore_measures_features_made_without(run):
    made = ("batch", "corpus", "--jobs", "1", "-o", "a.parquet", "--features", "f.parquet")
    assert run(*made).exit_code == 0
    assert not set(NAMES) & set(pyarrow.parquet.read_schema("a.parquet").names)
    assert run("rescore", "f.parquet", "-o", "b.parquet", "--measures").exit_code == 0
    assert run(*made[:5], "c.parquet", "--measures").exit_code == 0
    tables = [pyarrow.parquet.read_table(name) for name in ("b.parquet", "c.parquet")]
    assert tables[0].equals(tables[1])


def test_the_csv_of_the_command_has_the_columns(spoken):
    inputs = [str(spoken.wav), str(spoken.textgrid)]
    done = CliRunner().invoke(main, ["score", *inputs, "--measures", "--format", "csv"])
    header, first, *_ = done.stdout.splitlines()
    row = dict(zip(header.split(","), first.split(","), strict=True))
    assert [name for name in row if name in NAMES] == NAMES
    assert float(row["f0_hz"]) == pytest.approx(120, rel=0.012)


def test_real_words_keep_their_maximum_inside(speech_data):
    stem = speech_data / "libritts/LJ050-0276"
    words = lemf.score(f"{stem}.wav", f"{stem}.TextGrid", ASKED).words
    voiced = [word for word in words if not math.isnan(word.measures.f0_hz)]
    assert len(voiced) > 0.9 * len(words)
    samples, rate_hz = soundfile.read(f"{stem}.wav")
    for word in voiced:
        assert word.start_s <= word.measures.f0_time_s < word.end_s
        assert 0 < word.measures.f0_hz <= np.exp(word.pitch) * (1 + 1e-9)
        inside = samples[round(word.start_s * rate_hz) : round(word.end_s * rate_hz)]
        rms_db = 10 * np.log10(np.mean(inside**2))
        assert word.measures.level_db == pytest.approx(rms_db, abs=3)
