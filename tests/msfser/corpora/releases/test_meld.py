"""The layout of the release with invented lines; the same names stand in each split."""

import pytest

from msfser.manifest import read_manifest

HEADER = (
    "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode,"
    "StartTime,EndTime\n"
)
FOLDERS = {"train": "train/train_splits", "dev": "dev_splits_complete", "test": "output_test"}


def line(number, text, speaker, emotion, dialogue, utterance):
    return f'{number},"{text}",{speaker},{emotion},neutral,{dialogue},{utterance},1,2,"0","1"\n'


@pytest.fixture
def release(tmp_path, make_wav):
    root = tmp_path / "MELD.Raw"
    for split, folder in FOLDERS.items():
        make_wav(root / folder / "dia0_utt0.wav", 0.5)
        table = root / ("train" if split == "train" else ".") / f"{split}_sent_emo.csv"
        emotion = {"train": "joy", "dev": "fear", "test": "anger"}[split]
        table.write_text(
            HEADER + line(1, f"It\x92s  the {split} one", "Ann", emotion, 0, 0), encoding="utf-8"
        )
    make_wav(root / FOLDERS["test"] / "final_videos_testdia0_utt0.wav", 0.5)
    return root


def test_each_split_has_its_utterance_of_the_same_name(release, run, tmp_path):
    result = run("meld", release, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    rows = read_manifest(tmp_path / "out").utterances
    assert [(row.id, row.wav, row.split, row.emotion) for row in rows] == [
        ("train_dia0_utt0", "train/train_splits/dia0_utt0.wav", "train", "joy"),
        ("dev_dia0_utt0", "dev_splits_complete/dia0_utt0.wav", "development", "fear"),
        ("test_dia0_utt0", "output_test/dia0_utt0.wav", "test", "anger"),
    ]
    assert rows[0].transcript == "It\N{RIGHT SINGLE QUOTATION MARK}s the train one"
    assert rows[0].speaker == "Ann"
    assert [row.dialogue for row in rows] == ["train_dia0", "dev_dia0", "test_dia0"]


def test_films_without_sound_are_refused_with_what_extracts_it(release, run, tmp_path):
    for path in [*release.rglob("*.wav")]:
        path.rename(path.with_suffix(".mp4"))
    result = run("meld", release, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert "4 films and no sound named as dia0_utt0.wav; ffmpeg -i dia0_utt0.mp4" in result.stderr


def test_lines_without_recordings_fail_and_recordings_without_lines_are_counted(
    release, run, tmp_path, make_wav
):
    make_wav(release / FOLDERS["dev"] / "dia7_utt0.wav", 0.5)
    with (release / "test_sent_emo.csv").open("a") as stream:
        stream.write(line(2, "Gone", "Bob", "neutral", 3, 1))
    result = run("meld", release, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert "failed: test_dia3_utt1: no such recording" in result.stderr
    assert "note: 1 utterance in no table, left out, dev_dia7_utt0" in result.stderr


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("joy", "bliss", "Emotion 'bliss'; the corpus has none but anger, disgust"),
        (",0,0,1,2", ",zero,0,1,2", "Dialogue_ID 'zero'; write a number"),
        ("Utterance_ID", "Utt", "no column Utterance_ID; it has Sr No."),
    ],
)
def test_what_cannot_be_used_is_named(release, run, tmp_path, old, new, message):
    path = release / "train" / "train_sent_emo.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    result = run("meld", release, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert str(path) in result.stderr
    assert message in result.stderr


def test_recordings_outside_a_folder_of_a_split_are_refused(release, run, tmp_path, make_wav):
    make_wav(release / "sound" / "dia0_utt0.wav", 0.5)
    result = run("meld", release, "-o", tmp_path / "out")
    assert "sound/dia0_utt0.wav lies in no folder of a split" in result.stderr
    (release / "sound" / "dia0_utt0.wav").unlink()
    make_wav(release / "wav_train" / "dia0_utt0.wav", 0.5)
    result = run("meld", release, "-o", tmp_path / "out")
    assert "are one utterance; remove one" in result.stderr


def test_a_split_without_a_table_is_left_out(release, run, tmp_path):
    (release / "dev_sent_emo.csv").unlink()
    result = run("meld", release, "-o", tmp_path / "out")
    assert "note: no dev_sent_emo.csv: the split is left out" in result.stderr
    assert len(read_manifest(tmp_path / "out").utterances) == 2


def timed(dialogue, utterance, start, end, episode=2):
    return f'9,"Yes",Ann,joy,neutral,{dialogue},{utterance},1,{episode},"{start}","{end}"\n'


def test_turns_begin_when_the_table_says_counted_from_the_first(release, run, tmp_path):
    (release / "dev_sent_emo.csv").write_text(
        HEADER
        + timed(0, 1, "01:00:03,500", "01:00:04,000")
        + timed(0, 0, "00:59:59,059", "01:00:03,000")
        + timed(1, 0, "00:01:00,000", "00:01:02,000", episode=3)
        + timed(1, 1, "00:01:03,000", "00:01:04,000", episode=4)
        + timed(2, 0, "00:01:03,000", "00:01:01,000")
        + timed(3, 0, "", "")
    )
    result = run("meld", release, "-o", tmp_path / "out")
    rows = read_manifest(tmp_path / "out").utterances
    starts = [(row.id, row.start_s) for row in rows if row.split == "development"]
    assert starts[:2] == [("dev_dia0_utt1", 4.441), ("dev_dia0_utt0", 0.0)]
    assert all(start_s != start_s for _, start_s in starts[2:])
    assert (
        "note: 3 dialogues with times that are missing, of two episodes or end before they begin, "
        "the first: dev_dia1; its turns are in the order of Utterance_ID\n" in result.stderr
    )
    (release / "dev_sent_emo.csv").write_text(HEADER + timed(0, 0, "16.16.059", "0"))
    result = run("meld", release, "-o", tmp_path / "again")
    assert result.exit_code == 1
    assert "StartTime '16.16.059'; write hours, minutes and seconds as 00:16" in result.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [("", "no column Emotion; it has none"), (HEADER, "no row below the names")],
)
def test_a_table_without_rows_is_refused(release, run, tmp_path, text, message):
    (release / "dev_sent_emo.csv").write_text(text)
    result = run("meld", release, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert f"dev_sent_emo.csv: {message}" in result.stderr
