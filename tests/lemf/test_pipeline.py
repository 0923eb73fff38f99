import math
from dataclasses import replace

import numpy as np
import pytest

import lemf
from lemf.errors import TextGridError
from lemf.scoring.word_emphasis import FLAG_MEANINGS


def test_the_stressed_word_is_found(utterance):
    emphasis = lemf.score(utterance.wav, utterance.textgrid)
    (sentence,) = emphasis.sentences
    assert sentence.ranked[0].word == "two"
    assert emphasis.segment.text == "one two three"
    assert emphasis.segment.words == (0, 1, 2)
    assert sentence.flags == ()
    assert all(word.flags == () for word in emphasis.words)


def test_the_measured_values_are_those_that_were_made(utterance):
    one, two, three = lemf.score(utterance.wav, utterance.textgrid).words
    for word, f0_hz, length_s in ((one, 120, 0.25), (two, 160, 0.4), (three, 110, 0.3)):
        # Harvest overshoots by a few per cent where a tone begins and ends
        assert 0 <= 1200 * math.log2(math.exp(word.pitch) / f0_hz) < 100
        assert word.duration == pytest.approx(length_s / 2, abs=1e-6)
    assert two.energy > one.energy > three.energy


def test_contributions_sum_to_the_score_and_shares_are_the_flat_values(utterance):
    for word in lemf.score(utterance.wav, utterance.textgrid).words:
        total = sum(share.contribution for share in word.cues.values())
        assert total == pytest.approx(word.score, abs=1e-12)
        assert word.cues["pitch"].value == word.pitch
        assert word.cues["energy"].z == word.z_energy
        assert word.cues["duration"].weight == 0.8


def test_paths_arrays_and_objects_give_the_same(utterance):
    by_path = lemf.score(utterance.wav, utterance.textgrid).to_dict()
    by_array = lemf.score(utterance.samples, utterance.grid, rate_hz=utterance.rate_hz).to_dict()
    by_object = lemf.score(lemf.read_audio(utterance.wav), utterance.grid).to_dict()
    assert by_path["sentences"] == by_array["sentences"] == by_object["sentences"]
    assert by_array["audio"] == "<array>"
    assert by_array["textgrid"] == "<TextGrid>"


def test_rate_belongs_to_arrays(utterance):
    with pytest.raises(TypeError, match="needs rate_hz"):
        lemf.score(utterance.samples, utterance.grid)
    with pytest.raises(TypeError, match="a file has its own rate"):
        lemf.score(utterance.wav, utterance.grid, rate_hz=16000)


def test_no_emphasis_is_flat_and_names_the_first(make_utterance, make_grid):
    utterance = make_utterance((120.0,), (0.5,), (0.3,))
    silent = np.zeros(16000)
    grid = make_grid([("a", 0.1, 0.3), ("b", 0.4, 0.6), ("c", 0.7, 0.9)], 1.0)
    (sentence,) = lemf.score(silent, grid, rate_hz=16000).sentences
    assert sentence.flags == ("constant_pitch", "constant_energy", "constant_duration", "flat")
    assert [word.rank for word in sentence.words] == [1, 2, 3]
    assert [word.score for word in sentence.words] == [0.0, 0.0, 0.0]
    assert all(word.flags == ("unvoiced",) for word in sentence.words)
    (alone,) = lemf.score(utterance.wav, utterance.textgrid).sentences
    assert alone.flags == ("one_word", "flat")
    assert alone.segment.words == (0,)


def test_all_unvoiced_is_scored_by_energy_and_duration(make_grid, rng):
    noise = rng.normal(size=16000) * np.repeat([0.001, 0.02, 0.001, 0.001], 4000)
    noise = np.diff(noise, n=4, prepend=[0] * 4)  # blue noise: nothing below 800 Hz to track
    grid = make_grid([("a", 0.05, 0.25), ("b", 0.25, 0.5), ("c", 0.5, 0.9)], 1.0)
    (sentence,) = lemf.score(noise, grid, rate_hz=16000).sentences
    assert all(word.flags == ("unvoiced",) for word in sentence.words)
    assert sentence.flags == ("constant_pitch",)
    assert sentence.ranked[0].word == "b"
    assert all(math.isnan(word.pitch) and word.z_pitch == 0 for word in sentence.words)


