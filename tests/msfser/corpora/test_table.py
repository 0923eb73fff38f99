import io
import json
import math
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
import soundfile

from msfser.corpora.checks import check_utterances
from msfser.corpora.table import TABLE_COLUMNS
from msfser.corpora.values import UNKNOWN
from msfser.data.clips import read_clip
from msfser.errors import ConfigError
from msfser.manifest import Manifest, read_manifest

CSV = """\
speaker,dom,wav,val_mean,arousal,split,note,gender,fold
s1,3.5,wavs/one.wav,1.25,4,train,x,F,2
s2,2,wavs/two.wav,,5,Dev,"y, z",Male,
s2,2.5,wavs/three.wav,0.5,5,test 1,,other,3
"""
RENAMED = ("--column", "valence=val_mean", "--column", "dominance=dom")


@pytest.fixture
def table(tmp_path: Path, make_wav) -> Path:
    for name in ("one", "two", "three"):
        make_wav(tmp_path / f"wavs/{name}.wav", 0.5)
    path = tmp_path / "own.csv"
    path.write_text(CSV)
    return path


def test_columns_are_found_by_name_whatever_their_order(table, tmp_path, run):
    result = run("table", table, "-o", tmp_path / "out", "--label-bounds", "0.5,5", *RENAMED)
    assert result.exit_code == 0, result.output
    assert "note: columns not read: note" in result.stderr
    manifest = read_manifest(tmp_path / "out")
    one, two, three = manifest.utterances
    assert one.labels == (1.25, 4.0, 3.5)
    assert math.isnan(two.valence)
    assert (two.arousal, two.dominance) == (5.0, 2.0)
    assert [row.split for row in (one, two, three)] == ["train", "development", "test1"]
    assert [row.fold for row in (one, two, three)] == [2, None, 3]
    assert [row.gender for row in (one, two, three)] == ["female", "male", None]
    assert [row.id for row in (one, two, three)] == ["wavs/one", "wavs/two", "wavs/three"]
    assert manifest.wav_path(one) == tmp_path.resolve() / "wavs/one.wav"
    assert one.duration_s == 0.5
    assert (manifest.corpus, manifest.label_bounds) == ("own", (0.5, 5.0))


def test_every_format_gives_the_same_rows(table, tmp_path, run):
    lines = [line.split(",") for line in CSV.replace('"y, z"', "y").splitlines()]
    (tmp_path / "own.tsv").write_text("\n".join("\t".join(cells) for cells in lines))
    rows = [
        {name: cell or None for name, cell in zip(lines[0], cells, strict=True)}
        for cells in lines[1:]
    ]
    for row in rows:
        for name in ("dom", "val_mean", "arousal", "fold"):
            row[name] = None if row[name] is None else float(row[name])
    (tmp_path / "own.jsonl").write_text("\n\n".join(map(json.dumps, rows)) + "\n")
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows), tmp_path / "own.parquet")
    read = []
    for suffix in ("csv", "tsv", "jsonl", "parquet"):
        out = tmp_path / suffix
        arguments = (tmp_path / f"own.{suffix}", "-o", out, "--label-bounds", "0,5", *RENAMED)
        assert run("table", *arguments).exit_code == 0
        read.append(repr(read_manifest(out)))
    assert set(read) == {read[0]}


def test_all_columns_and_absolute_paths(tmp_path, run, make_wav):
    elsewhere = tmp_path / "elsewhere"
    make_wav(elsewhere / "a.flac")
    (elsewhere / "a.TextGrid").write_text("not read here")
    (tmp_path / "own").mkdir()
    row = {
        "wav": str(elsewhere / "a.flac"),
        "id": "first",
        "alignment": "../elsewhere/a.TextGrid",
        "transcript": "So, \u201cwell\u201d\u2028then",
        "speaker": 7,
        "gender": "m",
        "emotion": "calm",
        "valence": 10,
        "arousal": 20.5,
        "dominance": 30,
        "split": "test",
        "fold": 1,
        "dialogue": 4,
        "start_s": 2.5,
    }
    assert set(row) == set(TABLE_COLUMNS)
    path = tmp_path / "own/rows.jsonl"
    path.write_text(json.dumps(row, ensure_ascii=False), encoding="utf-8")
    result = run("table", path, "-o", tmp_path / "out", "--label-bounds", "0,100")
    assert result.exit_code == 0, result.output
    assert result.stderr.count("\n") == 1
    manifest = read_manifest(tmp_path / "out")
    (read,) = manifest.utterances
    assert read.transcript == row["transcript"]
    assert (read.id, read.speaker, read.gender, read.emotion) == ("first", "7", "male", "calm")
    assert read.labels == (10.0, 20.5, 30.0)
    assert (read.split, read.fold) == ("test", 1)
    assert (read.dialogue, read.start_s) == ("4", 2.5)
    assert manifest.wav_path(read) == elsewhere / "a.flac"
    assert manifest.alignment_path(read).samefile(elsewhere / "a.TextGrid")


