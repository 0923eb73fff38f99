from dataclasses import replace
from pathlib import Path

import pytest

import lemf
from lemf.errors import TextGridError

EXAMPLES = Path(__file__).parents[3] / "examples"
WAV = EXAMPLES / "really.wav"


@pytest.fixture
def words():
    """The words of the example without their phones."""
    grid = lemf.read_textgrid(EXAMPLES / "really.TextGrid")
    return replace(grid, tiers=tuple(tier for tier in grid.tiers if tier.name == "words"))


def spoken(grid, name):
    (tier,) = (tier for tier in grid.tiers if tier.name == name)
    return [interval for interval in tier.intervals if interval.label]


def fill(grid, **options):
    from lemf.config import AlignSettings, Settings
    from lemf.reading.audio import read_audio
    from lemf.transcription.word_source import open_words

    aligning = AlignSettings(language="en")
    return open_words(read_audio(WAV), grid, Settings(**options), aligning=aligning)


def test_phones_cover_the_given_words_and_nothing_else(words):
    filled = fill(words)
    phones = spoken(filled, "phones")
    for word in spoken(words, "words"):
        inside = [one for one in phones if word.start_s <= one.start_s < word.end_s]
        assert inside[0].start_s == word.start_s
        assert inside[-1].end_s == word.end_s
    assert len(phones) > 2 * len(spoken(words, "words"))
    assert filled.notes == ("the phones are lemf's, found inside the given words (en)",)


def test_phones_lie_where_the_aligner_puts_them_without_the_words(words):
    aligned = lemf.align(WAV, "I really didn't mean that", language="en")
    filled = fill(replace(aligned, tiers=aligned.tiers[:1]))
    known, found = (spoken(grid, "phones") for grid in (aligned, filled))
    assert [one.label for one in found] == [one.label for one in known]
    assert max(abs(a.start_s - b.start_s) for a, b in zip(known, found, strict=True)) < 0.011


def test_a_word_in_foreign_letters_takes_any_sound(words):
    tier = words.tiers[0]
    foreign = [
        replace(one, label="очень" if one.label == "really" else one.label)
        for one in tier.intervals
    ]
    filled = fill(replace(words, tiers=(replace(tier, intervals=tuple(foreign)),)))
    assert [one.label for one in spoken(filled, "phones")].count("spn") == 1
    assert filled.notes[-1].endswith("these words: 'очень'")


def test_a_word_that_is_too_short_is_shared_out_among_its_phones(words):
    (tier,) = words.tiers
    short = [replace(one, end_s=one.start_s + 0.02) for one in tier.intervals if one.label]
    filled = fill(replace(words, tiers=(replace(tier, intervals=tuple(short)),)))
    phones = spoken(filled, "phones")
    lengths_s = [one.end_s - one.start_s for one in phones if one.start_s >= short[1].start_s]
    assert min(lengths_s) > 0
    assert sum(one.end_s - one.start_s for one in phones) == pytest.approx(0.02 * len(short))


def test_a_textgrid_with_phones_and_the_length_of_words_stay_as_they_are(words):
    whole = lemf.read_textgrid(EXAMPLES / "really.TextGrid")
    assert fill(whole) is whole
    assert fill(words, duration="word") is words


def test_without_a_language_the_remedy_is_named(words):
    with pytest.raises(TextGridError, match=r"let --language CODE find the phones, or use --dura"):
        lemf.score(WAV, words)
    emphasis = lemf.score(WAV, words, language="en")
    assert emphasis.sentences[0].ranked[0].word == "really"
    assert "unknown_word" not in {flag for word in emphasis.words for flag in word.flags}
