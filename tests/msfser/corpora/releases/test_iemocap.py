import math
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import lemf
from lemf.runtime.locks import hold_lock
from msfser.manifest import label_array, read_manifest
from msfser.ratings import read_ratings

EMOTIONS = ("neu", "ang", "fru", "xxx", "exc", "sad")


@dataclass(frozen=True)
class Spoken:
    session: int
    dialogue: str
    name: str
    emotion: str
    valence: float
    activation: float
    dominance: float
    text: str


def list_utterances() -> list[Spoken]:
    """Six in each session, both speakers in both dialogues; no two labels are the same."""
    spoken = []
    for session in range(1, 6):
        dialogues = (f"Ses0{session}F_impro01", f"Ses0{session}M_script01_1b")
        for dialogue in dialogues:
            for turn in ("F000", "M000", "M001"):
                k = len(spoken)
                spoken.append(
                    Spoken(
                        session,
                        dialogue,
                        f"{dialogue}_{turn}",
                        EMOTIONS[k % 6],
                        1 + 0.0101 * k,
                        2 + 0.0203 * k,
                        3 + 0.0307 * k,
                        f"Don't say {k}, please.",
                    )
                )
    return spoken


SPOKEN = list_utterances()
WDSEG = """\
\t SFrm\t EFrm\t SegAScr Word
\t    0\t    9\t -117721 <s>
\t   10\t   39\t-1052907 DON'T(2)
\t   40\t   44\t  -17530 <sil>
\t   45\t   69\t  -17530 SAY
\t   70\t   89\t  -17530 ++NOISE++
\t   90\t   99\t  -17530 </s>
 Total score:     -6318920
"""
PHSEG = """\
\t SFrm\t EFrm\t  SegAScr Phone
\t    0\t    9\t -117721 SIL
\t   10\t   19\t -117721 D SIL OW b
\t   20\t   29\t -117721 OW D N i
\t   30\t   39\t -117721 N OW SIL e
\t   40\t   44\t -117721 SIL
\t   45\t   59\t -117721 S SIL EY b
\t   60\t   69\t -117721 EY S +NOISE+ e
\t   70\t   89\t -117721 +NOISE+
\t   90\t   99\t -117721 SIL
 Total score:     -6318920
"""


def write_evaluation(path: Path, spoken: list[Spoken]) -> None:
    lines = ["% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]", ""]
    for number, one in enumerate(spoken):
        labels = f"[{one.valence:.4f}, {one.activation:.4f}, {one.dominance:.4f}]"
        lines += [
            f"[{6.29 + number:.4f} - {7.2 + number:.4f}]\t{one.name}\t{one.emotion}\t{labels}",
            "C-E2:\tNeutral;\t()",
            "C-F1:\tNeutral; Other;\t(curious; or so, perhaps)",
            "A-E3:\tval 3; act 2; dom  2;\t()",
            "A-F1:\tval 3; act 2; dom  1;\t()",
            "",
        ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines), newline="")


def write_release(root: Path, make_wav) -> Path:
    """All that the release has and the ugly corners that users meet, none of which is damage."""
    for dialogue in dict.fromkeys(one.dialogue for one in SPOKEN):
        spoken = [one for one in SPOKEN if one.dialogue == dialogue]
        session = root / f"Session{spoken[0].session}"
        evaluation = session / "dialog/EmoEvaluation"
        write_evaluation(evaluation / f"{dialogue}.txt", spoken)
        (evaluation / f"._{dialogue}.txt").write_bytes(b"\0\5\x16\7\0\2Mac OS X \xff")
        for folder, line in (("Attribute", ":act 2; :val 3; :dom  2; :();"), ("Categorical", "")):
            (evaluation / folder).mkdir(exist_ok=True)
            (evaluation / folder / f"{dialogue}_e1.txt").write_text(f"{spoken[0].name} {line}\n")
        said = [f"{one.name} [006.2901-008.2357]: {one.text}" for one in spoken]
        said.insert(1, f"{dialogue}_MXX0 [007.0000-008.0000]: Not labelled.")
        said += ["M: Wow.", ""]
        transcription = session / f"dialog/transcriptions/{dialogue}.txt"
        transcription.parent.mkdir(parents=True, exist_ok=True)
        transcription.write_bytes("\r\n".join(said).encode("latin-1"))
        for one in spoken:
            make_wav(session / f"sentences/wav/{dialogue}/{one.name}.wav")
            aligned = session / f"sentences/ForcedAlignment/{dialogue}"
            aligned.mkdir(parents=True, exist_ok=True)
            (aligned / f"{one.name}.wdseg").write_text(WDSEG)
            (aligned / f"{one.name}.phseg").write_text(PHSEG)
        (session / f"sentences/wav/{dialogue}/._{one.name}.wav").write_bytes(b"\0\5\x16\7")
    return root


