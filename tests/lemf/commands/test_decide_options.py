"""`--decide` and `--threshold` on the command line: what they take over, and what they refuse."""

import json
from dataclasses import replace

import pyarrow.parquet
import pytest
from click.testing import CliRunner

import lemf
from lemf.commands.cli import main
from lemf.config import CUE_SETS, DECISIONS
from lemf.corpus.rescoring import rescore_features
from lemf.errors import SettingsError
from lemf.scoring.decision_models import DECISION_MODELS, find_model, model_to_dict

HEAVY = replace(
    DECISION_MODELS["emphasis"],
    name="heavy",
    weights=CUE_SETS["listeners"] | {"loudness": 2.0},
    normalise="recording",
)


@pytest.fixture
def scored(utterance):
    return [str(utterance.wav), str(utterance.textgrid)]


@pytest.fixture
def heavy(tmp_path):
    """The file of a decision with weights and a scope of its own."""
    path = tmp_path / "heavy.json"
    path.write_text(json.dumps(model_to_dict(HEAVY)))
    return str(path)


@pytest.fixture
def features(utterance, tmp_path):
    """Features of one recording, scored by the cues of the paper."""
    path = tmp_path / "features.parquet"
    run("batch", utterance.wav.parent, "-o", tmp_path / "first.parquet", "--features", path)
    return path


def run(*words, fails=0):
    """Run a command; return its result."""
    result = CliRunner().invoke(main, [*map(str, words)])
    assert result.exit_code == fails, result.output
    return result


def settings_in(table):
    return json.loads(pyarrow.parquet.read_metadata(table).metadata[b"lemf"])


@pytest.mark.parametrize("options", [["--decide"], ["--decide", ""], ["--decide", "xx"]])
def test_what_is_no_decision_is_refused_with_those_that_there_are(scored, options):
    last = run("score", *scored, *options, fails=2).stderr.splitlines()[-1]
    assert "emphasis, accent, off, or a file of lemf fit --decide" in last


def test_the_names_of_decisions_are_those_that_ship():
    assert tuple(DECISION_MODELS) == DECISIONS


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ([], "the cue set 'paper' decides nothing"),
        (["--cues", "paper"], "the cue set 'paper' decides nothing"),
        (["--decide", "off"], "decide 'off' decides nothing"),
        (["--cues", "listeners", "--normalise", "recording"], "nothing is decided, since"),
        (["--cues", "listeners", "--weights", "loudness=2"], "loudness has weight 1, not 2"),
    ],
)
@pytest.mark.parametrize("threshold", ["0.3", "0.5"])
def test_a_threshold_that_decides_nothing_is_refused(scored, tmp_path, options, fault, threshold):
    given = [*options, "--threshold", threshold]
    for command in (
        ["score", *scored],
        ["plot", *scored, "-o", tmp_path / "a.png"],
        ["batch", tmp_path, "-o", tmp_path / "a.parquet"],
    ):
        last = run(*command, *given, fails=2).stderr.splitlines()[-1]
        assert last.startswith(f"Error: threshold {threshold}: ")
        assert fault in last


def test_settings_with_a_threshold_that_decides_nothing_are_refused(utterance):
    with pytest.raises(SettingsError, match=r"threshold 0\.3: the cue set 'paper' decides nothing"):
        lemf.score(utterance.wav, utterance.textgrid, lemf.Settings(threshold=0.3))
    assert find_model(lemf.Settings(threshold=0.3, cues="listeners")) is not None


def test_a_file_brings_the_scores_that_it_was_fitted_to(scored, heavy):
    result = run("score", *scored, "--decide", heavy, "--format", "json")
    settings = json.loads(result.stdout)["settings"]
    assert settings["cues"] == "listeners"
    assert settings["weights"]["loudness"] == 2.0
    assert settings["normalise"] == "recording"
    assert (
        f"note: {heavy}: scores with --cues listeners, its weights, --normalise recording, to "
        "which it was fitted" in result.stderr
    )


def test_what_contradicts_a_file_is_refused(scored, heavy):
    for options, fault in (
        (["--cues", "paper"], "cue set 'listeners', not 'paper'"),
        (["--weights", "loudness=1"], "loudness has weight 2, not 1"),
        (["--normalise", "sentence"], "standardised over the recording, not the sentence"),
    ):
        result = run("score", *scored, "--decide", heavy, *options, fails=2)
        assert fault in result.stderr.splitlines()[-1]


