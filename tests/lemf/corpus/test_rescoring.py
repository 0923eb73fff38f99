import subprocess
import sys
from dataclasses import replace

import pandas
import pyarrow
import pyarrow.parquet
import pytest
from click.testing import CliRunner

import lemf
from lemf.commands.cli import main
from lemf.corpus.parquet import TableWriter, schema_of, to_stream


@pytest.fixture
def run(make_corpus, monkeypatch, tmp_path):
    make_corpus(6)
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(main, [str(a) for a in arguments])


BATCH = ("batch", "corpus", "--jobs", "1")


def assert_one_line(result, *parts):
    assert result.exit_code == 1, result.output
    assert result.stderr.splitlines()[-1].startswith("Error: ")
    for part in parts:
        assert part in result.stderr


@pytest.mark.parametrize("options", [(), ("--sentences", "pause:0.01", "--weights", "pitch=3")])
def test_the_same_settings_give_the_same_bytes(run, tmp_path, options):
    (tmp_path / "corpus/speaker0/0004.wav").write_bytes(b"garbage")
    tables = ("-o", "a.parquet", "--sentence-table", "as.parquet", "--features", "f.parquet")
    assert run(*BATCH, *tables, *options).exit_code == 1
    again = run("rescore", "f.parquet", "-o", "b.parquet", "--sentence-table", "bs.parquet")
    assert again.exit_code == 0, again.output
    assert again.stderr.splitlines()[-1].startswith("wrote b.parquet: 10 words of 5 files")
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    assert (tmp_path / "as.parquet").read_bytes() == (tmp_path / "bs.parquet").read_bytes()


def test_what_a_killed_run_left_is_removed_by_the_next(run, tmp_path):
    assert run(*BATCH, "-o", "a.parquet", "--features", "f.parquet").exit_code == 0
    for name in ("b.parquet", "bs.parquet", "b.notes.csv"):
        (tmp_path / f".{name}.x1.part").write_bytes(b"half")
    tables = ("-o", "b.parquet", "--sentence-table", "bs.parquet")
    assert run("rescore", "f.parquet", *tables).exit_code == 0
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    "options",
    [
        ("--weights", "pitch=0,energy=0.1"),
        ("--duration", "word"),
        ("--cues", "listeners"),
        ("--cues", "all", "--weights", "loudness=2"),
        ("--cues", "all", "--normalise", "recording"),
    ],
)
def test_other_settings_give_what_a_batch_with_them_gives(run, tmp_path, options):
    assert run(*BATCH, "-o", "a.parquet", "--features", "f.parquet").exit_code == 0
    assert run(*BATCH, "-o", "b.parquet", *options).exit_code == 0
    assert run("rescore", "f.parquet", "-o", "c.parquet", *options).exit_code == 0
    assert (tmp_path / "b.parquet").read_bytes() == (tmp_path / "c.parquet").read_bytes()
    assert (tmp_path / "a.parquet").read_bytes() != (tmp_path / "c.parquet").read_bytes()


def test_features_are_float64_contours(run):
    assert run(*BATCH, "-o", "a.parquet", "--features", "f.parquet").exit_code == 0
    table = pandas.read_parquet("f.parquet")
    assert len(table) == 6
    assert len(table["f0_hz"][0]) == len(table["energy"][0]) == 49
    assert table["f0_hz"][0].dtype == "float64"
    assert [word["word"] for word in table["words"][0]] == ["a", "b"]


def test_what_cannot_be_rescored(run, tmp_path):
    assert run(*BATCH, "-o", "a.parquet", "--features", "f.parquet").exit_code == 0
    assert_one_line(
        run("rescore", "gone.parquet", "-o", "b.parquet"), "gone.parquet: cannot be read"
    )
    assert_one_line(run("rescore", "a.parquet", "-o", "b.parquet"), "holds no features")
    assert_one_line(run("rescore", "f.parquet", "-o", "a.parquet"), "a.parquet: exists already")
    (tmp_path / "text.parquet").write_text("text")
    assert_one_line(run("rescore", "text.parquet", "-o", "b.parquet"), "it is no Parquet file")
    result = run("rescore", "f.parquet", "-o", "b.parquet", "--weights", "loudness=1")
    assert result.exit_code == 2
    assert "unknown cue 'loudness' of the set 'paper'" in result.stderr
    assert not (tmp_path / "b.parquet").exists()
    words = ("-o", "w.parquet", "--features", "fw.parquet", "--duration", "word")
    assert run(*BATCH, *words).exit_code == 0
    result = run("rescore", "fw.parquet", "-o", "b.parquet", "--duration", "phones")
    assert_one_line(result, "made with --duration word, without phones; run lemf batch")


