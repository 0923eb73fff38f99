"""Which tiers hold words and phones, by usual names or the user's, and what is silence."""

import unicodedata

import pytest

from lemf.config import Settings
from lemf.errors import TextGridError
from lemf.reading.textgrid import Interval, IntervalTier, Point, PointTier, TextGrid
from lemf.reading.tiers import (
    PHONE_TIER_NAMES,
    WORD_TIER_NAMES,
    read_confidences,
    select_tiers,
    tier_by_name,
)


def tier(name: str, label: str = "yes") -> IntervalTier:
    return IntervalTier(name, 0.0, 1.0, (Interval(0.0, 1.0, label),))


def points(name: str) -> PointTier:
    return PointTier(name, 0.0, 1.0, (Point(0.5, "yes"),))


def grid(*tiers: IntervalTier | PointTier | str) -> TextGrid:
    whole = tuple(tier(each) if isinstance(each, str) else each for each in tiers)
    return TextGrid(0.0, 1.0, whole, "a.TextGrid")


def names(textgrid: TextGrid, settings: Settings) -> tuple[str, str | None]:
    words, phones = select_tiers(textgrid, settings)
    return words.name, phones.name if phones else None


@pytest.mark.parametrize(
    ("words", "phones"),
    [
        ("words", "phones"),
        ("Words", "PHONES"),
        ("word", "phone"),
        ("ORT", "MAU"),
        ("KAN", "MAU"),
        ("ORT-MAU", "MAU"),
        ("KAN-MAU", "MAU"),
        ("WRD", "segments"),
        ("word", "segment"),
        ("words", "phonemes"),
        ("word", "phoneme"),
        ('"word"', '"phone"'),
        (" words ", " phones "),
        (' "words"', '" phones "'),
        ("Bob - words", "Bob - phones"),
        ("Gary Salvi - word", "Gary Salvi - phone"),
        ("A - B - words", "A - B - phones"),
        ("Bob  -  WORDS", "Bob - Phones"),
        ('"Bob - words"', '"Bob - phones"'),
        ("Speaker's+2?&!#$%()*:;<=>@/\\ - word", "Speaker's+2?&!#$%()*:;<=>@/\\ - phone"),
    ],
)
def test_usual_names_are_found_in_any_order(words: str, phones: str) -> None:
    assert names(grid("notes", words, phones, "style"), Settings()) == (words, phones)
    assert names(grid(phones, points("tones"), words), Settings()) == (words, phones)


def test_no_name_is_both_of_words_and_of_phones() -> None:
    assert not set(WORD_TIER_NAMES) & set(PHONE_TIER_NAMES)


@pytest.mark.parametrize("name", ["wordsmith", "words2", "Bob words", "Bob-words", " - words", ""])
def test_unusual_name_is_no_word_tier(name: str) -> None:
    with pytest.raises(
        TextGridError, match=r"^a\.TextGrid: no word tier; its tiers are "
    ) as caught:
        select_tiers(grid(name, "phones"), Settings())
    assert f"{name!r}, 'phones'. Name it with --words-tier" in str(caught.value)


@pytest.mark.parametrize(
    ("tiers", "words"),
    [
        (("KAN", "ORT", "MAU"), "ORT"),
        ((' "KAN"', '" ORT"', "MAU"), '" ORT"'),
        (("ORT", "ORT-MAU", "MAU"), "ORT-MAU"),
        (("word", "words", "phones"), "words"),
    ],
)
def test_most_specific_of_several_usual_names_is_taken(tiers: tuple[str, ...], words: str) -> None:
    assert names(grid(*tiers), Settings())[0] == words


def test_textgrid_without_tiers_says_so() -> None:
    with pytest.raises(TextGridError, match=r"no word tier; it has no tiers\. Name it"):
        select_tiers(grid(), Settings())


def test_several_speakers_need_a_choice() -> None:
    two = grid("Bob - words", "Bob - phones", "Eve - words", "Eve - phones")
    with pytest.raises(
        TextGridError, match=r"words of several speakers: 'Bob', 'Eve'; choose one with --speaker$"
    ):
        select_tiers(two, Settings())
    assert names(two, Settings(speaker="Eve")) == ("Eve - words", "Eve - phones")
    assert names(two, Settings(speaker=" bob ")) == ("Bob - words", "Bob - phones")


def test_speaker_beside_nameless_tiers_needs_a_choice() -> None:
    with pytest.raises(TextGridError, match=r"'Bob'; .* --speaker, or tier 'words' with"):
        select_tiers(grid("words", "Bob - words"), Settings())


def test_silent_speaker_leaves_no_choice() -> None:
    textgrid = grid(tier("Noise - words", "<eps>"), "Bob - words", "Bob - phones")
    assert names(textgrid, Settings()) == ("Bob - words", "Bob - phones")


