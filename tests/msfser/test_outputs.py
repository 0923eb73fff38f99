import io
import math
import wave

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from matplotlib.figure import Figure

from lemf import OutputError
from msfser.errors import DataError
from msfser.outputs import (
    format_csv,
    format_wav,
    make_folder,
    prepare_folder,
    render_figure,
)
from msfser.parquet import format_parquet, read_parquet

COLUMNS = (
    ("name", "string", lambda row: row[0]),
    ("count", "int32", lambda row: row[1]),
    ("share", "float64", lambda row: row[2]),
)
ROWS = [("a", 1, 0.5), (None, None, math.nan)]


def read(path, *names):
    return read_parquet(path, names, DataError, "msfser evaluate")


def test_rows_come_back_as_they_were_with_their_metadata(tmp_path):
    path = tmp_path / "table.parquet"
    path.write_bytes(format_parquet(ROWS, COLUMNS, {"corpus": "own"}))
    table, metadata = read(path, "share", "name")
    assert table.to_pylist() == [{"share": 0.5, "name": "a"}, {"share": None, "name": None}]
    assert metadata == {"corpus": "own"}
    assert [str(field.type) for field in pyarrow.parquet.read_schema(path)] == [
        "string", "int32", "double",
    ]  # fmt: skip


def test_no_rows_keep_their_types(tmp_path):
    path = tmp_path / "table.parquet"
    path.write_bytes(format_parquet([], COLUMNS, {}))
    table, _ = read(path, "name", "count", "share")
    assert [str(column.type) for column in table.columns] == ["string", "int32", "double"]


def test_a_value_of_another_type_is_refused():
    with pytest.raises((pyarrow.ArrowException, TypeError)):
        format_parquet([("a", "one", 0.5)], COLUMNS, {})


def test_what_msfser_did_not_write_is_refused(tmp_path):
    path = tmp_path / "table.parquet"
    with pytest.raises(DataError, match=r"parquet: no such file; make it with msfser evaluate$"):
        read(path)
    path.write_bytes(b"PAR1 but no")
    with pytest.raises(
        DataError, match=r"not a Parquet file \(.*\); check the path, or make it with"
    ):
        read(path)
    pyarrow.parquet.write_table(pyarrow.table({"name": ["a"]}), path)
    with pytest.raises(DataError, match="not written by msfser; check the path"):
        read(path, "name")
    path.write_bytes(format_parquet(ROWS, COLUMNS, {}))
    with pytest.raises(DataError, match="no column 'fold'; check the path"):
        read(path, "name", "fold")


def test_samples_are_rounded_and_clipped():
    samples = np.array([0.0, 0.5, -1.0, 1.0, 2.0, -2.0, 1.4 / 2**15, 1.6 / 2**15])
    with wave.open(io.BytesIO(format_wav(samples, 8000))) as sound:
        assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (1, 2, 8000)
        numbers = np.frombuffer(sound.readframes(len(samples)), "<i2")
    np.testing.assert_array_equal(numbers, [0, 16384, -32768, 32767, 32767, -32768, 1, 2])


def test_cells_without_a_value_are_empty():
    assert format_csv([("a", "b"), (math.nan, None), ("x,y", 0.25)]) == b'a,b\n,\n"x,y",0.25\n'


@pytest.mark.parametrize(
    ("suffix", "head"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF")]
)
def test_the_same_figure_has_the_same_bytes(suffix, head):
    def draw():
        figure = Figure()
        figure.add_subplot().plot([0, 1], [1, 0])
        return render_figure(figure, suffix)

    assert draw() == draw()
    assert draw().startswith(head)


def test_a_folder_that_cannot_be_made_is_one_line(tmp_path):
    make_folder(tmp_path / "a" / "b")
    make_folder(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match=r"file/b: the folder cannot be made"):
        make_folder(tmp_path / "file" / "b")
    prepare_folder(tmp_path, ["other"], force=False)
    assert (tmp_path / "figures").is_dir()
    with pytest.raises(OutputError, match=r"file: exists already; --force replaces it"):
        prepare_folder(tmp_path, ["file"], force=False)