@pytest.fixture
def release(tmp_path: Path, make_wav) -> Path:
    return write_release(tmp_path / "IEMOCAP_full_release", make_wav)


def evaluation_of(release: Path, one: Spoken) -> Path:
    return release / f"Session{one.session}/dialog/EmoEvaluation/{one.dialogue}.txt"


def segments_of(release: Path, one: Spoken, kind: str) -> Path:
    folder = f"Session{one.session}/sentences/ForcedAlignment/{one.dialogue}"
    return release / folder / f"{one.name}.{kind}"


def wav_of(release: Path, one: Spoken) -> Path:
    return release / f"Session{one.session}/sentences/wav/{one.dialogue}/{one.name}.wav"


def read_rows(folder: Path):
    return {row.id: row for row in read_manifest(folder).utterances}


def test_labels_folds_and_speakers_value_by_value(release, tmp_path, run):
    result = run("iemocap", release, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    manifest = read_manifest(tmp_path / "out")
    assert (manifest.corpus, manifest.label_bounds) == ("iemocap", (1.0, 5.0))
    assert [row.id for row in manifest.utterances] == [one.name for one in SPOKEN]
    np.testing.assert_allclose(
        label_array(manifest.utterances),
        [(one.valence, one.activation, one.dominance) for one in SPOKEN],
        rtol=0,
        atol=5e-5,
    )
    for row, one in zip(manifest.utterances, SPOKEN, strict=True):
        assert (row.fold, row.emotion, row.transcript) == (one.session, one.emotion, one.text)
        assert row.split is None
        assert row.status == "ok"
        assert row.duration_s == 1.0
        assert manifest.wav_path(row) == wav_of(release, one).resolve()
        letter = one.name[-4]
        assert row.speaker == f"Ses0{one.session}{letter}"
        assert row.gender == {"F": "female", "M": "male"}[letter]
        assert row.dialogue == one.dialogue
    assert [row.start_s for row in manifest.utterances[:3]] == [6.29, 7.29, 8.29]
    assert len({row.speaker for row in manifest.utterances}) == 10


def test_leaving_a_fold_out_leaves_its_speakers_out(release, tmp_path, run):
    run("iemocap", release.parent, "-o", tmp_path / "out")
    rows = read_manifest(tmp_path / "out").utterances
    folds = [{row.speaker for row in rows if row.fold == fold} for fold in range(1, 6)]
    assert [len(speakers) for speakers in folds] == [2] * 5
    assert len(set.union(*folds)) == 10


def test_its_own_alignment_becomes_textgrids_that_lemf_scores(release, tmp_path, run):
    run("iemocap", release, "-o", tmp_path / "out")
    manifest = read_manifest(tmp_path / "out")
    row = manifest.utterances[0]
    path = manifest.alignment_path(row)
    assert path == (tmp_path / "out/alignment" / SPOKEN[0].dialogue / f"{row.id}.TextGrid")
    words, phones = lemf.read_textgrid(path).tiers
    assert (words.name, phones.name) == ("words", "phones")
    assert [(i.start_s, i.end_s, i.label) for i in words.intervals] == [
        (0.0, 0.1, ""),
        (0.1, 0.4, "don't"),
        (0.4, 0.45, ""),
        (0.45, 0.7, "say"),
        (0.7, 0.9, ""),
        (0.9, 1.0, ""),
    ]
    assert [i.label for i in phones.intervals] == ["", "D", "OW", "N", "", "S", "EY", "", ""]
    emphasis = lemf.score(manifest.wav_path(row), path)
    (sentence,) = emphasis.sentences
    assert [word.word for word in sentence.words] == ["don't", "say"]
    assert [word.duration for word in sentence.words] == pytest.approx([0.1, 0.125], abs=1e-9)


def test_damage_costs_only_the_rows_it_hits(release, tmp_path, run):
    torn, cut, gone, short, text = SPOKEN[0], SPOKEN[5], SPOKEN[7], SPOKEN[9], SPOKEN[10]
    path = evaluation_of(release, torn)
    path.write_text(path.read_text().replace("\tneu\t[1.0000, 2.0000, 3.0000]", "\tneu\t[1.0"))
    path = evaluation_of(release, cut)
    path.write_text(path.read_text().partition(f"_{cut.name[-4:]}")[0])
    wav_of(release, gone).unlink()
    wav_of(release, short).write_bytes(b"RIFF")
    path = release / f"Session{text.session}/dialog/transcriptions/{text.dialogue}.txt"
    path.write_bytes(f"{text.name} [006.2901-008.2357]: Voil\xe0, a caf\xe9\x85".encode("latin-1"))
    result = run("iemocap", release, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert "Error: 4 of 30 utterances failed" in result.stderr
    rows = read_rows(tmp_path / "out")
    place = f"Session1/dialog/EmoEvaluation/{torn.dialogue}.txt"
    assert rows[torn.name].reason == f"{place}: line 3 is damaged"
    assert np.isnan(rows[torn.name].labels).all()
    assert rows[cut.name].reason == f"no line in {place.replace(torn.dialogue, cut.dialogue)}"
    assert rows[gone.name].reason == "no such recording"
    assert rows[short.name].reason.startswith("the recording cannot be read")
    assert rows[text.name].transcript == "Voilà, a café…"
    assert rows[SPOKEN[9 + 2].name].transcript is None
    assert sum(row.status == "ok" for row in rows.values()) == 26
    assert rows[SPOKEN[1].name].labels == pytest.approx((1.0101, 2.0203, 3.0307), abs=1e-9)


def test_an_alignment_that_is_missing_or_damaged_is_noted_and_no_failure(release, tmp_path, run):
    segments_of(release, SPOKEN[0], "wdseg").unlink()
    faults = {
        1: (WDSEG.replace("-1052907 DON'T(2)", ""), "line 3 is damaged"),
        2: (WDSEG.partition(" Total")[0], "the file is cut"),
        3: (WDSEG.replace("99\t", "299\t"), "ends at 3.00 s, the recording at 1.00 s"),
        4: (WDSEG.replace("45\t", "40\t"), "line 5 begins before line 4 ends"),
        5: (WDSEG.replace("DON'T(2)", "<sil>").replace("SAY", "++LAUGH++"), "no word in it"),
    }
    for number, (content, _) in faults.items():
        segments_of(release, SPOKEN[number], "wdseg").write_text(content)
    result = run("iemocap", release, "-o", tmp_path / "out")
    assert result.exit_code == 0
    for _, reason in faults.values():
        assert reason in result.stderr
    assert f"1 utterance without .wdseg or .phseg, {SPOKEN[0].name}" in result.stderr
    rows = read_manifest(tmp_path / "out").utterances
    assert [row.alignment is None for row in rows] == [True] * 6 + [False] * 24
    assert {row.status for row in rows} == {"ok"}


def test_frames_a_little_beyond_the_recording_are_cut(release, tmp_path, run, make_wav):
    make_wav(wav_of(release, SPOKEN[0]), 0.96)
    assert run("iemocap", release, "-o", tmp_path / "out").exit_code == 0
    row = read_manifest(tmp_path / "out").utterances[0]
    grid = lemf.read_textgrid(row.alignment)
    assert [tier.intervals[-1].end_s for tier in grid.tiers] == [0.96, 0.96]
    assert grid.end_s == 0.96


def test_a_stopped_run_goes_on_and_never_replaces_what_differs(release, tmp_path, run):
    out = tmp_path / "out"
    assert run("iemocap", release, "-o", out).exit_code == 0
    grids = sorted((out / "alignment").rglob("*.TextGrid"))
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in grids}
    assert len(before) == 30
    grids[3].unlink()
    (out / "manifest.parquet").unlink()
    assert run("iemocap", release, "-o", out).exit_code == 0
    for path, (content, time_ns) in before.items():
        assert path.read_bytes() == content
        assert (path.stat().st_mtime_ns == time_ns) == (path != grids[3])
    (out / "manifest.parquet").unlink()
    grids[5].write_text("mine")
    result = run("iemocap", release, "-o", out)
    assert result.exit_code == 1
    assert f"{grids[5]}: exists already; --force replaces it" in result.stderr
    assert not (out / "manifest.parquet").exists()
    assert run("iemocap", release, "-o", out, "--force").exit_code == 0
    assert grids[5].read_bytes() == before[grids[5]][0]


def test_a_second_run_refuses_and_the_next_removes_what_a_killed_one_left(release, tmp_path, run):
    folder = tmp_path / "out/alignment" / SPOKEN[0].dialogue
    folder.mkdir(parents=True)
    (folder / f".{SPOKEN[0].name}.TextGrid.x1.part").write_text("half")
    (folder.parent / ".mine.part").write_text("of somebody else")
    with hold_lock(tmp_path / "out/alignment.lock"):
        result = run("iemocap", release, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert f"process {os.getpid()} is working on this output" in result.stderr
    assert result.stderr.count("\n") == 1
    assert run("iemocap", release, "-o", tmp_path / "out").exit_code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "alignment",
        "manifest.parquet",
        "ratings.parquet",
    ]
    assert sorted(path.name for path in folder.iterdir()) == [
        f"{one.name}.TextGrid" for one in SPOKEN[:3]
    ]
    assert (folder.parent / ".mine.part").exists()


def test_labels_outside_the_scale_are_counted_and_never_clipped(release, tmp_path, run):
    path = evaluation_of(release, SPOKEN[0])
    path.write_text(path.read_text().replace("[1.0000, 2.0000", "[0.8000, 5.5000"))
    result = run("iemocap", release, "-o", tmp_path / "kept")
    assert result.exit_code == 0
    assert f"note: 1 utterance with a label outside 1 to 5, {SPOKEN[0].name}" in result.stderr
    assert read_rows(tmp_path / "kept")[SPOKEN[0].name].labels == (0.8, 5.5, 3.0)
    result = run("iemocap", release, "-o", tmp_path / "refused", "--outside", "refuse")
    assert result.exit_code == 1
    row = read_rows(tmp_path / "refused")[SPOKEN[0].name]
    assert (row.status, row.reason) == ("failed", "valence 0.8 is outside 1 to 5")
    assert row.labels == (0.8, 5.5, 3.0)


def test_an_utterance_labelled_twice_is_refused_with_both_places(release, tmp_path, run):
    path = evaluation_of(release, SPOKEN[0])
    lines = path.read_text().split("\n")
    path.write_text("\n".join([*lines, lines[2]]))
    result = run("iemocap", release, "-o", tmp_path / "out")
    assert result.exit_code == 1
    message = f"{path}: line {len(lines) + 1}: {SPOKEN[0].name} is also in line 3; "
    assert message in result.stderr
    assert not (tmp_path / "out/manifest.parquet").exists()


def test_a_dialogue_in_the_wrong_session_is_refused(release, tmp_path, run):
    path = evaluation_of(release, SPOKEN[0])
    path.rename(evaluation_of(release, SPOKEN[-1]).parent / path.name)
    result = run("iemocap", release, "-o", tmp_path / "out")
    assert "Session5: Ses01F_impro01 is not of session 5" in result.stderr


def test_an_incomplete_release_is_said(release, tmp_path, run):
    (release / "Session3").rename(tmp_path / "elsewhere")
    result = run("iemocap", release, "-o", tmp_path / "out")
    assert result.exit_code == 0
    assert "without session 3" in result.stderr
    assert {row.fold for row in read_manifest(tmp_path / "out").utterances} == {1, 2, 4, 5}
    result = run("iemocap", tmp_path / "elsewhere", "-o", tmp_path / "none")
    assert result.exit_code == 1
    assert "no folder Session1 to Session5 in it; name IEMOCAP_full_release" in result.stderr
    assert run("iemocap", tmp_path / "nowhere", "-o", tmp_path / "none").exit_code == 1


def test_votes_of_evaluators_are_read_and_those_of_actors_on_themselves_are_not(
    release, tmp_path, run
):
    first = SPOKEN[0]
    path = next(release.rglob(f"EmoEvaluation/{first.dialogue}.txt"))
    lines = path.read_text().split("\n")
    place = next(i for i, line in enumerate(lines) if line.startswith("A-E3"))
    lines[place : place + 1] = [
        "A-E3:\tval 4; act 2; dom  1;\t(so; or so, perhaps)",
        "A-E5:\tval 5; act ; dom  3;\t()",
        "A-E6:\tval 5; act 3; dom  6;\t()",
    ]
    path.write_text("\n".join(lines), newline="")
    result = run("iemocap", release, "-o", tmp_path / "out")
    votes = [vote for vote in read_ratings(tmp_path / "out") if vote.id == first.name]
    assert [(vote.rater, vote.valence, vote.dominance) for vote in votes] == [
        ("E3", 4.0, 1.0), ("E5", 5.0, 3.0),
    ]  # fmt: skip
    assert votes[0].arousal == 2.0
    assert math.isnan(votes[1].arousal)
    stray = f"1 vote outside 1 to 5, left out, the first: E6 on {first.name}: dominance 6"
    assert f"note: {stray} is outside 1 to 5\n" in result.stderr