def test_speakers_who_all_are_silent_give_the_first() -> None:
    textgrid = grid(tier("Bob - words", ""), tier("Eve - words", "sil"), "Bob - phones")
    assert names(textgrid, Settings()) == ("Bob - words", "Bob - phones")


def test_unknown_speaker_is_told_who_is_there() -> None:
    two = grid("Bob - words", "Eve - words", "Zoe - phones")
    with pytest.raises(TextGridError, match=r"no speaker 'zoe'; there are: 'Bob', 'Eve'; its t"):
        select_tiers(two, Settings(speaker="zoe"))


def test_speaker_of_a_textgrid_without_speakers_is_told_the_tiers() -> None:
    with pytest.raises(
        TextGridError,
        match=r"no speaker 'Bob'; no tier is named 'NAME - words'; its tiers are 'words'",
    ):
        select_tiers(grid("words", "phones"), Settings(speaker="Bob"))


def test_phones_of_another_speaker_are_not_taken() -> None:
    with pytest.raises(
        TextGridError,
        match=r"no phone tier of 'Eve' for the words of tier 'Eve - words'; its tiers",
    ):
        select_tiers(grid("Eve - words", "Bob - phones", "phones"), Settings())


def test_missing_phone_tier_names_the_remedies() -> None:
    with pytest.raises(
        TextGridError,
        match=r"^a\.TextGrid: no phone tier for the words of tier 'words'; its tiers are 'words', "
        r"'tones'\. Name one with --phones-tier, let --language CODE find the "
        "phones, or use --duration word$",
    ):
        select_tiers(grid("words", "tones"), Settings())


@pytest.mark.parametrize("tiers", [("words",), ("words", "phones"), ("words", "phones", "phones")])
def test_duration_of_words_needs_no_phone_tier(tiers: tuple[str, ...]) -> None:
    assert names(grid(*tiers), Settings(duration="word")) == ("words", None)


def test_named_tiers_are_taken_without_regard_to_case() -> None:
    textgrid = grid("words", "phones", "Tokens", "Sounds ")
    settings = Settings(words_tier="tokens", phones_tier=" SOUNDS ")
    assert names(textgrid, settings) == ("Tokens", "Sounds ")
    assert names(textgrid, Settings(words_tier="Tokens")) == ("Tokens", "phones")
    assert names(textgrid, Settings(phones_tier="Sounds")) == ("words", "Sounds ")


def test_exact_name_goes_before_the_same_name_in_another_case() -> None:
    textgrid = grid(tier("Mary", "one"), tier("mary", "two"))
    for name, label in (("Mary", "one"), ("mary", "two")):
        assert tier_by_name(textgrid, name, "--words-tier").intervals[0].label == label
    with pytest.raises(TextGridError, match=r"2 tiers fit --words-tier: 'Mary', 'mary'"):
        tier_by_name(textgrid, "MARY", "--words-tier")


def test_named_words_of_a_speaker_bring_that_speakers_phones() -> None:
    two = grid("Bob - words", "Bob - phones", "Eve - words", "Eve - phones")
    settings = Settings(words_tier="Eve - words")
    assert names(two, settings) == ("Eve - words", "Eve - phones")


def test_named_words_take_the_phones_of_the_given_speaker() -> None:
    textgrid = grid("tokens", "Bob - words", "Bob - phones", "Eve - phones")
    settings = Settings(words_tier="tokens", speaker="Bob")
    assert names(textgrid, settings) == ("tokens", "Bob - phones")


@pytest.mark.parametrize("option", ["words", "phones"])
def test_name_that_is_not_there_is_told_what_is(option: str) -> None:
    settings = Settings(**{f"{option}_tier": "tokens"})
    with pytest.raises(
        TextGridError,
        match=rf"^a\.TextGrid: no tier 'tokens' for --{option}-tier; its tiers are 'words'",
    ):
        select_tiers(grid("words", "phones"), settings)


@pytest.mark.parametrize("option", ["words", "phones"])
def test_named_point_tier_is_refused(option: str) -> None:
    settings = Settings(**{f"{option}_tier": "Tones"})
    with pytest.raises(
        TextGridError, match=rf"tier 'Tones' holds points, but --{option}-tier needs intervals"
    ):
        select_tiers(grid("words", "phones", points("tones")), settings)


def test_point_tiers_with_usual_names_are_never_taken() -> None:
    with pytest.raises(TextGridError, match="no word tier"):
        select_tiers(grid(points("words"), "phones"), Settings())
    with pytest.raises(TextGridError, match="no phone tier"):
        select_tiers(grid("words", points("phones")), Settings())
    with pytest.raises(TextGridError, match="no phone tier of 'Bob'"):
        select_tiers(grid("Bob - words", points("Bob - phones")), Settings())


