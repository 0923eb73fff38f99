"""Contours at 20 ms: values by hand, the table of lemf, and what is refused."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet
import pytest

import lemf
from msfser.data.contours import (
    cut_contours,
    frame_contours,
    measure_contours,
    read_contours,
)
from msfser.errors import DataError
from msfser.manifest import read_manifest


def write_table(path, ids, f0_hz, energy):
    pa.parquet.write_table(pa.table({"id": ids, "f0_hz": f0_hz, "energy": energy}), path)


def test_frames_by_hand():
    f0_hz = np.array([0.0, 200.0, 400.0, 0.0, 0.0, 0.0, 0.0, 0.0, 50.0])
    energy = np.array([1.0, 3.0, 2.0, 2.0, 0.0, 0.0, 0.0, 0.0, 10.0])
    expected = [[18.0, 0.5, 20 * np.log10(2.0)], [0.0, 0.0, -60.0], [-12.0, 1.0, 20.0]]
    np.testing.assert_allclose(frame_contours(f0_hz, energy), expected, rtol=1e-6)


def test_a_cut_holds_the_frames_of_its_samples():
    contours = np.arange(30, dtype=np.float32).reshape(10, 3)
    np.testing.assert_array_equal(cut_contours(contours, 640, 700), contours[2:5])
    np.testing.assert_array_equal(cut_contours(contours, 2880, 960), contours[[9, 9, 9]])
    np.testing.assert_array_equal(cut_contours(contours, 9999, 320), contours[[9]])


def test_the_table_of_lemf_holds_what_is_measured_alone(corpus, tmp_path):
    features = tmp_path / "features.parquet"
    lemf.score_corpus(corpus, tmp_path / "scores.parquet", features=features)
    manifest = read_manifest(corpus)
    rows = manifest.utterances[3:5]
    found = read_contours(tmp_path, "features.parquet").find(manifest, rows)
    for row, contours in zip(rows, found, strict=True):
        np.testing.assert_array_equal(contours, measure_contours(manifest.wav_path(row)))
    assert (found[0][:, 1] > 0).any()
    assert found[0][:, 1].max() <= 1
    assert abs(len(found[0]) - 0.54 / 0.02) <= 1  # 0.54 s
    voiced = found[0][:, 1] == 1
    assert 2 ** (np.median(found[0][voiced, 0]) / 12) * 100 == pytest.approx(130, rel=0.45)


def test_ids_may_name_folders(corpus, tmp_path):
    row = read_manifest(corpus).utterances[0]
    manifest = replace(
        read_manifest(corpus), utterances=(replace(row, id="u", wav="b/00.wav"),), root=tmp_path
    )
    values = [[100.0] * 4, [200.0] * 4]
    write_table(tmp_path / "t.parquet", ["a/00", "b/00"], values, values)
    (found,) = read_contours(tmp_path, "t.parquet").find(manifest, manifest.utterances)
    assert found[0, 0] == 12.0
    write_table(tmp_path / "t.parquet", ["c/00", "u"], values, values)
    (found,) = read_contours(tmp_path, "t.parquet").find(manifest, manifest.utterances)
    assert found[0, 0] == 12.0
    write_table(tmp_path / "t.parquet", ["c/00", "d/00"], values, values)
    with pytest.raises(DataError, match=r"t\.parquet: no contours of 'u' \(00\.wav\); run lemf"):
        read_contours(tmp_path, "t.parquet").find(manifest, manifest.utterances)


@pytest.mark.parametrize(
    ("f0_hz", "energy"),
    [([-1.0], [1.0]), ([1.0], [np.nan]), ([1.0, 2.0], [1.0]), ([], []), ([np.inf], [1.0])],
)
def test_values_that_no_recording_has_are_refused(tmp_path, f0_hz, energy):
    write_table(tmp_path / "t.parquet", ["a", "b"], [[1.0], f0_hz], [[1.0], energy])
    with pytest.raises(DataError, match=r"t\.parquet: row 2, 'b': F0 and energy must be"):
        read_contours(tmp_path, "t.parquet")


def test_a_missing_table_names_its_command(tmp_path):
    with pytest.raises(DataError, match=r"no such file; the model reads contours: .*--features"):
        read_contours(tmp_path, "contours.parquet")
    pa.parquet.write_table(pa.table({"id": ["a"]}), tmp_path / "t.parquet")
    with pytest.raises(DataError, match=r"no column 'f0_hz'; .*make it with lemf batch"):
        read_contours(tmp_path, "t.parquet")
