"""Tables whose cells hold what ends cells and rows elsewhere."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemf.corpus.outputs import write_table
from lemf.runtime.csv_text import format_named_rows, format_rows
from msfser.outputs import format_csv

CELLS = st.text(st.sampled_from("a\r\n\",; \u2028\u0085\x0c'="), max_size=6)
TABLES = st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=4)


@given(TABLES)
def test_every_cell_comes_back_in_csv_and_pandas(rows):
    pandas = pytest.importorskip("pandas")
    text = format_rows([["name", "other"], *rows])
    assert [*csv.reader(io.StringIO(text, newline=""))][1:] == rows
    read = pandas.read_csv(io.BytesIO(text.encode()), dtype=str, keep_default_na=False)
    assert read.to_numpy().tolist() == rows


def test_lines_end_in_a_line_feed_and_numbers_are_whole():
    assert format_rows([["a", "b"], [0.1 + 0.2, None]]) == "a,b\n0.30000000000000004,\n"
    named = [{"a": 1}, {"a": 2, "b": "x"}]
    assert format_named_rows(named) == "a,b\n1,\n2,x\n"
    assert format_rows([["a"], [""]]) == 'a\n""\n'  # no empty line, which readers skip


def test_the_tables_of_both_packages_quote_a_carriage_return(tmp_path):
    cells = ["up\rdown.wav", "two\nlines"]
    write_table(tmp_path / "notes.csv", ["id", "note"], [cells])
    with (tmp_path / "notes.csv").open(newline="", encoding="utf-8") as stream:
        assert [*csv.reader(stream)] == [["id", "note"], cells]
    text = format_csv([["id", "note"], cells]).decode()
    assert [*csv.reader(io.StringIO(text, newline=""))] == [["id", "note"], cells]
