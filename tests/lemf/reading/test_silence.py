"""Silence and noise by the label, the phones under it and the sound, as aligners write them."""

import time
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lemf.config import Settings
from lemf.cues.alphabets import vowel_labels
from lemf.errors import NoWordsError
from lemf.reading.alignment import Alignment, align
from lemf.reading.silence_labels import SILENCE_LABELS, UNNOTED, fold, is_silence, kind_of
from lemf.reading.textgrid import Interval, IntervalTier, TextGrid

DOCS = Path(__file__).parents[3] / "docs" / "textgrids.md"
KNOWN = sorted({label for labels in SILENCE_LABELS.values() for label in labels.split()})
WORDS = ["", "you", "", "stole", ""]  # of half a second each
WRAPPED = (
    "[sil] <Sil> {SIL} ((sil)) [[noise]] [noise]\t[breath] <p:>\t<p:> sil\tsp (pause) (1.2\ts)"
    " (0,5) <1.5> [2\tsek] SIL_E sil-sp ## ___ \u2026 <VOCNOISE-laugh> [Laughter] *noise* &=laughs"
    " \u2014 SPN_I <unk> [] #sil_S# +noise_1+"
)
ORDINARY = (
    "silent spa s p h pause-café a\t[b] [uh]\twell\t[um] <a (a) 0 1984 USB nib no\tnoise rest's"
    " resting \u3007 \u0645\u0646 click enter"
)
LIKE_SILENCE = (
    "sil SIL pau rest br [stole] <CUTOFF-stole> <LAUGH-yes> lau4 & # [laughter-yes] ((stole)) music"
    " {two\twords} pause."
)
EITHER, NEVER = "sil pau rest [stole] & lau4", "_ # h# (.) {LG} [noise] SIL_S sp ? -"
PHONES = [["sil"], ["Y", "UW1"], [""], ["S", "T", "OW1", "L"], ["sp"]]


def tier(name: str, labels: Sequence[Sequence[str]]) -> IntervalTier:
    """Half a second for each group of labels, divided among them."""
    spans = [
        (0.5 * (group + number / len(each)), 0.5 * (group + (number + 1) / len(each)), label)
        for group, each in enumerate(labels)
        for number, label in enumerate(each)
    ]
    return IntervalTier(name, 0.0, 2.5, tuple(Interval(*span) for span in spans))


def aligned(
    words: Sequence[str] = WORDS,
    phones: Sequence[Sequence[str]] | None = PHONES,
    loud: Sequence[str] = (),
    **choices: object,
) -> Alignment:
    """Align a TextGrid whose intervals sound as words if their labels are in `loud`."""
    tiers = [tier("words", [[word] for word in words])]
    if phones is None:
        choices["duration"] = "word"
    else:
        tiers.append(tier("phones", phones))
    grid = TextGrid(0.0, 2.5, tuple(tiers), "a.TextGrid")
    return align(grid, Settings(**choices), 2.5, lambda some, _: some[0].label in loud)


def texts(alignment: Alignment) -> list[str]:
    return [word.text for sentence in alignment.sentences for word in sentence]


def renamed(label: str) -> tuple[list[str], list[list[str]]]:
    """The words and phones with this label in place of every silence."""
    words = [word or label for word in WORDS]
    return words, [[label] if not word else each for word, each in zip(WORDS, PHONES, strict=True)]


@pytest.mark.parametrize("label", ["inhale", "Atmen", "non_parole", "no voice", "ДЫХАНИЕ"])
def test_an_unknown_label_alone_over_itself_is_silence_unless_it_sounds_as_words_do(label):
    alignment = aligned(*renamed(label))
    assert alignment.sentences == aligned().sentences
    assert alignment.notes == (f"taken for silence or noise: '{label}' (3) of tier 'words'",)
    assert texts(aligned(*renamed(label), loud=[label])) == [label, "you", label, "stole", label]


def test_words_over_their_own_label_are_words_where_they_may_be_phones_or_syllables():
    for label in ("s", "uh", "shi4"):  # a preposition of Czech, a vowel, a syllable
        assert label in texts(aligned(*renamed(label)))
    syllables = ["wod", "tian", "shui", "xing", "stole"]
    phones = [[label] for label in syllables[:4]] + [["S", "T"]]
    assert texts(aligned(syllables, phones)) == syllables


