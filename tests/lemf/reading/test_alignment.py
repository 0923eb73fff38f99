"""Words and phones out of tiers: the midpoint rule, faulty geometry, tolerances, sentences."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemf.config import Settings
from lemf.display.textgrid_output import format_textgrid
from lemf.errors import TextGridError
from lemf.reading.alignment import Phone, Word, align
from lemf.reading.alignment_files import parse_textgrid
from lemf.reading.textgrid import (
    Interval,
    IntervalTier,
    Point,
    PointTier,
    TextGrid,
)

WORD_ONLY = Settings(duration="word")

Span = tuple[float, float, str]


def tier(name: str, *spans: Span, end_s: float = 2.0) -> IntervalTier:
    return IntervalTier(name, 0.0, end_s, tuple(Interval(*span) for span in spans))


def grid(*tiers: IntervalTier | PointTier, end_s: float = 2.0) -> TextGrid:
    return TextGrid(0.0, end_s, tiers, "a.TextGrid")


def words_of(*spans: Span, **choices: str) -> list[list[str]]:
    """The words of each sentence of a TextGrid with this word tier and no phone tier."""
    alignment = align(grid(tier("words", *spans)), Settings(duration="word", **choices), 2.0)
    return [[word.text for word in sentence] for sentence in alignment.sentences]


def phones_of(
    words: list[Span], phones: list[Span], silence: tuple[str, ...] = ()
) -> list[list[int]]:
    """The phone durations of each word in whole milliseconds."""
    textgrid = grid(tier("words", *words), tier("phones", *phones))
    (sentence,) = align(textgrid, Settings(silence=silence), 2.0).sentences
    return [[round(1000 * d) for d in word.durations_s] for word in sentence]


def test_words_and_their_phones_are_taken() -> None:
    textgrid = grid(
        tier("words", (0, 0.5, "the"), (0.5, 1, ""), (1, 2, " mad\n dog ")),
        tier("phones", (0, 0.25, "dh"), (0.25, 0.5, "ah"), (0.5, 1, "sil"), (1, 2, " d\n")),
    )
    alignment = align(textgrid, Settings(), 2.0)
    assert alignment.sentences == (
        (
            Word("the", 0, 0.5, (Phone("dh", 0, 0.25), Phone("ah", 0.25, 0.5))),
            Word("mad dog", 1, 2, (Phone("d", 1, 2),)),
        ),
    )
    assert (alignment.words_tier, alignment.phones_tier) == ("words", "phones")
    assert alignment.notes == ()


def test_duration_of_words_leaves_phones_alone() -> None:
    textgrid = grid(tier("words", (0, 1, "a")), tier("phones", (0, 1, "a"), (0.5, 0.2, "b")))
    alignment = align(textgrid, WORD_ONLY, 2.0)
    assert alignment.sentences == ((Word("a", 0, 1, by_length=True),),)
    assert alignment.phones_tier is None


@pytest.mark.parametrize(
    ("edge_s", "durations"),
    [
        (0.5, [[500], [500]]),  # the phones' boundary is the words'
        (0.503, [[503], [497]]),  # off by milliseconds
        (0.497, [[497], [503]]),
        (0.9, [[900], [100]]),
    ],
)
def test_phone_belongs_to_the_word_that_holds_its_midpoint(
    edge_s: float, durations: list[list[int]]
) -> None:
    words = [(0.0, 0.5, "a"), (0.5, 1.0, "b")]
    assert phones_of(words, [(0, edge_s, "x"), (edge_s, 1, "y")]) == durations


def test_midpoint_on_a_boundary_belongs_to_the_later_word() -> None:
    words = [(0.0, 0.5, "a"), (0.5, 1.0, "b")]
    assert phones_of(words, [(0.25, 0.75, "x")]) == [[], [500]]


def test_midpoint_on_the_end_of_the_last_word_belongs_to_none() -> None:
    assert phones_of([(0.0, 0.5, "a")], [(0, 0.25, "x"), (0.25, 0.75, "y")]) == [[250]]


def test_phones_between_words_belong_to_none() -> None:
    words = [(0.25, 0.5, "a"), (0.5, 1.0, "<eps>"), (1.0, 1.5, "b")]
    phones = [(0, 0.25, "v"), (0.25, 0.5, "w"), (0.5, 1, "x"), (1, 1.5, "y"), (1.5, 2, "z")]
    assert phones_of(words, phones) == [[250], [500]]


def test_unknown_word_has_no_phones() -> None:
    words = [(0.0, 0.5, "a"), (0.5, 1.0, "b")]
    assert phones_of(words, [(0, 0.5, "x"), (0.5, 1, "spn")]) == [[500], []]


def test_users_silence_is_neither_word_nor_phone() -> None:
    words = [(0.0, 0.5, "a"), (0.5, 1.0, "PAUSE")]
    assert phones_of(words, [(0, 0.4, "x"), (0.4, 0.5, "pause")], ("pause",)) == [[400]]


def test_phones_outside_all_words_leave_a_note() -> None:
    textgrid = grid(tier("words", (0, 1, "a")), tier("phones", (1, 2, "x")))
    (note,) = align(textgrid, Settings(), 2.0).notes
    assert note.startswith("tier 'phones' holds no phone inside any word")
    assert "--duration word" in note


@given(
    st.lists(st.integers(1, 1999), min_size=1, max_size=12, unique=True),
    st.lists(st.integers(1, 1999), min_size=1, max_size=30, unique=True),
)
def test_every_phone_is_assigned_as_a_naive_search_does(cuts: list[int], edges: list[int]) -> None:
    bounds = [0, *sorted(cuts), 2000]
    words = [(bounds[i], bounds[i + 1], "a" if i % 3 else "") for i in range(len(bounds) - 1)]
    steps = [0, *sorted(edges), 2000]
    phones = [(steps[i], steps[i + 1]) for i in range(len(steps) - 1)]
    spoken = [(start, end) for start, end, label in words if label]
    naive = [
        [end - start for start, end in phones if 2 * low <= start + end < 2 * high]
        for low, high in spoken
    ]
    textgrid = TextGrid(
        0.0,
        2000.0,
        (tier("words", *words, end_s=2000.0), tier("phones", *((*p, "x") for p in phones))),
    )
    if spoken:
        (sentence,) = align(textgrid, Settings(), 2000.0).sentences
        assert [list(word.durations_s) for word in sentence] == naive


FAULTS = [
    (
        [(0.0, 1.0, "a"), (0.9, 2.0, "b")],
        "overlaps the interval before it, which ends at 1 s; corr",
    ),
    (
        [(1.0, 2.0, "a"), (0.0, 1.0, "b")],
        "comes after a later interval; sort the intervals",
    ),
    ([(0.0, 1.0, "a"), (1.5, 1.2, "b")], "ends before it starts; correct its times$"),
    ([(0.0, 1.0, "a"), (1.0, 1.0, "b")], "has no length; remove or widen it in Praat$"),
    ([(0.0, 1.0, "a"), (1.0, 2.03, "b")], "goes past the end of the TextGrid at 2 s; correct its"),
    ([(0.0, 1.0, "a"), (3.0, 4.0, "")], "goes past the end of the TextGrid at 2 s; correct its"),
]


@pytest.mark.parametrize(("spans", "message"), FAULTS)
@pytest.mark.parametrize("name", ["words", "phones", "turns"])
def test_faulty_interval_of_a_used_tier_is_refused(
    name: str, spans: list[Span], message: str
) -> None:
    tiers = [tier(each, (0, 1, "a")) for each in ("words", "phones", "turns") if each != name]
    textgrid = grid(tier(name, *spans), *tiers)
    (start, end, label) = spans[1]
    place = rf"a\.TextGrid: interval 2 {label!r} \({start:g}-{end:g} s\) of tier '{name}' "
    with pytest.raises(TextGridError, match=f"^{place}{message}"):
        align(textgrid, Settings(sentences="turns"), 5.0)


@pytest.mark.parametrize("spans", [spans for spans, _ in FAULTS])
def test_faulty_interval_of_an_unused_tier_is_no_concern(spans: list[Span]) -> None:
    textgrid = grid(
        tier("words", (0, 1, "a")),
        tier("phones", (0, 1, "x")),
        tier("notes", *spans),
        tier("Bob - phones", *spans),
        PointTier("tones", 0.0, 2.0, (Point(9.0, "H*"), Point(-1.0, ""))),
    )
    assert align(textgrid, Settings(), 2.0).sentences == ((Word("a", 0, 1, (Phone("x", 0, 1),)),),)


def test_faulty_silence_of_a_used_tier_is_refused() -> None:
    with pytest.raises(TextGridError, match=r"interval 1 '' \(0-0 s\) .* has no length"):
        words_of((0, 0, ""), (0, 1, "a"))


def test_fault_names_its_line_in_the_file() -> None:
    content = format_textgrid(grid(tier("words", (0, 1, "a"), (0.5, 2, "b"))))
    line = 1 + content.splitlines().index("            xmin = 0.5")
    with pytest.raises(TextGridError, match=rf"^f: line {line}: interval 2 'b' \(0\.5-2 s\)"):
        align(parse_textgrid(content.encode(), "f"), WORD_ONLY, 2.0)


def test_word_before_the_recording_is_refused() -> None:
    with pytest.raises(TextGridError, match=r"\(-0\.03-1 s\) .* starts before the recording; corr"):
        words_of((-0.03, 1, "a"))
    assert words_of((-0.01, 1, "a")) == [["a"]]


def test_overlap_that_rounding_makes_is_no_fault() -> None:
    assert words_of((0, 1.00009, "a"), (1.0, 2, "b")) == [["a", "b"]]
    with pytest.raises(TextGridError, match="overlaps"):
        words_of((0, 1.00011, "a"), (1.0, 2, "b"))


@pytest.mark.parametrize(("end_s", "refused"), [(2.019, False), (2.02, True), (2.021, True)])
def test_word_may_end_less_than_20_ms_late(end_s: float, refused: bool) -> None:
    if refused:
        with pytest.raises(TextGridError, match=r"goes past the end of the TextGrid at 2 s"):
            words_of((0, end_s, "a"))
    else:
        assert words_of((0, end_s, "a")) == [["a"]]


@pytest.mark.parametrize(("end_s", "refused"), [(1.0, False), (2.019, False), (2.02, True)])
def test_textgrid_may_be_less_than_20_ms_longer_than_the_recording(
    end_s: float, refused: bool
) -> None:
    textgrid = grid(tier("words", (0, 1, "a"), end_s=end_s), end_s=end_s)
    if refused:
        with pytest.raises(
            TextGridError,
            match=r"^a\.TextGrid: goes to 2\.020 s but the recording ends at 2\.000 s; the rec",
        ):
            align(textgrid, WORD_ONLY, 2.0)
    else:
        assert align(textgrid, WORD_ONLY, 2.0).sentences == ((Word("a", 0, 1, by_length=True),),)


def test_tier_longer_than_its_textgrid_is_held_against_the_recording() -> None:
    textgrid = grid(tier("words", (0, 3, "a"), end_s=3.0))
    assert align(textgrid, WORD_ONLY, 3.0).sentences[0][0].end_s == 3
    with pytest.raises(TextGridError, match=r"goes to 3\.000 s but the recording ends at 2\.000 s"):
        align(textgrid, WORD_ONLY, 2.0)


@pytest.mark.parametrize("spans", [[], [(0.0, 1.0, ""), (1.0, 2.0, "<SIL>")]])
def test_tier_without_words_is_refused(spans: list[Span]) -> None:
    with pytest.raises(TextGridError, match=r"^a\.TextGrid: tier 'words' holds no word, only sil"):
        words_of(*spans)


PAUSED: list[Span] = [(0, 0.25, "a"), (0.25, 0.5, "b"), (1.0, 1.25, "c"), (1.5, 2, "d")]


@pytest.mark.parametrize(
    ("pause", "sentences"),
    [
        ("0.6", [["a", "b", "c", "d"]]),
        ("0.5", [["a", "b", "c", "d"]]),  # a pause of exactly S is not longer than S
        ("0.499", [["a", "b"], ["c", "d"]]),
        ("0.25", [["a", "b"], ["c", "d"]]),
        ("0.249", [["a", "b"], ["c"], ["d"]]),
        ("0", [["a", "b"], ["c"], ["d"]]),
    ],
)
def test_pause_longer_than_s_ends_a_sentence(pause: str, sentences: list[list[str]]) -> None:
    assert words_of(*PAUSED, sentences=f"pause:{pause}") == sentences
    silent: list[Span] = [(0.5, 1.0, "sil"), (1.25, 1.5, "")]
    assert words_of(*sorted([*PAUSED, *silent]), sentences=f"pause:{pause}") == sentences


def in_turns(*turns: Span) -> tuple[list[str], tuple[str, ...]]:
    textgrid = grid(tier("words", *PAUSED), tier("Turns", *turns))
    alignment = align(textgrid, Settings(duration="word", sentences="turns"), 2.0)
    return ["".join(word.text for word in each) for each in alignment.sentences], alignment.notes


def test_sentence_holds_the_words_whose_midpoint_it_holds() -> None:
    assert in_turns((0, 1.1, "x"), (1.1, 2, "y")) == (["ab", "cd"], ())
    assert in_turns((0, 1.125, "x"), (1.125, 2, "y")) == (["ab", "cd"], ())  # on c's midpoint
    assert in_turns((0, 1.13, "x"), (1.13, 2, "y")) == (["abc", "d"], ())
    assert in_turns((0, 1.125, "x"))[0] == ["ab"]


def test_words_outside_and_empty_sentences_leave_notes() -> None:
    sentences, notes = in_turns((0, 0.3, "x"), (0.5, 1, "y"), (1, 1.3, "z"), (1.3, 2, "<sil>"))
    assert sentences == ["a", "c"]
    assert notes == (
        "words outside the sentences of tier 'Turns', left out: 2",
        "sentences of tier 'Turns' without a word, left out: 1",
    )


def test_a_tier_of_any_name_can_be_that_of_the_sentences() -> None:
    turns: list[Span] = [(0, 1.1, "x"), (1.1, 2, "y")]
    for name in ("breaks", "Whole", "pause:0.3", "tier:x"):
        textgrid = grid(tier("words", *PAUSED), tier(name, *turns))
        alignment = align(textgrid, Settings(duration="word", sentences=f"tier:{name}"), 2.0)
        assert ["".join(word.text for word in one) for one in alignment.sentences] == ["ab", "cd"]
        assert alignment.notes == ()
    with pytest.raises(TextGridError, match=r"no tier 'y' for --sentences"):
        align(textgrid, Settings(duration="word", sentences="tier:y"), 2.0)


def test_measured_breaks_beside_a_tier_of_that_name_are_noted() -> None:
    settings = Settings(duration="word", sentences="breaks")
    (note,) = align(grid(tier("words", *PAUSED), tier("Breaks", (0, 2, "x"))), settings, 2.0).notes
    assert note.endswith("--sentences tier:breaks takes the intervals of the tier of that name")
    for other in (tier("turns", (0, 2, "x")), PointTier("breaks", 0, 2, ())):  # as lemf writes it
        assert align(grid(tier("words", *PAUSED), other), settings, 2.0).notes == ()


@pytest.mark.parametrize("turns", [[], [(0, 2, "")], [(0.5, 1, "x")]])
def test_sentences_without_words_are_refused(turns: list[Span]) -> None:
    with pytest.raises(TextGridError, match=r"no labelled interval of tier 'Turns' holds a word"):
        in_turns(*turns)


def test_sentence_tier_must_be_there_with_intervals() -> None:
    textgrid = grid(tier("words", (0, 1, "a")), PointTier("turns", 0, 2, ()))
    with pytest.raises(TextGridError, match=r"no tier 'x' for --sentences; its tiers are 'words'"):
        align(textgrid, Settings(duration="word", sentences="x"), 2.0)
    with pytest.raises(TextGridError, match=r"'turns' holds points, but --sentences needs interv"):
        align(textgrid, Settings(duration="word", sentences="turns"), 2.0)


def notes_of_talk(pauses_s: list[float], **choices: str) -> tuple[str, ...]:
    """The notes on words of 5 s between pauses, without a phone tier."""
    starts_s = [5.0 * i + sum(pauses_s[:i]) for i in range(len(pauses_s) + 1)]
    spans = [(start_s, start_s + 5.0, "a") for start_s in starts_s]
    end_s = spans[-1][1]
    textgrid = grid(tier("words", *spans, end_s=end_s), end_s=end_s)
    return align(textgrid, Settings(duration="word", **choices), end_s).notes


def test_a_talk_as_one_sentence_is_told_how_to_be_cut() -> None:
    assert notes_of_talk([0.5, 0.3, 0.41, 0.4, 0.0, 0.0, 0.0]) == (
        "8 words over 42 s count as one sentence; --sentences pause:0.4 makes 3 of them",
    )


def test_utterances_and_talks_that_are_cut_get_no_note() -> None:
    assert notes_of_talk([0.0] * 7) == ()  # 40 s
    assert notes_of_talk([0.4] * 8) == ()  # without a pause to cut it at
    assert notes_of_talk([0.5] * 8, sentences="pause:0.4") == ()
    assert notes_of_talk([0.5] * 8, sentences="pause:1") == ()


def test_a_textgrid_that_kept_the_times_of_a_longer_recording_says_so() -> None:
    words = IntervalTier("words", 5.0, 7.0, (Interval(5.5, 6.0, "a"), Interval(6.0, 6.5, "b")))
    cut = TextGrid(5.0, 7.0, (words,))
    with pytest.raises(TextGridError, match=r"starts at 5\.000 s.*Shift to zero"):
        align(cut, Settings(duration="word"), 2.0)
    with pytest.raises(TextGridError, match="cut short"):
        align(cut, Settings(duration="word"), 3.0)


def test_swapped_tiers_are_noted_and_one_tier_for_both_is_refused() -> None:
    words = tier("words", (0.0, 0.2, "S"), (0.2, 0.4, "EH1"), (0.4, 0.6, "D"))
    phones = tier("phones", (0.0, 0.6, "said"))
    (note,) = align(grid(words, phones), Settings(), 2.0).notes
    assert note.endswith("only 1 inside them as phones: are the two swapped?")
    fine = align(grid(tier("words", (0.0, 0.6, "said")), words_as_phones(words)), Settings(), 2.0)
    assert fine.notes == ()
    with pytest.raises(TextGridError, match="cannot hold both words and phones"):
        align(grid(words), Settings(words_tier="words", phones_tier="words"), 2.0)


def words_as_phones(words: IntervalTier) -> IntervalTier:
    return replace(words, name="phones")


def test_a_word_without_a_phone_or_a_sound_is_noted() -> None:
    words = tier("words", (0.0, 0.4, "quixa"), (0.4, 0.8, "one"), (0.8, 1.2, "two"))
    phones = tier("phones", (0.4, 0.6, "W"), (0.6, 0.8, "AH1"), (0.8, 1.2, "UW1"))

    def notes(hears: bool) -> tuple[str, ...]:
        return align(grid(words, phones), Settings(), 2.0, lambda first, others: hears).notes

    assert notes(True) == ()  # a word that the aligner did not know
    (note,) = notes(False)
    assert "the sound of the other words: 'quixa' (1); --silence" in note
    words = tier("words", (0.0, 0.09, "es"), (0.4, 0.8, "one"), (0.8, 1.2, "two"))
    assert notes(False) == ()  # too short for its sound to tell
