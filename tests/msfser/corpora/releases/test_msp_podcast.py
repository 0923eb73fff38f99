"""Releases 1.6, 1.10 and 1.12 as they lie on disk, with invented values, no two the same."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

import lemf
from msfser.manifest import label_array, read_manifest
from msfser.ratings import read_ratings
from msfser.semantics.alignment_tiers import name_tiers

HEADER = "FileName,EmoClass,EmoAct,EmoVal,EmoDom,SpkrID,Gender,Split_Set"
ROWS = (  # (file, emotion, activation, valence, dominance, speaker, gender, split)
    ("MSP-PODCAST_0001_0008.wav", "N", 2.2, 4.0, 2.6, "30", "Male", "Train"),
    ("MSP-PODCAST_0001_0009.wav", "A", 3.777778, 3.555556, 3.8, "39", "Female", "Development"),
    ("MSP-PODCAST_0866_0074_0002.wav", "H", 5.1, 6.3, 4.7, "Unknown", "Unknown", "Test1"),
    ("MSP-PODCAST_0866_0075.wav", "X", 6.9, 1.1, 5.9, "41", "Female", "Test2"),
)
LABELS = [(valence, activation, dominance) for _, _, activation, valence, dominance, *_ in ROWS]
SPLITS = ["train", "development", "test1", "test2"]
SPEAKERS = [("30", "male"), ("39", "female"), (None, None), ("41", "female")]
UNLABELLED = "MSP-PODCAST_2000_0001.wav"


def csv_of(rows=ROWS, header: str = HEADER) -> str:
    return "\n".join([header, *(",".join(map(str, row)) for row in rows), ""])


def write_audio(root: Path, make_wav, *more: str) -> None:
    for name in (*(row[0] for row in ROWS), *more):
        make_wav(root / "Audios" / name, 0.5)


def write_grid(path: Path, names: tuple[str, str]) -> None:
    path.parent.mkdir(exist_ok=True)
    tiers = tuple(
        lemf.IntervalTier(name, 0.0, 0.5, (lemf.Interval(0.0, 0.5, label),))
        for name, label in zip(names, ("hello", "HH"), strict=True)
    )
    lemf.write_textgrid(lemf.TextGrid(0.0, 0.5, tiers), path)


@pytest.fixture
def release_1_6(tmp_path: Path, make_wav) -> Path:
    """Folder `label`, file `concensus`, split `Validation`; nothing else."""
    root = tmp_path / "MSP-PODCAST-Publish-1.6"
    write_audio(root, make_wav)
    (root / "label").mkdir()
    text = csv_of().replace("Development", "Validation").replace("\n", "\r\n")
    (root / "label/labels_concensus.csv").write_text(text, newline="", encoding="utf-8-sig")
    return root


@pytest.fixture
def release_1_10(tmp_path: Path, make_wav) -> Path:
    """`Labels`, `consensus`; the columns end early, so splits and speakers stand in text files."""
    root = tmp_path / "MSP-PODCAST-Publish-1.10"
    write_audio(root, make_wav)
    (root / "Labels").mkdir()
    header = HEADER.partition(",SpkrID")[0]
    (root / "Labels/labels_consensus.csv").write_text(csv_of([row[:5] for row in ROWS], header))
    (root / "Labels/labels_detailed.csv").write_text("FileName,EmoDetail\n")
    partitions = [f"{row[7]}; {row[0]}" for row in ROWS]
    (root / "Partitions.txt").write_text("\n".join(["Split; file name", *partitions, ""]))
    (root / "Speaker_ids.txt").write_text(
        "Speaker ids of the corpus\n\nSpeaker_30; Male\nSpeaker_39;Female\nSpeaker_41 ; Female \n"
        + "\n".join(f"{row[0]};{row[5]}" for row in ROWS)
    )
    return root


@pytest.fixture
def release_1_12(tmp_path: Path, make_wav) -> Path:
    """JSON, transcripts, alignments, and a Test3 that has no labels."""
    root = tmp_path / "MSP-PODCAST-1.12"
    write_audio(root, make_wav, UNLABELLED)
    (root / "Labels").mkdir()
    names = HEADER.split(",")[1:]
    content = {row[0]: dict(zip(names, row[1:], strict=True)) for row in ROWS}
    (root / "Labels/labels_consensus.json").write_text(json.dumps(content))
    partitions = [f"{row[7]}; {row[0]}" for row in ROWS]
    (root / "Partitions.txt").write_text("\n".join([*partitions, f"Test3; {UNLABELLED}"]))
    (root / "Speaker_ids.txt").write_text(f"Speaker_77; Female\n{UNLABELLED}; Speaker_77\n")
    (root / "Transcripts").mkdir()
    (root / "Transcripts/MSP-PODCAST_0001_0008.txt").write_text("  I really\ndidn't. \n")
    (root / f"Transcripts/{Path(UNLABELLED).stem}.txt").write_bytes("café".encode("latin-1"))
    (root / "Transcripts/MSP-PODCAST_0866_0075.txt").write_text("\n")
    (root / "Transcripts/._MSP-PODCAST_0001_0009.txt").write_bytes(b"\0\5\x16\7")
    write_grid(root / "ForceAligned/MSP-PODCAST_0001_0008.TextGrid", ("words", "phones"))
    write_grid(root / "ForceAligned/MSP-PODCAST_0866_0075.TextGrid", ("a", "b"))
    return root


def check_labelled(rows) -> None:
    np.testing.assert_array_equal(label_array(rows), LABELS)
    assert [row.id for row in rows] == [row[0].removesuffix(".wav") for row in ROWS]
    assert [row.emotion for row in rows] == ["N", "A", "H", "X"]
    assert [row.split for row in rows] == SPLITS
    assert [(row.speaker, row.gender) for row in rows] == SPEAKERS
    assert {row.duration_s for row in rows} == {0.5}
    assert {row.status for row in rows} == {"ok"}
    assert {row.fold for row in rows} == {None}


@pytest.mark.parametrize("release", ["1.6", "1.10", "1.12"])
def test_labels_splits_and_speakers_value_by_value(release, request, tmp_path, run):
    root = request.getfixturevalue(f"release_{release.replace('.', '_')}")
    result = run("msp-podcast", root, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert result.stderr == f"wrote {tmp_path / 'out/manifest.parquet'}\n"
    manifest = read_manifest(tmp_path / "out")
    assert (manifest.corpus, manifest.version) == ("msp-podcast", release)
    assert manifest.label_bounds == (1.0, 7.0)
    check_labelled(manifest.utterances[:4])
    path = manifest.wav_path(manifest.utterances[0])
    assert path == root.resolve() / "Audios/MSP-PODCAST_0001_0008.wav"


def test_a_split_without_labels_has_speakers_texts_and_no_labels(release_1_12, tmp_path, run):
    run("msp-podcast", release_1_12, "-o", tmp_path / "out")
    manifest = read_manifest(tmp_path / "out")
    rows = {row.wav.removeprefix("Audios/"): row for row in manifest.utterances}
    hidden = rows[UNLABELLED]
    assert (hidden.split, hidden.status) == ("test3", "ok")
    assert (hidden.speaker, hidden.gender) == ("77", "female")
    assert all(map(math.isnan, hidden.labels))
    assert hidden.transcript == "café"
    first, second, *_, last = (rows[row[0]] for row in ROWS)
    assert first.transcript == "I really didn't."
    assert (second.transcript, last.transcript) == (None, None)
    assert manifest.alignment_path(first) == (
        release_1_12.resolve() / "ForceAligned/MSP-PODCAST_0001_0008.TextGrid"
    )
    assert second.alignment is None


def test_tiers_are_found_by_name_else_by_place(release_1_12):
    usual = lemf.read_textgrid(release_1_12 / "ForceAligned/MSP-PODCAST_0001_0008.TextGrid")
    other = lemf.read_textgrid(release_1_12 / "ForceAligned/MSP-PODCAST_0866_0075.TextGrid")
    assert name_tiers(usual) is usual
    named = name_tiers(other)
    assert [(tier.name, tier.intervals[0].label) for tier in named.tiers] == [
        ("words", "hello"),
        ("phones", "HH"),
    ]
    turned = lemf.TextGrid(0.0, 0.5, usual.tiers[::-1])
    assert name_tiers(turned) is turned
    single = lemf.TextGrid(0.0, 0.5, other.tiers[:1])
    assert name_tiers(single) is single


@pytest.mark.parametrize("order", [(0, 3, 2, 4, 1, 7, 6, 5), (7, 4, 3, 2, 1, 0, 5, 6)])
def test_columns_are_found_by_name_whatever_their_order(release_1_6, tmp_path, run, order):
    def reorder(cells):
        return [cells[i] for i in order]

    path = release_1_6 / "label/labels_concensus.csv"
    header = ",".join(reorder(HEADER.split(",")))
    path.write_text(csv_of([reorder(row) for row in ROWS], header))
    assert run("msp-podcast", release_1_6, "-o", tmp_path / "out").exit_code == 0
    check_labelled(read_manifest(tmp_path / "out").utterances)


@pytest.mark.parametrize("folder", ["label", "labels", "Labels"])
@pytest.mark.parametrize("spelling", ["concensus", "consensus"])
def test_every_spelling_is_found(release_1_6, tmp_path, run, folder, spelling):
    path = release_1_6 / "label/labels_concensus.csv"
    path = path.rename(path.with_name(f"labels_{spelling}.csv"))
    path.parent.rename(release_1_6 / "moved").rename(release_1_6 / folder)
    assert run("msp-podcast", release_1_6, "-o", tmp_path / "out").exit_code == 0
    check_labelled(read_manifest(tmp_path / "out").utterances)


def test_the_release_is_an_option_where_the_folder_does_not_tell(release_1_6, tmp_path, run):
    root = release_1_6.rename(tmp_path / "podcast")
    result = run("msp-podcast", root, "-o", tmp_path / "out")
    assert "note: no release in the name of the folder; name it with --release" in result.stderr
    assert read_manifest(tmp_path / "out").version == ""
    run("msp-podcast", root, "-o", tmp_path / "said", "--release", "1.6")
    assert read_manifest(tmp_path / "said").version == "1.6"


def test_what_differs_or_is_in_no_list_is_noted(release_1_6, tmp_path, run, make_wav):
    lines = [f"Train; {row[0]}" for row in ROWS[:2]]
    (release_1_6 / "Partitions.txt").write_text("\n".join(lines))
    make_wav(release_1_6 / "Audios/MSP-PODCAST_9999_0001.wav")
    (release_1_6 / "Audios/MSP-PODCAST_0866_0075.wav").unlink()
    result = run("msp-podcast", release_1_6, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert "1 utterance in another split by Partitions.txt" in result.stderr
    assert "MSP-PODCAST_0001_0009" in result.stderr
    assert "left out, MSP-PODCAST_9999_0001" in result.stderr
    rows = read_manifest(tmp_path / "out").utterances
    assert [row.split for row in rows] == SPLITS
    assert [row.reason for row in rows] == [None, None, None, "no such recording"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("EmoVal", "Valence", "labels_concensus.csv: no column EmoVal; it has FileName, EmoClass"),
        ("3.777778", "3,777778", "line 3: 9 cells where the header names 8"),
        (",3.555556,3.8,39,Female,Validation", "", "line 3: 3 cells where the header names 8"),
        ("3.777778", "n.n.", "line 3: EmoAct 'n.n.' is not a number"),
        ("Validation", "Eval", "line 3: split 'Eval' is none of train, development, test"),
        ("0001_0009", "0001_0008", "labels_concensus.csv: line 2; remove one of the two"),
        ("EmoDom", "EmoAct", "two columns are named 'EmoAct'"),
    ],
)
def test_wrong_labels_are_one_line_with_their_place(release_1_6, tmp_path, run, old, new, message):
    path = release_1_6 / "label/labels_concensus.csv"
    path.write_text(path.read_text(encoding="utf-8-sig").replace(old, new))
    result = run("msp-podcast", release_1_6, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out/manifest.parquet").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"a.wav": {"EmoAct": 1, "EmoVal": 2, "EmoDom": 3', "not JSON"),
        ("[1]", "expected an object with one key per recording"),
        ('{"a.wav": 3}', "a.wav: expected an object with EmoAct, EmoVal, EmoDom"),
        ('{"a.wav": {"EmoAct": 1}}', "a.wav: no column EmoVal"),
        ('{"a.wav": {}, "a.wav": {}}', "two keys are named 'a.wav'"),
    ],
)
def test_wrong_json_is_one_line(release_1_12, tmp_path, run, content, message):
    (release_1_12 / "Labels/labels_consensus.json").write_text(content)
    result = run("msp-podcast", release_1_12, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_folder_that_is_no_release_is_said(release_1_12, tmp_path, run):
    result = run("msp-podcast", release_1_12 / "Labels", "-o", tmp_path / "out")
    assert "no Audios with the recordings; it holds labels_consensus.json" in result.stderr
    (release_1_12 / "Labels/labels_consensus.json").unlink()
    result = run("msp-podcast", release_1_12, "-o", tmp_path / "out")
    assert "Labels: no labels_consensus.csv with the labels; it holds nothing" in result.stderr
    result = run("msp-podcast", tmp_path / "nowhere", "-o", tmp_path / "out")
    assert "nowhere: cannot be listed (No such file or directory)" in result.stderr


def test_a_recording_in_two_splits_is_refused(release_1_10, tmp_path, run):
    with (release_1_10 / "Partitions.txt").open("a") as stream:
        stream.write(f"Test1; {ROWS[0][0]}\n")
    result = run("msp-podcast", release_1_10, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert f"line 6: {ROWS[0][0]} is in train and in test1" in result.stderr


def test_json_without_values_and_transcripts_that_are_none(release_1_12, tmp_path, run):
    path = release_1_12 / "Labels/labels_consensus.json"
    labels = json.loads(path.read_text())
    name = next(iter(labels))
    labels[name] |= {"EmoClass": math.nan, "SpkrID": math.nan, "EmoVal": math.nan}
    path.write_text(json.dumps(labels))
    stem = name.removesuffix(".wav")
    (release_1_12 / "Transcripts" / f"{stem}.txt").write_text("0 51200 hello you\n")
    result = run("msp-podcast", release_1_12, "-o", tmp_path / "out")
    assert "1 utterance whose transcript is not read: the file holds labels" in result.stderr
    (row,) = [row for row in read_manifest(tmp_path / "out").utterances if row.id == stem]
    assert (row.emotion, row.transcript) == (None, None)
    assert math.isnan(row.valence)


def test_biic_podcast_is_read_as_msp_podcast_is_and_named(release_1_12, run, tmp_path):
    root = release_1_12.rename(tmp_path / "BIIC-PODCAST-1.01")
    refused = run("biic-podcast", root, "-o", tmp_path / "none")
    assert refused.exit_code == 1
    assert (
        f"{root}: MSP-PODCAST_0001_0008.wav and 3 other recordings are named as those of "
        "msp-podcast; read the folder with msfser corpus msp-podcast\n" in refused.stderr
    )
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.suffix in (".csv", ".json", ".txt"):
            path.write_bytes(path.read_bytes().replace(b"MSP-PODCAST", b"BIIC-PODCAST"))
    for path in sorted(root.rglob("MSP-PODCAST*")):
        path.rename(path.with_name(path.name.replace("MSP", "BIIC", 1)))
    result = run("biic-podcast", root, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    other = run("msp-podcast", root, "-o", tmp_path / "none")
    assert "are named as those of biic-podcast; read the folder with msfser corp" in other.stderr
    manifest = read_manifest(tmp_path / "out")
    assert (manifest.corpus, manifest.version) == ("biic-podcast", "1.01")
    assert manifest.utterances[0].labels == LABELS[0]
    assert [row.dialogue for row in manifest.utterances[:3]] == [
        "BIIC-PODCAST_0001",
        "BIIC-PODCAST_0001",
        "BIIC-PODCAST_0866",
    ]


VOTES = [  # two raters of the first recording, whose means are its labels, and one of the second
    ("WORKER00000001", "Neutral", "Concerned,Neutral", (2.0, 4.0, 2.0)),
    ("WORKER00000002", "Sad", "Sad", (2.4, 4.0, 3.2)),
]


def write_votes(labels: Path, form: str) -> None:
    """Write the votes on the first recording as a release does, with traps around them."""
    name = ROWS[0][0]
    details = [
        f"{worker}; {major}; {second}; A:{a:f}; V:{v:f}; D:{d:f};"
        for worker, major, second, (a, v, d) in VOTES
    ]
    if form == "lines":  # commas in the details, not quoted; a line of another kind
        rows = ["FileName,EmoDetail", *(f"{name},{detail}" for detail in details), "not, read"]
        (labels / "labels_detailed.csv").write_text("\n".join(rows) + "\n")
    elif form == "quoted":
        rows = ["FileName,EmoDetail", *(f'{name},"{detail}"' for detail in details), "x.wav,"]
        (labels / "labels_detailed.csv").write_text("\r\n".join(rows), newline="")
    elif form == "columns":  # release 1.6: activation before valence
        head = "FileName,Workers,EmoClass_Major,EmoClass_Second,EmoAct,EmoVal,EmoDom"
        rows = [f'{name},{w},{m},"{s}",{a},{v},{d}' for w, m, s, (a, v, d) in VOTES]
        (labels / "labels_detailed.csv").write_text("\n".join([head, *rows, f"{name},,,,,,"]))
    else:
        workers = {
            worker: {"EmoVal": v, "EmoAct": a, "EmoDom": d, "EmoClass_Major": major}
            for worker, major, _, (a, v, d) in VOTES
        }
        content = {name: workers, "other.wav": ["no votes"]}
        (labels / "labels_detailed.json").write_text(json.dumps(content))


@pytest.mark.parametrize("form", ["lines", "quoted", "columns", "json"])
def test_votes_are_read_in_the_form_of_each_release(form, release_1_10, tmp_path, run):
    (release_1_10 / "Labels/labels_detailed.csv").unlink()
    write_votes(release_1_10 / "Labels", form)
    result = run("msp-podcast", release_1_10, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    votes = read_ratings(tmp_path / "out")
    assert [(vote.id, vote.rater, vote.emotion) for vote in votes] == [
        (Path(ROWS[0][0]).stem, worker, major) for worker, major, _, _ in VOTES
    ]
    assert [(vote.arousal, vote.valence, vote.dominance) for vote in votes] == [
        values for _, _, _, values in VOTES
    ]
    assert "1 entry without a vote, the first: labels_detailed." in result.stderr
    assert "ratings.parquet: 2 votes" in result.stderr
    assert "not the mean of the votes" not in result.stderr


def test_votes_beyond_the_scale_and_on_unknown_recordings_are_left_out(release_1_10, tmp_path, run):
    name, stem = ROWS[0][0], Path(ROWS[0][0]).stem
    lines = [
        "FileName,EmoDetail",
        f"{name},W1; Sad; ; A:2.0; V:4.0; D:2.0;",
        f"{name},W2; Sad; ; A:2.0; V:70; D:2.0;",  # a slipped key
        f"{name},W3; Sad; ; A:2.0; V:4.0; D:0;",
        "MSP-PODCAST_9999_0001.wav,W1; Sad; ; A:2.0; V:4.0; D:2.0;",
        f"{name},W1; Sad; ; A:2.4; V:4.0; D:3.2;",
    ]
    (release_1_10 / "Labels/labels_detailed.csv").write_text("\n".join(lines))
    result = run("msp-podcast", release_1_10, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert [vote.rater for vote in read_ratings(tmp_path / "out")] == ["W1", "W1"]
    assert (
        "note: 1 vote on recordings that the corpus does not list, left out, the first: W1 on "
        "MSP-PODCAST_9999_0001\n" in result.stderr
    )
    assert (
        f"note: 2 votes outside 1 to 7, left out, the first: W2 on {stem}: valence 70 is outside "
        "1 to 7\n" in result.stderr
    )
    twice = "1 vote of a rater who voted on the recording before; each counts, the first: W1 on"
    assert f"note: {twice} {stem}\n" in result.stderr
    assert "not the mean of the votes" not in result.stderr  # those that are left make the label


def test_votes_that_do_not_make_the_label_are_counted(release_1_10, tmp_path, run):
    swapped = f"{ROWS[0][0]},WORKER1; Neutral; ; A:6.0; V:1.0; D:2.0;\n"
    (release_1_10 / "Labels/labels_detailed.csv").write_text("FileName,EmoDetail\n" + swapped)
    result = run("msp-podcast", release_1_10, "-o", tmp_path / "out")
    assert "1 utterance whose label is not the mean of the votes" in result.stderr


def test_a_vote_that_is_no_number_is_named_with_its_line(release_1_10, tmp_path, run):
    wrong = f"FileName,EmoDetail\n{ROWS[0][0]},WORKER1; Neutral; ; A:high; V:1.0; D:2.0;\n"
    (release_1_10 / "Labels/labels_detailed.csv").write_text(wrong)
    result = run("msp-podcast", release_1_10, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert "labels_detailed.csv: line 2" in result.stderr


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("Labels/labels_consensus.csv", "MSP-", "Audios\\MSP-", "FileName 'Audios\\\\MSP-POD"),
        ("Labels/labels_consensus.csv", "MSP-", "Audios/MSP-", "line 2: FileName 'Audios/MSP-POD"),
        ("Labels/labels_consensus.csv", ".wav", "", "line 2: FileName 'MSP-PODCAST_0001_0008'; w"),
        ("Labels/labels_consensus.csv", ".wav", ".WAV", "0008.WAV in the labels is MSP-PODCAST_00"),
        ("Partitions.txt", "; MSP", ",MSP", "Partitions.txt: line 2: 'Train,MSP-PODCAST_0001_00"),
        ("Speaker_ids.txt", ".wav;", ".wav,", "Speaker_ids.txt: line 6: 'MSP-PODCAST_0001_0008."),
    ],
)
def test_recordings_named_in_another_way_are_refused_by_their_line(
    release_1_10, tmp_path, run, file, old, new, message
):
    path = release_1_10 / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    result = run("msp-podcast", release_1_10, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("rows", "message"), [([], "no column FileName; it has none"), ([HEADER], "no row below the")]
)
def test_labels_without_rows_are_refused(release_1_10, tmp_path, run, rows, message):
    (release_1_10 / "Labels/labels_consensus.csv").write_text("".join(rows))
    result = run("msp-podcast", release_1_10, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert message in result.stderr