@pytest.mark.parametrize("label", KNOWN)
def test_a_known_label_is_silence_with_phones_and_without(label):
    words, phones = renamed(label)
    assert aligned(words, phones).sentences == aligned().sentences
    assert texts(aligned(words, None)) == ["you", "stole"]
    assert texts(aligned(words, PHONES, duration="word")) == ["you", "stole"]


@given(
    st.sampled_from(KNOWN),
    st.sampled_from(KNOWN),
    st.sampled_from(["", "#", "+", "*", "__", "%"]),
    st.sampled_from(["", "_S", "_E", "_1", "2"]),
    st.booleans(),
)
def test_no_spelling_of_silence_changes_a_word(label, other, wrap, suffix, is_upper):
    is_plain = label.isalnum() and len(label) > 1  # `h#` and `SIL_S` are decorated already
    spelled = f"{wrap}{label}{suffix}{wrap}" if is_plain else label
    words, phones = renamed(spelled.upper() if is_upper else spelled)
    words[0], phones[0] = other, [other]
    assert aligned(words, phones).sentences == aligned().sentences


@pytest.mark.parametrize(
    "label",
    WRAPPED.split(" "),
)
def test_wrapped_and_joined_labels_are_silence(label):
    words, phones = renamed(label)
    assert aligned(words, phones).sentences == aligned().sentences
    assert texts(aligned(words, None)) == ["you", "stole"]


@pytest.mark.parametrize(
    "label",
    ORDINARY.split(" "),
)
def test_a_word_is_a_word_whatever_lies_under_it(label):
    assert kind_of(label) == "word"
    words = [*WORDS[:2], label, *WORDS[3:]]
    expected = ["you", " ".join(label.split()), "stole"]
    assert texts(aligned(words)) == texts(aligned(words, None)) == expected


@pytest.mark.parametrize(
    "label",
    LIKE_SILENCE.split(" "),
)
def test_spoken_phones_make_a_word_of_what_looks_like_silence(label):
    for choices in ({}, {"duration": "word"}):
        alignment = aligned([*WORDS[:3], label, ""], **choices)
        assert texts(alignment) == ["you", " ".join(label.split())]
    assert len(aligned([*WORDS[:3], label, ""]).sentences[0][1].phones) == 4


@pytest.mark.parametrize("label", sorted(UNNOTED - {"sil"}))
def test_labels_that_no_word_is_written_as_are_silence_over_phones(label):
    assert texts(aligned([*WORDS[:3], label, ""])) == ["you"]


@pytest.mark.parametrize("label", ["stole", "sil", "[stole]", "pau"])
def test_the_users_labels_are_silence_whatever_lies_under_them(label):
    words = [*WORDS[:3], label, ""]
    assert texts(aligned(words, silence=(f" {label.upper()} ",), loud=[label])) == ["you"]


@pytest.mark.parametrize(
    ("label", "below"),
    [
        *(("{LG}", "lg"), ("{BR}", "br"), ("{NS}", "ns"), ("[NOISE]", "NSN_S"), ("?", "?")),
        *(("[laughter]", "LAU"), ("<unk>", "SPN_S"), ("p:", "p:"), ("sil", "pau"), ("*", "*")),
        *(("+SMACK+", "+NSN+"), ("[noise]", "ns"), ("{LG}", "br")),
    ],
)
def test_the_phone_of_a_noise_is_no_speech(label, below):
    words = [*WORDS[:2], label, *WORDS[3:]]
    assert texts(aligned(words, [*PHONES[:2], [below], *PHONES[3:]])) == ["you", "stole"]


def test_one_phone_that_drifted_into_a_pause_makes_no_word():
    phones = [*PHONES[:2], ["", "", "S", ""], ["T", "OW1", "L"], ["sp"]]
    assert texts(aligned(["", "you", "sil", "stole", ""], phones)) == ["you", "stole"]
    phones[2] = ["", "", "", "S", "IH1", "", ""]  # a word with pauses around it
    assert texts(aligned(["", "you", "sil", "stole", ""], phones)) == ["you", "sil", "stole"]