def test_pauses_make_sentences(utterance):
    settings = lemf.Settings(sentences="pause:0.05")
    emphasis = lemf.score(utterance.wav, utterance.textgrid, settings)
    assert [sentence.text for sentence in emphasis.sentences] == ["one", "two", "three"]
    assert [sentence.index for sentence in emphasis.sentences] == [0, 1, 2]
    assert len(emphasis.words) == 3
    with pytest.raises(ValueError, match=r"3 sentences .* \.sentences\[i\]\.segment"):
        _ = emphasis.segment


def test_a_word_just_beyond_the_recording_is_flagged_and_further_is_refused(utterance):
    end_s = len(utterance.samples) / 16000
    words = utterance.grid.tiers[0]
    late = replace(words.intervals[-2], end_s=end_s + 0.019)
    tiers = (replace(words, intervals=(*words.intervals[:-2], late)), utterance.grid.tiers[1])
    grid = replace(utterance.grid, tiers=tiers)
    assert "outside_audio" in lemf.score(utterance.wav, grid).words[-1].flags
    with pytest.raises(TextGridError, match="the recording is cut short"):
        lemf.score(utterance.samples[:-400], grid, rate_hz=16000)


def test_settings_are_recorded_as_they_were_resolved(utterance):
    given = lemf.Settings(weights={"energy": 0.5}, silence=("um",))
    settings = lemf.score(utterance.wav, utterance.textgrid, given).to_dict()["settings"]
    assert settings["weights"] == {"pitch": 1.0, "energy": 0.5, "duration": 0.8}
    assert (settings["words_tier"], settings["phones_tier"]) == ("words", "phones")
    assert settings["silence"] == ["um"]
    assert settings["pitch_floor_hz"] == 71.0


def test_praat_agrees_on_the_stressed_word(utterance):
    emphasis = lemf.score(utterance.wav, utterance.textgrid, lemf.Settings(pitch="praat"))
    assert emphasis.sentences[0].ranked[0].word == "two"
    expected = [math.log(120), math.log(160), math.log(110)]
    np.testing.assert_allclose([w.pitch for w in emphasis.words], expected, rtol=0, atol=0.01)


def test_notes_reach_the_result(utterance):
    stereo = np.stack([utterance.samples, utterance.samples], axis=1)
    emphasis = lemf.score(stereo, utterance.grid, rate_hz=16000)
    assert emphasis.notes == ("2 channels mixed down; --channel takes one of them",)


def test_progress_wraps_the_pieces(utterance):
    seen = []

    def track(pieces):
        for piece in pieces:
            seen.append(piece)
            yield piece

    lemf.score(utterance.wav, utterance.textgrid, track=track)
    assert len(seen) == 1


def test_every_flag_has_a_meaning(utterance, make_grid):
    grid = make_grid([("a", 0.1011, 0.1049), ("b", 0.3, 0.6)], 1.35)
    phones = replace(grid.tiers[1], intervals=(lemf.Interval(0.0, 1.35, ""),))
    emphasis = lemf.score(utterance.wav, replace(grid, tiers=(grid.tiers[0], phones)))
    flags = {flag for word in emphasis.words for flag in word.flags}
    flags |= set(emphasis.sentences[0].flags)
    assert {"unknown_word", "no_frame", "constant_duration"} <= flags <= set(FLAG_MEANINGS)


def test_an_audio_keeps_the_channel_that_it_was_read_with(utterance):
    stereo = np.stack([utterance.samples, 0 * utterance.samples], axis=1)
    mixed = lemf.Audio.from_samples(stereo, 16000)
    with pytest.raises(TypeError, match="give read_audio the channel"):
        lemf.score(mixed, utterance.grid, lemf.Settings(channel=1))
    first = lemf.Audio.from_samples(stereo, 16000, channel=1)
    assert lemf.score(first, utterance.grid, lemf.Settings(channel=1)).segment.words == (0, 1, 2)


def test_a_recording_far_longer_than_its_textgrid_is_noted(utterance):
    longer = np.concatenate([utterance.samples, utterance.samples])
    emphasis = lemf.score(longer, utterance.grid, rate_hz=16000)
    (note,) = emphasis.notes
    assert note.startswith("the recording goes on for 1.4 s after the TextGrid ends")
