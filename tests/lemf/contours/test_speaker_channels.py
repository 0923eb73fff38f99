"""Who is heard in which channel: levels, gains of microphones, and voices that are not apart."""

import math

import numpy as np
import pytest
import soundfile

import lemf
from lemf.contours.speaker_channels import channel_notes, choose_channels

RATE_HZ = 16_000
END_S = 2.0


def grid(**speakers):
    tiers = [
        lemf.make_tier(f"{name} - words", [lemf.Interval(*span) for span in spans], 0.0, END_S)
        for name, spans in speakers.items()
    ]
    return lemf.TextGrid(0.0, END_S, tuple(tiers), "talk.TextGrid")


def write_talk(path, bursts, n_channels):
    """Tones: (start, end, channel, amplitude)."""
    samples = 1e-5 * np.random.default_rng(0).normal(size=(round(END_S * RATE_HZ), n_channels))
    times_s = np.arange(len(samples)) / RATE_HZ
    for start_s, end_s, channel, amplitude in bursts:
        inside = (times_s >= start_s) & (times_s < end_s)
        samples[inside, channel] += amplitude * np.sin(2 * np.pi * 150 * times_s[inside])
    soundfile.write(path, samples, RATE_HZ)
    return path


ANNA = [(0.1, 0.4, "yes"), (0.5, 0.8, "well")]
BEN = [(1.0, 1.3, "no"), (1.5, 1.8, "never")]


def test_each_speaker_is_in_the_channel_of_the_own_microphone(tmp_path):
    bursts = [(0, 0.9, 1, 0.3), (0, 0.9, 0, 0.03), (0.9, 2, 0, 0.2), (0.9, 2, 1, 0.02)]
    path = write_talk(tmp_path / "talk.wav", bursts, 2)
    found = lemf.find_speakers(path, grid(Anna=ANNA, Ben=BEN))
    assert {name: one.channel for name, one in found.items()} == {"Anna": 2, "Ben": 1}
    # each is 20 dB down in the channel of the other, half of which is on each side of the mean
    assert found["Anna"].margin_db == pytest.approx(20, abs=0.1)
    assert channel_notes(found) == []


def test_the_gain_of_a_microphone_moves_nobody():
    levels_db = np.array([[-20.0, -40.0], [-38.0, -22.0]])
    quiet = choose_channels(levels_db - [[0.0, 30.0]])  # all of channel 2 softer than channel 1
    assert [one.channel for one in quiet] == [1, 2]
    assert [one.margin_db for one in quiet] == pytest.approx([18.0, 18.0])


def test_voices_that_are_not_apart_are_measured_where_they_are_loudest():
    found = dict(zip(("Anna", "Ben"), choose_channels(np.array([[-20.0, -60.0], [-22.0, -61.0]])),
                     strict=True))  # fmt: skip
    assert [one.channel for one in found.values()] == [1, 1]
    notes = channel_notes(found)
    assert notes[0].startswith("Anna stands out in no channel (by 0.5 dB), and is measured in")
    assert notes[-1].startswith("Anna and Ben are measured in channel 1, so that what they say")


def test_one_channel_holds_all_speakers(tmp_path):
    path = write_talk(tmp_path / "talk.wav", [(0, 2, 0, 0.3)], 1)
    found = lemf.find_speakers(path, grid(Anna=ANNA, Ben=BEN))
    assert [one.channel for one in found.values()] == [1, 1]
    assert math.isinf(found["Anna"].margin_db)
    (note,) = channel_notes(found)
    assert note.startswith("Anna and Ben are measured in channel 1")


def test_words_that_another_speaker_talks_into_do_not_count(tmp_path):
    both = [(0.1, 0.4, "yes"), (1.0, 1.3, "me too")]
    bursts = [(0.1, 0.4, 0, 0.05), (1.0, 1.3, 0, 0.05), (1.0, 1.8, 1, 0.9), (1.0, 1.8, 0, 0.09)]
    path = write_talk(tmp_path / "talk.wav", bursts, 2)
    found = lemf.find_speakers(path, grid(Anna=both, Ben=BEN))
    assert {name: one.channel for name, one in found.items()} == {"Anna": 1, "Ben": 2}


def test_a_speaker_who_says_nothing_is_left_out(tmp_path):
    path = write_talk(tmp_path / "talk.wav", [(0, 2, 0, 0.3)], 2)
    assert list(lemf.find_speakers(path, grid(Anna=ANNA, Ben=[(1.0, 1.5, "sil")]))) == ["Anna"]
    plain = lemf.TextGrid(0.0, END_S, (lemf.make_tier("words", [], 0.0, END_S),), "a.TextGrid")
    with pytest.raises(lemf.TextGridError, match="no tier is named 'NAME - words'; its tiers are"):
        lemf.find_speakers(path, plain)
