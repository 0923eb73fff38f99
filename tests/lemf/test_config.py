import math

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

    import numpy as np

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