@pytest.mark.parametrize(
    ("label", "can_be_a_word"),
    [
        *((label, True) for label in EITHER.split()),
        *((label, False) for label in NEVER.split()),
    ],
)
def test_without_phones_the_sound_decides_what_could_be_either(label, can_be_a_word):
    words = [*WORDS[:2], label, *WORDS[3:]]
    silent = [[label] for label in words]
    assert texts(aligned(words, None)) == ["you", "stole"]
    heard = aligned(words, None, loud=[label])
    assert texts(heard) == (["you", label, "stole"] if can_be_a_word else ["you", "stole"])
    # a phone tier without any phone tells nothing
    blank = aligned(words, [[""] for _ in silent], loud=[label])
    assert texts(blank) == texts(heard)
    # a phone tier that tells is heeded, though only the lengths of words are used
    assert texts(aligned(words, duration="word", loud=[label])) == ["you", "stole"]


def test_the_sound_decides_on_a_word_that_the_aligner_did_not_know():
    words, phones = ["", "you", "rest", "stole", ""], [*PHONES[:2], ["spn"], *PHONES[3:]]
    assert texts(aligned(words, phones)) == ["you", "stole"]
    assert texts(aligned(words, phones, loud=["rest"])) == ["you", "rest", "stole"]
    words[2] = "[adif]"  # the transcriber's own mark of what is no word
    assert texts(aligned(words, phones, loud=["[adif]"])) == ["you", "stole"]


def test_what_looks_like_silence_is_heard_once_for_all_its_intervals():
    asked = []

    def hear(intervals, words):
        asked.append(([i.start_s for i in intervals], [i.label for i in words]))
        return False

    grid = TextGrid(0.0, 2.5, (tier("words", [["pau"], ["you"], ["PAU"], ["it"], ["_"]]),), "a")
    align(grid, Settings(duration="word"), 2.5, hear)
    assert asked == [([0.0, 1.0], ["you", "it"])]


@pytest.mark.parametrize(
    "label", ["pau", "SIL", "_", "#", "epi", "SIL_E", "-", "<p:>", "[noise]", "(.)"]
)
def test_a_pause_inside_a_word_is_no_phone(label):
    phones = [*PHONES[:3], ["S", "OW1", label, "L"], PHONES[4]]
    assert [p.label for p in aligned(phones=phones).sentences[0][1].phones] == ["S", "OW1", "L"]


@pytest.mark.parametrize(
    "labels",
    [
        labels.split()
        for labels in (
            *("? @ { &", "p h ns br", "p: h: lg S", "!t _t -h Q", "b # n 1", "_ 4 s t", "2 9 6 7"),
            *("[s] [t] [o\u028a] [l]", "[2] [9] [n] [d]", "\u02c8 | || !", "<e> <b> <c> <d>"),
        )
    ],
)
def test_signs_that_are_phones_stay_phones(labels):
    phones = [["sil"], labels[:2], [""], labels[2:], [""]]
    assert [p.label for word in aligned(phones=phones).sentences[0] for p in word.phones] == labels


def test_a_phone_in_brackets_among_others_is_none():
    phones = [*PHONES[:3], ["S", "[cough]", "<x>", "L"], [""]]
    assert [p.label for p in aligned(phones=phones).sentences[0][1].phones] == ["S", "L"]


def test_one_note_names_and_counts_the_labels_taken_for_silence():
    words = ["#SIL#", "you", "pau", "stole", "#SIL#"]
    phones = [["#SIL#"], ["Y"], ["sp"], ["S", "pau", "L"], ["sil"]]
    assert aligned(words, phones).notes == (
        "taken for silence or noise: '#SIL#' (2), 'pau' (1) of tier 'words', "
        "'#SIL#' (1), 'pau' (1) of tier 'phones'",
    )


@pytest.mark.parametrize("label", [*sorted(UNNOTED), "SIL", "<SIL>", " sp\n", "<EPS>"])
def test_labels_that_everyone_knows_leave_no_note(label):
    words, phones = renamed(label)
    assert aligned(words, phones).notes == ()


def test_the_users_labels_leave_no_note():
    words, phones = renamed("pause")
    assert aligned(words, phones, silence=("Pause",)).notes == ()


