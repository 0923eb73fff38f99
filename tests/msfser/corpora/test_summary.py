import math
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from msfser.commands.cli import main
from msfser.corpora.figure import draw_corpus
from msfser.corpora.summary import (
    group_table,
    group_utterances,
    shared_speakers,
    summarise_group,
    value_table,
)
from msfser.manifest import Manifest, Utterance, write_manifest
from msfser.outputs import render_figure

ROW = Utterance(id="", wav="a.wav", duration_s=1800.0)
ROWS = (
    replace(ROW, split="test1", speaker="c", gender="male", valence=4.0),
    replace(ROW, split="train", speaker="a", valence=1.0, arousal=2.0, dominance=3.0),
    replace(ROW, split="train", speaker="b", valence=3.0, arousal=5.0, dominance=3.0, emotion="x"),
    replace(ROW, split="train", speaker="c", transcript="so", alignment="a.TextGrid"),
    replace(ROW, split="train", speaker="d", valence=9.0, status="failed", reason="r"),
    replace(ROW, split="development", speaker="a", emotion="x"),
    replace(ROW, split="development", duration_s=600.0),
)


def make_manifest(rows=ROWS, bounds=(1.0, 5.0)) -> Manifest:
    numbered = tuple(replace(row, id=str(number)) for number, row in enumerate(rows))
    return Manifest(
        utterances=numbered, corpus="own", version="2", root=Path("/data"), label_bounds=bounds
    )


def test_groups_are_splits_in_their_order_else_folds():
    assert list(group_utterances(make_manifest())) == ["train", "development", "test1"]
    folds = [replace(ROW, fold=fold) for fold in (10, 2, None, 1)]
    assert list(group_utterances(make_manifest(folds))) == [
        "fold 1",
        "fold 2",
        "fold 10",
        "no fold",
    ]
    assert list(group_utterances(make_manifest([ROW]))) == ["all"]
    mixed = [ROW, replace(ROW, split="test")]
    assert list(group_utterances(make_manifest(mixed))) == ["test", "no split"]


def test_counts_are_of_what_did_not_fail():
    summary = summarise_group("train", [row for row in ROWS if row.split == "train"])
    assert (summary.utterances, summary.failed, summary.labelled) == (4, 1, 2)
    assert (summary.transcripts, summary.alignments, summary.speakers) == (1, 1, 3)
    assert summary.hours == pytest.approx(1.5, abs=1e-12)


def test_speakers_in_two_splits_are_told():
    assert shared_speakers(make_manifest()) == {
        ("train", "development"): 1,
        ("train", "test1"): 1,
    }


def test_the_tables_to_the_letter():
    assert group_table(make_manifest()) == (
        "own 2, labels from 1 to 5\n"
        "             utterances  failed  labelled  transcripts  alignments  speakers  hours\n"
        "train                 4       1         2            1           1         3   1.50\n"
        "development           2       0         0            0           0         1   0.67\n"
        "test1                 1       0         1            0           0         1   0.50\n"
        "all                   7       1         3            1           1         3   2.67\n"
        "train and development share 1 speaker\n"
        "train and test1 share 1 speaker"
    )
    lines = [" ".join(line.split()) for line in value_table(make_manifest()).split("\n")]
    assert lines[0] == "n mean std min 5 % 25 % median 75 % 95 % max"
    assert lines[1] == "valence 3 2.67 1.25 1.00 1.20 2.00 3.00 3.50 3.90 4.00"
    assert lines[3] == "dominance 2 3.00 0.00 3.00 3.00 3.00 3.00 3.00 3.00 3.00"
    assert lines[5:] == ["emotions: x 2", "genders: male 1, unknown 5"]


def test_a_corpus_without_anything_has_a_table_and_a_figure():
    failed = replace(ROW, status="failed", reason="r", duration_s=math.nan)
    for rows in ((), (failed,), (ROW,)):
        manifest = make_manifest(rows)
        assert "valence       0" in value_table(manifest)
        assert render_figure(draw_corpus(manifest)).startswith(b"\x89PNG")


def test_the_figure_shows_all_groups_and_labels_outside_the_scale():
    figure = draw_corpus(make_manifest((*ROWS, replace(ROW, split="train", valence=6.2))))
    valence, arousal, _, _, counts, speakers = figure.axes
    assert valence.get_xlim() == (1.0, 6.5)
    assert arousal.get_xlim() == (1.0, 5.0)
    assert [line.get_xdata()[0] for line in valence.lines] == [1.0, 5.0]
    names = [label.get_text() for label in counts.get_yticklabels()]
    assert names == ["train", "development", "test1"]
    assert [bar.get_width() for bar in counts.patches] == [4, 2, 1, 1, 0, 0]
    assert [bar.get_height() for bar in speakers.patches] == [2, 2, 1]
    assert speakers.get_xlabel() == "rank of 3 speakers\nunknown in 2 utterances"


@pytest.mark.parametrize("bounds", [(1.0, 7.0), (0.0, 1.0), (0.0, 100.0), (-0.3, 0.3)])
def test_every_label_falls_into_a_bar(bounds):
    low, high = bounds
    labels = [low, high, (low + high) / 2, low - 0.01, high + 0.01]
    rows = [replace(ROW, valence=label) for label in labels]
    figure = draw_corpus(make_manifest(rows, bounds))
    values = figure.axes[0].patches[0].get_data().values
    assert values.sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("suffix", ["svg", "pdf"])
def test_the_same_manifest_gives_the_same_bytes(suffix):
    first, second = (render_figure(draw_corpus(make_manifest()), suffix) for _ in range(2))
    assert first == second


def test_summary_of_a_manifest(tmp_path):
    write_manifest(tmp_path / "manifest.parquet", make_manifest())
    arguments = ["corpus", "summary", str(tmp_path), "--figure", str(tmp_path / "new/f.svg")]
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code == 0, result.output
    assert result.stdout == f"{group_table(make_manifest())}\n\n{value_table(make_manifest())}\n"
    assert (tmp_path / "new/f.svg").read_text().startswith("<?xml")
    result = CliRunner().invoke(main, arguments)
    assert "f.svg: exists already; --force replaces it" in result.stderr
    result = CliRunner().invoke(main, ["corpus", "summary", str(tmp_path / "none")])
    assert result.exit_code == 1
    assert "make it with msfser corpus" in result.stderr


def test_no_scale_is_invented_where_there_are_no_labels():
    bare = make_manifest([ROW], (0.0, 1.0))
    assert group_table(bare).startswith("own 2, no labels of valence, arousal, dominance\n")
    some = make_manifest([replace(ROW, arousal=2.0), ROW])
    assert group_table(some).startswith("own 2, labels of arousal from 1 to 5\n")
    assert group_table(make_manifest()).startswith("own 2, labels from 1 to 5\n")
