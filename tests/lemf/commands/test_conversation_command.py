"""A two-speaker stereo recording of the examples, scored speaker by speaker."""

import csv
import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

import lemf
from lemf.commands.cli import main
from lemf.display.conversation import Spoken
from lemf.display.interchange.formats import format_conversation

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture(scope="module")
def talk(tmp_path_factory):
    """Anna says one example at the left, Ben the other at the right, a tenth of each beside."""
    folder = tmp_path_factory.mktemp("talk")
    (anna, rate_hz), (ben, _) = (soundfile.read(EXAMPLES / f"{n}.wav") for n in ("really", "didnt"))
    start = len(anna) + rate_hz // 2
    near = np.zeros((start + len(ben), 2))
    near[: len(anna), 0], near[start:, 1] = anna, ben
    soundfile.write(folder / "talk.wav", near + 0.1 * near[:, ::-1], rate_hz)
    end_s = len(near) / rate_hz
    tiers = []
    for name, example, offset_s in (("Anna", "really", 0.0), ("Ben", "didnt", start / rate_hz)):
        for tier in lemf.read_textgrid(EXAMPLES / f"{example}.TextGrid").tiers:
            moved = [
                lemf.Interval(one.start_s + offset_s, one.end_s + offset_s, one.label)
                for one in tier.intervals
                if one.label
            ]
            tiers.append(lemf.make_tier(f"{name} - {tier.name}", moved, 0.0, end_s))
    grid = lemf.TextGrid(0.0, end_s, tuple(tiers), "talk.TextGrid")
    lemf.write_textgrid(grid, folder / "talk.TextGrid")
    return folder


def run(folder, *options):
    files = (str(folder / "talk.wav"), str(folder / "talk.TextGrid"))
    return CliRunner().invoke(main, ["conversation", *files, *map(str, options)])


def test_each_speaker_is_scored_in_the_own_channel_as_alone(talk, tmp_path):
    result = run(talk, "--textgrid", tmp_path / "scored.TextGrid")
    assert result.exit_code == 0, result.output
    anna, ben = result.stdout.split("Ben, channel 2\n")
    assert anna.startswith("Anna, channel 1\n\nemphasised: really, ")
    assert ben.startswith("\nemphasised: didn't, ")
    names = [tier.name for tier in lemf.read_textgrid(tmp_path / "scored.TextGrid").tiers]
    added = [f"{name} - {kind}" for name in ("Anna", "Ben") for kind in ("emphasis", "segment")]
    assert names[4:] == added


def test_csv_and_json_name_speaker_and_channel(talk):
    rows = list(csv.DictReader(io.StringIO(run(talk, "--format", "csv").stdout)))
    assert [(row["speaker"], row["channel"]) for row in rows] == [("Anna", "1")] * 5 + [
        ("Ben", "2")
    ] * 5
    content = json.loads(run(talk, "--format", "json").stdout)
    assert [(one["speaker"], one["channel"]) for one in content] == [("Anna", 1), ("Ben", 2)]
    settings = lemf.Settings(speaker="Ben", channel=2)
    alone = lemf.score(talk / "talk.wav", talk / "talk.TextGrid", settings)
    assert content[1]["emphasis"] == alone.to_dict()
    assert [float(row["score"]) for row in rows[5:]] == [word.score for word in alone.words]


def test_a_given_channel_is_taken_and_what_is_shared_is_noted(talk):
    result = run(talk, "--speaker-channel", "Anna=2", "--format", "json")
    assert json.loads(result.stdout)[0]["channel"] == 2
    assert "note: " in result.stderr
    assert "Anna and Ben are measured in channel 2, so that what they say at the" in result.stderr


def test_a_speaker_without_a_word_is_named(talk, tmp_path):
    grid = lemf.read_textgrid(talk / "talk.TextGrid")
    tiers = tuple(
        lemf.make_tier(
            tier.name, [] if tier.name.startswith("Ben") else tier.intervals, 0.0, grid.end_s
        )
        for tier in grid.tiers
    )
    lemf.write_textgrid(lemf.TextGrid(0.0, grid.end_s, tiers, "one"), tmp_path / "talk.TextGrid")
    shutil.copy(talk / "talk.wav", tmp_path)
    result = run(tmp_path)
    assert result.exit_code == 0, result.output
    assert "talk.TextGrid: without a word, so not scored: 'Ben'" in result.stderr


def rewrite(talk, folder, keep, rename=lambda name: name):
    """Copy the talk with some of its tiers under other names."""
    grid = lemf.read_textgrid(talk / "talk.TextGrid")
    tiers = tuple(replace(one, name=rename(one.name)) for one in grid.tiers if keep(one.name))
    lemf.write_textgrid(lemf.TextGrid(0.0, grid.end_s, tiers, "some"), folder / "talk.TextGrid")
    shutil.copy(talk / "talk.wav", folder)