def test_a_note_names_words_that_look_like_silence_or_hold_no_letter():
    (note,) = aligned(["1984", "you", "", "[stole]", "42"]).notes
    assert note == (
        "scored as words, though they look like silence or hold no letter: '1984' (1), '42' (1), "
        "'[stole]' (1) of tier 'words'; --silence LABEL leaves one out"
    )
    assert aligned(["", "you", "", "sil", ""]).notes == ()  # an ordinary word over its phones
    (note,) = aligned(["", "you", "", "sil", ""], None, loud=["sil"]).notes
    assert "'sil' (1)" in note
    letters = ["", "\u0434\u0430", "", "\u4f60", "\u0928"]
    assert aligned(letters, loud=letters[4:]).notes == ()
    (note,) = aligned(letters).notes
    assert "without a phone under them or the sound of the other words: '\u0928' (1)" in note


def test_a_note_on_many_labels_stays_short():
    words = [f"<{number}>" + "x" * 400 for number in range(20)]
    labels = tuple(Interval(i / 10, (i + 1) / 10, f"[{word}]") for i, word in enumerate(words))
    spoken = Interval(2.0, 2.5, "you")
    grid = TextGrid(0.0, 2.5, (IntervalTier("words", 0.0, 2.5, (*labels, spoken)),), "a")
    (note,) = align(grid, Settings(duration="word"), 2.5).notes
    assert "and 14 more of tier" in note
    assert len(note) < 500


def test_an_option_that_matches_nothing_says_so():
    assert aligned(silence=("foo", "SP")).notes == ("--silence 'foo' matches no label",)
    words, phones = renamed("pause")
    assert aligned(words, phones, silence=("pause",)).notes == ()


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_labels_compare_in_any_normal_form(form):
    label = unicodedata.normalize("NFD" if form == "NFC" else "NFC", "Pausé")
    words, phones = renamed(label)
    alignment = aligned(words, phones, silence=(unicodedata.normalize(form, "pausé"),))
    assert alignment.sentences == aligned().sentences
    assert alignment.notes == ()


@given(st.text())
@example("\u1fb3\u0301")  # whose iota is a letter in lower case, with the accent before or behind
@example("\u0390")  # whose lower case is decomposed
def test_folding_is_final_and_forgets_case_margin_and_form(label):
    folded = fold(label)
    assert fold(folded) == folded
    assert fold(f"\n {unicodedata.normalize('NFD', label)}\t") == folded
    assert is_silence(f"\n {label}\t", (label,))


@given(st.text(alphabet="[](){}<>sil0.: &=#", max_size=40))
def test_any_label_is_judged(label):
    assert kind_of(label) in ("word", "mark", "name", "content", "symbol")


@pytest.mark.parametrize("unit", ["<", "[a", "((", "(( ))", "&=a", "(1", "_s", "sil ", "1"])
def test_long_labels_take_no_time(unit):
    started = time.process_time()
    kind_of(unit * 50_000 + "!x")
    assert time.process_time() - started < 2


def test_only_silence_is_refused():
    for label in ("_", "h#", "<sil>", "[noise]"):
        with pytest.raises(NoWordsError, match="holds no word, only silence"):
            aligned([label] * 5, [[label]] * 5)


def test_sentences_with_words_are_sentences_whatever_their_label():
    turns = tier("turns", [["pau"], ["*"], ["sp"], ["[A]"], ["_"]])
    grid = TextGrid(0.0, 2.5, (tier("words", [[word] for word in WORDS]), turns), "a")
    alignment = align(grid, Settings(duration="word", sentences="turns"), 2.5)
    assert [[word.text for word in words] for words in alignment.sentences] == [["you"], ["stole"]]
    assert alignment.notes == ()  # no word is lost in the silence between them


def test_the_docs_list_the_labels_of_each_aligner():
    section = DOCS.read_text(encoding="utf-8").partition("## Silence and noise")[2]
    rows = [line.strip("|\n ").split(" | ") for line in section.partition("\n## ")[0].splitlines()]
    listed = {
        row[0].strip(): [label.strip().strip("`") for label in row[1].split("` `")]
        for row in rows
        if len(row) == 2 and "`" in row[1]
    }
    assert listed == {aligner: labels.split() for aligner, labels in SILENCE_LABELS.items()}


@pytest.mark.parametrize("read", [fold, lambda label: vowel_labels([[label, "b"]])])
def test_many_marks_on_a_letter_are_read_at_once(read):
    started_s = time.process_time()
    assert read("a" + "\u0301\u0316" * 200_000)
    assert time.process_time() - started_s < 5.0  # a minute where the marks are ordered
