"""The sound: what was planned can be measured, and lemf finds the stress."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import lemf
from msfser.config.settings import RATE_HZ
from msfser.corpora.mechanism.drawing import draw_sentence
from msfser.corpora.mechanism.files import utterance_textgrid
from msfser.corpora.mechanism.speech import f0_contour, plan_prosody, synthesise

SEED = 11
CENT = 1 / 100  # of a semitone
DECIBEL = 1.0


def test_lemf_finds_the_stressed_word():
    n_sentences, found = 60, 0
    for index in range(n_sentences):
        sentence = draw_sentence(SEED, index)
        prosody = plan_prosody(sentence, SEED)
        samples = synthesise(prosody, sentence.speaker)
        grid = utterance_textgrid(sentence, prosody)
        scored = lemf.score(samples, grid, rate_hz=RATE_HZ).sentences[0]
        top = min(scored.words, key=lambda word: word.rank).index
        found += top == sentence.stressed_word
        if top == sentence.stressed_word:
            expected = sentence.words[top - 1 : top + 2]
            assert scored.segment.text == " ".join(expected)
    assert found >= 0.95 * n_sentences


def test_planned_f0_is_heard():
    errors = []
    for index in range(8):
        sentence = draw_sentence(SEED, index)
        prosody = plan_prosody(sentence, SEED)
        f0_hz, times_s = lemf.harvest(synthesise(prosody, sentence.speaker), RATE_HZ)
        start, end = prosody.word_bounds(1)[0], prosody.word_bounds(7)[1]
        inside = (times_s * RATE_HZ > start) & (times_s * RATE_HZ < end) & (f0_hz > 0)
        planned = f0_contour(prosody, times_s[inside] * RATE_HZ)
        measured = 12 * np.log2(f0_hz[inside] / sentence.speaker.register_hz)
        errors.append(np.median(np.abs(measured - planned)))
    assert np.median(errors) < 10 * CENT


def test_level_of_a_vowel_is_as_planned():
    sentence = draw_sentence(SEED, 0)
    prosody = replace(plan_prosody(sentence, SEED), noise_rms=0.0)
    samples = synthesise(prosody, sentence.speaker)
    for phone in prosody.phones:
        if phone.label in ("AA", "EH", "IY", "OW", "UW"):
            middle = samples[
                (phone.start * 2 + phone.end) // 3 : (phone.start + phone.end * 2) // 3
            ]
            level_db = 20 * np.log10(np.sqrt(np.mean(middle**2)) / prosody.vowel_rms)
            assert level_db == pytest.approx(phone.level_db, abs=DECIBEL)


def test_melody_swings_by_the_f0_range():
    sentence = replace(draw_sentence(SEED, 0), f0_range_semitones=8.0, stress_semitones=0.0)
    prosody = plan_prosody(sentence, SEED)
    accents = np.array(prosody.accents_semitones)
    swings = accents[1::2] - (accents[:-1:2] + accents[2::2]) / 2
    assert swings.mean() == pytest.approx(8.0, abs=0.6)  # jitter 0.3 a word


def test_stress_lifts_one_word():
    sentence = draw_sentence(SEED, 0)
    flat = replace(sentence, stress_semitones=0.0, stress_db=0.0, stress_duration=0.0)
    stressed, plain = plan_prosody(sentence, SEED), plan_prosody(flat, SEED)
    for word in range(9):
        own = [p for p in zip(stressed.phones, plain.phones, strict=True) if p[0].word == word]
        lift = sentence.stress_db if word == sentence.stressed_word else 0.0
        longer = sentence.stress_duration if word == sentence.stressed_word else 0.0
        for with_stress, without in own:
            assert with_stress.level_db - without.level_db == pytest.approx(lift)
            ratio = (with_stress.end - with_stress.start) / (without.end - without.start)
            assert ratio == pytest.approx(1 + longer, abs=0.01)  # whole samples
    times = np.arange(stressed.n_samples, dtype=np.float64)
    lift = f0_contour(stressed, times) - f0_contour(replace(stressed, stress_semitones=0.0), times)
    start, end = stressed.word_bounds(sentence.stressed_word)
    assert lift.max() == pytest.approx(sentence.stress_semitones)
    assert not lift[:start].any()
    assert not lift[end:].any()


def test_tempo_sets_the_length():
    sentence = replace(draw_sentence(SEED, 0), stress_duration=0.0)
    lengths = []
    for tempo in (0.75, 1.35):
        prosody = plan_prosody(replace(sentence, tempo=tempo), SEED)
        lengths.append(prosody.phones[-1].end - prosody.phones[0].start)
    assert lengths[0] / lengths[1] == pytest.approx(1.35 / 0.75, abs=0.001)


def test_sound_tells_no_word():
    sentence = draw_sentence(SEED, 0)
    other = replace(sentence, words=tuple(reversed(sentence.words)), situation=0)
    assert plan_prosody(sentence, SEED) == plan_prosody(other, SEED)


@pytest.mark.parametrize("index", range(20))
def test_sound_is_sound(index):
    sentence = draw_sentence(SEED, index)
    prosody = plan_prosody(sentence, SEED)
    samples = synthesise(prosody, sentence.speaker)
    assert samples.shape == (prosody.n_samples,)
    assert np.isfinite(samples).all()
    assert 0.02 < np.abs(samples).max() < 0.9
    assert 1.2 < len(samples) / RATE_HZ < 2.5


def test_textgrid_is_exact():
    sentence = draw_sentence(SEED, 0)
    prosody = plan_prosody(sentence, SEED)
    grid = utterance_textgrid(sentence, prosody)
    words, phones = grid.tiers
    assert [i.label for i in words.intervals] == ["", *sentence.words, ""]
    assert [i.label for i in phones.intervals] == ["", *(p.label for p in prosody.phones), ""]
    for tier in grid.tiers:
        assert tier.intervals[0].start_s == 0.0
        assert tier.intervals[-1].end_s == prosody.n_samples / RATE_HZ
        for left, right in zip(tier.intervals, tier.intervals[1:], strict=False):
            assert left.end_s == right.start_s > left.start_s
    boundaries = {phone.start_s for phone in phones.intervals}
    assert {word.start_s for word in words.intervals} <= boundaries
    assert all((time_s * RATE_HZ).is_integer() for time_s in boundaries)