def test_a_corpus_takes_the_scores_of_a_file_and_sees_that_it_changed(utterance, heavy, tmp_path):
    table = tmp_path / "words.parquet"
    command = ["batch", utterance.wav.parent, "-o", table, "--decide", heavy]
    assert "scores with --cues listeners" in run(*command).stderr
    about = settings_in(table)
    assert about["settings"]["normalise"] == "recording"
    assert about["decision"] == model_to_dict(HEAVY)
    assert "is complete" in run(*command).stderr
    changed = model_to_dict(HEAVY) | {"intercept": 0.5}
    (tmp_path / "heavy.json").write_text(json.dumps(changed))
    last = run(*command, fails=1).stderr.splitlines()[-1]
    assert "heavy.json' is no longer the same; --force starts over" in last


def test_rescored_features_take_the_scores_of_a_file(features, heavy, tmp_path):
    table = tmp_path / "words.parquet"
    result = run("rescore", features, "-o", table, "--decide", heavy)
    assert "its weights, --normalise recording" in result.stderr
    assert "of 1 sentence" in result.stderr
    about = settings_in(table)
    assert about["settings"]["weights"]["loudness"] == 2.0
    assert about["decision"]["decision"] == "heavy"
    result = run("rescore", features, "-o", table, "--threshold", "0.5", "--force", fails=2)
    assert "the cue set 'paper' decides nothing" in result.stderr.splitlines()[-1]


def test_rescored_features_keep_their_threshold(utterance, tmp_path):
    features, table = tmp_path / "features.parquet", tmp_path / "words.parquet"
    run(
        "batch", utterance.wav.parent, "-o", table, "--features", features,
        "--cues", "listeners", "--threshold", "0.2",
    )  # fmt: skip
    again = tmp_path / "again.parquet"
    run("rescore", features, "-o", again)
    assert again.read_bytes() == table.read_bytes()
    rescore_features(features, again, threshold=0.3, force=True)
    assert settings_in(again)["settings"]["threshold"] == 0.3
    rescore_features(features, again, cues="paper", force=True)
    assert "threshold" not in settings_in(again)["settings"]


@pytest.mark.parametrize(
    ("options", "threshold", "decided"),
    [
        ([], 0.7, "accent"),
        (["--breaks"], 0.7, "accent"),
        (["--decide", "accent"], 0.7, "accent"),
        (["--cues", "listeners"], 0.5, "emphasis"),
        (["--decide", "emphasis"], 0.5, "emphasis"),
        (["--decide", "emphasis", "--threshold", "0.6"], 0.6, "emphasis"),
    ],
)
def test_a_threshold_belongs_to_its_decision(utterance, tmp_path, options, threshold, decided):
    features, table = tmp_path / "features.parquet", tmp_path / "words.parquet"
    run(
        "batch", utterance.wav.parent, "-o", table, "--features", features,
        "--decide", "accent", "--threshold", "0.7",
    )  # fmt: skip
    again = tmp_path / "again.parquet"
    said = run("rescore", features, "-o", again, *options).stderr
    assert f"emphasised words (threshold {threshold}): none in" in said
    about = settings_in(again)
    assert about["decision"]["decision"] == decided
    assert about["settings"].get("threshold", 0.5) == threshold


def test_help_says_what_of_the_features_stays():
    said = " ".join(run("rescore", "--help").stdout.split())
    assert "[default: 0.5; that of FEATURES where the decision is theirs]" in said
    assert said.count("[default: as in FEATURES, where they stay]") == 2


def test_a_decision_over_many_recordings_is_refused_where_there_is_one(
    scored, utterance, features, tmp_path
):
    path = tmp_path / "speakers.json"
    path.write_text(json.dumps(model_to_dict(replace(HEAVY, normalise="corpus"))))
    for command in (
        ["score", *scored],
        ["plot", *scored, "-o", tmp_path / "a.png"],
        ["batch", utterance.wav.parent, "-o", tmp_path / "a.parquet"],
    ):
        last = run(*command, "--decide", path, fails=2).stderr.splitlines()[-1]
        assert "standardised over the corpus, which needs several recordings: use lemf" in last
    run("rescore", features, "-o", tmp_path / "b.parquet", "--decide", path)
