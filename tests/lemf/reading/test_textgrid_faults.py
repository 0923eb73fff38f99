"""Damaged or doubtful TextGrids that were once read wrongly: each is refused, or read right."""

from itertools import pairwise

import parselmouth
import pytest
from parselmouth.praat import call

import lemf
from lemf.display.textgrid_output import format_textgrid
from lemf.errors import TextGridError
from lemf.reading.alignment import align
from lemf.reading.alignment_files import parse_textgrid
from lemf.reading.silence_labels import is_silence
from lemf.reading.tiers import select_tiers

HEAD = '"ooTextFile" "TextGrid" 0 1 <exists> 1 "IntervalTier" "words" 0 1 1 0 1 '


def interval_tier(name, *edges, label="a"):
    intervals = tuple(lemf.Interval(a, b, label) for a, b in pairwise(edges))
    return lemf.IntervalTier(name, float(edges[0]), float(edges[-1]), intervals)


def grid_of(*tiers):
    return lemf.TextGrid(0.0, tiers[0].end_s, tiers)


@pytest.mark.parametrize("label", ['"say "hi" now"', '"he said "x"', '"a"b'])
def test_a_quote_that_is_not_doubled_is_refused(label):
    with pytest.raises(TextGridError, match=r"line 1: .*not doubled"):
        parse_textgrid((HEAD + label).encode(), "a")


def test_letters_beyond_the_basic_plane_in_a_binary_file(tmp_path):
    grid = call("Create TextGrid", 0, 1, "words", "")
    call(grid, "Set interval text", 1, 1, "a\U0001f600b\u00e9")
    path = str(tmp_path / "a.TextGrid")
    call(grid, "Save as binary file", path)
    assert lemf.read_textgrid(path).tiers[0].intervals[0].label == "a\U0001f600b\u00e9"


def test_what_follows_in_a_binary_file_is_refused(tmp_path):
    path = tmp_path / "a.TextGrid"
    call(call("Create TextGrid", 0, 1, "words", ""), "Save as binary file", str(path))
    with pytest.raises(TextGridError, match="7 bytes follow after the tiers"):
        parse_textgrid(path.read_bytes() + b"garbage", "a")


def test_a_chronological_file_cut_between_entries_is_refused():
    head = '"Praat chronological TextGrid text file"\n0 2\n1\n"IntervalTier" "words" 0 2\n'
    with pytest.raises(TextGridError, match=r"tier 'words' goes to 2 s but .* 1 s; .* cut off"):
        parse_textgrid((head + '1 0 1\n"one"\n').encode(), "a")


@pytest.mark.parametrize(("before", "after"), [(0.5, 0.8), (0.1, 0.4), (1.1, 1.4)])
def test_a_pause_of_just_the_length_ends_no_sentence(before, after):
    words = lemf.IntervalTier(
        "words", 0.0, 2.0, (lemf.Interval(0.0, before, "a"), lemf.Interval(after, 2.0, "b"))
    )
    for setting, expected in (("pause:0.3", 1), ("pause:0.299", 2)):
        settings = lemf.Settings(sentences=setting, duration="word")
        assert len(align(grid_of(words), settings, 2.0).sentences) == expected


def test_numpy_numbers_are_written_as_numbers():
    import numpy as np

    tier = interval_tier("words", *np.array([0.0, 0.5, 1.0]))
    text = format_textgrid(lemf.TextGrid(np.float64(0), np.float64(1), (tier,)))
    assert "np." not in text
    assert parse_textgrid(text.encode(), "a").tiers == (tier,)


@pytest.mark.parametrize(
    ("flag", "message"),
    [("<exist>", "found '<exist>'"), ("<absent>", "it has no tiers, but more follows")],
)
def test_only_the_true_flags_count(flag, message):
    with pytest.raises(TextGridError, match=message):
        parse_textgrid((HEAD.replace("<exists>", flag) + '"a"').encode(), "a")


@pytest.mark.parametrize("label", ["[uh] well [um]", "<i>no</i>", "{x} y {z}"])
def test_a_word_between_brackets_is_a_word(label):
    assert not is_silence(label)


@pytest.mark.parametrize("label", ["[uh]", "<unk>", "{LG}", " <P> "])
def test_a_label_in_brackets_is_not(label):
    assert is_silence(label)


def test_speakers_are_compared_without_case_everywhere():
    grid = grid_of(interval_tier("Bob - words", 0, 1), interval_tier("BOB - phones", 0, 1))
    for settings in (
        lemf.Settings(),
        lemf.Settings(speaker="bob"),
        lemf.Settings(words_tier="bob - words", speaker="bOB"),
    ):
        words, phones = select_tiers(grid, settings)
        assert (words.name, phones.name) == ("Bob - words", "BOB - phones")


def test_the_list_of_tiers_marks_tiers_of_points():
    points = lemf.PointTier("words", 0.0, 1.0, ())
    with pytest.raises(TextGridError, match=r"no word tier; its tiers are 'words' \(points\)"):
        select_tiers(lemf.TextGrid(0.0, 1.0, (points,)), lemf.Settings())


def test_elans_quotes_need_not_be_typed():
    grid = grid_of(interval_tier('"word"', 0, 1))
    settings = lemf.Settings(words_tier="word", duration="word")
    assert select_tiers(grid, settings)[0].name == '"word"'


def test_faults_late_in_a_long_recording_are_told_apart():
    tier = interval_tier("words", 10000.0, 10000.5, 10000.4999, 10001)
    with pytest.raises(TextGridError, match=r"\(10000\.5-10000\.4999 s\) .* ends before"):
        align(grid_of(tier), lemf.Settings(duration="word"), 10001.0)


@pytest.mark.parametrize(("start_s", "refused"), [(-0.0199, False), (-0.020, True)])
def test_a_word_may_begin_less_than_20_ms_early(start_s, refused):
    grid = grid_of(interval_tier("words", start_s, 1.0))
    if refused:
        with pytest.raises(TextGridError, match="starts before the recording"):
            align(grid, lemf.Settings(duration="word"), 1.0)
    else:
        assert align(grid, lemf.Settings(duration="word"), 1.0).sentences


def test_times_that_are_no_numbers_are_refused():
    tier = interval_tier("words", 0.0, float("nan"))
    grid = lemf.TextGrid(0.0, 1.0, (tier,))
    with pytest.raises(TextGridError, match="ends before it starts"):
        align(grid, lemf.Settings(duration="word"), 1.0)


def test_long_values_are_cut_in_messages():
    with pytest.raises(TextGridError, match=r"is 1e\+300, which is not a count"):
        parse_textgrid(HEAD.replace(" 1 0 1 ", " 1e300 0 1 ").encode(), "a")
    tier = interval_tier("words", 0.0, 1.0, 0.5, label="x" * 300)
    with pytest.raises(TextGridError, match=r"x\.\.\.'"):
        align(grid_of(tier), lemf.Settings(duration="word"), 1.0)


def test_a_path_that_cannot_be_a_path():
    with pytest.raises(TextGridError, match="cannot be read"):
        lemf.read_textgrid("a\0b")


def test_praat_is_the_judge_of_undoubled_quotes(tmp_path):
    path = tmp_path / "a.TextGrid"
    path.write_text(HEAD + '"say "hi" now"')
    with pytest.raises(parselmouth.PraatError):
        parselmouth.read(str(path))
