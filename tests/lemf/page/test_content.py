"""What stands in the page is what lemf.score computes, and the page's own arithmetic agrees."""

import json
import os
import shutil
import subprocess
from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

import lemf
from lemf.config import CUE_SETS, CUES
from lemf.contours.contours import Contours
from lemf.contours.measurement import measure
from lemf.display.table_layout import format_break
from lemf.page.content import page_content
from lemf.page.contours import ENERGY_STEPS, MOST_FRAMES, STEPS_PER_HZ, pack_contours
from lemf.page.html import format_page
from lemf.pipeline import score_measurement
from lemf.scoring.decision_models import DECISION_MODELS

EXAMPLES = Path(__file__).parents[3] / "examples"
SCORE_TOLERANCE = 1e-9
HALF_STEP_HZ = 0.5 / STEPS_PER_HZ + 1e-9

NODE = """
const input = JSON.parse(require("fs").readFileSync(0, "utf8"));
const known = (x) => (x === null ? NaN : x);
const of = (values) =>
  Object.fromEntries(Object.entries(values).map(([name, own]) => [name, own.map(known)]));
const all = input.sentences.map((one) => of(one.values));
const names = Object.keys(all[0]);
const norms = input.recording
  ? Object.fromEntries(names.map((name) => [name, moments(all.flatMap((one) => one[name]))]))
  : null;
console.log(JSON.stringify(all.map((values) => {
  const scored = scoreSentence(values, input.weights, norms);
  const decision = input.model ? decideWords(scored, values, input.model, input.threshold) : null;
  return { ...scored, flat: isFlat(scored.scores), decision };
})));
"""


def content_of(measured, settings=None):
    settings = settings or lemf.Settings()
    return page_content(measured, settings, score_measurement(measured, settings))


