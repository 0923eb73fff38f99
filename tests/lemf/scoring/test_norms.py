"""Scores by the norms of a recording, a speaker or a corpus, against a computation by hand."""

import numpy as np
import pandas
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import lemf
from lemf.commands.cli import main
from lemf.config import SCOPES, Settings
from lemf.contours.measurement import measure
from lemf.cues.phone_norms import PhoneNorms
from lemf.cues.zscore import zscore, zscore_against
from lemf.pipeline import score_measurement
from lemf.scoring.norms import Norms, gather_norms, n_passes

EVERY_WORD = Settings(sentences="pause:0.05", normalise="recording", cues="all")


def values_of(emphasis, cue):
    return np.array([word.cues[cue].value for word in emphasis.words])


def test_a_recording_of_many_sentences_is_standardised_as_one(utterance):
    emphasis = lemf.score(utterance.wav, utterance.textgrid, EVERY_WORD)
    assert [len(sentence.words) for sentence in emphasis.sentences] == [1, 1, 1]
    for cue in EVERY_WORD.cue_weights:
        z = [word.cues[cue].z for word in emphasis.words]
        np.testing.assert_allclose(z, zscore(values_of(emphasis, cue)), atol=1e-9, err_msg=cue)
    assert emphasis.words[1].score == max(word.score for word in emphasis.words) > 0
    assert emphasis.settings.normalise == "recording"


def test_one_sentence_is_a_recording(utterance):
    for cues in ("paper", "all"):
        one = lemf.score(utterance.wav, utterance.textgrid, Settings(cues=cues))
        other = lemf.score(
            utterance.wav, utterance.textgrid, Settings(cues=cues, normalise="recording")
        )
        np.testing.assert_allclose(
            [word.score for word in one.words], [word.score for word in other.words], atol=1e-9
        )


@pytest.mark.parametrize("scope", ["speaker", "corpus"])
def test_one_recording_has_no_speaker_and_no_corpus(utterance, scope):
    settings = Settings(normalise=scope)
    with pytest.raises(lemf.LemfError, match="needs several recordings; use lemf rescore"):
        lemf.score(utterance.wav, utterance.textgrid, settings)
    command = ["score", str(utterance.wav), str(utterance.textgrid), "--normalise", scope]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 2
    assert "'sentence', 'recording'" in result.stderr


def test_norms_do_not_depend_on_the_cut(utterance):
    measured = [
        measure(utterance.wav, utterance.textgrid, settings, with_detail=True)
        for settings in (EVERY_WORD, Settings())
    ]
    cues = ("pitch", "energy", "duration", "long_phones", "vowel_duration")  # none by its sentence
    by_cut = [gather_norms(lambda m=m: [("a", m)], EVERY_WORD)["a"] for m in measured]
    for cue in cues:
        np.testing.assert_allclose(by_cut[0].cues[cue], by_cut[1].cues[cue], rtol=1e-9)


def test_given_norms_standardise_the_cues(utterance):
    measured = measure(utterance.wav, utterance.textgrid, Settings())
    cues = dict.fromkeys(("pitch", "energy", "duration"), (0.0, 2.0))
    norms = Norms(PhoneNorms({}, 0.0), cues)
    emphasis = score_measurement(measured, Settings(normalise="corpus"), norms)
    for word in emphasis.words:
        assert word.z_pitch == pytest.approx(word.pitch / 2, rel=1e-12)


@given(arrays(float, 7, elements=st.floats(-1e3, 1e3) | st.just(np.nan)))
def test_a_cue_against_its_own_moments_is_its_z_score(values):
    measured = values[np.isfinite(values)]
    if len(measured) and measured.std() > 1e-3:
        found = zscore_against(values, measured.mean(), measured.std())
        np.testing.assert_allclose(found, zscore(values), atol=1e-9)


def test_what_is_constant_or_was_never_measured_counts_nothing():
    values = np.array([1.0, np.nan, 2.0])
    assert zscore_against(values, 5.0, 0.0).tolist() == [0, 0, 0]
    assert zscore_against(values, np.nan, np.nan).tolist() == [0, 0, 0]
    assert zscore_against(values, 1.0, 2.0).tolist() == [0, 0, 0.5]


