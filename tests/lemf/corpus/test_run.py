import csv
import json
import os
import shutil
import socket
import tracemalloc
from concurrent.futures import BrokenExecutor, Future
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas
import pyarrow.parquet
import pytest
import soundfile
from click.testing import CliRunner

import lemf
import lemf.corpus.run
from lemf.commands.cli import main


class Here:
    """Workers that work in this process."""

    deaths = (BrokenExecutor,)

    def __init__(self, function=None):
        self.function = function

    def n_ahead(self):
        return 4

    def submit(self, function, task):
        future = Future()
        try:
            future.set_result((self.function or function)(task))
        except Exception as error:
            future.set_exception(error)
        return future

    def wait(self, futures):
        return set(futures)

    def renew(self):
        pass


@contextmanager
def here(n_processes):
    yield Here()


@pytest.fixture
def batch(make_corpus, monkeypatch, tmp_path):
    """Run `lemf batch corpus -o out.parquet` over six files without processes."""
    make_corpus(6)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(lemf.corpus.run, "local_workers", here)
    return lambda *options, source="corpus": CliRunner().invoke(
        main, ["batch", source, "-o", "out.parquet", *options]
    )


def assert_one_line(result, *parts):
    assert result.exit_code == 1, result.output
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    for part in parts:
        assert part in line


def test_one_row_per_word_with_the_names_of_to_rows(batch, tmp_path):
    result = batch()
    assert result.exit_code == 0, result.output
    assert result.stdout == ""
    table = pandas.read_parquet("out.parquet")
    assert list(table["id"].unique()) == sorted(
        f"speaker{number % 2}/{number:04d}" for number in range(6)
    )
    emphasis = lemf.score("corpus/speaker0/0000.wav", "corpus/speaker0/0000.TextGrid")
    assert list(table.columns) == ["id", *emphasis.to_rows()[0]]
    rows = table[table["id"] == "speaker0/0000"].drop(columns="id").to_dict("records")
    assert rows == emphasis.to_rows()
    types = pyarrow.parquet.read_schema("out.parquet")
    assert {str(types.field(n).type) for n in ("score", "pitch", "cues.pitch.z")} == {"double"}
    assert str(types.field("rank").type) == "int32"
    assert str(types.field("in_segment").type) == "bool"
    about = json.loads(types.metadata[b"lemf"])
    assert (about["files"], about["failed"], about["settings"]["pitch"]) == (6, 0, "harvest")
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "corpus",
        "out.parquet",
        "out.run.json",
    ]


def test_one_row_per_sentence(batch):
    assert batch("--sentence-table", "s.parquet", "--sentences", "pause:0.01").exit_code == 0
    table = pandas.read_parquet("s.parquet")
    assert list(table["text"]) == ["a", "b"] * 6
    assert list(table["segment_text"]) == list(table["top_word"]) == ["a", "b"] * 6
    assert set(table["flags"]) == {"one_word flat"}


def test_sentence_rows_hold_the_values_of_the_json(batch):
    assert batch("--sentence-table", "s.parquet").exit_code == 0
    table = pandas.read_parquet("s.parquet")
    (row,) = table[table["id"] == "speaker1/0001"].to_dict("records")
    emphasis = lemf.score("corpus/speaker1/0001.wav", "corpus/speaker1/0001.TextGrid")
    (sentence,) = emphasis.to_dict()["sentences"]
    (top,) = [word for word in sentence["words"] if word["rank"] == 1]
    segment = sentence["segment"]
    assert segment["words"] == [0, 1]
    assert row == {
        "id": "speaker1/0001",
        "audio": emphasis.audio,
        "sentence": 0,
        "text": "a b",
        "start_s": 0.02,
        "end_s": 0.22,
        "n_words": 2,
        "top_index": top["index"],
        "top_word": top["word"],
        "top_score": top["score"],
        "segment_first": 0,
        "segment_last": 1,
        "segment_text": "a b",
        "segment_start_s": segment["start_s"],
        "segment_end_s": segment["end_s"],
        "flags": " ".join(sentence["flags"]),
    }


