"""Sentences cut into rows and sheets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemf.display.printed.sizes import SHEETS, cut_sheets
from lemf.reading.alignment import Word


def words_of(lengths_s, pauses_s):
    words, at_s = [], 0.0
    for length_s, pause_s in zip(lengths_s, pauses_s, strict=True):
        words.append(Word("word", at_s, at_s + length_s))
        at_s += length_s + pause_s
    return words


@pytest.mark.parametrize("size", SHEETS)
@given(
    spoken=st.lists(
        st.tuples(st.floats(0.05, 2.0), st.sampled_from([0.0, 0.02, 0.5, 2.0])),
        min_size=1,
        max_size=150,
    )
)
def test_every_word_stands_once_in_rows_that_hold_it(size, spoken):
    sheet = SHEETS[size]
    words = words_of(*zip(*spoken, strict=True))
    sheets = cut_sheets(words, sheet)
    rows = [row for one in sheets for row in one]
    assert [i for row in rows for i in range(len(words))[row]] == list(range(len(words)))
    for row in rows:
        held = words[row]
        assert 1 <= len(held) <= sheet.row_words
        assert len(held) == 1 or held[-1].end_s - held[0].start_s <= sheet.row_s
    assert all(1 <= len(one) <= sheet.rows for one in sheets)


@pytest.mark.parametrize("size", SHEETS)
def test_64_words_in_25_s_fit_one_sheet(size):
    words = words_of([0.3] * 64, ([0.02] * 5 + [0.5]) * 10 + [0.02] * 4)
    assert 24 < words[-1].end_s < 26
    assert len(cut_sheets(words, SHEETS[size])) == 1


def test_a_short_sentence_is_one_row():
    assert cut_sheets(words_of([0.3] * 5, [0.1] * 5), SHEETS["column"]) == [[slice(0, 5)]]


def test_rows_break_at_the_long_pause_near_their_middle():
    pauses_s = [0.02] * 20
    pauses_s[8] = 0.4
    (rows,) = cut_sheets(words_of([0.3] * 20, pauses_s), SHEETS["column"])
    assert rows == [slice(0, 9), slice(9, 20)]
