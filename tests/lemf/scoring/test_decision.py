"""Decisions: the arithmetic against scipy and by hand, the files, and what outputs say."""

import json
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit

import lemf
from lemf.commands.cli import main
from lemf.config import CUE_SETS
from lemf.errors import SettingsError
from lemf.scoring.decision import log_odds_parts, probability
from lemf.scoring.decision_models import (
    DECISION_MODELS,
    find_model,
    model_to_dict,
    read_decision_model,
)

LISTENERS = lemf.Settings(cues="listeners")
MODEL = replace(
    DECISION_MODELS["emphasis"],
    intercept=-3.0,
    slope=0.5,
    absolute={"pitch_range": 0.25, "spectral_balance": 0.1},
    means={"pitch_range": 4.0, "spectral_balance": -5.0},
    floors={"spectral_balance": -8.0},
)


@pytest.fixture
def emphasis(make_sound, make_grid):
    return score(make_sound, make_grid, LISTENERS)


@pytest.fixture
def make_sound():
    """Three words of 0.4 s with a pause around each; F0 and level of the second stand out."""

    def make(rise=1.7, louder=3.0):
        rate_hz = 16_000
        times_s = np.arange(int(2.0 * rate_hz)) / rate_hz
        samples = np.zeros(len(times_s))
        for number in range(3):
            inside = (times_s >= 0.2 + 0.6 * number) & (times_s < 0.6 + 0.6 * number)
            local_s = times_s[inside] - 0.2 - 0.6 * number
            factor = rise if number == 1 else 1.0
            f0_hz = 120.0 * (1 + (factor - 1) * np.sin(np.pi * local_s / 0.4))
            phase = 2 * np.pi * np.cumsum(f0_hz) / rate_hz
            tone = sum(np.sin(k * phase) / k**0.3 for k in range(1, 30))
            samples[inside] = 0.02 * tone * (louder if number == 1 else 1.0)
        return samples + 1e-4 * np.random.default_rng(0).normal(size=len(samples))

    return make


def score(make_sound, make_grid, settings, **sound):
    words = [(name, 0.2 + 0.6 * i, 0.6 + 0.6 * i) for i, name in enumerate(("one", "two", "three"))]
    return lemf.score(make_sound(**sound), make_grid(words, 2.0), settings, rate_hz=16_000)


def test_parts_are_the_formula_by_hand():
    added = {"pitch_area": np.array([1.0, -2.0]), "loudness": np.array([0.5, 0.0])}
    measures = {"pitch_range": np.array([8.0, np.nan]), "spectral_balance": np.array([-10.0, 0.0])}
    parts = log_odds_parts(added, measures, MODEL)
    assert list(parts) == ["intercept", *added, *measures]
    np.testing.assert_allclose(sum(parts.values()), [-3 + 0.75 + 2.0 - 0.8, -3 - 1.0 + 1.0])
    np.testing.assert_allclose(parts["intercept"], -3.0 + 0.25 * 4.0 - 0.1 * 5.0)
    assert parts["pitch_range"].tolist() == [1.0, 0.0]  # without a floor the mean stands in
    np.testing.assert_allclose(parts["spectral_balance"], [-0.3, 0.5])  # not below the floor


def test_a_missing_measure_counts_as_the_least_that_is_told_apart():
    """A word without a voice has no excursion, not that of an average word."""
    added = {"loudness": np.zeros(3)}
    measures = {
        "pitch_range": np.array([np.nan, 4.0, 4.0]),
        "spectral_balance": np.array([-5.0, np.nan, -9.0]),
    }
    model = replace(MODEL, floors={"pitch_range": 1.0, "spectral_balance": -8.0})
    parts = log_odds_parts(added, measures, model)
    np.testing.assert_allclose(parts["pitch_range"], [-0.75, 0.0, 0.0])
    np.testing.assert_allclose(parts["spectral_balance"], [0.0, -0.3, -0.3])


def without_voice(n_samples, rate_hz):
    noise = np.random.default_rng(0).normal(size=n_samples)
    times_s = np.arange(n_samples) / rate_hz
    whispered = noise * np.interp(times_s, [0, 0.5, 1, 2], [0.01, 0.1, 0.02, 0.05])
    tone = 0.3 * np.sin(2 * np.pi * 1000 * times_s)
    return {
        "silence": 0 * noise,
        "offset": 0 * noise + 0.3,
        "noise": 0.1 * noise,
        "whisper": whispered,
        "tone": tone,
    }