@pytest.mark.parametrize(("row_group", "n_groups"), [(10, 41), (200, 3)])
def test_the_bytes_do_not_depend_on_how_rows_were_added(row_group, n_groups):
    schema = schema_of("sentences", lemf.Settings())
    rows = [
        {name: (str(i) if str(schema.field(name).type) == "string" else i) for name in schema.names}
        for i in range(403)
    ]
    files = []
    for size in (1, 7, 10, 403):  # by ones, 64 are joined before the row group of 200 is full
        sink = pyarrow.BufferOutputStream()
        writer = TableWriter(sink, schema, row_group)
        for first in range(0, len(rows), size):
            writer.add(to_stream(rows[first : first + size], schema))
        writer.close()
        files.append(sink.getvalue().to_pybytes())
    assert len(set(files)) == 1
    assert pyarrow.parquet.ParquetFile(pyarrow.BufferReader(files[0])).num_row_groups == n_groups


@pytest.mark.skipif(sys.platform != "linux", reason="counts memory as Linux does")
def test_tables_of_few_rows_take_little_memory(tmp_path):
    # 2,500 tables of 30 rows with a column for each of 47 measures and cues, 75,000 rows of one
    # row group: 25 MB of numbers and texts. Each table alone would take 20 kB for its columns.
    code = """
import io, resource
import lemf
from lemf.corpus.parquet import TableWriter, schema_of, to_stream
schema = schema_of("words", lemf.Settings(cues="listeners"))
values = {"string": "a", "bool": True}
row = {one.name: values.get(str(one.type), 1) for one in schema}
stream = to_stream([row] * 30, schema)
writer = TableWriter(io.BytesIO(), schema, 100_000)
before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for _ in range(2500):
    writer.add(stream)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb) / 1000)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert float(done.stdout) < 60  # MB


@pytest.mark.parametrize("lost", ["mid_energy", "phones"])
def test_features_of_an_older_lemf_are_refused(run, tmp_path, lost):
    assert run(*BATCH, "-o", "a.parquet", "--features", "f.parquet").exit_code == 0
    table = pyarrow.parquet.read_table("f.parquet")
    if lost == "phones":
        words = [[{"word": "a"}]] * len(table)
        table = table.drop_columns(["words"]).append_column("words", pyarrow.array(words))
    else:
        table = table.drop_columns([lost])
    pyarrow.parquet.write_table(table, "old.parquet")
    assert_one_line(
        run("rescore", "old.parquet", "-o", "c.parquet"),
        "old.parquet: made by lemf",
        "run lemf batch --features again",
    )
    assert not (tmp_path / "c.parquet").exists()


def test_help_says_that_cues_and_duration_stay_as_they_were(run):
    options = " ".join(run("rescore", "--help").stdout.split())
    assert "Cue set. [default: that of FEATURES]" in options
    assert "Cue set. [default: paper]" in " ".join(run("batch", "--help").stdout.split())


def test_what_an_aligner_told_of_its_words_is_kept_with_the_features(run, tmp_path):
    path = tmp_path / "corpus" / "speaker1" / "0003.TextGrid"
    grid = lemf.read_textgrid(path)
    words = [word for word in grid.tiers[0].intervals if word.label]
    unsure = tuple(replace(word, label="0.2") for word in words[:1])
    tier = lemf.IntervalTier("confidence", 0.0, grid.end_s, unsure)
    lemf.write_textgrid(replace(grid, tiers=(*grid.tiers, tier)), path, force=True)
    batch = (*BATCH, "-o", "a.parquet", "--features", "f.parquet")
    assert run(*batch).exit_code == 0
    assert run("rescore", "f.parquet", "-o", "b.parquet").exit_code == 0
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()
    flags = pandas.read_parquet(tmp_path / "b.parquet").set_index("id")["flags"]
    assert flags["speaker1/0003"].tolist()[0] == "doubtful_alignment"
    assert flags.str.contains("doubtful_alignment").sum() == 1
    notes = (tmp_path / "b.notes.csv").read_bytes()
    assert notes == (tmp_path / "a.notes.csv").read_bytes()
    assert b'0003.wav,"words that the aligner is not sure of' in notes
    features = pandas.read_parquet(tmp_path / "f.parquet").set_index("id")["confidence"]
    assert features["speaker1/0003"].tolist()[0] == 0.2
    assert features["speaker0/0000"] is None
    path.unlink()
    path.with_suffix(".wav").unlink()
    assert run(*batch, "--force").exit_code == 0
    assert "confidence" not in pandas.read_parquet(tmp_path / "f.parquet").columns