@pytest.fixture
def run(make_corpus, monkeypatch, tmp_path):
    make_corpus(6)
    monkeypatch.chdir(tmp_path)

    def run_one(*arguments):
        return CliRunner().invoke(main, [str(a) for a in arguments])

    batch = ("batch", "corpus", "--jobs", "1", "-o", "a.parquet", "--features", "f.parquet")
    assert run_one(*batch).exit_code == 0
    return run_one


@pytest.mark.parametrize("cues", ["paper", "all"])
@pytest.mark.parametrize("scope", SCOPES)
def test_rescore_standardises_over_the_scope(run, cues, scope):
    options = ("--cues", cues, "--normalise", scope)
    result = run("rescore", "f.parquet", "-o", "b.parquet", *options)
    assert result.exit_code == 0, result.output
    table = pandas.read_parquet("b.parquet")
    groups = {
        "sentence": table["id"],  # a sentence a file
        "recording": table["id"],
        "speaker": table["id"].str.split("/").str[0],
        "corpus": table["id"].str.len() * 0,
    }[scope]
    for cue in Settings(cues=cues).cue_weights:
        for _, rows in table.groupby(groups):
            expected = zscore(rows[f"cues.{cue}.value"].to_numpy(float))
            np.testing.assert_allclose(rows[f"cues.{cue}.z"], expected, atol=1e-6, err_msg=cue)
    shares = [name for name in table if name.endswith(".contribution")]
    np.testing.assert_allclose(table[shares].sum(axis=1), table["score"], atol=1e-9)


def test_the_speaker_is_found_by_a_pattern(run):
    assert run("rescore", "f.parquet", "-o", "s.parquet", "--normalise", "speaker").exit_code == 0
    options = ("--normalise", "speaker", "--speaker-pattern", "^(speaker.)")
    assert run("rescore", "f.parquet", "-o", "p.parquet", *options).exit_code == 0
    by_folder, by_pattern = pandas.read_parquet("s.parquet"), pandas.read_parquet("p.parquet")
    pandas.testing.assert_frame_equal(by_folder, by_pattern)
    options = ("--normalise", "speaker", "--speaker-pattern", "")
    assert run("rescore", "f.parquet", "-o", "all.parquet", *options).exit_code == 0
    assert run("rescore", "f.parquet", "-o", "c.parquet", "--normalise", "corpus").exit_code == 0
    all_one, corpus = pandas.read_parquet("all.parquet"), pandas.read_parquet("c.parquet")
    pandas.testing.assert_frame_equal(all_one, corpus)


def test_ids_without_a_speaker_are_refused(run, tmp_path):
    speaker = ("rescore", "f.parquet", "-o", "b.parquet", "--normalise", "speaker")
    for pattern, message in (
        ("(", "speaker pattern '(': "),
        ("^x", "no speaker in the id 'speaker0/"),
        ("(x)?", "no speaker in the id 'speaker0/"),
    ):
        result = run(*speaker, "--speaker-pattern", pattern)
        assert result.exit_code == 1
        assert message in result.stderr
        assert len(result.stderr.splitlines()) <= 2
    for scope in (None, "corpus"):
        for pattern in ("^x", "("):
            with pytest.raises(lemf.SettingsError, match="only normalise 'speaker' reads it"):
                lemf.rescore_features(
                    "f.parquet", "b.parquet", normalise=scope, speaker_pattern=pattern
                )
    result = run("rescore", "f.parquet", "-o", "b.parquet", "--speaker-pattern", "^x")
    assert result.exit_code == 1
    assert (
        "speaker pattern '^x': only normalise 'speaker' reads it, not 'sentence'" in result.stderr
    )
    assert not (tmp_path / "b.parquet").exists()


def test_ids_in_no_folder_need_a_pattern(run):
    batch = (
        "batch",
        "corpus/speaker0",
        "--jobs",
        "1",
        "-o",
        "o.parquet",
        "--features",
        "of.parquet",
    )
    assert run(*batch).exit_code == 0
    result = run("rescore", "of.parquet", "-o", "b.parquet", "--normalise", "speaker")
    assert result.exit_code == 1
    assert "it lies in no folder; give --speaker-pattern" in result.stderr


def test_files_are_read_once_per_pass():
    assert n_passes(Settings(cues="all")) == 0
    assert n_passes(Settings(cues="all", normalise="recording")) == 0
    assert n_passes(Settings(normalise="corpus")) == 1
    assert n_passes(Settings(cues="all", normalise="speaker")) == 2