@pytest.mark.parametrize("sound", ["silence", "offset", "noise", "whisper", "tone"])
@pytest.mark.parametrize("measures", [False, True])
def test_where_nothing_is_heard_a_flag_and_a_note_say_so(example, sound, measures):
    audio = lemf.read_audio(example[0])
    samples = without_voice(audio.n_samples, audio.rate_hz)[sound]
    settings = replace(LISTENERS, decide="accent", measures=measures)
    found = lemf.score(samples, example[1], settings, rate_hz=audio.rate_hz)
    (sentence,) = found.sentences
    assert sentence.flags.count("unheard") == 1
    assert "missing_fundamental" not in sentence.flags
    assert "unheard" in sentence.doubts
    assert [note[:30] for note in found.notes if "(unheard)" in note] == [
        "no clear voice in 1 of 1 sente"
    ]
    assert not any("telephone" in note for note in found.notes)
    for shown in (str(found), found._repr_html_(), json.dumps(found.to_dict())):
        assert "unheard" in shown
    assert "unheard" in found.to_rows()[0]["sentence_flags"]
    for word in sentence.words:
        assert word.decision.parts["pitch_range"] < 0
    if sound in ("silence", "offset"):
        assert sentence.decision.kind == "none"
    plain = lemf.score(samples, example[1], rate_hz=audio.rate_hz)
    assert "unheard" not in json.dumps(plain.to_dict())


def telephone(samples, rate_hz):
    spectrum = np.fft.rfft(samples)
    frequencies_hz = np.fft.rfftfreq(len(samples), 1 / rate_hz)
    spectrum[(frequencies_hz < 300) | (frequencies_hz > 3400)] = 0
    return np.fft.irfft(spectrum, len(samples))


@pytest.mark.parametrize("cues", ["listeners", "all", "paper"])
def test_what_decides_or_reads_clear_f0_says_that_harvest_misses_it(example, cues):
    samples, rate_hz = soundfile.read(example[0])
    narrow = telephone(samples, rate_hz)
    found = lemf.score(narrow, example[1], lemf.Settings(cues=cues), rate_hz=rate_hz)
    flagged = cues != "paper"
    assert ("missing_fundamental" in found.sentences[0].flags) == flagged
    assert any("--pitch praat or swift" in note for note in found.notes) == flagged
    whole = lemf.score(samples, example[1], lemf.Settings(cues=cues), rate_hz=rate_hz)
    assert not {"missing_fundamental", "unheard"} & {*whole.sentences[0].flags}


def test_rumble_is_to_be_filtered_before_another_tracker_is_tried(example):
    samples, rate_hz = soundfile.read(example[0])
    rumble = 0.3 * np.sin(2 * np.pi * 30 * np.arange(len(samples)) / rate_hz)
    found = lemf.score(telephone(samples, rate_hz) + rumble, example[1], LISTENERS, rate_hz=rate_hz)
    assert any("--highpass" in note for note in found.notes)
    assert not any("telephone" in note for note in found.notes)


def test_a_cue_that_is_also_measured_as_such_has_one_part():
    model = replace(MODEL, absolute={"pitch_range": 1.0}, means={"pitch_range": 2.0})
    parts = log_odds_parts(
        {"pitch_range": np.array([3.0])}, {"pitch_range": np.array([5.0])}, model
    )
    assert {name: float(part[0]) for name, part in parts.items()} == {
        "intercept": -3.0 + 2.0, "pitch_range": 0.5 * 3.0 + 5.0 - 2.0,
    }  # fmt: skip


@given(st.lists(st.floats(-800, 800), min_size=1, max_size=20))
def test_probabilities_are_those_of_scipy(log_odds):
    values = np.array(log_odds)
    np.testing.assert_allclose(probability(values), expit(values), rtol=1e-12, atol=1e-300)


