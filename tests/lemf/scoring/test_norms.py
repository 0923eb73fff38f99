"""Scores by the norms of a recording, a speaker or a corpus, against a computation by hand."""

import math

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


PHONES_S = {  # id -> words of phones and their durations; each speaker has a tempo of his
    "speaker0/0000": [[("p", 0.03), ("i", 0.05), ("t", 0.02)], [("i", 0.06), ("t", 0.04)]],
    "speaker0/0002": [[("p", 0.02), ("i", 0.03)], [("o", 0.08)]],
    "speaker1/0001": [[("i", 0.02), ("p", 0.01)], [("t", 0.03), ("o", 0.05), ("i", 0.04)]],
}


def expected_ln_s(phones, prior):
    """The mean ln duration of each label, with four more phones as long as the prior."""
    expected = {}
    for label in {label for label, _ in phones}:
        ln_s = [math.log(duration_s) for name, duration_s in phones if name == label]
        expected[label] = (sum(ln_s) + 4 * prior(label)) / (len(ln_s) + 4)
    return expected


def expected_by_hand(scope):
    """The expected ln durations of each id, as docs/cues.md defines them."""
    by_speaker = {
        speaker: [
            p for name in PHONES_S if speaker in name for word in PHONES_S[name] for p in word
        ]
        for speaker in ("speaker0", "speaker1")
    }
    everyone = [*by_speaker["speaker0"], *by_speaker["speaker1"]]
    mean = np.mean([math.log(duration_s) for _, duration_s in everyone])
    corpus = expected_ln_s(everyone, lambda _: mean)
    if scope == "corpus":
        return dict.fromkeys(PHONES_S, corpus)
    expected = {}
    for speaker, phones in by_speaker.items():
        tempo = np.mean([math.log(duration_s) - corpus[label] for label, duration_s in phones])
        own = expected_ln_s(phones, lambda label, tempo=tempo: corpus[label] + tempo)
        expected |= {name: own for name in PHONES_S if speaker in name}
    return expected


@pytest.mark.parametrize("scope", ["speaker", "corpus"])
def test_lengthening_is_by_the_phones_of_the_scope(make_corpus, tmp_path, scope):
    corpus = make_corpus(3)
    for name, words in PHONES_S.items():
        reached_s, spans, phones = 0.02, [], []
        for word in words:
            begun_s = reached_s
            for label, duration_s in word:
                phones.append(lemf.Interval(reached_s, reached_s + duration_s, label))
                reached_s += duration_s
            spans.append(lemf.Interval(begun_s, reached_s, "word"))
        tiers = (
            lemf.IntervalTier("words", 0.0, reached_s, tuple(spans)),
            lemf.IntervalTier("phones", 0.0, reached_s, tuple(phones)),
        )
        path = corpus / f"{name}.TextGrid"
        path.write_text(lemf.format_textgrid(lemf.TextGrid(0.0, reached_s, tiers, name)))
    features, output = tmp_path / "f.parquet", tmp_path / "b.parquet"
    lemf.score_corpus(corpus, tmp_path / "a.parquet", features=features)
    lemf.rescore_features(features, output, cues="all", normalise=scope)
    table = pandas.read_parquet(output)
    expected = expected_by_hand(scope)
    by_hand = [
        np.mean(sorted(math.log(length_s) - expected[name][label] for label, length_s in word)[-2:])
        for name in sorted(PHONES_S)
        for word in PHONES_S[name]
    ]
    found = table["cues.lengthening.value"].to_numpy()
    np.testing.assert_allclose(found, by_hand, rtol=0, atol=1e-9)


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
    for pattern, code, message in (
        ("(", 2, "speaker pattern '(': "),
        ("^x", 1, "no speaker in the id 'speaker0/"),
        ("(x)?", 1, "no speaker in the id 'speaker0/"),
    ):
        result = run(*speaker, "--speaker-pattern", pattern)
        assert result.exit_code == code
        assert message in result.stderr.splitlines()[-1]
    for scope in (None, "corpus"):
        for pattern in ("^x", "("):
            with pytest.raises(lemf.SettingsError, match="only normalise 'speaker' reads it"):
                lemf.rescore_features(
                    "f.parquet", "b.parquet", normalise=scope, speaker_pattern=pattern
                )
    result = run("rescore", "f.parquet", "-o", "b.parquet", "--speaker-pattern", "^x")
    assert result.exit_code == 2
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
