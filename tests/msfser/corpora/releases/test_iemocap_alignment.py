from contextlib import suppress

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import lemf
from lemf import CorpusError
from lemf.display.textgrid_output import format_textgrid
from lemf.reading.alignment_files import parse_textgrid
from msfser.corpora.releases.iemocap_alignment import make_textgrid, read_segments
from msfser.corpora.releases.iemocap_files import read_evaluation

LABELS = ("<s>", "THE", "THE(2)", "<sil>", "++NOISE++", "O'CLOCK", "A(12)", "</s>")


def segment_file(segments, end: str = " Total score: -1\n") -> str:
    lines = [f"\t{start:5d}\t{stop:5d}\t  -17530 {label}" for start, stop, label in segments]
    return "\n".join(["\t SFrm\t EFrm\t SegAScr Word", *lines, end])


@st.composite
def segments_of_frames(draw):
    """Segments in order, some with gaps between them, at least one of them a word."""
    lengths = draw(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 40)), min_size=1))
    labels = [draw(st.sampled_from(LABELS)) for _ in lengths]
    labels[draw(st.integers(0, len(labels) - 1))] = "THE"
    segments, reached = [], 0
    for (gap, length), label in zip(lengths, labels, strict=True):
        segments.append((reached + gap, reached + gap + length - 1, label))
        reached += gap + length
    return segments


@given(segments_of_frames(), st.floats(-0.0499, 5.0))
def test_tiers_have_no_gaps_and_survive_the_file(tmp_path_factory, segments, beyond_s):
    folder = tmp_path_factory.mktemp("any")
    for suffix in ("wdseg", "phseg"):
        (folder / f"a.{suffix}").write_text(segment_file(segments))
    duration_s = max((segments[-1][1] + 1) / 100 + beyond_s, 0.01)
    assume(any(start / 100 < duration_s and label == "THE" for start, _, label in segments))
    grid = make_textgrid(folder / "a.wdseg", folder / "a.phseg", duration_s)
    for tier in grid.tiers:
        ends = [interval.end_s for interval in tier.intervals]
        starts = [interval.start_s for interval in tier.intervals]
        assert starts == [0.0, *ends[:-1]]
        assert ends[-1] == duration_s
        assert np.all(np.diff([0.0, *ends]) > 0)
    labels = {interval.label for interval in grid.tiers[0].intervals}
    assert labels <= {"", "the", "o'clock", "a"}
    assert parse_textgrid(format_textgrid(grid).encode(), "again") == grid


@given(st.data())
def test_damaged_files_are_refused_or_read_never_anything_else(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("any") / "Ses01F_impro01.txt"
    label = (
        "[6.29 - 8.23]\tSes01F_impro01_F000\tneu\t[2.5000, 2.0000, 3.0000]\nC-E2:\tNeutral;\t()\n"
    )
    whole = (segment_file([(0, 9, "<s>"), (10, 39, "YOU'RE(2)")]) + label).encode()
    content = bytearray(whole)
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    for read in (read_segments, read_evaluation):
        with suppress(CorpusError):
            read(path)


@pytest.mark.parametrize("cut", range(1, 60, 3))
def test_a_file_that_is_cut_anywhere_is_refused(tmp_path, cut):
    path = tmp_path / "a.wdseg"
    path.write_text(segment_file([(0, 9, "<s>"), (10, 39, "YOU'RE(2)")])[:-cut])
    if cut < len(" Total score: -1\n") - len(" Total"):
        assert len(read_segments(path)) == 2
    else:
        with pytest.raises(CorpusError, match=r"damaged|cut"):
            read_segments(path)


def test_segments_are_frames_of_ten_milliseconds_with_both_ends(tmp_path):
    path = tmp_path / "a.wdseg"
    path.write_text(segment_file([(3, 20, "YOU'RE(2)"), (41, 72, "WHAT")]))
    assert read_segments(path) == [
        lemf.Interval(0.03, 0.21, "YOU'RE(2)"),
        lemf.Interval(0.41, 0.73, "WHAT"),
    ]