def test_listeners_decide_emphasis_and_the_paper_nothing(emphasis, make_sound, make_grid):
    assert emphasis.decision == DECISION_MODELS["emphasis"]
    assert emphasis.settings.decide == "emphasis"
    sentence = emphasis.sentences[0]
    assert sentence.decision.kind == "one"
    assert [word.word for word in sentence.emphasised] == ["two"]
    for word in sentence.words:
        decided = word.decision
        assert sum(decided.parts.values()) == pytest.approx(decided.log_odds, abs=1e-12)
        assert decided.probability == pytest.approx(expit(decided.log_odds), rel=1e-12)
        assert decided.emphasised == (decided.probability >= 0.5)
    plain = score(make_sound, make_grid, lemf.Settings())
    assert plain.decision is None
    assert plain.sentences[0].decision is None
    assert [word.word for word in plain.sentences[0].emphasised] == ["two"]  # the top word
    assert "decision" not in json.dumps(plain.to_dict())
    assert not {"probability", "emphasised", "sentence_decision"} & plain.to_rows()[0].keys()


def test_absolute_measures_are_measured_beside_the_cue_set(make_sound, make_grid, tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(model_to_dict(MODEL)))
    decided = score(make_sound, make_grid, replace(LISTENERS, decide=str(path)))
    every = score(make_sound, make_grid, lemf.Settings(cues="all"))
    for word, measured in zip(decided.words, every.words, strict=True):
        for cue, coefficient in MODEL.absolute.items():
            value = measured.cues[cue].value
            above = max(value, MODEL.floors.get(cue, -np.inf)) - MODEL.means[cue]
            assert word.decision.parts[cue] == pytest.approx(coefficient * above, rel=1e-12)
    assert decided.settings.decide == str(path)


def test_none_one_and_several_follow_the_threshold(emphasis, make_sound, make_grid):
    highest = max(word.decision.probability for word in emphasis.words)
    for threshold, kind, n in ((0.001, "several", 3), (0.5, "one", 1), (highest + 1e-9, "none", 0)):
        found = score(make_sound, make_grid, replace(LISTENERS, threshold=threshold)).sentences[0]
        assert (found.decision.kind, len(found.decision.words)) == (kind, n)
        assert len(found.emphasised) == n
        assert [word.rank for word in found.words] == [word.rank for word in emphasis.words]


def test_accents_of_few_words_are_flagged(make_sound, make_grid):
    accents = score(make_sound, make_grid, replace(LISTENERS, decide="accent")).sentences[0]
    assert "few_words" in accents.flags
    assert "few_words" not in score(make_sound, make_grid, LISTENERS).sentences[0].flags


def test_off_decides_nothing(make_sound, make_grid):
    off = score(make_sound, make_grid, replace(LISTENERS, decide="off"))
    assert off.decision is None
    assert off.settings.decide == "off"
    assert "probability" not in off.to_rows()[0]


@pytest.mark.parametrize(
    ("settings", "fault"),
    [
        ({"cues": "paper"}, "fitted to scores of the cue set 'listeners', not 'paper'"),
        ({"weights": {"loudness": 2.0}}, "loudness has weight 1, not 2"),
        ({"normalise": "recording"}, "standardised over the sentence, not the recording"),
    ],
)
def test_other_scores_are_refused_if_asked_and_left_undecided_if_not(settings, fault):
    changed = replace(LISTENERS, **settings)
    assert find_model(changed) is None
    with pytest.raises(SettingsError, match=fault):
        find_model(replace(changed, decide="emphasis"))


@pytest.mark.parametrize("threshold", [0, 1, -1, 2, float("nan"), "x"])
def test_thresholds_are_probabilities(threshold):
    with pytest.raises(SettingsError, match="a probability above 0 and below 1"):
        lemf.Settings(threshold=threshold)