def score_by_node(content, weights, **further):
    """Score the sentences of a page by its own JavaScript."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("needs node")
    code = files("lemf.page").joinpath("assets", "score.js").read_text(encoding="utf-8")
    given = {"sentences": content["sentences"], "weights": weights, **further}
    done = subprocess.run(
        [node, "-e", code + NODE], input=json.dumps(given), capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def assert_agree(found, emphasis):
    """Compare what node scored with what lemf scored."""
    for one, sentence in zip(found, emphasis.sentences, strict=True):
        scores = [word.score for word in sentence.words]
        np.testing.assert_allclose(one["scores"], scores, rtol=0, atol=SCORE_TOLERANCE)
        assert one["ranks"] == [word.rank for word in sentence.words]
        first, last = one["segment"]
        assert tuple(range(first, last + 1)) == sentence.segment.words
        assert one["flat"] == ("flat" in sentence.flags)
        for name in sentence.words[0].cues:
            z = [word.cues[name].z for word in sentence.words]
            np.testing.assert_allclose(one["z"][name], z, rtol=0, atol=SCORE_TOLERANCE)
        if sentence.decision is None:
            continue
        for i, word in enumerate(sentence.words):
            decision = one["decision"]
            assert decision["p"][i] == pytest.approx(word.decision.probability, abs=1e-9)
            assert decision["logOdds"][i] == pytest.approx(word.decision.log_odds, abs=1e-9)
            assert decision["emphasised"][i] == word.decision.emphasised
            for name, part in decision["parts"].items():
                assert part[i] == pytest.approx(word.decision.parts[name], abs=1e-9)
        assert decision["base"] == pytest.approx(word.decision.parts["intercept"], abs=1e-9)


@pytest.fixture(scope="module")
def really():
    recording = lemf.read_audio(EXAMPLES / "really.wav")
    return measure(recording, EXAMPLES / "really.TextGrid", lemf.Settings(), with_detail=True)


def test_the_values_are_those_of_the_result_in_full(really, page_data):
    content = content_of(really)
    emphasis = score_measurement(really, lemf.Settings(cues="all"))
    (sentence,) = content["sentences"]
    assert list(sentence["values"]) == list(CUES)
    for name, values in sentence["values"].items():
        measured = [word.cues[name].value for word in emphasis.words]
        assert [np.nan if x is None else x for x in values] == pytest.approx(
            measured, abs=0, nan_ok=True
        )
    read_back = page_data(format_page(content, None))
    assert read_back == json.loads(json.dumps({**content, "sound_notes": []}))
    assert [word["word"] for word in sentence["words"]] == [w.word for w in emphasis.words]
    assert content["start"]["notes"] == list(emphasis.notes)


def test_each_cue_set_has_the_flags_and_notes_of_its_own(make_measurement):
    measured = make_measurement(3, 6)
    content = content_of(measured)
    for name in CUE_SETS:
        emphasis = score_measurement(measured, lemf.Settings(cues=name, decide="off"))
        own = content["sets"][name]
        for index, sentence in enumerate(emphasis.sentences):
            flags = own["word_flags"][index]
            assert [tuple(flags.get(str(i), ())) for i in range(6)] == [
                word.flags for word in sentence.words
            ]
            assert own["sentence_flags"][index] == [f for f in sentence.flags if f != "flat"]
        assert own["notes"] == list(emphasis.notes)
        for sentence in emphasis.sentences:
            assert {*sentence.flags}.union(*(w.flags for w in sentence.words)) <= {
                *content["flags"]
            }


@pytest.mark.parametrize("normalise", ["sentence", "recording"])
@pytest.mark.parametrize("cues", CUE_SETS)
def test_the_page_scores_as_lemf_does(make_measurement, cues, normalise):
    measured = make_measurement(8, 12)
    rng = np.random.default_rng(1)
    weights = {name: float(rng.normal()) for name in CUE_SETS[cues]}
    settings = lemf.Settings(cues=cues, weights=weights, normalise=normalise, decide="off")
    content = content_of(measured, settings)
    found = score_by_node(content, weights, recording=normalise == "recording")
    assert_agree(found, score_measurement(measured, settings))


@pytest.mark.parametrize("decide", DECISION_MODELS)
def test_the_page_decides_as_lemf_does(make_measurement, decide):
    measured = make_measurement(8, 12)
    settings = lemf.Settings(cues="listeners", decide=decide, threshold=0.3)
    content = content_of(measured, settings)
    assert content["start"]["decide"] == decide
    weights = dict(CUE_SETS["listeners"])
    found = score_by_node(content, weights, model=content["models"][decide], threshold=0.3)
    assert_agree(found, score_measurement(measured, settings))


@pytest.mark.skipif("LEMF_SPEECH_DATA" not in os.environ, reason="needs LEMF_SPEECH_DATA")
@pytest.mark.parametrize("name", ["03a01Nc", "08a02Fe", "11a01Ab"])
def test_the_page_scores_real_speech_as_lemf_does(name):
    corpus = Path(os.environ["LEMF_SPEECH_DATA"]) / "emodb"
    grid = corpus / "textgrid" / f"{name}.TextGrid"
    measured = measure(
        lemf.read_audio(corpus / "wav" / f"{name}.wav"), grid, lemf.Settings(), with_detail=True
    )
    for cues, weights in CUE_SETS.items():
        settings = lemf.Settings(cues=cues, decide="off")
        found = score_by_node(content_of(measured, settings), dict(weights))
        assert_agree(found, score_measurement(measured, settings))


@pytest.mark.parametrize("n_words", [1, 2])
def test_few_words_and_weights_of_zero_are_scored_as_by_lemf(make_measurement, n_words):
    measured = make_measurement(2, n_words)
    weights = dict.fromkeys(CUE_SETS["paper"], 0.0)
    settings = lemf.Settings(weights=weights)
    found = score_by_node(content_of(measured, settings), weights)
    assert_agree(found, score_measurement(measured, settings))
    assert all(one["flat"] for one in found)


def test_silence_has_no_values_and_equal_scores(make_grid):
    grid = make_grid([("a", 0.1, 0.4), ("b", 0.5, 0.9)], 1.0)
    recording = lemf.Audio.from_samples(np.zeros(16000), 16000)
    measured = measure(recording, grid, lemf.Settings(), with_detail=True)
    content = content_of(measured)
    assert content["sentences"][0]["values"]["pitch"] == [None, None]
    weights = {"pitch": 1.0, "energy": 1.2, "duration": 0.0}
    settings = lemf.Settings(weights=weights)
    assert_agree(score_by_node(content, weights), score_measurement(measured, settings))


def test_breaks_and_measures_are_there_where_they_were_asked_for(really):
    settings = lemf.Settings(breaks=True, measures=True)
    emphasis = score_measurement(really, settings)
    rows = content_of(really, settings)["sentences"][0]["words"]
    for row, word in zip(rows, emphasis.words, strict=True):
        assert row["break"] == format_break(word)
        assert row["measures"]["F0 (Hz)"] == f"{word.measures.f0_hz:.0f}"
    assert not {"break", "measures"}.intersection(content_of(really)["sentences"][0]["words"][0])


def test_phones_are_packed_without_loss(make_measurement):
    measured = make_measurement(1, 2)
    first, second = measured.alignment.sentences[0]
    (a, b, *_), end_s = first.phones, first.phones[-1].end_s
    apart = replace(first, phones=(a, b._replace(start_s=b.start_s + 0.01)))
    bare = replace(second, phones=())
    alignment = replace(measured.alignment, sentences=((apart, bare),))
    rows = content_of(replace(measured, alignment=alignment))["sentences"][0]["words"]
    assert rows[0]["phones"] == ["t", a.start_s, "", a.end_s, "æ", b.start_s + 0.01, b.end_s]
    assert rows[1]["phones"] == []
    (sentence,) = content_of(measured)["sentences"][:1]
    assert sentence["words"][0]["phones"] == [
        *(one for phone in first.phones for one in (phone.label, phone.start_s)), end_s
    ]  # fmt: skip


def test_a_decision_of_a_file_is_there_beside_those_of_lemf(really, tmp_path):
    model = {**content_of(really)["models"]["accent"], "decision": "emphasis", "fitted_on": "me"}
    path = tmp_path / "mine.json"
    path.write_text(json.dumps(model), encoding="utf-8")
    settings = lemf.Settings(cues="listeners", decide=str(path))
    content = content_of(really, settings)
    assert content["start"]["decide"] == "file"
    assert content["models"]["file"]["intercept"] == DECISION_MODELS["accent"].intercept
    assert content["models"]["emphasis"]["intercept"] == DECISION_MODELS["emphasis"].intercept


def unpack(packed):
    """F0 in Hz and energy, as the page adds them up."""
    steps = np.cumsum(packed["energy"]) / packed["energy_steps"]
    return np.cumsum(packed["f0"]) / packed["steps_per_hz"], steps**2 * packed["loudest"]


def test_the_contours_are_those_of_the_figure_to_a_step(really):
    packed = pack_contours(really.contours)
    f0_hz, energy = unpack(packed)
    np.testing.assert_allclose(f0_hz, really.contours.f0_hz, rtol=0, atol=HALF_STEP_HZ)
    assert np.array_equal(f0_hz > 0, really.contours.f0_hz > 0)
    np.testing.assert_allclose(
        np.sqrt(energy), np.sqrt(really.contours.energy), rtol=0,
        atol=np.sqrt(packed["loudest"]) * (0.5 / ENERGY_STEPS + 1e-9),
    )  # fmt: skip


def test_frames_of_hours_are_joined():
    n_frames = 2 * MOST_FRAMES + 2
    f0_hz = np.tile([100.0, 104.0, 108.0, 0.0, 0.0, 90.0], n_frames // 6 + 1)[:n_frames]
    energy = np.arange(n_frames, dtype=float)
    packed = pack_contours(Contours(energy * 0.005, f0_hz, energy))
    assert packed["period_s"] == pytest.approx(0.015)
    joined, _ = unpack(packed)
    assert joined[:2].tolist() == [104.0, 0.0]  # two of three frames are unvoiced
    assert packed["loudest"] == n_frames - 1


def test_a_voiced_frame_stays_voiced_however_low():
    f0_hz = np.array([0.0, 0.01, 0.0, 90.0])
    packed = pack_contours(Contours(np.arange(4) * 0.005, f0_hz, np.zeros(4)))
    joined, energy = unpack(packed)
    assert (joined > 0).tolist() == (f0_hz > 0).tolist()
    assert energy.tolist() == [0.0] * 4


def test_half_an_hour_takes_at_most_two_megabytes_beside_the_sound(make_measurement):
    half_an_hour = make_measurement(300, 15)  # with noise for contours, which no packing shortens
    assert half_an_hour.duration_s > 1800
    page = format_page(content_of(half_an_hour), None)
    assert len(page.encode()) <= 2_000_000


def test_labels_become_text_that_cannot_act(make_measurement):
    measured = make_measurement(1, 4)
    words = measured.alignment.sentences[0]
    named = (replace(words[0], text="</script><b>\u202e\x1b[31m"), *words[1:])
    alignment = replace(measured.alignment, sentences=(named,))
    (sentence,) = content_of(replace(measured, alignment=alignment))["sentences"]
    assert sentence["words"][0]["word"] == "</script><b>\ufffd\ufffd[31m"
