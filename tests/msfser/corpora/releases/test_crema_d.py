"""The layout of the release with invented votes; letters of votes differ from what was acted."""

import pytest

from msfser.manifest import read_manifest

NAMES = ("1001_DFA_ANG_XX", "1002_IEO_FEA_HI", "1003_IWL_NEU_XX", "1003_MTI_SAD_X")


@pytest.fixture
def release(tmp_path, make_wav):
    root = tmp_path / "CREMA-D"
    for name in NAMES:
        make_wav(root / "AudioWAV" / f"{name}.wav", 0.5)
    (root / "VideoDemographics.csv").write_text(
        "ActorID,Age,Sex,Race,Ethnicity\n1001,51,Male,-,-\n1002,21,Female,-,-\n"
    )
    (root / "processedResults").mkdir()
    (root / "processedResults" / "summaryTable.csv").write_text(
        '"","FileName","VoiceVote","VoiceLevel","FaceVote","FaceLevel"\n'
        '"1","1001_DFA_ANG_XX","D",62.5,"A",51\n'
        '"2","1002_IEO_FEA_HI","F:S","50:40","F",51\n'
        '"3","1003_IWL_NEU_XX","N",62.5,"N",51\n'
    )
    return root


def test_the_acted_emotion_the_sentence_and_the_actor_are_in_the_name(release, run, tmp_path):
    result = run("crema-d", release, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    rows = read_manifest(tmp_path / "out").utterances
    assert [row.id for row in rows] == [*NAMES]
    assert [row.emotion for row in rows] == ["anger", "fear", "neutral", "sadness"]
    assert [row.speaker for row in rows] == ["1001", "1002", "1003", "1003"]
    assert [row.gender for row in rows] == ["male", "female", None, None]
    assert rows[0].transcript == "Don't forget a jacket"
    assert not any(value == value for row in rows for value in row.labels)
    splits = {row.speaker: row.split for row in rows}
    assert sorted(splits.values()) == ["development", "test", "train"]
    assert rows[2].split == rows[3].split


def test_the_emotion_heard_is_that_of_most_raters_of_the_voice(release, run, tmp_path):
    result = run("crema-d", release, "-o", tmp_path / "out", "--emotions", "heard")
    rows = read_manifest(tmp_path / "out").utterances
    assert [row.emotion for row in rows] == ["disgust", None, "neutral", None]
    assert "note: 2 utterances without one emotion that most raters heard" in result.stderr
    (release / "processedResults" / "summaryTable.csv").write_text("FileName\n1001_DFA_ANG_XX\n")
    result = run("crema-d", release, "-o", tmp_path / "two", "--emotions", "heard")
    assert "summaryTable.csv: no column VoiceVote; it has FileName" in result.stderr
    for rows, message in (
        ("1001_DFA_ANG_XX,anger", "VoiceVote 'anger'; write letters of A, D, F, H, N, S, as A or"),
        ("1001_DFA_ANG_XX,A\n1001_DFA_ANG_XX,D", "1001_DFA_ANG_XX has another vote above"),
    ):
        table = f"FileName,VoiceVote\n{rows}\n"
        (release / "processedResults" / "summaryTable.csv").write_text(table)
        result = run("crema-d", release, "-o", tmp_path / "two", "--emotions", "heard")
        assert result.exit_code == 1
        assert message in result.stderr
    table = "FileName,VoiceVote\n1001_DFA_ANG_XX,A\n1099_DFA_ANG_XX,D\n"
    (release / "processedResults" / "summaryTable.csv").write_text(table)
    result = run("crema-d", release, "-o", tmp_path / "more", "--emotions", "heard")
    unknown = "1 utterance of summaryTable.csv without a recording, 1099_DFA_ANG_XX"
    assert f"note: {unknown}\n" in result.stderr
    (release / "processedResults" / "summaryTable.csv").unlink()
    result = run("crema-d", release, "-o", tmp_path / "two", "--emotions", "heard")
    assert "summaryTable.csv: no such file; without it the emotions are those" in result.stderr


def test_other_names_are_left_out_and_counted(release, run, tmp_path, make_wav):
    for name in ("1001_DFA_JOY_XX", "1001_XYZ_ANG_XX", "1001_DFA_ANG_XX (copy)"):
        make_wav(release / "AudioWAV" / f"{name}.wav", 0.5)
    result = run("crema-d", release, "-o", tmp_path / "out")
    assert "note: 3 utterances of another name than 1001_DFA_ANG_XX.wav, left out" in result.stderr
    assert len(read_manifest(tmp_path / "out").utterances) == 4


def test_another_folder_is_refused(tmp_path, run):
    result = run("crema-d", tmp_path, "-o", tmp_path / "out")
    assert "no folder AudioWAV; name the folder of CREMA-D" in result.stderr
    (tmp_path / "AudioWAV").mkdir()
    result = run("crema-d", tmp_path, "-o", tmp_path / "out")
    assert "no recording named as 1001_DFA_ANG_XX.wav" in result.stderr


def test_an_actor_of_two_sexes_is_refused(release, run, tmp_path):
    with (release / "VideoDemographics.csv").open("a") as stream:
        stream.write("1001,51,Female,-,-\n")
    result = run("crema-d", release, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert "line 4: actor 1001 has another sex above; remove one of the two" in result.stderr