def test_a_model_survives_its_file(tmp_path):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(model_to_dict(MODEL)))
    assert read_decision_model(path) == MODEL


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"decision": ""}, "decision '': not a name"),
        ({"cues": "mine"}, "cues 'mine': no such cue set"),
        ({"cues": ["x"]}, "cues .*: no such cue set"),
        ({"normalise": "word"}, "normalise 'word': unknown"),
        ({"slope": "steep"}, "slope 'steep': not a number"),
        ({"slope": None}, "slope None: not a number"),
        ({"intercept": True}, "intercept True: not a number"),
        ({"intercept": 1e308}, r"intercept 1e\+308: beyond -1e\+06 to 1e\+06"),
        ({"intercept": float("nan")}, "not JSON|intercept nan: not a number"),
        ({"absolute": [1]}, "absolute .*: not cues with numbers"),
        ({"absolute": {"gloss": 1}}, "absolute: unknown cue 'gloss'"),
        ({"weights": {"pitch": 1}}, "weights: unknown cue 'pitch'"),
        ({"means": {}}, "means lacks pitch_range"),
        ({"treshold": 0.3}, "'treshold': no decision has it; there are: decision, cues, "),
        ({"floors": {"loudness": 1}}, r"floors\.loudness: absolute has no such cue"),
        ({"means": MODEL.means | {"loudness": 1}}, r"means\.loudness: absolute has no such cue"),
        ({"slope": -0.5}, "slope -0.5: the higher the score, the less emphasis"),
    ],
)
def test_a_wrong_file_is_refused_in_a_line(tmp_path, change, fault):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(model_to_dict(MODEL) | change))
    with pytest.raises(SettingsError, match=fault) as error:
        read_decision_model(path)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("key", ["cues", "intercept", "slope"])
def test_a_missing_key_is_named(tmp_path, key):
    path = tmp_path / "mine.json"
    content = model_to_dict(MODEL)
    del content[key]
    path.write_text(json.dumps(content))
    with pytest.raises(SettingsError, match=f"{key} is missing; write it with lemf fit --decide"):
        read_decision_model(path)


@pytest.mark.parametrize(
    ("content", "fault"),
    [("[1]", "not a decision"), ("{", "not JSON"), ('{"weights": {}}', "not a")],
)
def test_a_file_of_something_else_is_refused(tmp_path, content, fault):
    path = tmp_path / "mine.json"
    path.write_text(content)
    with pytest.raises(SettingsError, match=fault):
        read_decision_model(path)
    with pytest.raises(SettingsError, match="cannot be read"):
        read_decision_model(tmp_path / "gone.json")


def test_shipped_models_belong_to_the_scores_of_listeners():
    for name, model in DECISION_MODELS.items():
        assert (model.name, model.cues, model.normalise) == (name, "listeners", "sentence")
        assert dict(model.weights) == CUE_SETS["listeners"]
        assert model.slope > 0
        assert model.absolute.keys() <= model.means.keys()


def test_all_formats_hold_the_decision(emphasis):
    row = emphasis.to_rows()[1]
    assert row["emphasised"] is True
    assert row["sentence_decision"] == "one"
    parts = [value for name, value in row.items() if name.startswith("log_odds.")]
    assert sum(parts) == pytest.approx(row["log_odds"], abs=1e-12)
    assert "emphasised: two" in str(emphasis)
    assert "P = probability of emphasis" in str(emphasis)
    assert "emphasised: one" in emphasis._repr_html_()
    content = emphasis.to_dict()
    assert content["decision"]["name"] == "emphasis"
    assert content["sentences"][0]["decision"] == {"kind": "one", "words": [1]}


def test_a_sentence_without_emphasis_says_none(make_sound, make_grid):
    found = score(make_sound, make_grid, replace(LISTENERS, threshold=0.999))
    assert "emphasised: none\n" in str(found)
    assert "top word:   two" in str(found)
    assert "emphasised: none" in found._repr_html_()


def test_the_command_takes_the_cues_of_the_decision(example):
    runner = CliRunner()
    result = runner.invoke(main, ["score", *example, "--decide", "accent", "--format", "json"])
    assert result.exit_code == 0, result.stderr
    content = json.loads(result.stdout)
    assert (content["settings"]["cues"], content["settings"]["decide"]) == ("listeners", "accent")
    for options, fault in (
        (["--decide", "accent", "--cues", "paper"], "fitted to scores of the cue set 'listeners'"),
        (["--decide", "gone.json"], "decide 'gone.json': no such decision or file"),
        (["--cues", "listeners", "--threshold", "2"], "threshold 2: write a probability"),
    ):
        result = runner.invoke(main, ["score", *example, *options])
        assert result.exit_code == 2
        assert fault in result.stderr.splitlines()[-1]


@pytest.fixture
def example(request):
    folder = request.config.rootpath / "examples"
    return [str(folder / "really.wav"), str(folder / "really.TextGrid")]
