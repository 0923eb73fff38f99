"""Mutated feature files: the same scores as before, or a LemfError."""

import contextlib
import random

import pyarrow
import pyarrow.parquet

import lemf
from lemf.errors import CorpusError

HOSTILE = [
    None,
    "",
    "a",
    -1,
    0,
    7,
    2**62,
    1e300,
    float("nan"),
    float("inf"),
    [],
    {},
    [[]],
    True,
    b"\0",
]


def test_only_lemf_errors_come_out_of_mutated_bytes(make_corpus, tmp_path, fuzz):
    tables = {"features": tmp_path / "f.parquet", "sentence_table": tmp_path / "s.parquet"}
    lemf.score_corpus(make_corpus(3), tmp_path / "w.parquet", **tables)
    whole = (tmp_path / "w.parquet").read_bytes()
    path, output = tmp_path / "g.parquet", tmp_path / "o.parquet"

    def use(content):
        path.write_bytes(content)
        lemf.rescore_features(path, output, force=True)
        assert output.read_bytes() == whole

    outcomes = fuzz([tables["features"].read_bytes()], use, max_examples=200)
    assert min(outcomes["used"], outcomes["refused"]) > 3, outcomes


def test_only_lemf_errors_come_out_of_hostile_values(make_corpus, tmp_path):
    lemf.score_corpus(make_corpus(2), tmp_path / "w.parquet", features=tmp_path / "f.parquet")
    table = pyarrow.parquet.read_table(tmp_path / "f.parquet")
    path, output = tmp_path / "g.parquet", tmp_path / "o.parquet"
    chance = random.Random(5)
    n_scored = 0
    for name in table.column_names * 4:
        rows = table.to_pylist()
        rows[1][name] = spoilt(rows[1][name], chance)
        try:
            changed = pyarrow.Table.from_pylist(rows, schema=table.schema)
        except (pyarrow.ArrowException, TypeError, ValueError, OverflowError):
            values = [row[name] for row in rows]
            try:  # a column of another type
                position = table.column_names.index(name)
                changed = table.set_column(position, name, pyarrow.array([values[1]] * 2))
            except pyarrow.ArrowException:
                continue
        with contextlib.suppress(pyarrow.ArrowException):  # a struct without fields
            pyarrow.parquet.write_table(changed, path)
        with contextlib.suppress(CorpusError):
            lemf.rescore_features(path, output, force=True)
            n_scored += 1
    assert n_scored < 0.5 * 4 * len(table.column_names)


def spoilt(value, chance):
    """The value with a part of it replaced by one that does not belong there."""
    if isinstance(value, list) and value and chance.random() < 0.8:
        place = chance.randrange(len(value))
        return [*value[:place], spoilt(value[place], chance), *value[place + 1 :]]
    if isinstance(value, dict) and value and chance.random() < 0.8:
        name = chance.choice(list(value))
        return {**value, name: spoilt(value[name], chance)}
    return chance.choice(HOSTILE)
