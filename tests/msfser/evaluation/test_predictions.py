import dataclasses
import json
import math

import numpy as np
import pytest

from lemf import LemfError
from msfser.errors import DataError
from msfser.evaluation.prediction_table import PREDICTIONS_NAME, read_predictions, write_predictions
from msfser.evaluation.predictions import join_predictions, make_predictions
from msfser.manifest import DIMENSIONS, Utterance
from msfser.parquet import format_parquet


def draw_predictions(n=12, *, start=0, held_out=0, corpus="mechanism", seed=0):
    rng = np.random.default_rng([seed, start])
    utterances = [
        Utterance(
            id=f"u{start + i:04d}",
            wav=f"u{i}.wav",
            speaker=None if i == 0 else f"s{i % 4}",
            gender=("female", "male")[i % 2],
            emotion=("calm", "angry", None)[i % 3],
            valence=math.nan if i == 1 else float(rng.uniform(1, 7)),
            arousal=float(rng.uniform(1, 7)),
            dominance=float(rng.uniform(1, 7)),
            split="test",
            fold=held_out or None,
            duration_s=float(rng.uniform(1, 10)),
        )
        for i in range(n)
    ]
    values = rng.uniform(1, 7, (n, 3))
    return make_predictions(
        utterances,
        values,
        corpus=corpus,
        version="1",
        label_bounds=(1.0, 7.0),
        held_out=held_out,
        experts={"A": values + 1, "B": values - 1},
        gate_mean=rng.uniform(0, 1, n),
    )


def check_equal(one, other):
    for own in dataclasses.fields(one):
        first, second = getattr(one, own.name), getattr(other, own.name)
        if own.name == "experts":
            assert list(first) == list(second)
            for name in first:
                np.testing.assert_array_equal(first[name], second[name])
        elif isinstance(first, np.ndarray):
            np.testing.assert_array_equal(first, second)
        else:
            assert first == second


def test_written_and_read_it_is_the_same(tmp_path):
    path = tmp_path / PREDICTIONS_NAME
    write_predictions(path, draw_predictions(held_out=2))
    check_equal(read_predictions(path), draw_predictions(held_out=2))


def test_columns_have_names_that_others_can_read(tmp_path):
    import pyarrow.parquet

    path = tmp_path / PREDICTIONS_NAME
    predictions = draw_predictions()
    write_predictions(path, predictions)
    table = pyarrow.parquet.read_table(path)
    assert table.column_names[:6] == ["id", "split", "speaker", "gender", "emotion", "fold"]
    assert table["predicted_arousal"].to_pylist() == predictions.values[:, 1].tolist()
    assert table["expert_B_dominance"].to_pylist() == (predictions.values[:, 2] - 1).tolist()
    assert table["label_valence"].to_pylist()[1] is None


def test_a_table_of_something_else_is_refused(tmp_path):
    import pyarrow
    import pyarrow.parquet

    path = tmp_path / "x.parquet"
    with pytest.raises(DataError, match="no such file; make it with msfser evaluate"):
        read_predictions(path)
    pyarrow.parquet.write_table(pyarrow.table({"id": ["a"]}), path)
    with pytest.raises(DataError, match="no column 'label_valence'"):
        read_predictions(path)
    path.write_text("no parquet")
    with pytest.raises(DataError, match="not a Parquet file"):
        read_predictions(path)
    path.write_bytes(format_parquet(range(2), [("id", "string", str)], {}))
    with pytest.raises(DataError, match="no column 'label_valence'; check the path"):
        read_predictions(path)
    columns = [
        (name, "string", str)
        for name in (
            "id",
            "split",
            "speaker",
            "gender",
            "emotion",
            "fold",
            "duration_s",
            "gate_mean",
        )
    ]
    columns += [(f"{a}_{b}", "float64", float) for a in ("label", "predicted") for b in DIMENSIONS]
    path.write_bytes(format_parquet(range(2), columns, {"corpus": "own"}))
    with pytest.raises(DataError, match="not a table of predictions; make it with msfser evaluate"):
        read_predictions(path)


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("id", [None] * 12, "a row without an id"),
        ("id", [[1]] * 12, "id is not string"),
        ("split", [{"a": 1}] * 12, "split is not string"),
        ("fold", ["one"] * 12, "fold is not int32"),
        ("fold", [2**40] * 12, "fold is not int32"),
        ("label_valence", ["high"] * 12, "label_valence is not float64"),
        ("predicted_arousal", [[1.0]] * 12, "predicted_arousal is not float64"),
        ("expert_A_dominance", [b"x"] * 12, "expert_A_dominance is not float64"),
        ("predicted_arousal", [1.0, math.inf] * 6, "row 2: predicted_arousal is inf; leave"),
    ],
)
def test_values_of_another_kind_are_refused_by_the_name_of_their_column(
    tmp_path, column, values, message
):
    import pyarrow
    import pyarrow.parquet

    path = tmp_path / PREDICTIONS_NAME
    write_predictions(path, draw_predictions())
    table = pyarrow.parquet.read_table(path)
    place = table.column_names.index(column)
    pyarrow.parquet.write_table(table.set_column(place, column, pyarrow.array(values)), path)
    with pytest.raises(DataError, match=message):
        read_predictions(path)


