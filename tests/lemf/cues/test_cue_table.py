"""Every row of the table of cues: computed, documented, drawn, and the same in every command."""

import inspect
import re
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas
import pytest
from click.testing import CliRunner

import lemf
from lemf.commands.cli import main
from lemf.config import CUE_SETS, CUES
from lemf.contours.measurement import measure
from lemf.cues.phone_norms import PhoneNorms
from lemf.cues.sentence_contours import cut_sentence
from lemf.cues.word_cues import cue_function, word_cues

ROOT = Path(__file__).parents[3]
REALLY = (ROOT / "examples/really.wav", ROOT / "examples/really.TextGrid")


@pytest.fixture(scope="module")
def really():
    """All cues of the example, by one call of `lemf.score`."""
    return lemf.score(*REALLY, lemf.Settings(cues="all"))


def test_a_set_names_cues_of_the_table_only():
    for cues in CUE_SETS.values():
        assert set(cues) <= set(CUES)
    assert list(CUE_SETS["all"]) == list(CUES)


@pytest.mark.parametrize("name", CUES)
def test_the_function_of_a_cue_takes_what_the_table_says(name):
    function = cue_function(name)
    assert function.__name__ == name
    assert tuple(inspect.signature(function).parameters) == CUES[name].reads


@pytest.mark.parametrize("name", CUES)
def test_a_cue_is_measured_and_tells_words_apart(name, really):
    values = [word.cues[name].value for word in really.words]
    assert np.isfinite(values).sum() >= 2
    assert f"constant_{name}" not in really.sentences[0].flags
    assert any(word.cues[name].contribution for word in really.words)


@pytest.mark.parametrize("name", CUES)
def test_a_cue_has_a_colour_and_a_line_with_its_unit(name):
    assert CUES[name].colour in mpl.colormaps
    page = (ROOT / "docs" / "cues.md").read_text(encoding="utf-8")
    rows = re.findall(rf"^\| `{name}` \| .* \| (.*) \| `(\w+)\.py`.* \|$", page, re.MULTILINE)
    assert (CUES[name].unit, CUES[name].module) in rows


def test_the_figure_draws_every_cue_in_a_colour_that_no_other_has():
    from lemf.display.figure_cues import _colours

    assert len(set(_colours(list(CUES)).values())) == len(CUES)


def test_batch_and_rescore_find_what_score_finds(really, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in REALLY:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    run = CliRunner().invoke
    outputs = ("-o", "paper.parquet", "--features", "features.parquet")
    commands = (
        ("batch", "*.wav", "--jobs", "1", *outputs),
        ("batch", "*.wav", "--jobs", "1", "--cues", "all", "-o", "batch.parquet"),
        ("rescore", "features.parquet", "--cues", "all", "-o", "rescored.parquet"),
    )
    for command in commands:
        result = run(main, command)
        assert result.exit_code == 0, result.output
    for table in ("batch.parquet", "rescored.parquet"):
        rows = pandas.read_parquet(table)
        for name in CUES:
            scored = [word.cues[name].value for word in really.words]
            np.testing.assert_array_equal(rows[f"cues.{name}.value"].astype(float), scored, name)


def test_a_name_outside_the_table_is_refused(tmp_path):
    with pytest.raises(lemf.SettingsError, match="unknown cue 'pich' of the set 'paper'"):
        lemf.Settings(weights={"pich": 1.0})
    measured = measure(*REALLY, lemf.Settings(), with_detail=True)
    (words,) = measured.alignment.sentences
    sentence = cut_sentence(words, measured.contours)
    with pytest.raises(ValueError, match="unknown cue 'pich'; there are: pitch, energy, duration"):
        word_cues(["pitch", "pich"], words, measured.contours, sentence, PhoneNorms({}, 0.0), ())
