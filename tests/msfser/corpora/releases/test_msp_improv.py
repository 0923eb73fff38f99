"""The layout of the release with invented values; no two labels are the same."""

import math

import pytest

from msfser.manifest import label_array, read_manifest

FIRST, SECOND, THIRD = "S01A-F01-P-FM01", "S14H-M06-S-MF02", "S20D-F03-T-FF01"
LINES = f"""\
UTD-IMPROV-{FIRST}.avi; N; A:2.200000; V:3.400000; D:2.600000 ; N:4.100000;
WORKER0001; Neutral; Neutral,Happy; A:2.000000; V:3.000000; D:2.000000; N:4.000000;

UTD-IMPROV-{SECOND}.avi; H; A:4.800000; V:4.500000; D:NaN ; N:NaN;

UTD-IMPROV-{THIRD}.avi; X; A:1.200000; V:1.700000; D:3.100000;
"""


@pytest.fixture
def release(tmp_path, make_wav):
    root = tmp_path / "MSP-IMPROV"
    for session, name in ((1, FIRST), (6, SECOND), (3, THIRD)):
        text, _, kind, _ = name.split("-")
        make_wav(root / f"session{session}" / text / kind / f"MSP-IMPROV-{name}.wav", 0.5)
    (root / "Evalution.txt").write_text(LINES)
    return root


