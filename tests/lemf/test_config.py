import math
import re

import numpy as np
import pytest

from lemf.config import CUE_SETS, Settings
from lemf.errors import SettingsError


def test_defaults_are_the_papers():
    settings = Settings()
    assert settings.cue_weights == {"pitch": 1.0, "energy": 1.2, "duration": 0.8}
    assert (settings.pitch, settings.pitch_floor_hz, settings.pitch_ceiling_hz) == (
        "harvest",
        71.0,
        800.0,
    )


def test_weights_replace_those_named_and_keep_the_order():
    settings = Settings(weights={"duration": 0, "pitch": 2})
    assert list(settings.cue_weights.items()) == [
        ("pitch", 2.0),
        ("energy", 1.2),
        ("duration", 0.0),
    ]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"cues": "mine"}, "unknown cue set 'mine'; there are: paper"),
        ({"pitch": "yin"}, "unknown pitch method 'yin'; there are: harvest, praat"),
        ({"duration": "syllable"}, "unknown duration 'syllable'"),
        ({"pitch_floor_hz": 300.0, "pitch_ceiling_hz": 200.0}, "floor must lie below the ceiling"),
        ({"pitch_floor_hz": 0.0}, "pitch range 0-800 Hz"),
        ({"pitch_ceiling_hz": 5000.0}, "pitch range 71-5000 Hz"),
        ({"pitch_floor_hz": math.nan}, "pitch range nan-800 Hz"),
        ({"channel": 0}, "channels are counted from 1"),
        ({"sentences": "pause:long"}, "write pause:0.3"),
        ({"sentences": "pause:-1"}, "write pause:0.3"),
        (
            {"weights": {"loudness": 1.0}},
            "unknown cue 'loudness' of the set 'paper'; there are: pitch",
        ),
        ({"weights": {"pitch": math.inf}}, "weight of pitch: inf is not a number up to"),
    ],
)
def test_nonsense_is_refused(given, message):
    with pytest.raises(SettingsError, match=message):
        Settings(**given)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("cues", None, "unknown cue set None; there are"),
        ("cues", ["paper"], "unknown cue set ['paper']; there are"),
        ("pitch", np.zeros((2, 2)), "unknown pitch method array([[0., 0.], [0., 0.]]); there are"),
        ("weights", [1.0, 2.0], "weights [1.0, 2.0]: write a mapping"),
        ("weights", {"pitch": "x"}, "weights {'pitch': 'x'}: write a mapping"),
        ("weights", {"pitch": None}, "weights {'pitch': None}: write a mapping"),
        ("weights", {1: 2.0}, "unknown cue 1 of the set 'paper'; there are"),
        ("pitch_floor_hz", "x", "pitch_floor_hz 'x': write a frequency in Hz"),
        ("pitch_ceiling_hz", None, "pitch_ceiling_hz None: write a frequency in Hz"),
        ("sentences", 3, "sentences 3: write 'whole'"),
        ("words_tier", 1, "words_tier 1: write the name of a tier"),
        ("phones_tier", b"phones", "phones_tier b'phones': write the name of a tier"),
        ("speaker", 7, "speaker 7: write the name of a speaker"),
        ("channel", "left", "channel 'left': write a number from 1 or 'mix'"),
        ("channel", 1.5, "channel 1.5: write a number from 1 or 'mix'"),
        ("channel", math.inf, "channel inf: write a number from 1 or 'mix'"),
        ("channel", np.arange(2), "channel array([0, 1]): write a number from 1 or 'mix'"),
        ("silence", 5, "silence 5: write a tuple of labels"),
        ("silence", ("um", 5), "silence ('um', 5): write a tuple of labels"),
        ("normalise", 1, "unknown normalise 1; there are"),
        ("duration", None, "unknown duration None; there are"),
    ],
)
def test_a_value_of_a_wrong_type_is_refused_in_one_line(name, value, message):
    with pytest.raises(SettingsError, match=re.escape(message)) as caught:
        Settings(**{name: value})
    assert "\n" not in str(caught.value)


def test_pause_is_read():
    assert Settings(sentences="pause:0.25").pause_s == 0.25
    assert Settings(sentences="whole").pause_s is None
    assert Settings(sentences="utterances").pause_s is None


def test_every_cue_set_has_finite_weights():
    for weights in CUE_SETS.values():
        assert weights
        assert all(math.isfinite(weight) for weight in weights.values())


def test_settings_keep_their_own_plain_values():
    import types

    weights = {"pitch": 2}
    settings = Settings(
        weights=types.MappingProxyType(weights), silence=["um"], channel=np.int64(2),
        pitch_floor_hz=np.float32(80),
    )  # fmt: skip
    weights["pitch"] = math.nan
    assert settings.cue_weights["pitch"] == 2.0
    assert settings.silence == ("um",)
    assert type(settings.channel) is int
    assert type(settings.pitch_floor_hz) is float


def test_one_label_of_silence_is_not_taken_letter_by_letter():
    with pytest.raises(SettingsError, match="write a tuple of labels"):
        Settings(silence="um")
