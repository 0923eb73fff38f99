"""Every JSON output fits the JSON Schema that `lemf schema` prints, and no altered output does."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

import lemf
from lemf.commands.cli import main
from lemf.config import CUE_SETS, DURATION_METHODS, PITCH_METHODS, SCOPES
from lemf.contours.measurement import measure
from lemf.display.export import format_json
from lemf.pipeline import score_measurement
from lemf.scoring.norms import recording_norms

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture(scope="module")
def schema():
    result = CliRunner().invoke(main, ["schema"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    Draft202012Validator.check_schema(found)
    return found


@pytest.fixture
def document(utterance):
    return json.loads(format_json(lemf.score(utterance.wav, utterance.textgrid)))


def faults(schema, document):
    return [error.message for error in Draft202012Validator(schema).iter_errors(document)]


def objects(value) -> Iterator[dict]:
    """Every object of a document, itself first."""
    if isinstance(value, dict):
        yield value
    for item in value.values() if isinstance(value, dict) else value:
        if isinstance(item, dict | list):
            yield from objects(item)


@pytest.mark.parametrize("name", ["really", "didnt"])
@pytest.mark.parametrize("pitch", ["harvest", "praat"])
def test_the_examples(schema, name, pitch):
    paths = [str(EXAMPLES / f"{name}.{suffix}") for suffix in ("wav", "TextGrid")]
    result = CliRunner().invoke(main, ["score", *paths, "--format", "json", "--pitch", pitch])
    assert faults(schema, json.loads(result.stdout)) == []


@pytest.mark.parametrize("cues", list(CUE_SETS))
@pytest.mark.parametrize("normalise", ["sentence", "recording"])
@pytest.mark.parametrize("sentences", ["whole", "pause:0.05"])
def test_all_cue_sets_scopes_and_several_sentences(schema, utterance, cues, normalise, sentences):
    settings = lemf.Settings(cues=cues, normalise=normalise, sentences=sentences)
    document = json.loads(format_json(lemf.score(utterance.wav, utterance.textgrid, settings)))
    assert faults(schema, document) == []
    assert len(document["sentences"]) == (1 if sentences == "whole" else 3)
    assert document["settings"]["normalise"] == normalise
    assert document["settings"]["weights"] == settings.cue_weights


@pytest.mark.parametrize("normalise", ["speaker", "corpus"])
def test_the_scopes_of_many_recordings(schema, utterance, normalise):
    settings = lemf.Settings(normalise=normalise)
    measured = measure(utterance.wav, utterance.textgrid, settings)
    emphasis = score_measurement(measured, settings, recording_norms(measured, settings))
    assert faults(schema, json.loads(format_json(emphasis))) == []


@pytest.mark.parametrize("cues", list(CUE_SETS))
def test_words_that_cannot_be_measured_and_notes(schema, make_grid, cues):
    grid = make_grid([("a", 0.1011, 0.1049), ("b", 0.2, 0.4), ("c", 0.5, 0.9)], 1.0)
    silence = np.zeros((16000, 2))
    emphasis = lemf.score(silence, grid, lemf.Settings(cues=cues), rate_hz=16000)
    document = json.loads(format_json(emphasis))
    assert faults(schema, document) == []
    assert document["sentences"][0]["words"][0]["energy"] is None
    silent, mixed, *unheard = document["notes"]
    assert [note[:14] for note in unheard] == ["no clear voice"] * (cues != "paper")
    assert silent.startswith("every sample is the same: the recording is silent")
    assert mixed == "2 channels mixed down; --channel takes one of them"


def test_options_that_fill_every_setting(schema, utterance, make_grid):
    settings = lemf.Settings(
        duration="word", silence=("three",), channel=1, speaker=None, words_tier="words"
    )
    document = json.loads(format_json(lemf.score(utterance.wav, utterance.textgrid, settings)))
    assert faults(schema, document) == []
    assert document["settings"]["phones_tier"] is None
    assert document["settings"]["silence"] == ["three"]


def test_an_added_or_a_missing_key_is_a_fault_wherever_it_stands(schema, document):
    by_cue = (document["settings"]["weights"], document["sentences"][0]["words"][0]["cues"])
    places = list(objects(document))
    assert len(places) > 15
    for number, place in enumerate(places):
        changed = copy.deepcopy(document)
        list(objects(changed))[number]["Added"] = None
        assert faults(schema, changed), place
        if any(place.keys() == one.keys() for one in by_cue):
            continue  # which cues there are is the set's to say
        for key in place:
            changed = copy.deepcopy(document)
            del list(objects(changed))[number][key]
            assert faults(schema, changed), key


def test_a_wrong_type_or_a_number_that_json_has_not_is_a_fault(schema, document):
    word = document["sentences"][0]["words"][0]
    for place, key, value in (
        (document, "schema_version", 2),
        (document, "notes", "none"),
        (document["settings"], "normalise", "text"),
        (word, "score", None),
        (word, "rank", 0),
        (word, "pitch", "NaN"),
    ):
        kept, place[key] = place[key], value
        assert faults(schema, document), key
        place[key] = kept
    assert faults(schema, document) == []


def test_the_choices_of_the_settings_are_those_of_the_schema(schema):
    choices = schema["$defs"]["settings"]["properties"]
    assert choices["normalise"]["enum"] == list(SCOPES)
    assert choices["pitch"]["enum"] == list(PITCH_METHODS)
    assert choices["duration"]["enum"] == list(DURATION_METHODS)


def test_every_key_is_explained(schema):
    for part in objects(schema):
        for name, value in part.get("properties", {}).items():
            assert "$ref" in value or value["description"], name