def test_labels_are_found_by_their_letters_and_not_by_their_places(release, run, tmp_path):
    result = run("msp-improv", release, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    manifest = read_manifest(tmp_path / "out")
    assert (manifest.corpus, manifest.label_bounds) == ("msp-improv", (1.0, 5.0))
    first, second, third = manifest.utterances
    assert first.labels == (3.4, 2.2, 2.6)  # valence, arousal, dominance; naturalness is none
    assert (second.valence, second.arousal) == (4.5, 4.8)
    assert math.isnan(second.dominance)
    assert third.labels == (1.7, 1.2, 3.1)
    assert [row.emotion for row in manifest.utterances] == ["N", "H", "X"]
    assert [(row.speaker, row.gender, row.fold) for row in manifest.utterances] == [
        ("F01", "female", 1),
        ("M06", "male", 6),
        ("F03", "female", 3),
    ]
    assert first.wav == f"session1/S01A/P/MSP-IMPROV-{FIRST}.wav"
    assert first.duration_s == 0.5


def test_damaged_lines_and_missing_recordings_are_failed_rows(release, run, tmp_path, make_wav):
    make_wav(release / "session2" / "MSP-IMPROV-S02A-F02-R-FM01.wav", 0.5)
    path = release / "Evalution.txt"
    path.write_text(
        LINES.replace("A:4.800000;", "A 4.8;").replace("A:1.2", "A:one")
        + "UTD-IMPROV-S05A-M05-P-FM09.avi; S; A:2; V:3; D:4;"
    )
    result = run("msp-improv", release, "-o", tmp_path / "out")
    assert result.exit_code == 1
    reasons = {row.id: row.reason for row in read_manifest(tmp_path / "out").utterances}
    assert reasons == {
        f"MSP-IMPROV-{FIRST}": None,
        f"MSP-IMPROV-{SECOND}": f"{path}: line 4 is damaged",
        f"MSP-IMPROV-{THIRD}": f"{path}: line 6: A 'one00000' is not a number; write it as 3.5",
        "MSP-IMPROV-S05A-M05-P-FM09": "no such recording",
    }
    assert "note: 1 utterance without a line of labels, left out" in result.stderr


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda root: (root / "Evalution.txt").unlink(), "no Evalution.txt with the labels"),
        (lambda root: (root / "Evalution.txt").write_text("nothing\n"), "no line begins with UTD-"),
        (
            lambda root: (root / "Evalution.txt").write_text(LINES + LINES),
            "line 7: MSP-IMPROV-S01A-F01-P-FM01 is also in line 1",
        ),
    ],
)
def test_what_cannot_be_used_is_named(release, run, tmp_path, change, message):
    change(release)
    result = run("msp-improv", release, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_one_recording_in_two_folders_is_refused(release, run, tmp_path, make_wav):
    make_wav(release / "copy" / f"MSP-IMPROV-{FIRST}.wav", 0.5)
    result = run("msp-improv", release, "-o", tmp_path / "out")
    assert "are one utterance; remove one" in result.stderr
    assert result.exit_code == 1


def test_the_other_spelling_of_the_file_one_folder_below_is_read(release, run, tmp_path):
    (release / "Labels").mkdir()
    (release / "Evalution.txt").rename(release / "Labels" / "Evaluation.txt")
    assert run("msp-improv", release, "-o", tmp_path / "out").exit_code == 0
    assert label_array(read_manifest(tmp_path / "out").utterances).shape == (3, 3)


def test_activation_that_runs_from_excited_to_calm_is_turned_round(release, run, tmp_path):
    path = release / "Evalution.txt"
    path.write_text(LINES.replace("; H; A:4.8", "; A; A:1.5").replace("; X; A:1.2", "; S; A:4.2"))
    result = run("msp-improv", release, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    found = [row.arousal for row in read_manifest(tmp_path / "out").utterances]
    assert found == pytest.approx([3.8, 4.5, 1.8])
    assert (
        "note: activation runs from excited to calm (1.50 in 1 angry, 4.20 in 1 sad utterances): "
        "arousal is 6 minus it" in result.stderr
    )


def test_activation_that_runs_from_calm_to_excited_stays(release, run, tmp_path):
    path = release / "Evalution.txt"
    path.write_text(LINES.replace("; H; ", "; A; ").replace("; X; ", "; S; "))
    result = run("msp-improv", release, "-o", tmp_path / "out")
    assert [row.arousal for row in read_manifest(tmp_path / "out").utterances] == [2.2, 4.8, 1.2]
    assert "activation runs" not in result.stderr


def test_activation_of_unknown_direction_is_said(release, run, tmp_path):
    result = run("msp-improv", release, "-o", tmp_path / "out")
    assert "note: no angry and sad utterances tell whether activation" in result.stderr


def test_transcripts_and_alignments_are_found_by_the_names_of_the_recordings(
    release, run, tmp_path
):
    texts = release / "Human_transcriptions" / "All_human_transcriptions"
    texts.mkdir(parents=True)
    (texts / f"MSP-IMPROV-{FIRST}.txt").write_text("How can  I not?\n", encoding="utf-8-sig")
    (texts / f"MSP-IMPROV-{SECOND}.txt").write_text("0.0 0.3 how\n0.3 0.5 can\n")
    grids = release / "Phonetic_Alignments" / "session1"
    grids.mkdir(parents=True)
    (grids / f"MSP-IMPROV-{FIRST}.TextGrid").write_text("")
    (grids / f"MSP-IMPROV-{SECOND}.phseg").write_text("")
    (grids / "Readme.txt").write_text("")
    result = run("msp-improv", release, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    rows = read_manifest(tmp_path / "out").utterances
    assert [row.transcript for row in rows] == ["How can I not?", None, None]
    assert [row.alignment for row in rows] == [
        f"Phonetic_Alignments/session1/MSP-IMPROV-{FIRST}.TextGrid", None, None,
    ]  # fmt: skip
    assert "note: 1 utterance whose transcript is not read: the file holds" in result.stderr
    assert f"note: 1 utterance without a transcript, MSP-IMPROV-{THIRD}\n" in result.stderr
    other = f"such as Phonetic_Alignments/session1/MSP-IMPROV-{SECOND}.phseg; lemf align makes"
    assert (
        f"note: alignments in another form than TextGrid are not read: 1, {other}" in result.stderr
    )
    (release / f"MSP-IMPROV-{FIRST}.txt").write_text("something else")
    again = run("msp-improv", release, "-o", tmp_path / "again")
    assert again.exit_code == 1
    assert "are one utterance; remove one" in again.stderr


def test_labels_of_which_no_line_can_be_read_are_not_taken_for_wrong_paths(release, run, tmp_path):
    path = release / "Evalution.txt"
    path.write_text(LINES.replace(";", ","))
    result = run("msp-improv", release, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert f"({path}: line 1 is damaged); correct what the reasons name, then" in result.stderr
