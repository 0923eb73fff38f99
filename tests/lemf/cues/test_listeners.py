"""The cue set `listeners` from the recording to the result."""

import json

import numpy as np
import pytest
from click.testing import CliRunner

import lemf
from lemf.commands.cli import main
from lemf.config import CUE_SETS
from lemf.contours.contours import measure_contours

LISTENERS = lemf.Settings(cues="listeners")
Z = 1e-6  # of z-scores, whose contours are kept in float32


def test_the_stressed_word_is_found_and_the_cues_sum_to_its_score(utterance):
    emphasis = lemf.score(utterance.wav, utterance.textgrid, LISTENERS)
    (sentence,) = emphasis.sentences
    assert sentence.ranked[0].word == "two"
    for word in sentence.words:
        assert list(word.cues) == list(CUE_SETS["listeners"])
        assert word.score == pytest.approx(sum(c.contribution for c in word.cues.values()))


def test_the_flat_keys_stay_the_papers(utterance):
    ours = lemf.score(utterance.wav, utterance.textgrid, LISTENERS).words
    papers = lemf.score(utterance.wav, utterance.textgrid).words
    for mine, theirs in zip(ours, papers, strict=True):
        for key in ("pitch", "energy", "duration", "z_pitch", "z_energy", "z_duration"):
            assert getattr(mine, key) == getattr(theirs, key)


@pytest.mark.parametrize("gain", [1e-3, 30.0])
def test_the_gain_of_the_recording_does_not_matter(utterance, gain):
    def contributions(samples):
        emphasis = lemf.score(samples, utterance.grid, LISTENERS, rate_hz=utterance.rate_hz)
        return [[cue.z for cue in word.cues.values()] for word in emphasis.words]

    np.testing.assert_allclose(
        contributions(gain * utterance.samples), contributions(utterance.samples), rtol=0, atol=Z
    )


def test_detail_is_measured_where_it_is_needed_and_costs_the_paper_nothing(utterance):
    audio = lemf.read_audio(utterance.wav)
    plain = measure_contours(audio, lemf.Settings())
    detailed = measure_contours(audio, lemf.Settings(), with_detail=True)
    assert plain.detail is None
    assert lemf.score(utterance.wav, utterance.textgrid).contours.detail is None
    np.testing.assert_array_equal(plain.f0_hz, detailed.f0_hz)
    np.testing.assert_array_equal(plain.energy, detailed.energy)
    for contour in (detailed.detail.mid_energy, detailed.detail.periodicity):
        assert contour.shape == plain.energy.shape
        np.testing.assert_array_equal(contour, np.float32(contour))


def test_pieces_of_a_long_recording_have_the_detail_of_the_whole(utterance, monkeypatch):
    samples = np.tile(utterance.samples, 10)
    audio = lemf.Audio.from_samples(samples, utterance.rate_hz)
    whole = measure_contours(audio, lemf.Settings(), with_detail=True)
    monkeypatch.setattr("lemf.contours.contours.WHOLE_S", 4.0)
    pieces = measure_contours(audio, lemf.Settings(), with_detail=True)
    np.testing.assert_array_equal(pieces.detail.mid_energy, whole.detail.mid_energy)
    off = np.abs(pieces.detail.periodicity - whole.detail.periodicity)
    assert np.mean(off > 1e-3) < 0.01


def noise_for_two(utterance):
    """The utterance with noise for its second word."""
    samples = utterance.samples.copy()
    start, stop = (round(t * utterance.rate_hz) for t in (0.45, 0.85))
    samples[start:stop] = np.random.default_rng(0).normal(0, 0.05, stop - start)
    return samples


def test_noise_that_harvest_voices_is_no_pitch(utterance):
    samples = noise_for_two(utterance)
    words = lemf.score(samples, utterance.grid, LISTENERS, rate_hz=utterance.rate_hz).words
    assert [word.flags for word in words] == [(), ("unclear_pitch",), ()]


def test_a_sentence_without_voice_is_flagged(utterance):
    noise = np.random.default_rng(0).normal(0, 0.05, len(utterance.samples))
    (sentence,) = lemf.score(noise, utterance.grid, LISTENERS, rate_hz=utterance.rate_hz).sentences
    assert {"constant_pitch_area", "constant_pitch_contrast"} <= set(sentence.flags)
    assert "constant_pitch" not in sentence.flags


def test_the_table_names_the_cues_in_80_columns(utterance, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    run = CliRunner().invoke(
        main,
        ["score", str(utterance.wav), str(utterance.textgrid), "--cues=listeners", "--decide=off"],
    )
    assert run.exit_code == 0, run.output
    lines = run.stdout.splitlines()
    assert lines[2].split() == ["pitch", "pitch", "long"]
    assert lines[3].split() == ["word", "rank", "score", "area", "contrast", "loudness", "phones"]
    assert "…" not in run.stdout
    assert max(map(len, lines)) <= 80


def test_all_cues_can_be_asked_for(utterance):
    run = CliRunner().invoke(
        main,
        ["score", str(utterance.wav), str(utterance.textgrid), "--cues", "all", "--format", "json"],
    )
    (sentence,) = json.loads(run.stdout)["sentences"]
    assert list(sentence["words"][0]["cues"]) == list(CUE_SETS["all"])


def rises(scores):
    return bool(np.all(np.diff(scores) > 0))


@pytest.mark.parametrize("cue", ["pitch", "loudness", "duration"])
def test_the_score_rises_with_each_step_of_stress(make_utterance, cue):
    scores = []
    for step in range(5):
        f0_hz = 120.0 * 2 ** (step / 12 if cue == "pitch" else 0)
        amplitude = 0.5 * 10 ** (1.5 * step / 20 if cue == "loudness" else 0)
        length_s = 0.2 * 1.08 ** (step if cue == "duration" else 0)
        made = make_utterance(
            (125.0, 120.0, f0_hz, 115.0), (0.55, 0.5, amplitude, 0.45), (0.21, 0.2, length_s, 0.19)
        )
        (sentence,) = lemf.score(made.wav, made.textgrid, LISTENERS).sentences
        made.textgrid.unlink()
        scores.append(sentence.words[2].score)
    assert rises(scores), scores
