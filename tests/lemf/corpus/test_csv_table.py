"""Tables of a corpus as CSV, against the Parquet tables and the CSV of one recording."""

import csv
from pathlib import Path

import pandas
import pyarrow.parquet
import pytest

import lemf
from lemf.display.export import format_csv
from lemf.errors import CorpusError, OutputError

EXAMPLES = Path(__file__).parents[3] / "examples"
SETTINGS = lemf.Settings(cues="listeners", breaks=True, measures=True)


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    for suffix in ("csv", "parquet"):
        place = folder / suffix
        place.mkdir()
        lemf.score_corpus(
            EXAMPLES,
            place / f"words.{suffix}",
            SETTINGS,
            sentence_table=place / f"sentences.{suffix}",
            features=place / "features.parquet",
        )
    return folder


@pytest.mark.parametrize("name", ["words", "sentences"])
def test_both_formats_hold_the_same(tables, name):
    as_csv = pandas.read_csv(tables / "csv" / f"{name}.csv", keep_default_na=False, na_values=[""])
    as_parquet = pyarrow.parquet.read_table(tables / "parquet" / f"{name}.parquet").to_pandas()
    text = as_parquet.select_dtypes(exclude=["number", "bool"]).columns
    as_csv[text] = as_csv[text].astype(object).fillna("")
    as_parquet[text] = as_parquet[text].astype(object).fillna("")
    pandas.testing.assert_frame_equal(as_csv, as_parquet, check_dtype=False, rtol=0, atol=0)


def test_rows_are_those_of_one_recording(tables):
    with (tables / "csv" / "words.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row.pop("id") == "really"]
    paths = [EXAMPLES / f"really.{suffix}" for suffix in ("wav", "TextGrid")]
    one = format_csv(lemf.score(*paths, SETTINGS))
    assert rows == list(csv.DictReader(one.splitlines()))


def test_rescoring_writes_the_same_bytes(tables, tmp_path):
    features = tables / "csv" / "features.parquet"
    made = tmp_path / "words.csv"
    lemf.rescore_features(features, made)
    assert made.read_bytes() == (tables / "csv" / "words.csv").read_bytes()


def test_features_are_parquet_alone(tmp_path):
    with pytest.raises(OutputError, match=r"f\.csv: the name must end in \.parquet$"):
        lemf.score_corpus(EXAMPLES, tmp_path / "words.csv", features=tmp_path / "f.csv")


def test_a_table_of_words_with_measures_is_no_table_of_features(tables, tmp_path):
    words = tables / "parquet" / "words.parquet"
    with pytest.raises(CorpusError, match=r"words\.parquet: holds no features; lemf batch --feat"):
        lemf.rescore_features(words, tmp_path / "again.parquet")
    with pytest.raises(CorpusError, match=r"words\.parquet: holds no features; lemf batch --feat"):
        lemf.report_features(words, tmp_path / "pages")
