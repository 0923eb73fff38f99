import re
from dataclasses import replace
from pathlib import Path

import pyarrow
import pytest

import lemf
from lemf.config import CUE_SETS
from lemf.corpus.parquet import schema_of
from lemf.corpus.tables import columns_of, sentence_rows, word_rows

DOCS = (Path(__file__).parents[3] / "docs" / "batch.md").read_text(encoding="utf-8")


def names(text):
    return re.findall(r"`([a-z0-9_.A-Z]+)`", text)


def documented_words(cues):
    """The names and types in the table of docs/batch.md, in its order."""
    table = DOCS.split("| column | type | unit, meaning |")[1].split("\n\n")[0]
    documented = {}
    for line in table.splitlines()[2:]:
        cell, kind = line.split("|")[1:3]
        columns = names(cell)
        if columns[0].startswith("cues."):
            keys = ["value", *(key.lstrip(".") for key in columns[1:])]
            columns = [f"cues.{cue}.{key}" for cue in cues for key in keys]
        documented |= dict.fromkeys(columns, kind.split()[0])
    return documented


def documented_sentences():
    text = DOCS.split("`--sentence-table s.parquet`:")[1].split("\n- ")[0]
    return names(text)


def documented_features():
    text = DOCS.split("`features.parquet` has")[1].split("`lemf rescore`")[0]
    return names(text)


@pytest.mark.parametrize("cues", CUE_SETS)
def test_words_have_the_documented_columns(cues):
    columns = columns_of("words", lemf.Settings(cues=cues, decide="off"))
    assert {column.name: column.type for column in columns} == documented_words(CUE_SETS[cues])
    assert [column.name for column in columns] == list(documented_words(CUE_SETS[cues]))


def test_decisions_add_documented_columns():
    decided = lemf.Settings(cues="listeners")
    for table, place in (
        ("words", "Decisions add to the words"),
        ("sentences", "to the sentences"),
    ):
        columns = {one.name: one.type for one in columns_of(table, decided)}
        plain = columns_of(table, lemf.Settings(cues="listeners", decide="off"))
        added = [name for name in columns if name not in {one.name for one in plain}]
        documented = names(DOCS.split(place)[1].split(";")[0].split(".\n")[0])
        known = {name.split(".")[0] for name in documented}
        assert {name.split(".")[0] for name in added} == known


def test_sentences_and_features_have_the_documented_columns():
    assert [
        column.name for column in columns_of("sentences", lemf.Settings())
    ] == documented_sentences()
    assert [
        column.name for column in columns_of("features", lemf.Settings())
    ] == documented_features()


def test_column_types_become_those_of_arrow():
    words, floats = pyarrow.string(), pyarrow.float64()
    schema = schema_of("features", lemf.Settings())
    assert schema.field("f0_hz").type == pyarrow.list_(floats)
    phone = pyarrow.struct([("label", words), ("start_s", floats), ("end_s", floats)])
    assert schema.field("words").type == pyarrow.list_(
        pyarrow.struct(
            [
                ("sentence", pyarrow.int32()),
                ("word", words),
                ("start_s", floats),
                ("end_s", floats),
                ("phones", pyarrow.list_(phone)),
            ]
        )
    )


def test_rows_have_a_value_for_each_column(make_utterance):
    made = make_utterance((120.0, 160.0, 110.0), (0.5, 1.0, 0.4), (0.25, 0.4, 0.3))
    emphasis = lemf.score(made.wav, made.textgrid)
    rows = word_rows("a/b", emphasis)
    assert [row["word"] for row in rows] == ["one", "two", "three"]
    assert [{k: v for k, v in row.items() if k != "id"} for row in rows] == emphasis.to_rows()
    assert {row["id"] for row in rows} == {"a/b"}
    (row,) = sentence_rows("a/b", emphasis)
    assert (row["id"], row["audio"], row["sentence"], row["text"], row["n_words"]) == (
        "a/b", str(made.wav), 0, "one two three", 3,
    )  # fmt: skip
    assert (row["top_index"], row["top_word"], row["flags"]) == (1, "two", "")
    assert row["top_score"] == emphasis.words[1].score
    assert (row["segment_first"], row["segment_last"], row["segment_text"]) == (
        0, 2, "one two three",
    )  # fmt: skip
    assert (row["segment_start_s"], row["segment_end_s"]) == (row["start_s"], row["end_s"])


def test_a_value_without_a_column_raises(make_utterance):
    made = make_utterance((120.0, 160.0, 110.0), (0.5, 1.0, 0.4), (0.25, 0.4, 0.3))
    emphasis = lemf.score(made.wav, made.textgrid)
    other = replace(emphasis, settings=lemf.Settings(cues="listeners"))
    with pytest.raises(ValueError, match=r"no column for cues\.duration\.contribution, cues\."):
        word_rows("a", other)