@pytest.mark.parametrize(
    "about",
    ["[" * 100_000, "[]", "3", '{"corpus": 1, "corpus": 2}', '{"label_bounds": [1, 1e999]}',
     '{"label_bounds": [5, 1]}', '{"label_bounds": 3}', '{"experts": 3}',
     '{"experts": ["A", "A"]}'],
)  # fmt: skip
def test_metadata_that_cannot_be_right_are_refused(tmp_path, about):
    import pyarrow.parquet

    path = tmp_path / PREDICTIONS_NAME
    write_predictions(path, draw_predictions())
    table = pyarrow.parquet.read_table(path)
    if about.startswith('{"label') or about.startswith('{"experts'):
        about = json.dumps(json.loads(table.schema.metadata[b"msfser"]) | json.loads(about))
    pyarrow.parquet.write_table(table.replace_schema_metadata({"msfser": about}), path)
    with pytest.raises(DataError, match=r"predictions.parquet: not (written|a table)"):
        read_predictions(path)


def test_columns_of_other_writers_are_read(tmp_path):
    import pyarrow
    import pyarrow.parquet

    path = tmp_path / PREDICTIONS_NAME
    write_predictions(path, draw_predictions(held_out=2))
    table = pyarrow.parquet.read_table(path)
    wider = {"string": pyarrow.large_string(), "int32": pyarrow.int64(), "double": "float64"}
    fields = [(field.name, wider[str(field.type)]) for field in table.schema]
    other = table.cast(pyarrow.schema(fields, table.schema.metadata))
    pyarrow.parquet.write_table(other, path)
    check_equal(read_predictions(path), draw_predictions(held_out=2))


def test_a_table_of_another_program_is_scored_with_the_bounds_of_its_scale(tmp_path):
    import pandas as pd

    # the table of msfser, written again by pandas, which keeps no metadata of others
    path, again = tmp_path / PREDICTIONS_NAME, tmp_path / "again.parquet"
    write_predictions(path, draw_predictions(held_out=2))
    pd.read_parquet(path).set_index("id").to_parquet(again)
    with pytest.raises(DataError, match=r"the rating scale is not known; name .*--label-bounds"):
        read_predictions(again)
    expected = dataclasses.replace(draw_predictions(held_out=2), corpus="", version="")
    check_equal(read_predictions(again, (1.0, 7.0)), expected)
    with pytest.raises(DataError, match="the rating scale is 1 to 7, not that of --label-bounds"):
        read_predictions(path, (1.0, 5.0))
    with pytest.raises(DataError, match="not a table of predictions"):
        read_predictions(again, (7.0, 1.0))
    # the columns that are needed, and no others
    names = [name for name in pd.read_parquet(path) if name.startswith(("id", "label", "pred"))]
    pd.read_parquet(path)[names].to_parquet(again)
    table = read_predictions(again, (1.0, 7.0))
    np.testing.assert_array_equal(table.values, expected.values)
    assert (table.experts, table.fold) == ({}, (None,) * 12)
    assert np.isnan(table.duration_s).all()

    # from the command to the report
    from click.testing import CliRunner

    from msfser.commands.cli import main

    command = ["evaluate", str(again), "--label-bounds", "1,7", "--resamples", "10"]
    result = CliRunner().invoke(main, [*command, "-o", str(tmp_path / "out")])
    assert result.exit_code == 0, result.stderr
    assert "\nCCC; intervals are" in (tmp_path / "out" / "report.md").read_text()


def test_nothing_is_overwritten_unasked(tmp_path):
    path = tmp_path / PREDICTIONS_NAME
    write_predictions(path, draw_predictions())
    with pytest.raises(LemfError, match="exists already"):
        write_predictions(path, draw_predictions(2))
    write_predictions(path, draw_predictions(2), force=True)
    assert len(read_predictions(path).ids) == 2


def test_folds_are_pooled_in_order():
    whole = join_predictions([draw_predictions(held_out=1), draw_predictions(start=12, held_out=2)])
    assert whole.ids[11:13] == ("u0011", "u0012")
    assert whole.fold == (1,) * 12 + (2,) * 12
    check_equal(whole.select(np.array(whole.fold) == 1), draw_predictions(held_out=1))


def test_runs_that_cannot_be_pooled():
    with pytest.raises(DataError, match="'u0000': predicted by two runs"):
        join_predictions([draw_predictions(), draw_predictions()])
    with pytest.raises(DataError, match="corpus 'iemocap' and 'mechanism'"):
        join_predictions([draw_predictions(), draw_predictions(start=20, corpus="iemocap")])


def test_a_text_column_of_another_program_that_begins_like_an_emotion_is_left_alone(tmp_path):
    import pyarrow
    import pyarrow.parquet

    dimensions = ("valence", "arousal", "dominance")
    columns = {
        f"{start}_{name}": [1.0, 2.0] for start in ("label", "predicted") for name in dimensions
    }
    columns |= {"id": ["a", "b"], "emotion_heard": ["sad", "glad"], "emotion_sad": [0.2, 0.8]}
    pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "other.parquet")
    table = read_predictions(tmp_path / "other.parquet", (1.0, 7.0))
    assert list(table.more) == ["emotion_sad"]