def test_bad_recordings_are_failed_rows(tmp_path, run, make_wav):
    make_wav(tmp_path / "good.wav")
    make_wav(tmp_path / "short.wav", 0.2)
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("this is no audio at all")
    (tmp_path / "folder.wav").mkdir()
    names = ("good", "short", "empty", "text", "folder", "gone")
    path = tmp_path / "own.csv"
    path.write_text("wav,alignment\n" + "".join(f"{name}.wav,no.TextGrid\n" for name in names))
    result = run("table", path, "-o", tmp_path / "out")
    assert result.exit_code == 1
    out = tmp_path / "out/manifest.parquet"
    assert f"Error: 5 of 6 utterances failed; {out} has the reasons" in result.stderr
    assert "6 utterances whose alignment file is missing, such as good" in result.stderr
    assert "failed: gone: no such recording" in result.stderr
    rows = read_manifest(tmp_path / "out").utterances
    assert [row.reason for row in rows] == [
        None,
        "the recording lasts 0.200 s, less than 0.25 s",
        "the recording is empty",
        "the recording cannot be read (Format not recognised)",
        "the recording is no file",
        "no such recording",
    ]
    assert [row.status for row in rows] == ["ok", *["failed"] * 5]
    assert rows[1].duration_s == pytest.approx(0.2, abs=1e-9)
    assert math.isnan(rows[5].duration_s)