def test_interval_tier_is_taken_beside_a_point_tier_of_its_name() -> None:
    textgrid = grid(points("words"), "words", points("phones"), "phones")
    assert names(textgrid, Settings()) == ("words", "phones")
    assert names(textgrid, Settings(words_tier="words", phones_tier="phones")) == names(
        textgrid, Settings()
    )


@pytest.mark.parametrize(
    ("tiers", "settings", "message"),
    [
        (
            ("words", "words", "phones"),
            Settings(),
            "2 tiers fit --words-tier: 'words', 'words'",
        ),
        (
            ("words", "Words"),
            Settings(duration="word"),
            "2 tiers fit --words-tier: 'words', 'Words'",
        ),
        (
            ("words", "phones", "phones", "phones"),
            Settings(),
            "3 tiers fit --phones-tier",
        ),
        (
            ("Bob - words", "Bob - word"),
            Settings(),
            "2 tiers of words of one speaker: 'Bob - words', 'Bob - word'",
        ),
        (("x", "x", "phones"), Settings(words_tier="x"), "2 tiers fit --words-tier: 'x'"),
        (("words", "x", "x"), Settings(phones_tier="x"), "2 tiers fit --phones-tier: 'x'"),
    ],
)
def test_duplicate_names_are_refused(
    tiers: tuple[str, ...], settings: Settings, message: str
) -> None:
    with pytest.raises(TextGridError, match=rf"^a\.TextGrid: {message}"):
        select_tiers(grid(*tiers), settings)


def test_a_speaker_must_agree_with_the_named_tier() -> None:
    textgrid = grid("A - words", "A - phones", "B - words", "B - phones")
    with pytest.raises(TextGridError, match="tier 'A - words' belongs to 'A', not to 'B'"):
        select_tiers(textgrid, Settings(words_tier="A - words", speaker="B"))
    with pytest.raises(TextGridError, match="no speaker 'Anna'"):
        select_tiers(
            grid("words", "phones"),
            Settings(words_tier="words", phones_tier="phones", speaker="Anna"),
        )


@pytest.mark.parametrize(("written", "typed"), [("NFC", "NFD"), ("NFD", "NFC")])
def test_names_compare_in_any_normal_form(written: str, typed: str) -> None:
    name, option = (unicodedata.normalize(form, "Zoë") for form in (written, typed))
    textgrid = grid(f"{name} - words", f"{name} - phones", "Ben - words", f"{name}x")
    for settings in (
        Settings(speaker=option),
        Settings(words_tier=f"{option} - words", speaker=option),
        Settings(words_tier=f"{option} - words", phones_tier=f"{option} - phones"),
    ):
        words, phones = select_tiers(textgrid, settings)
        assert phones is not None
        assert (words.name, phones.name) == (f"{name} - words", f"{name} - phones")
    assert tier_by_name(textgrid, f"{option}X", "--sentences").name == f"{name}x"


def test_a_speaker_whose_words_look_like_silence_talks_if_there_are_phones() -> None:
    """One speaker says "[stole]", the other's only label is a noise."""
    textgrid = grid(
        tier("A - words", "[stole]"),
        tier("A - phones", "S"),
        tier("B - words", "[noise]"),
        tier("B - phones", "NSN"),
    )
    assert select_tiers(textgrid, Settings())[0].name == "A - words"


def test_usual_names_of_emu_hold_words_and_phones_where_no_surer_name_does():
    assert names(grid("Utterance", "Word", "Phonetic"), Settings()) == ("Word", "Phonetic")
    assert names(grid("Word", "Phonetic", "Phoneme"), Settings()) == ("Word", "Phoneme")


@pytest.mark.parametrize("label", ["-1", "30", "1.5", "0,3", "30%", "nan", "inf", "2e-0", "high"])
def test_labels_that_are_no_confidences_are_noted(label):
    words = [Interval(0.0, 1.0, "yes"), Interval(1.0, 2.0, "no")]
    rated = (Interval(0.0, 1.0, "0.5"), Interval(1.0, 2.0, label))
    told = TextGrid(0.0, 2.0, (IntervalTier("confidence", 0.0, 2.0, rated),), "a")
    confidences, (note,) = read_confidences(told, words)
    assert confidences == [None, None]
    assert note.startswith("tier 'confidence': 1 of 2 labels are no numbers from 0 to 1, such as ")
    assert repr(label) in note


@pytest.mark.parametrize("label", ["0", "1", ".5", "1.0", "1e-3", "9.9E-05"])
def test_numbers_from_0_to_1_are_confidences_without_a_note(label):
    told = TextGrid(0.0, 1.0, (tier("confidence", label),), "a")
    assert read_confidences(told, [Interval(0.0, 1.0, "yes")]) == ([float(label)], [])