def test_null_where_not_measurable(batch):
    samples = np.random.default_rng(0).normal(0, 0.01, 4160)
    soundfile.write("corpus/speaker0/0000.wav", samples, 16000)
    assert batch().exit_code == 0
    table = pyarrow.parquet.read_table("out.parquet").slice(0, 2).to_pydict()
    assert table["pitch"] == [None, None]
    assert table["flags"] == ["unvoiced", "unvoiced"]


def test_a_broken_file_fails_alone(batch, tmp_path):
    rates = {"nan": np.full(4160, np.nan), "short": np.zeros(100), "empty": np.zeros(0)}
    grid = (tmp_path / "corpus/speaker0/0000.TextGrid").read_bytes()
    for name, samples in rates.items():
        soundfile.write(f"corpus/{name}.wav", samples, 16000, subtype="FLOAT")
        (tmp_path / f"corpus/{name}.TextGrid").write_bytes(grid)
    (tmp_path / "corpus/garbage.wav").write_bytes(os.urandom(3000))
    (tmp_path / "corpus/garbage.TextGrid").write_bytes(grid)
    soundfile.write("corpus/alone.wav", np.zeros(4160), 16000)
    soundfile.write("corpus/cut.wav", np.zeros(4160), 16000)
    (tmp_path / "corpus/cut.TextGrid").write_bytes(grid[: len(grid) // 2])
    result = batch()
    assert_one_line(result, "6 of 12 files failed: see out.failed.csv")
    with Path("out.failed.csv").open(newline="") as stream:
        failed = {row["id"]: row["reason"] for row in csv.DictReader(stream)}
    assert "sample 0 (0.000 s) is nan" in failed["nan"]
    assert "the recording ends at 0.006 s" in failed["short"]
    assert "holds no samples" in failed["empty"]
    assert "cannot be read as audio" in failed["garbage"]
    assert failed["alone"] == "no TextGrid"
    assert "it is cut off" in failed["cut"]
    assert not any(str(tmp_path) in reason for reason in failed.values())
    assert pandas.read_parquet("out.parquet")["id"].nunique() == 6
    again = batch()
    assert_one_line(again, "6 of 12 files failed: see out.failed.csv")
    assert "out.parquet is complete: 12 files" in again.stderr


def test_the_first_reasons_stand_beside_the_file_that_lists_all(batch):
    for number in range(5):
        Path(f"corpus/a{number}.wav").write_bytes(b"")
    lines = batch().stderr.splitlines()
    assert lines[-4:] == [
        "failed: corpus/a0.wav: no TextGrid",
        "failed: corpus/a1.wav: no TextGrid",
        "failed: corpus/a2.wav: no TextGrid",
        "Error: 5 of 11 files failed: see out.failed.csv",
    ]
    assert batch().stderr.splitlines()[-4:] == lines[-4:]  # of a complete output, too


def test_a_path_in_two_lines_is_one_line_on_the_terminal(batch):
    Path("corpus/a\nError: b.wav").write_bytes(b"x")
    Path("corpus/a\nError: b.TextGrid").write_bytes(b"x")
    Path("corpus/c\nnote: d").symlink_to("speaker0")
    lines = batch().stderr.splitlines()
    assert lines[-2].startswith("failed: corpus/a Error: b.wav: cannot be read as audio (")
    assert "such as corpus/c note: d/" in "\n".join(lines)
    with Path("out.failed.csv").open(newline="") as stream:
        [row] = csv.DictReader(stream)
    assert row["reason"].startswith("cannot be read as audio (")


def test_odd_entries_fail_alone(batch, monkeypatch):
    names = ("fifo", "device", "socket", "loop", "dangling", "folder", "closed", "line\nbreak")
    for name in (*names, "\x1b[31mgood"):
        shutil.copy("corpus/speaker0/0000.TextGrid", f"corpus/{name}.TextGrid")
    os.mkfifo("corpus/fifo.wav")
    Path("corpus/device.wav").symlink_to("/dev/zero")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("corpus/socket.wav")
    Path("corpus/loop.wav").symlink_to("loop.wav")
    Path("corpus/dangling.wav").symlink_to("gone.wav")
    Path("corpus/folder.wav").mkdir()
    Path("corpus/closed.wav").symlink_to("/proc/self/mem")
    Path("corpus/line\nbreak.wav").write_bytes(b"garbage")
    shutil.copy("corpus/speaker0/0000.wav", "corpus/\x1b[31mgood.wav")
    result = batch()
    assert_one_line(result, "7 of 14 files failed")
    assert "\x1b" not in result.stderr
    with Path("out.failed.csv").open(newline="") as stream:
        failed = {row["id"]: row["reason"] for row in csv.DictReader(stream)}
    assert failed.keys() == set(names) - {"folder"}
    assert "this is a pipe" in failed["fifo"]
    assert "this is a device" in failed["device"]
    assert "this is a socket" in failed["socket"]
    assert "symbolic links" in failed["loop"]
    assert failed["line\nbreak"].startswith("cannot be read as audio")
    assert "\x1b[31mgood" in set(pandas.read_parquet("out.parquet")["id"])


def test_odd_rows_of_a_manifest_fail_alone(batch):
    good = {"audio": "corpus/speaker0/0000.wav", "textgrid": "corpus/speaker0/0000.TextGrid"}
    odd = [
        good | {"audio": "\ud800.wav"},
        good | {"textgrid": "\ud800", "id": "textgrid"},
        good | {"audio": "a\0.wav"},
        good | {"audio": "x" * 300 + ".wav", "id": "long"},
        good | {"audio": "x/" * 3000, "id": "longer"},
        good | {"audio": "corpus", "id": "folder"},
        good | {"id": "\ud83d", "speaker": "\ud800"},
        good | {"id": "channel", "channel": 999},
    ]
    rows = [good, *odd, good | {"id": "\udfff good"}]
    Path("m.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert_one_line(batch(source="m.jsonl"), "8 of 10 files failed")
    ids = list(pandas.read_parquet("out.parquet")["id"].unique())
    assert ids == ["corpus/speaker0/0000", "\ufffd good"]


def test_what_is_left_out_of_a_folder_is_said(batch):
    Path("corpus/again").symlink_to("speaker0")
    result = batch()
    assert result.exit_code == 0
    line = "note: folders that were searched already, by another path: 1, such as corpus/again/\n"
    assert line in result.stderr


def test_a_file_that_vanishes_fails_alone(batch, monkeypatch):
    listed = lemf.corpus.run.list_recordings

    def list_and_remove(*arguments, **options):
        found = listed(*arguments, **options)
        Path("corpus/speaker0/0002.wav").unlink()
        return found

    monkeypatch.setattr(lemf.corpus.run, "list_recordings", list_and_remove)
    result = batch()
    assert_one_line(result, "1 of 6 files failed")
    assert "failed: corpus/speaker0/0002.wav: there is no such recording" in result.stderr


def test_a_file_that_kills_its_worker_is_a_failed_file(batch, monkeypatch):
    @contextmanager
    def deadly(n_processes):
        yield Here(kill_at_two)

    def kill_at_two(task):
        if task is not None and task.number == 2:
            raise BrokenExecutor("killed")
        return None if task is None else lemf.corpus.run.score_file(task)

    monkeypatch.setattr(lemf.corpus.run, "local_workers", deadly)
    assert_one_line(batch(), "1 of 6 files failed")
    with Path("out.failed.csv").open(newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert row["id"] == "speaker0/0004"
    assert row["reason"] == "its worker was killed twice, perhaps because memory ran out"


def test_a_complete_output_is_not_computed_again(batch, monkeypatch, tmp_path):
    assert batch().exit_code == 0
    before = (tmp_path / "out.parquet").read_bytes()
    monkeypatch.setattr(lemf.corpus.run, "run_tasks", None)
    result = batch()
    assert (result.exit_code, result.stderr) == (0, "out.parquet is complete: 6 files\n")
    assert (tmp_path / "out.parquet").read_bytes() == before


def test_what_a_killed_run_left_is_removed_by_the_next(batch, tmp_path):
    (tmp_path / "corpus/speaker1/0003.wav").write_bytes(b"garbage")
    tables = ("--sentence-table", "s.parquet", "--features", "f.parquet")
    outputs = {"out.parquet", "s.parquet", "f.parquet", "out.failed.csv", "out.run.json"}
    options = ((), (), ("--force",))  # the second run finds its output complete
    for number, more in enumerate(options):
        parts = tmp_path / "out.parquet.parts"
        if number < 2:
            parts.mkdir()  # with nothing in it, as of a run that was killed at its end
        for name in (*outputs, "out.notes.csv"):
            (tmp_path / f".{name}.x{number}.part").write_bytes(b"half")
        (tmp_path / "out.parquet.lock").touch()
        result = batch(*tables, *more)
        assert (result.exit_code, "is complete" in result.stderr) == (1, number == 1)
        assert {path.name for path in tmp_path.iterdir()} == {*outputs, "corpus"}


def test_what_differs_is_named(batch, tmp_path):
    assert batch("--features", "f.parquet").exit_code == 0
    assert_one_line(batch(), "--features was f.parquet, is not given; --force starts over")
    same = ("--features", "f.parquet")
    assert_one_line(batch(*same, "--pitch-range", "60-800"), "pitch_floor_hz was 71.0 and is 60.0")
    assert_one_line(batch(*same, "--weights", "pitch=2"), "weights was {'pitch': 1.0", "'pitch': 2")
    os.utime("corpus/speaker1/0003.wav", ns=(1, 1))
    assert_one_line(
        batch(*same), "changed since: corpus/speaker1/0003.wav or its TextGrid; --force"
    )
    (tmp_path / "corpus/speaker1/0005.wav").unlink()
    assert_one_line(batch(*same), "other files: they were 6 and are 5")
    Path("corpus/speaker1/0003.wav").rename("corpus/speaker1/0009.wav")
    (tmp_path / "corpus/speaker1/new.wav").touch()
    assert_one_line(batch(*same), "other files: still 6, but not the same paths, ids or speakers")
    (tmp_path / "corpus/speaker1/new.wav").unlink()
    Path("corpus/speaker1/0009.wav").rename("corpus/speaker1/0003.wav")
    assert batch(*same, "--force").exit_code == 0
    assert pandas.read_parquet("out.parquet")["id"].nunique() == 5
    assert "out.parquet is complete: 5 files" in batch(*same).stderr


def test_a_file_that_is_not_ours_is_kept(batch, tmp_path):
    (tmp_path / "out.parquet").write_bytes(b"precious")
    assert_one_line(batch(), "out.parquet: exists already", "--force replaces it")
    assert (tmp_path / "out.parquet").read_bytes() == b"precious"
    (tmp_path / "out.parquet").unlink()
    (tmp_path / "f.parquet").write_bytes(b"precious")
    assert_one_line(batch("--features", "f.parquet"), "f.parquet: exists already")
    assert not (tmp_path / "out.parquet.parts").exists()


@pytest.mark.parametrize("options", [[], ["--force"]])
def test_a_folder_of_parts_with_other_files_is_refused_before_any_work(batch, tmp_path, options):
    (tmp_path / "out.parquet.parts").mkdir()
    stranger = tmp_path / "out.parquet.parts/thesis.tex"
    stranger.write_text("mine")
    result = batch(*options, source="no-such-corpus")
    assert_one_line(result, "out.parquet.parts/thesis.tex: not made by lemf")
    assert stranger.read_text() == "mine"


@pytest.mark.parametrize("content", ["{}", "[]", '{"plan": 1}', '{"plan": {}, "stamps": 1}'])
def test_an_account_of_a_run_that_is_none(batch, content):
    assert batch().exit_code == 0
    Path("out.run.json").write_text(content)
    assert_one_line(batch(), "out.run.json does not say how it was made; --force replaces it")
    assert batch("--force").exit_code == 0


@pytest.mark.parametrize("name", ["x" * 245, "x" * 300])
def test_names_that_no_file_system_takes_are_refused_before_any_work(batch, monkeypatch, name):
    monkeypatch.setattr(lemf.corpus.run, "list_recordings", None)
    assert_one_line(batch("-o", f"{name}.parquet"), "(File name too long)")
    assert_one_line(batch("--features", "x" * 300 + ".parquet"), "(File name too long)")


def test_a_folder_in_the_place_of_the_list_of_failures_is_refused_before_any_work(
    batch, monkeypatch
):
    monkeypatch.setattr(lemf.corpus.run, "list_recordings", None)
    Path("out.failed.csv").mkdir()
    assert_one_line(batch("--force"), "out.failed.csv: this is a folder; name a file")


def test_names_of_outputs(batch):
    assert_one_line(batch("--features", "f.zarr"), "f.zarr: the name must end in .parquet")
    assert_one_line(batch("-o", "."), ".: the name must end in .parquet")
    assert_one_line(batch("--features", "out.parquet"), "is named for two outputs")
    assert_one_line(batch("--features", "gone/f.parquet"), "does not exist; create it first")
    assert batch("--jobs", "2", "--cluster", "tcp://127.0.0.1:1").exit_code == 2


def test_speaker_and_channel_of_a_manifest(batch, tmp_path):
    (tmp_path / "m.csv").write_text(
        "audio,textgrid,channel,speaker\n"
        "corpus/speaker0/0000.wav,corpus/speaker0/0000.TextGrid,2,\n"
        "corpus/speaker0/0002.wav,corpus/speaker0/0002.TextGrid,1,Anna\n"
        "corpus/speaker0/0004.wav,corpus/speaker0/0004.TextGrid,1,\n"
    )
    assert_one_line(batch(source="m.csv"), "2 of 3 files failed")
    failed = (tmp_path / "out.failed.csv").read_text()
    assert "no channel 2; it has 1" in failed
    assert "no speaker 'Anna'" in failed


def test_notes_are_kept(batch, tmp_path):
    samples, rate_hz = soundfile.read("corpus/speaker0/0000.wav")
    soundfile.write("corpus/speaker0/0000.wav", np.stack([samples, samples], 1), rate_hz)
    assert "note: see out.notes.csv" in batch().stderr
    assert (
        "speaker0/0000,corpus/speaker0/0000.wav,2 channels mixed"
        in (tmp_path / "out.notes.csv").read_text()
    )


def test_textgrids_without_a_recording_are_noted(batch, tmp_path):
    (tmp_path / "corpus/lone.TextGrid").touch()
    assert "note: TextGrids without a recording: 1, such as corpus/lone.TextGrid" in batch().stderr


def test_memory_does_not_grow_with_the_corpus(batch, make_corpus, monkeypatch):
    shutil.rmtree("corpus")
    make_corpus(100)
    batch("--features", "f.parquet", "--force", "--pitch", "praat")  # loads what it needs

    def large(task):
        result = lemf.corpus.run.score_file(task)
        contours = {"f0_hz": np.zeros(200_000), "energy": np.zeros(200_000)}  # 3.2 MB
        object.__setattr__(result, "features", result.features | contours)
        return result

    @contextmanager
    def many(n_processes):
        yield Here(large)

    monkeypatch.setattr(lemf.corpus.run, "local_workers", many)
    tracemalloc.start()
    assert batch("--features", "f.parquet", "--force", "--pitch", "praat").exit_code == 0
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6  # 320 MB of contours


def test_an_option_without_effect_is_noted_once_if_so_in_all_files(batch, tmp_path):
    assert batch("--silence", "foo", "--features", "f.parquet").exit_code == 0
    with Path("out.notes.csv").open(newline="") as stream:
        (row,) = csv.DictReader(stream)
    assert (row["id"], row["note"]) == ("speaker0/0000", "--silence 'foo' matches no label")
    rescored = CliRunner().invoke(main, ["rescore", "f.parquet", "-o", "again.parquet"])
    assert rescored.exit_code == 0, rescored.output
    assert Path("again.notes.csv").read_text() == Path("out.notes.csv").read_text()
    # one file that bears the label is enough
    grid = Path("corpus/speaker0/0002.TextGrid")
    grid.write_text(grid.read_text().replace('text = ""', 'text = "Foo"', 1))
    assert batch("--silence", "foo", "--force").exit_code == 0
    assert not Path("out.notes.csv").exists()