@pytest.mark.parametrize("stray", [0.5, 5.5])
def test_labels_outside_the_scale_are_kept_or_refused_never_clipped(table, tmp_path, run, stray):
    table.write_text(CSV.replace(",0.5,", f",{stray},"))
    arguments = ("table", table, "--label-bounds", "1,5", *RENAMED)
    result = run(*arguments, "-o", tmp_path / "kept")
    assert result.exit_code == 0
    assert "note: 1 utterance with a label outside 1 to 5, wavs/three" in result.stderr
    assert read_manifest(tmp_path / "kept").utterances[2].valence == stray
    result = run(*arguments, "-o", tmp_path / "refused", "--outside", "refuse")
    assert result.exit_code == 1
    row = read_manifest(tmp_path / "refused").utterances[2]
    assert (row.status, row.reason) == ("failed", f"valence {stray} is outside 1 to 5")
    assert row.valence == stray


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (",4,train", ",4,train,more", "line 2: 10 cells where the header names 9"),
        ("1.25", "'1,25'", "line 2: 10 cells where the header names 9"),
        ("1.25", "high", "line 2: valence 'high' is not a number; write it as 3.5"),
        ("1.25", "inf", "line 2: valence 'inf' is not finite"),
        ("Dev", "later", "line 3: split 'later' is none of train, development, test, test1"),
        ("Male,", "Male,0", "line 3: fold '0'; write a whole number from 1"),
        ("wavs/two.wav", "", "line 3: no wav; name the recording"),
        ("two", "one", "own.csv: line 2; ids must differ"),
        ("dom,wav", "dom,path", "no column 'wav'; it has speaker, dom, path"),
        ("dom,wav", "wav,wav", "two columns are named 'wav'; rename one"),
        ('"y, z"', '"y, z', "unexpected end of data"),
        (CSV.partition("\n")[2], "", "own.csv: the table has no rows"),
        (CSV, "", "own.csv: the table has no rows"),
        ("x,F", "\u00fc,F", "not UTF-8 (byte 89); save it as UTF-8"),
    ],
)
def test_a_wrong_row_is_one_line_with_its_place(table, tmp_path, run, old, new, message):
    table.write_text(CSV.replace(old, new), encoding="latin-1")
    result = run("table", table, "-o", tmp_path / "out", "--label-bounds", "1,5", *RENAMED)
    assert result.exit_code == 1
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "out/manifest.parquet").exists()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("own.jsonl", b'{"wav": "a.wav"}\n{"wav": ', "own.jsonl: line 2: not JSON"),
        ("own.jsonl", b'["a.wav"]', "line 1: not an object"),
        ("own.parquet", b"PAR1 and so on", "own.parquet: no Parquet file"),
        ("own.xlsx", b"", "own.xlsx: a spreadsheet; save it as CSV, in UTF-8 and with commas"),
        ("own.txt", b"", "the name must end in .csv, .tsv, .jsonl, .parquet"),
        ("gone.csv", None, "gone.csv: no such file; check the path"),
        ("gone.parquet", None, "gone.parquet: no such file; check the path"),
    ],
)
def test_a_wrong_file_is_one_line(tmp_path, run, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    result = run("table", tmp_path / name, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


def test_wrong_options_are_said(table, tmp_path, run):
    out = ("-o", tmp_path / "out")
    result = run("table", table, *out)
    assert "the scale of arousal is not known (values from 4 to 5); name it: --" in result.stderr
    result = run("table", table, *out, "--label-bounds", "1-5")
    assert result.exit_code == 2
    assert "write LOW,HIGH as 1,5" in result.stderr
    result = run("table", table, *out, "--label-bounds", "5,1")
    assert "label bounds 5 to 1: write two finite numbers, the lower first" in result.stderr
    result = run("table", table, *out, "--column", "valence")
    assert "write NAME=COLUMN" in result.stderr
    result = run("table", table, *out, "--column", "valenz=dom")
    assert "column 'valenz': not of the manifest; choose from wav, id" in result.stderr
    result = run("table", table, *out, "--column", "valence=val")
    assert "no column 'val'; it has speaker, dom" in result.stderr
    result = run("table", table, *out, "--label-bounds", "1,5", "--figure", tmp_path / "f.gif")
    assert "f.gif: the name must end in .png, .svg, .pdf" in result.stderr
    assert not (tmp_path / "out/manifest.parquet").exists()


def test_a_manifest_is_not_replaced_unasked(table, tmp_path, run):
    arguments = ("table", table, "-o", tmp_path / "out", "--label-bounds", "0,5", *RENAMED)
    assert run(*arguments).exit_code == 0
    before = (tmp_path / "out/manifest.parquet").read_bytes()
    result = run(*arguments)
    assert result.exit_code == 1
    assert "manifest.parquet: exists already; --force replaces it" in result.stderr
    result = run(*arguments, "--force")
    assert result.exit_code == 0
    assert "texts.parquet" not in result.stderr
    assert (tmp_path / "out/manifest.parquet").read_bytes() == before


def test_texts_of_the_corpus_before_are_named(table, tmp_path, run):
    arguments = ("table", table, "-o", tmp_path / "out", "--label-bounds", "0,5", *RENAMED)
    assert run(*arguments).exit_code == 0
    (tmp_path / "out/texts.parquet").write_bytes(b"")
    result = run(*arguments, "--force")
    assert (
        "out/texts.parquet: belongs to the corpus that was here before; if words" in result.stderr
    )


def test_unknown_treatment_of_labels_outside_the_scale_is_refused(tmp_path):
    manifest = Manifest(
        utterances=(), corpus="own", version="1", root=tmp_path, label_bounds=(1.0, 7.0)
    )
    with pytest.raises(ConfigError, match=r"^outside 'Refuse': must be one of 'keep', 'refuse'$"):
        check_utterances(manifest, outside="Refuse")


def with_total(flac, n_samples):
    """Change the number of samples in the header of a FLAC file."""
    field = int.from_bytes(flac[18:26], "big") >> 36 << 36 | n_samples
    return flac[:18] + field.to_bytes(8, "big") + flac[26:]


def test_lengths_are_those_that_training_reads_whatever_headers_and_suffixes_say(tmp_path, run):
    samples = 0.3 * np.sin(0.05 * np.arange(16_000))
    content = {}
    for kind, subtype in (("WAV", "PCM_16"), ("FLAC", "PCM_16"), ("OGG", "VORBIS"), ("AU", None)):
        stream = io.BytesIO()
        soundfile.write(stream, samples, 16_000, subtype, format=kind)
        content[kind] = stream.getvalue()
    wav = content["WAV"]
    at = wav.index(b"data") + 4
    files = {
        "unknown.flac": (with_total(content["FLAC"], 0), 1.0),
        "half.flac": (with_total(content["FLAC"], 8000), 1.0),
        "joined.ogg": (content["OGG"] * 2, 2.0),
        "short.wav": (wav[:at] + (16_000).to_bytes(4, "little") + wav[at + 4 :], 1.0),
        "au.WAV": (content["AU"], 1.0),
    }
    for name, (data, _) in files.items():
        (tmp_path / name).write_bytes(data)
    path = tmp_path / "own.csv"
    path.write_text("wav,transcript\n" + "".join(f"{name},a\n" for name in files))
    assert run("table", path, "-o", tmp_path / "out").exit_code == 0
    manifest = read_manifest(tmp_path / "out")
    for utterance, (_, length_s) in zip(manifest.utterances, files.values(), strict=True):
        clip = read_clip(manifest.wav_path(utterance))
        assert utterance.duration_s == length_s == clip.duration_s


MISSING = {
    "csv": ("nan", "NaN", "NA", "", "<NA>", "None", "null"),
    "jsonl": (math.nan, None, "nan", "NA"),
}


@pytest.mark.parametrize(
    ("suffix", "cell"), [(suffix, cell) for suffix, cells in MISSING.items() for cell in cells]
)
def test_a_cell_without_a_value_is_no_speaker_transcript_or_emotion(
    tmp_path, run, make_wav, suffix, cell
):
    make_wav(tmp_path / "a.wav")
    names = ("alignment", "transcript", "speaker", "gender", "emotion", "split", "fold", "valence")
    row = {"wav": "a.wav", "id": "x", **dict.fromkeys(names, cell)}
    known = dict(row, id="y", speaker="anna", transcript="Null", emotion="none", split="train")
    path = tmp_path / f"own.{suffix}"
    if suffix == "csv":
        lines = [",".join(row), ",".join(row.values()), ",".join(known.values())]
        path.write_text("\n".join(lines))
    else:
        path.write_text(f"{json.dumps(row)}\n{json.dumps(known)}\n")
    result = run("table", path, "-o", tmp_path / "out", "--label-bounds", "1,5")
    assert result.exit_code == 0, result.output
    x, y = read_manifest(tmp_path / "out").utterances
    assert (x.alignment, x.transcript, x.speaker, x.gender, x.emotion) == (None,) * 5
    assert (x.split, x.fold) == (None, None)
    assert math.isnan(x.valence)
    assert (y.speaker, y.transcript, y.emotion) == ("anna", "Null", "none")  # words
    told = f"speaker {cell!r} is read as no value, in 1 row" in result.stderr
    assert told == (isinstance(cell, str) and cell != "")


def test_missing_values_of_pandas_in_parquet(tmp_path, run, make_wav):
    make_wav(tmp_path / "a.wav")
    make_wav(tmp_path / "b.wav")
    columns = {
        "wav": ["a.wav", "b.wav"],
        "speaker": pyarrow.array([3.0, math.nan]),  # whole numbers beside NaN
        "transcript": pyarrow.array(["hello", None]).dictionary_encode(),
        "emotion": pyarrow.array([math.nan, math.nan], pyarrow.float32()),
        "fold": pyarrow.array([1.0, math.nan]),
        "valence": pyarrow.array([None, 2], pyarrow.int8()),
    }
    path = tmp_path / "own.parquet"
    pyarrow.parquet.write_table(pyarrow.table(columns), path)
    result = run("table", path, "-o", tmp_path / "out", "--label-bounds", "1,5")
    assert result.exit_code == 0, result.output
    a, b = read_manifest(tmp_path / "out").utterances
    assert (a.speaker, a.transcript, a.emotion, a.fold) == ("3", "hello", None, 1)
    assert (b.speaker, b.transcript, b.emotion, b.fold) == (None, None, None, None)
    assert (math.isnan(a.valence), b.valence) == (True, 2.0)


@pytest.mark.parametrize(
    ("cells", "speakers"),
    [
        (("3.0", "3", ""), ["3", "3", None]),
        (("3.0", "3.5", "3"), ["3.0", "3.5", "3"]),
        (("s1", "3.0", ""), ["s1", "3.0", None]),
    ],
)
def test_whole_numbers_of_speakers_in_text(tmp_path, run, make_wav, cells, speakers):
    make_wav(tmp_path / "a.wav")
    path = tmp_path / "own.csv"
    rows = (f"a.wav,{number},{cell}\n" for number, cell in enumerate(cells))
    path.write_text("wav,id,speaker\n" + "".join(rows))
    assert run("table", path, "-o", tmp_path / "out").exit_code == 0
    assert [row.speaker for row in read_manifest(tmp_path / "out").utterances] == speakers


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (["a"], "row 1: speaker holds ['a']"),
        ({"a": 1}, "row 1: speaker holds {"),
        (b"\xff", "bytes"),
    ],
)
def test_cells_that_are_no_text(tmp_path, run, make_wav, cell, message):
    make_wav(tmp_path / "a.wav")
    path = tmp_path / "own.parquet"
    table = pyarrow.Table.from_pylist([{"wav": b"a.wav", "speaker": cell, "unused": [1]}])
    pyarrow.parquet.write_table(table, path)
    result = run("table", path, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert message in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize("column", ["id", "wav", "alignment", "speaker", "emotion"])
def test_half_a_character_in_a_name_is_one_line(tmp_path, run, make_wav, column):
    make_wav(tmp_path / "a.wav")
    path = tmp_path / "own.jsonl"
    for half in ("\ud800", "\udcff"):  # the second is how Python names a byte of a path
        path.write_text(json.dumps({"wav": "a.wav", column: f"x{half}", "gender": "\ud800"}))
        result = run("table", path, "-o", tmp_path / "out")
        assert isinstance(result.exception, SystemExit)
        assert result.stderr.count("\n") == 1
        assert f"'x\\u{ord(half):x}'" in result.stderr
        if half == "\ud800":
            assert f"own.jsonl: line 1: {column} " in result.stderr


def test_the_documentation_lists_each_text_that_is_no_value():
    text = Path(__file__).parents[3].joinpath("docs/corpora.md").read_text(encoding="utf-8")
    (listed,) = [line for line in text.split("\n- ") if line.startswith("**No value**")]
    told = listed.partition("written so")[0].split("`")[1::2]
    assert sorted(told) == sorted(UNKNOWN)


def test_where_no_recording_is_found_the_message_says_where_the_first_was_sought(run, tmp_path):
    (tmp_path / "own.csv").write_text("wav,valence\nwavs/a.wav,2\nwavs/b.wav,3\n")
    result = run("table", tmp_path / "own.csv", "-o", tmp_path / "out", "--label-bounds", "1,5")
    assert result.exit_code == 1
    assert (
        f"all 2 utterances failed, such as wavs/a (no such recording: {tmp_path}/wavs/a.wav); "
        "correct the paths" in result.stderr
    )
    assert "can be used" not in result.stderr


def test_words_for_a_gender_that_the_manifest_lacks_are_counted(table, tmp_path, run):
    table.write_text(
        "wav,gender,valence\nwavs/one.wav,w,1\nwavs/two.wav,F,2\nwavs/three.wav,weiblich,3\n"
    )
    result = run("table", table, "-o", tmp_path / "out", "--label-bounds", "1,5")
    assert result.exit_code == 0, result.output
    note = "2 utterances without a gender, since 'w' is neither female nor male, such as wavs/one"
    assert note in " ".join(result.stderr.split())
    genders = [row.gender for row in read_manifest(tmp_path / "out").utterances]
    assert genders == [None, "female", None]
    table.write_text("wav,gender,valence\nwavs/one.wav,,1\nwavs/two.wav,NA,2\n")
    result = run("table", table, "-o", tmp_path / "out", "--label-bounds", "1,5", "--force")
    assert "without a gender" not in result.stderr
