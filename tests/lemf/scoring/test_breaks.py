"""Phrase boundaries of recordings: their strength, and the sentences that they end."""

import json

import numpy as np
import pyarrow.parquet
import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import lemf
from lemf.commands.cli import main
from lemf.contours.contours import Contours, Detail
from lemf.contours.measurement import Measurement
from lemf.display.export import add_tiers, format_json, read_schema
from lemf.reading.alignment import Alignment, Phone, Word
from lemf.reading.frames import frame_times
from lemf.scoring.breaks import break_kinds, break_strength, cut_at_breaks, measure_breaks

ATOL = 1e-9
BREAKS = lemf.Settings(sentences="breaks")
COLUMNS = ["break_kind", "break_strength", "break_pause_s", "break_lengthening", "break_reset_st"]


def measurement(gaps_s, *, start_s=0.1, f0_hz=150.0, gain=1.0, voiced=True, with_phones=True):
    """Words of 0.3 s with the phones t, a; F0 falls by three semitones over each."""
    words, reached_s = [], start_s
    times_s = frame_times(round((start_s + sum(gaps_s) + 0.3 * (len(gaps_s) + 1) + 0.2) * 200))
    f0, energy = np.zeros(len(times_s)), np.full(len(times_s), 1e-3)
    for gap_s in [*gaps_s, 0.0]:
        end_s = reached_s + 0.3
        middle_s = reached_s + 0.1
        phones = (Phone("t", reached_s, middle_s), Phone("a", middle_s, end_s))
        words.append(Word("ta", reached_s, end_s, phones if with_phones else ()))
        inside = (times_s >= reached_s - ATOL) & (times_s < end_s - ATOL)
        f0[inside] = f0_hz * 2 ** (-np.linspace(0, 3, inside.sum()) / 12)
        energy[inside] = 1.0
        reached_s = end_s + gap_s
    f0 *= voiced
    energy *= gain
    contours = Contours(times_s, f0, energy, Detail(energy, np.where(f0 > 0, 0.9, 0.0)))
    alignment = Alignment((tuple(words),), "words", "phones")
    return Measurement("a.wav", "a.TextGrid", 16000, times_s[-1], alignment, contours, ())


def strengths(measured):
    return np.array([one.strength for one in measure_breaks(measured)])


def test_the_terms_are_one_at_their_scales():
    pause_s, none = np.array([0.1, 0.3, 0.0, 0.0, np.nan]), np.zeros(5)
    np.testing.assert_allclose(break_strength(pause_s, none, none)[:2], [1, 2], rtol=1e-12)
    lengthening = np.array([0.0, 0.0, 1.5, -9.0, 3.0])
    reset_st = np.array([np.nan, -5.0, 6.0, 3.0, 6.0])
    found = break_strength(pause_s, lengthening, reset_st)
    np.testing.assert_allclose(found, [1.0, 2.0, 2.0, 0.5, np.nan], atol=ATOL)


def test_the_kinds_begin_at_one_and_two():
    strength = np.array([0.0, 0.999, 1.0, 1.999, 2.0, 9.0, np.nan])
    assert break_kinds(strength) == ["none", "none", "minor", "minor", "major", "major", "end"]


def test_words_alike_differ_by_their_pauses():
    breaks = measure_breaks(measurement([0.0, 0.3, 0.0]))
    assert [one.pause_s for one in breaks[:3]] == pytest.approx([0, 0.3, 0], abs=ATOL)
    assert np.ptp([one.lengthening for one in breaks]) == pytest.approx(0, abs=ATOL)
    difference = breaks[1].strength - breaks[0].strength
    reset = (breaks[1].reset_st - breaks[0].reset_st) / 6
    assert difference - reset == pytest.approx(2.0, abs=1e-6)
    assert breaks[-1].kind == "end"


@settings(max_examples=15, deadline=None)
@given(
    st.floats(1e-3, 1e3),
    st.floats(-12, 12),
    st.integers(0, 200),
    st.lists(st.sampled_from([0.0, 0.1, 0.4]), min_size=1, max_size=4),
)
def test_gain_pitch_and_time_change_no_break(gain, shift_st, frames, gaps_s):
    """F0 from 75 to 300 Hz, up to a second later."""
    changed = measurement(
        gaps_s, gain=gain, f0_hz=150 * 2 ** (shift_st / 12), start_s=0.1 + frames * 0.005
    )
    np.testing.assert_allclose(strengths(changed), strengths(measurement(gaps_s)), atol=1e-6)


def test_one_word_has_no_break_and_is_one_sentence():
    measured = measurement([])
    (only,) = measure_breaks(measured)
    assert only.kind == "end"
    assert np.isnan([only.strength, only.pause_s, only.reset_st]).all()
    assert cut_at_breaks(measured, BREAKS).alignment == measured.alignment


def test_without_voice_and_phones_the_pause_alone_tells():
    breaks = measure_breaks(measurement([0.0, 0.3], voiced=False, with_phones=False))
    assert [one.kind for one in breaks] == ["none", "major", "end"]
    assert np.isnan([(one.lengthening, one.reset_st) for one in breaks]).all()