def test_names_that_differ_by_case_are_refused(talk, tmp_path):
    rewrite(talk, tmp_path, lambda _: True, lambda name: name.replace("Ben", "ANNA"))
    result = run(tmp_path)
    assert result.exit_code == 1
    assert result.stderr.endswith(
        "talk.TextGrid: 2 tiers of words of one speaker: 'Anna - words', 'ANNA - words'; rename "
        "all but one, by more than case\n"
    )


def test_a_lone_speaker_is_no_comparison(talk, tmp_path):
    rewrite(talk, tmp_path, lambda name: name.startswith("Ben"))
    result = run(tmp_path)
    assert result.stdout.startswith("Ben, channel 2\n")
    assert "Ben is the only speaker, and is measured in the loudest channel, 2; " in result.stderr
    assert "stands out" not in result.stderr


def test_phones_that_are_missing_are_found_by_the_language(talk, tmp_path):
    rewrite(talk, tmp_path, lambda name: name != "Ben - phones")
    refused = run(tmp_path)
    assert refused.exit_code == 1
    assert "Name one 'Ben - phones', let --language CODE find the phones, or" in refused.stderr
    pytest.importorskip("espeakng_loader")
    scored = tmp_path / "scored.TextGrid"
    result = run(tmp_path, "--language", "en", "--textgrid", scored)
    assert result.exit_code == 0, result.output
    assert result.stderr.count("the phones are lemf's, found inside the given words (en)") == 1
    (phones,) = [one for one in lemf.read_textgrid(scored).tiers if one.name == "Ben - phones"]
    assert sum(1 for one in phones.intervals if one.label) > 10


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (("--speaker-channel", "Anna=3"), 1, "no channel 3; it has 2, counted from 1"),
        (("--speaker-channel", "Bob=1"), 1, "no speaker 'Bob'; there are: Anna, Ben"),
        (("--speaker-channel", "Anna"), 2, "--speaker-channel Anna: write NAME=N, such as Anna=1"),
        (("--speaker", "Anna"), 2, "No such option '--speaker'. Did you mean '--speaker-channel'"),
        (("--words-tier", "words"), 2, "No such option '--words-tier'"),
        (("--textgrid", "scored.wav"), 1, "scored.wav: the name must end in .TextGrid"),
    ],
)
def test_what_cannot_be_scored_is_one_line(talk, options, code, message):
    result = run(talk, *options)
    assert result.exit_code == code
    assert message in result.stderr
    assert result.stdout == ""


def test_annotations_have_a_group_of_tiers_per_speaker_which_others_read(talk, tmp_path):
    pympi = pytest.importorskip("pympi")
    (tmp_path / "talk.eaf").write_text(run(talk, "--format", "eaf").stdout, encoding="utf-8")
    elan = pympi.Elan.Eaf(str(tmp_path / "talk.eaf"))
    added = [f"{name} - {kind}" for name in ("Anna", "Ben") for kind in ("emphasis", "segment")]
    assert [*elan.get_tier_names()][4:] == added
    (segment,) = elan.get_annotation_data_for_tier("Ben - segment")
    assert segment[2] == "really didn't mean"
    content = json.loads(run(talk, "--format", "emu").stdout)
    assert [level["name"] for level in content["levels"]][4:] == added


def test_captions_and_prompts_say_who_speaks_in_the_order_of_speech(talk):
    cues = run(talk, "--format", "webvtt").stdout.split("\n\n")[1:]
    assert [cue.split("\n")[1].partition(">")[0] for cue in cues] == ["<v Anna", "<v Ben"]
    assert "<c.emphasised><b>didn't</b></c>" in cues[1]
    lines = run(talk, "--format", "ass").stdout.split("\n")
    names = [line.split(",")[4] for line in lines if line.startswith("Dialogue:")]
    assert names == ["Anna", "Ben"]
    said = run(talk, "--format", "prompt").stdout.splitlines()
    assert said[0].startswith('Anna: "I really didn\'t mean that" most prominent: really (')
    assert said[1].startswith("Ben: \"I really didn't mean that\" most prominent: didn't (")


def test_names_of_speakers_stay_text():
    emphasis = lemf.score(EXAMPLES / "really.wav", EXAMPLES / "really.TextGrid")
    spoken = [Spoken('A>, {\\p1}\n1: "none', 1, emphasis)]
    grid = lemf.read_textgrid(EXAMPLES / "really.TextGrid")
    (line,) = format_conversation(spoken, "ass", grid).rstrip("\n").rsplit("\n", 1)[1:]
    assert line.count("{\\p") == 0
    assert len(line.split(",", 9)) == 10
    assert line.split(",")[5:8] == ["0", "0", "0"]
    (cue,) = format_conversation(spoken, "webvtt", grid).split("\n\n")[1:]
    assert cue.split("\n")[1].startswith("<v A&gt;, ")
    assert len(cue.rstrip("\n").split("\n")) == 2
    said = format_conversation(spoken, "prompt", grid)
    assert said.startswith('"A>, {\\\\p1}\\n1: \\"none": "I really')
    assert said.count("\n") == 1


def test_speech_synthesis_has_no_speakers(talk):
    refused = run(talk, "--format", "ssml")
    assert refused.exit_code == 2
    assert "'ssml' is not one of" in refused.stderr
