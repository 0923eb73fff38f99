import math

import numpy as np
import pytest

from msfser.corpora.speaker_split import SPLIT_SHARES, split_speakers
from msfser.manifest import read_manifest

SHARES = np.array(list(SPLIT_SHARES.values()))


def count_shares(counts, split_of):
    held = [
        sum(counts[name] for name in counts if split_of[name] == split) for split in SPLIT_SHARES
    ]
    return np.array(held) / sum(counts.values())


def test_equal_speakers_are_split_by_the_shares():
    counts = {f"s{i}": 5 for i in range(20)}
    split_of = split_speakers(counts, SPLIT_SHARES, seed=3)
    np.testing.assert_allclose(count_shares(counts, split_of), SHARES)


def test_three_speakers_of_any_size_fill_three_splits_and_the_largest_trains():
    counts = {"a": 900, "b": 1, "c": 99}
    split_of = split_speakers(counts, SPLIT_SHARES, seed=0)
    assert set(split_of.values()) == set(SPLIT_SHARES)
    assert split_of["a"] == "train"


def test_unequal_speakers_come_near_the_shares():
    sizes = np.random.default_rng(1).lognormal(3, 1, 25).astype(int) + 1
    counts = {f"s{i:02d}": int(size) for i, size in enumerate(sizes)}
    shares = count_shares(counts, split_speakers(counts, SPLIT_SHARES, seed=0))
    assert np.abs(shares - SHARES).sum() < 0.02


def test_the_seed_chooses_and_the_order_of_the_table_does_not():
    counts = {f"s{i}": 5 for i in range(20)}
    first = split_speakers(counts, SPLIT_SHARES, seed=0)
    assert split_speakers(dict(reversed(counts.items())), SPLIT_SHARES, seed=0) == first
    assert split_speakers(counts, SPLIT_SHARES, seed=1) != first


def write_table(folder, make_wav, rows):
    lines = ["wav,speaker,arousal"]
    for i, speaker in enumerate(rows):
        make_wav(folder / f"{i}.wav", 0.3)
        lines.append(f"{i}.wav,{speaker},{1 + i % 5}")
    path = folder / "own.csv"
    path.write_text("\n".join(lines))
    return path


def test_the_command_keeps_each_speaker_in_one_split_and_says_the_shares(tmp_path, run, make_wav):
    path = write_table(tmp_path, make_wav, [*"aaabbbcccddd", ""])
    (tmp_path / "3.wav").unlink()  # of b, which fails and moves nobody
    options = ("--label-bounds", "1,5", "--split", "speaker", "--seed", "2")
    result = run("table", path, "-o", tmp_path / "out", *options)
    assert result.exit_code == 1
    rows = read_manifest(tmp_path / "out").utterances
    splits = {}
    for row in rows[:-1]:
        assert splits.setdefault(row.speaker, row.split) == row.split
    assert sorted(splits.values()) == ["development", "test", "train", "train"]
    assert rows[-1].split is None
    assert "split by speaker with seed 2, shares of the utterances: train 50 % (2 speakers), " in (
        result.stderr
    )
    assert "note: 1 utterance without a speaker, and so in no split, 12" in result.stderr
    make_wav(tmp_path / "3.wav", 0.3)
    assert run("table", path, "-o", tmp_path / "whole", *options).exit_code == 0
    assert [row.split for row in read_manifest(tmp_path / "whole").utterances] == [
        row.split for row in rows
    ]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["", "", ""], "no speakers to split by; name their column, --column speaker=NAME"),
        (["a", "b", "a"], "2 speakers, where splits without a common speaker need 3"),
        (["a", "a", "a"], "1 speaker, where splits without a common speaker need 3"),
    ],
)
def test_what_cannot_be_split_is_said(tmp_path, run, make_wav, rows, message):
    path = write_table(tmp_path, make_wav, rows)
    options = ("--label-bounds", "1,5", "--split", "speaker")
    result = run("table", path, "-o", tmp_path / "out", *options)
    assert result.exit_code == 1
    assert message in result.stderr
    assert not (tmp_path / "out/manifest.parquet").exists()


def test_splits_that_are_there_are_not_replaced(tmp_path, run, make_wav):
    make_wav(tmp_path / "a.wav")
    (tmp_path / "own.csv").write_text("wav,speaker,split\na.wav,a,train\n")
    result = run("table", tmp_path / "own.csv", "-o", tmp_path / "out", "--split", "speaker")
    assert "it has splits already, in the column split; leave out --split" in result.stderr
    result = run("table", tmp_path / "own.csv", "-o", tmp_path / "out", "--seed", "1")
    assert result.exit_code == 2
    assert "--seed 1 draws splits: give --split speaker, too" in result.stderr


def test_all_that_a_table_lacks_is_one_message(tmp_path, run):
    (tmp_path / "own.csv").write_text("file,arousal,valence\na.wav,2.5,low\nb.wav,4,high\n")
    result = run("table", tmp_path / "own.csv", "-o", tmp_path / "out", "--split", "speaker")
    assert result.exit_code == 1
    assert result.stderr.count("\n") == 1
    for part in (
        "own.csv: 4 things to mend: (1) no column 'wav'; it has file, arousal, valence. "
        "Name it with --column wav=file; (2) valence holds categories ('low', 'high'), and",
        "(3) the scale of arousal is not known (values from 2.5 to 4); name it: --label-bounds",
        "(4) no speakers to split by",
    ):
        assert part in result.stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("wav;valence\na.wav;2,5\n", "separated by semicolons; separate them with commas, and"),
        ('wav,valence\na.wav,"2,5"\nb.wav,3\n', "line 2: valence '2,5' is not a number"),
        ('wav,valence\na.wav,"2,5"\nb.wav,"3,0"\n', "valence holds decimal commas (2,5); write po"),
        ("Wav,Valence\na.wav,2\n", "in upper case; add --column wav=Wav --column valence=Valence"),
        ("wav,AROUSAL\na.wav,2\n", "its columns are in upper case; add --column arousal=AROUSAL"),
        ("wav,valence\na.wav,x\nb.wav,y\nc.wav,z\nd.wav,v\n", "categories ('x', 'y', 'z', ...)"),
    ],
)
def test_tables_of_spreadsheets_are_named_for_what_they_are(tmp_path, run, content, message):
    (tmp_path / "own.csv").write_text(content)
    result = run("table", tmp_path / "own.csv", "-o", tmp_path / "out", "--label-bounds", "1,5")
    assert result.exit_code == 1
    assert message in result.stderr


@pytest.mark.parametrize(
    ("column", "cells", "note"),
    [
        ("mood", "sad sad glad sad", "mood holds categories ('sad', 'glad'), and msfser learns"),
        ("emotion", "sad sad glad sad", "emotion holds categories ('sad', 'glad'), and msfser"),
        ("note", "w x y z", "no labels: no column valence, arousal or dominance; name them, such"),
        ("rank", "1 2 1 2", "no labels: no column valence, arousal or dominance; name them, such"),
    ],
)
def test_a_table_without_ratings_is_read_with_a_note(tmp_path, run, make_wav, column, cells, note):
    lines = [f"wav,{column}"]
    for i, cell in enumerate(cells.split()):
        make_wav(tmp_path / f"{i}.wav", 0.3)
        lines.append(f"{i}.wav,{cell}")
    (tmp_path / "own.csv").write_text("\n".join(lines))
    result = run("table", tmp_path / "own.csv", "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert note in result.stderr
    assert all(map(math.isnan, read_manifest(tmp_path / "out").utterances[0].labels))