def test_sentences_end_at_major_breaks_and_stay_when_cut_again():
    measured = measurement([0.0, 0.9, 0.0, 0.0])
    cut = cut_at_breaks(measured, BREAKS)
    assert [len(words) for words in cut.alignment.sentences] == [2, 3]
    assert cut_at_breaks(cut, BREAKS).alignment == cut.alignment
    assert cut_at_breaks(measured, lemf.Settings()) is measured


@pytest.fixture
def spoken(make_utterance):
    return make_utterance((120.0, 160.0, 110.0), (0.5, 1.0, 0.4), (0.25, 0.4, 0.3))


def test_json_fits_the_schema_and_names_breaks_only_where_asked_for(spoken):
    asked = lemf.score(spoken.wav, spoken.textgrid, lemf.Settings(breaks=True))
    document = json.loads(format_json(asked))
    assert not list(Draft202012Validator(json.loads(read_schema())).iter_errors(document))
    (sentence,) = document["sentences"]
    assert [word["break_after"]["kind"] for word in sentence["words"]][-1] == "end"
    plain = lemf.score(spoken.wav, spoken.textgrid)
    assert "break" not in format_json(plain)
    assert not [key for key in plain.to_rows()[0] if key.startswith("break")]
    assert [key for key in asked.to_rows()[0] if key.startswith("break")] == COLUMNS
    assert asked.to_dataframe()["break_strength"].dtype == float
    assert "break" in str(asked)


def test_the_tier_holds_a_point_at_the_end_of_each_phrase(spoken):
    asked = lemf.score(spoken.wav, spoken.textgrid, lemf.Settings(breaks=True))
    tier = add_tiers(spoken.grid, asked).tiers[-1]
    assert isinstance(tier, lemf.PointTier)
    assert tier.name == "breaks"
    ends = [word for word in asked.words if word.break_after.kind != "none"]
    assert [point.time_s for point in tier.points] == [word.end_s for word in ends]
    assert tier.points[-1].label == "end"
    assert all(point.label.split()[0] in ("minor", "major") for point in tier.points[:-1])


@pytest.fixture
def run(make_utterance, make_corpus, monkeypatch, tmp_path):
    make_corpus(3)
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(main, [str(a) for a in arguments])


def test_batch_and_rescore_write_the_same_breaks(run, tmp_path):
    batch = run(
        "batch", "corpus", "--jobs", "1", "-o", "a.parquet", "--features", "f.parquet",
        "--breaks", "--sentences", "breaks",
    )  # fmt: skip
    assert batch.exit_code == 0, batch.output
    assert run("rescore", "f.parquet", "-o", "b.parquet").exit_code == 0
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    names = pyarrow.parquet.read_schema("a.parquet").names
    assert [name for name in names if name.startswith("break")] == COLUMNS
    assert run("rescore", "f.parquet", "-o", "c.parquet", "--normalise", "corpus").exit_code == 0


def test_rescore_measures_breaks_of_features_made_without(run, tmp_path):
    made = ("batch", "corpus", "--jobs", "1", "-o", "a.parquet", "--features", "f.parquet")
    assert run(*made).exit_code == 0
    assert run("rescore", "f.parquet", "-o", "b.parquet", "--breaks").exit_code == 0
    assert run(*made[:5], "c.parquet", "--breaks").exit_code == 0
    tables = [pyarrow.parquet.read_table(name) for name in ("b.parquet", "c.parquet")]
    assert tables[0].equals(tables[1])


def test_a_figure_of_several_sentences_is_refused_once_they_are_known(
    make_utterance, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    spoken = make_utterance((200.0, 100.0, 200.0), (0.5, 1.0, 0.4), (0.25, 0.7, 0.3))
    inputs = [str(spoken.wav), str(spoken.textgrid), "--sentences", "breaks"]
    n_sentences = len(lemf.score(spoken.wav, spoken.textgrid, BREAKS).sentences)
    assert n_sentences > 1
    refused = CliRunner().invoke(main, ["plot", *inputs, "-o", "a.png"])
    assert refused.exit_code == 1
    assert f"{n_sentences} sentences do not fit one png" in refused.stderr
    drawn = CliRunner().invoke(main, ["plot", *inputs, "-o", "a.pdf", "--breaks"])
    assert drawn.exit_code == 0, drawn.output


def test_labels_of_a_recording_are_shared_out_over_its_sentences(spoken, tmp_path):
    label = {"audio": str(spoken.wav), "textgrid": str(spoken.textgrid), "emphasised": [1]}
    labels = tmp_path / "labels.jsonl"
    labels.write_text(json.dumps(label) + "\n")
    arguments = ["evaluate", str(labels), "--sentences", "breaks", "--format", "json"]
    result = CliRunner().invoke(main, arguments)
    assert "Traceback" not in result.output
    assert result.exit_code == 0 or result.stderr.splitlines()[-1].startswith("Error: ")


def test_the_phrases_of_copasul_are_sentences(speech_data):
    """Its tier of global contours; Reichel's example file."""
    stem = speech_data / "copasul/dialogId_turnId_spkId"
    options = lemf.Settings(words_tier="WRD", duration="word", sentences="GLOB_1")
    emphasis = lemf.score(f"{stem}.wav", f"{stem}.TextGrid", options)
    assert [sentence.words[0].word for sentence in emphasis.sentences] == ["this", "check", "is"]
