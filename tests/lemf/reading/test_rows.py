import json

import pyarrow
import pyarrow.parquet
import pytest

from lemf.errors import CorpusError
from lemf.reading.rows import ROW_SUFFIXES, read_rows

TABLE = [{"id": "a", "text": "so, it is"}, {"id": "b", "text": None}]


@pytest.fixture
def written(tmp_path):
    """The same table in all formats."""
    (tmp_path / "t.csv").write_text('id , text\n a ,"so, it is"\n\n , \nb,\n', "utf-8-sig")
    (tmp_path / "t.tsv").write_text("id\ttext\r\na\tso, it is\r\nb\t\r\n")
    (tmp_path / "t.jsonl").write_text("\n\n".join(map(json.dumps, TABLE)))
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(TABLE), tmp_path / "t.parquet")
    return tmp_path


def test_a_table_is_the_same_in_all_formats(written):
    for suffix in ROW_SUFFIXES:
        columns, rows = read_rows(written / f"t{suffix}")
        assert columns == ("id", "text")
        assert [row for _, row in rows] == [{"id": "a", "text": "so, it is"}, {"id": "b"}]


def test_places_are_lines_of_the_file_and_rows_of_parquet(written):
    for name, places in (
        ("t.csv", ("line 2", "line 5")),
        ("t.tsv", ("line 2", "line 3")),
        ("t.jsonl", ("line 1", "line 3")),
        ("t.parquet", ("row 1", "row 2")),
    ):
        path = str(written / name)
        assert [place for place, _ in read_rows(path).rows] == [f"{path}: {p}" for p in places]


def test_values_keep_their_type_where_the_format_has_types(tmp_path):
    (tmp_path / "t.jsonl").write_text('{"n": 1.50, "list": [null], "empty": "", "none": null}')
    columns, ((_, row),) = read_rows(tmp_path / "t.jsonl")
    assert columns == ("n", "list", "empty", "none")
    assert row == {"n": 1.5, "list": [None], "empty": ""}


def test_only_some_columns_of_parquet(written):
    columns, rows = read_rows(written / "t.parquet", only=("text", "score"))
    assert columns == ("id", "text")
    assert [row for _, row in rows] == [{"text": "so, it is"}, {}]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("t.csv", "id,n\na,1.25\nb", "line 3: 1 cells where the header names 2; the line is cut"),
        ("t.csv", 'id,n\na,"1.2', "line 2: unexpected end of data; close each double quote"),
        ("t.csv", 'id,n\na,"1.2\nb,3\nc,4\n', "line 2: unexpected end of data; close each"),
        (
            "t.csv",
            "id;n\na;1\n",
            "the columns are separated by semicolons; separate them with commas, and write num",
        ),
        (
            "t.csv",
            "id\tn\na\t1\n",
            "the columns are separated by tabs; separate them with commas$",
        ),
        ("t.tsv", "id,n\na,1\n", "the columns are separated by commas; separate them with tabs$"),
        ("t.csv", "id,n\na,1,25\n", "line 2: 3 cells where the header names 2"),
        ("t.csv", "id,n\n,,,\n", "line 2: 4 cells where the header names 2"),
        ("t.tsv", "id\tn\na\n", "line 2: 1 cells where the header names 2"),
        ("t.jsonl", '{"id": "a"}\n{"id": "b', "line 2: not JSON"),
        ("t.jsonl", '{"a":' * 100_000, "line 1: not JSON"),
        ("t.jsonl", "[1]", "line 1: not an object such as"),
        ("t.csv", "id, id\n", "two columns are named 'id'; rename one"),
        ("t.jsonl", '{"id": "a", "id": "b"}\n', "line 1: not JSON .two keys are named 'id'."),
        ("t.csv", "name\n", "no column id; it has name$"),
        ("t.csv", b"id\n\xff\n", "not UTF-8 .byte 3.; save it as UTF-8"),
        ("t.csv", None, "no such file; check the path"),
        ("t.parquet", None, "no such file; check the path"),
        ("t.parquet", "PAR1", "no Parquet file"),
        ("t.txt", "id\n", "the name must end in .csv, .tsv, .jsonl, .parquet"),
    ],
)
def test_faults_of_a_table_are_named_with_their_place(tmp_path, name, content, message):
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(CorpusError, match=f"^{path}: {message}"):
        read_rows(path, required=("id",))


@pytest.mark.parametrize("name", ["a\0b", "\ud800", "x" * 5000])
@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_names_that_no_file_can_have(name, suffix):
    with pytest.raises(CorpusError, match=r"cannot be read|or damaged|no such file"):
        read_rows(f"{name}.{suffix}")


@pytest.mark.parametrize("name", ["mine.xlsx", "mine.XLS", "mine.ods"])
def test_a_spreadsheet_is_named_as_one(tmp_path, name):
    (tmp_path / name).write_bytes(b"PK\x03\x04")
    with pytest.raises(CorpusError, match="a spreadsheet; save it as CSV, in UTF-8 and with comm"):
        read_rows(tmp_path / name)


def test_a_renamed_spreadsheet_is_named_as_one(tmp_path):
    (tmp_path / "mine.csv").write_bytes(b"PK\x03\x04\x14\x00\xff\xfe\x9c")
    with pytest.raises(CorpusError, match="a spreadsheet under the name of a table"):
        read_rows(tmp_path / "mine.csv")
