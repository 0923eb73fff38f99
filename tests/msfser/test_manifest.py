import math
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemf import LemfError
from msfser.errors import ManifestError
from msfser.manifest import (
    COLUMNS,
    DIMENSIONS,
    MANIFEST_NAME,
    Manifest,
    Utterance,
    label_array,
    read_manifest,
    write_manifest,
)

FULL = Utterance(
    id="a/1",
    wav="wav/1.wav",
    alignment="grids/1.TextGrid",
    transcript="I really didn't mean that",
    speaker="F1",
    gender="female",
    emotion="ang",
    valence=1.5,
    arousal=4.0,
    dominance=3.25,
    split="train",
    fold=2,
    duration_s=2.5,
    dialogue="a",
    start_s=12.25,
)
BARE = Utterance(id="b", wav="b.wav", status="failed", reason="no such recording")


def make_manifest(*utterances: Utterance) -> Manifest:
    return Manifest(
        utterances=utterances,
        corpus="own",
        version="1",
        root=Path("/data/own"),
        label_bounds=(1.0, 5.0),
    )


def test_what_is_written_is_read(tmp_path):
    manifest = make_manifest(FULL, BARE)
    write_manifest(tmp_path / "manifest.parquet", manifest)
    read = read_manifest(tmp_path)
    assert read.utterances[0] == FULL
    assert math.isnan(read.utterances[1].valence)
    assert replace(read, utterances=()) == replace(manifest, utterances=())
    assert read.usable() == [FULL]
    assert read.wav_path(FULL) == Path("/data/own/wav/1.wav")
    assert read.alignment_path(FULL) == Path("/data/own/grids/1.TextGrid")
    assert read.alignment_path(BARE) is None


def test_a_corpus_that_is_copied_with_its_recordings_reads_the_copies(tmp_path):
    first, copy, alone = (tmp_path / name for name in ("first", "copy", "alone"))
    (first / "wav").mkdir(parents=True)
    (first / FULL.wav).touch()
    outside = replace(FULL, id="c", wav=str(first / FULL.wav))
    for folder, rows in ((first, (outside, BARE, FULL)), (alone, (outside, FULL))):
        folder.mkdir(exist_ok=True)
        manifest = replace(make_manifest(*rows), root=first.resolve())
        write_manifest(folder / "manifest.parquet", manifest)
    shutil.copytree(first, copy)
    assert read_manifest(first).wav_path(FULL) == first / FULL.wav
    assert read_manifest(copy).wav_path(FULL) == copy / FULL.wav
    assert read_manifest(copy).wav_path(outside) == first / FULL.wav
    assert read_manifest(alone).wav_path(FULL) == first / FULL.wav


@given(st.text(st.characters(exclude_categories=["Cs"])), st.floats(1, 5))
def test_any_text_and_label_comes_back(tmp_path_factory, text, label):
    path = tmp_path_factory.mktemp("any") / "m.parquet"
    row = replace(FULL, id=text, transcript=text, valence=label)
    write_manifest(path, make_manifest(row))
    assert read_manifest(path).utterances == (row,)


def test_same_manifest_same_bytes(tmp_path):
    for name in ("a.parquet", "b.parquet"):
        write_manifest(tmp_path / name, make_manifest(FULL, BARE))
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


def test_every_field_has_its_column(tmp_path):
    row = replace(FULL, status="failed", reason="no sound")
    write_manifest(tmp_path / "m.parquet", make_manifest(row))
    table = pyarrow.parquet.read_table(tmp_path / "m.parquet")
    assert table.to_pylist() == [asdict(row)]
    texts = ["id", "wav", "alignment", "transcript", "speaker", "gender", "emotion", "split"]
    texts.append("dialogue")
    numbers = [*DIMENSIONS, "duration_s", "start_s"]
    types = {field.name: str(field.type) for field in table.schema}
    assert types == {
        **dict.fromkeys([*texts, "status", "reason"], "string"),
        **dict.fromkeys(numbers, "double"),
        "fold": "int32",
    }


def test_a_corpus_without_dialogues_has_no_columns_of_them(tmp_path):
    row = replace(FULL, dialogue=None, start_s=math.nan)
    write_manifest(tmp_path / "m.parquet", make_manifest(row))
    assert pyarrow.parquet.read_schema(tmp_path / "m.parquet").names[-1] == "reason"
    (read,) = read_manifest(tmp_path / "m.parquet").utterances
    assert read.dialogue is None
    assert math.isnan(read.start_s)


def test_labels_have_the_order_of_the_dimensions():
    assert DIMENSIONS == ("valence", "arousal", "dominance")
    labels = label_array([FULL, BARE])
    np.testing.assert_array_equal(labels, [[1.5, 4.0, 3.25], [np.nan] * 3])
    assert label_array([]).shape == (0, 3)


def test_nothing_is_overwritten_unasked(tmp_path):
    path = tmp_path / "manifest.parquet"
    write_manifest(path, make_manifest(FULL))
    with pytest.raises(LemfError, match="--force"):
        write_manifest(path, make_manifest(BARE))
    assert read_manifest(path).utterances == (FULL,)
    write_manifest(path, make_manifest(BARE), force=True)
    assert read_manifest(path).utterances[0].id == "b"


def test_ids_must_differ():
    with pytest.raises(ManifestError, match="'a/1' and 1 more: named more than once"):
        make_manifest(FULL, FULL, BARE, BARE)


@pytest.mark.parametrize("bounds", [(5.0, 1.0), (1.0, 1.0), (1.0, math.nan), (-math.inf, 1.0)])
def test_bounds_must_be_a_range(bounds):
    with pytest.raises(ManifestError, match="label bounds"):
        replace(make_manifest(FULL), label_bounds=bounds)


def test_a_file_that_is_no_manifest_is_refused(tmp_path):
    with pytest.raises(ManifestError, match="no such file; make it with msfser corpus"):
        read_manifest(tmp_path)
    path = tmp_path / "manifest.parquet"
    path.write_bytes(b"PAR1 but not really")
    with pytest.raises(ManifestError, match="not a Parquet file"):
        read_manifest(path)
    pyarrow.parquet.write_table(pyarrow.table({"id": ["a"]}), path)
    with pytest.raises(ManifestError, match="not written by msfser"):
        read_manifest(path)
    write_manifest(path, make_manifest(FULL), force=True)
    table = pyarrow.parquet.read_table(path)
    pyarrow.parquet.write_table(table.drop_columns(["fold"]), path)
    with pytest.raises(ManifestError, match="no column 'fold'"):
        read_manifest(path)


@pytest.mark.parametrize("name", [name for name, _, _ in COLUMNS])
@pytest.mark.parametrize("values", [[[1]], [{"a": 1}], [b"\xff"], [None], [float("nan")], [10**12]])
def test_columns_of_other_types_are_read_or_refused_in_one_line(tmp_path, name, values):
    manifest = Manifest(
        utterances=(Utterance(id="a", wav="a.wav", dialogue="a"),), corpus="own", version="",
        root=tmp_path, label_bounds=(0.0, 1.0),
    )  # fmt: skip
    path = tmp_path / MANIFEST_NAME
    write_manifest(path, manifest)
    table = pyarrow.parquet.read_table(path)
    place = table.column_names.index(name)
    pyarrow.parquet.write_table(table.set_column(place, name, pyarrow.array(values)), path)
    try:
        (row,) = read_manifest(path).utterances
    except ManifestError as error:
        refusal = str(error)
        assert name in refusal
    else:
        assert getattr(row, name) != "nan"
