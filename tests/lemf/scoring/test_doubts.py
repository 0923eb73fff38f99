"""Words whose alignment plainly failed or whose F0 maximum is a lone outlier, made by hand."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

import lemf
from lemf.contours.contours import Contours
from lemf.contours.measurement import measure
from lemf.display.export import add_tiers
from lemf.display.html import format_html
from lemf.pipeline import score_measurement
from lemf.reading.alignment import Phone, Word
from lemf.scoring.doubts import alignment_flags, find_sound, pitch_flags

FAILED = {"stretched_phone", "minimum_phones", "no_sound"}
BY_DURATION = lemf.Settings(weights={"pitch": 0.0, "energy": 0.0})
EVERYWHERE = np.arange(0.0, 100.0, 0.005)


def make_word(text, start_s, *durations_s, by_length=False):
    edges_s = start_s + np.cumsum([0.0, *durations_s])
    phones = tuple(Phone("a", float(a), float(b)) for a, b in pairwise(edges_s))
    return Word(text, float(edges_s[0]), float(edges_s[-1]), phones, by_length)


def make_contours(energy, f0_hz=100.0):
    energy = np.asarray(energy, dtype=float)
    times_s = 0.005 * np.arange(len(energy))
    return Contours(times_s, np.broadcast_to(f0_hz, len(energy)).astype(float), energy)


def flags_of(*words, sound_s=EVERYWHERE):
    return alignment_flags(words, sound_s)


def test_a_phone_over_a_second_and_a_half_is_stretched():
    assert flags_of(make_word("no", 0.0, 0.1, 1.4999)) == [()]
    assert flags_of(make_word("no", 0.0, 0.1, 1.5001)) == [("stretched_phone",)]
    assert flags_of(make_word("antidisestablishment", 0.0, *[0.2] * 20)) == [()]


@pytest.mark.parametrize(("text", "longest_s"), [("it", 2.0), ("I'd", 2.0), ("stole", 2.75)])
def test_a_word_without_phones_is_judged_by_its_letters(text, longest_s):
    assert flags_of(Word(text, 1.0, 0.999 + longest_s)) == [()]
    assert flags_of(Word(text, 1.0, 1.001 + longest_s)) == [("stretched_phone",)]
    assert flags_of(Word(text, 1.0, 1.001 + longest_s, by_length=True)) == [("stretched_phone",)]


def test_eight_phones_of_the_least_length_in_a_row_failed_and_seven_did_not():
    def row(*numbers):
        words, end_s = [], 1.0
        for number in numbers:
            words.append(make_word("x", end_s, *[0.03] * number))
            end_s = words[-1].end_s
        return alignment_flags(words, EVERYWHERE)

    failed = ("minimum_phones",)
    assert row(3, 4) == [(), ()]
    assert row(8) == [failed]
    assert row(3, 1, 4) == [failed] * 3


@pytest.mark.parametrize(
    ("durations_s", "fails"),
    [
        ([0.02] * 8, True),  # an aligner with frames of 20 ms
        ([0.0304] * 8, True),  # rounded times
        ([0.04] * 20, False),  # fast speech
        ([0.03, 0.02] * 6, False),  # of unlike lengths: they were measured
        ([0.03] * 4 + [0.05] + [0.03] * 4, False),
        ([0.03] * 8 + [0.1] * 7, True),  # most are in the row
        ([0.03] * 8 + [0.1] * 8, False),
    ],
)
def test_what_is_a_row_of_the_least_length(durations_s, fails):
    assert (flags_of(make_word("x", 0.0, *durations_s)) == [("minimum_phones",)]) == fails


def test_a_pause_ends_a_row_of_short_phones():
    apart = [make_word("x", 0.0, *[0.03] * 4), make_word("x", 0.2, *[0.03] * 4)]
    assert flags_of(*apart) == [(), ()]


def test_a_word_further_than_a_quarter_of_a_second_from_sound():
    sound_s = np.arange(200) * 0.005  # until 0.995 s
    assert flags_of(make_word("a", 1.2, 0.2), sound_s=sound_s) == [()]
    assert flags_of(make_word("a", 1.3, 0.2), sound_s=sound_s) == [("no_sound",)]
    assert flags_of(make_word("a", 0.1, 0.2), sound_s=sound_s[150:]) == [("no_sound",)]
    assert flags_of(make_word("a", 0.1, 2.0, 0.1), sound_s=sound_s[150:]) == [("stretched_phone",)]


@pytest.mark.parametrize("gain", [1e-9, 1.0, 1e9])
def test_sound_is_where_the_speech_stands_out_of_the_silence(gain):
    words = [make_word("a", 0.5, 0.5), make_word("b", 1.5, 0.5)]
    energy = np.full(600, 1e-3)  # -60 dB
    energy[100:200] = 1.0
    energy[300:400] = 0.02  # -34 dB, above the middle of -30 dB only by what is below it
    energy[500] = 0.05  # -26 dB
    found = find_sound(words, make_contours(gain * energy))
    np.testing.assert_allclose(found, 0.005 * np.array([*range(100, 200), 500]), atol=1e-9)


def test_silence_of_zeros_hides_no_quiet_word():
    energy = np.zeros(600)
    energy[100:200], energy[300], energy[400] = 1.0, 0.011, 0.009  # -39 and -41 dB
    found = find_sound([make_word("a", 0.5, 0.5)], make_contours(energy))
    np.testing.assert_allclose(found, 0.005 * np.array([*range(100, 200), 300]), atol=1e-9)


def test_in_noise_all_is_sound_and_in_a_silent_recording_too():
    words = [make_word("a", 0.5, 0.5)]
    noisy = np.where(np.arange(600) // 100 == 1, 1.0, 0.12)  # silence 18 dB below
    assert len(find_sound(words, make_contours(noisy))) == 600
    assert len(find_sound(words, make_contours(np.zeros(600)))) == 600
    assert len(find_sound(words, make_contours(np.zeros(0)))) == 0


def test_a_lone_maximum_half_an_octave_up_is_doubtful():
    words = [make_word("a", 0.0, 0.5), make_word("b", 0.5, 0.5), make_word("c", 1.0, 0.5)]
    f0_hz = np.full(300, 100.0)
    assert pitch_flags(words, make_contours(np.ones(300), f0_hz)) == [(), (), ()]
    f0_hz[150] = 100.0 * 2 ** (6.1 / 12)
    assert pitch_flags(words, make_contours(np.ones(300), f0_hz)) == [(), ("doubtful_pitch",), ()]
    f0_hz[150] = 100.0 * 2 ** (5.9 / 12)
    assert pitch_flags(words, make_contours(np.ones(300), f0_hz)) == [(), (), ()]


def test_a_maximum_that_the_voice_reaches_is_not_doubtful():
    words = [make_word("a", 0.0, 0.5), make_word("b", 0.5, 0.5)]
    rise = 100.0 * 2 ** (np.sin(np.linspace(0, np.pi, 200)) * 11 / 12)  # 11 semitones and back
    assert pitch_flags(words, make_contours(np.ones(200), rise)) == [(), ()]


def test_a_word_without_clear_f0_is_compared_with_the_sentence():
    words = [make_word("a", 0.0, 0.5), make_word("b", 0.5, 0.1), make_word("c", 0.6, 0.4)]
    energy, f0_hz = np.ones(200), np.full(200, 100.0)
    energy[100:120], f0_hz[100:120] = 0.1, 180.0  # all of b: 20 dB below, 10 semitones above
    assert pitch_flags(words, make_contours(energy, f0_hz)) == [(), ("doubtful_pitch",), ()]
    f0_hz[100:120] = 120.0
    assert pitch_flags(words, make_contours(energy, f0_hz)) == [(), (), ()]
    f0_hz[100:120] = 0.0
    assert pitch_flags(words, make_contours(energy, f0_hz)) == [(), (), ()]


def test_without_any_clear_f0_nothing_is_doubtful():
    words = [make_word("a", 0.0, 0.5), make_word("b", 0.2, 0.0)]
    f0_hz = np.where(np.arange(100) % 4 == 0, 100.0, 0.0)
    assert pitch_flags(words, make_contours(np.ones(100), f0_hz)) == [(), ()]
    assert pitch_flags(words, make_contours(np.ones(100), 0.0)) == [(), ()]


@pytest.fixture
def failed(make_utterance, make_grid):
    """Three words; the last is stretched over a second and a half of silence and one phone more."""
    spoken = make_utterance((120.0, 130.0, 110.0), (0.5, 0.5, 0.5), (0.25, 0.25, 0.25))
    samples = np.concatenate([spoken.samples, 1e-5 * np.ones(4 * 16000)])
    spans = [(i.label, i.start_s, i.end_s) for i in spoken.grid.tiers[0].intervals if i.label]
    spans[-1] = ("three", spans[-1][1], 4.5)
    return samples, make_grid(spans, len(samples) / 16000)


def test_a_failed_word_is_never_silently_first(failed):
    emphasis = lemf.score(*failed, BY_DURATION, rate_hz=16000)
    one, two, three = emphasis.words
    assert (three.rank, three.flags) == (1, ("stretched_phone",))
    assert not FAILED & {*one.flags, *two.flags}
    (note,) = (note for note in emphasis.notes if "failed" in note)
    assert note == (
        "the alignment plainly failed at three (0.80-4.50 s, stretched_phone), the top word among "
        "them; correct the TextGrid"
    )
    assert str(emphasis).startswith("emphasised: three (stretched_phone), ")
    assert "stretched_phone: three (0.80 s): a phone over 1.5 s" in str(emphasis)
    assert "; doubtful: stretched_phone" in emphasis._repr_html_()
    assert "<sub>1?</sub>" in emphasis._repr_html_()
    tiers = add_tiers(failed[1], emphasis).tiers
    assert [tier.name for tier in tiers[2:]] == ["emphasis", "segment", "flags"]
    assert [i.label for i in tiers[-1].intervals if i.label] == ["stretched_phone"]


def test_the_figure_says_that_its_top_word_is_doubtful(failed):
    from lemf.display.figure import draw

    emphasis = lemf.score(*failed, BY_DURATION, rate_hz=16000)
    assert draw(emphasis)[-1].get_xlabel() == "time (s); doubtful: three (stretched_phone)"


def test_sound_words_carry_no_doubt(utterance):
    emphasis = lemf.score(utterance.wav, utterance.textgrid)
    assert emphasis.notes == ()
    assert {word.doubts for word in emphasis.words} == {""}
    assert "?" not in format_html(emphasis)
    assert [tier.name for tier in add_tiers(utterance.grid, emphasis).tiers[2:]] == [
        "emphasis",
        "segment",
    ]


def test_one_note_per_sentence_and_an_end_to_notes(failed, make_grid):
    samples, _ = failed
    spans = [(f"w{i}", 1.7 + 0.2 * i, 1.85 + 0.2 * i) for i in range(14)]
    grid = make_grid([("one", 0.1, 0.35), *spans], len(samples) / 16000)
    settings = lemf.Settings(sentences="pause:0.01")
    notes = lemf.score(samples, grid, settings, rate_hz=16000).notes
    assert len(notes) == 11
    assert notes[0].startswith("sentence 1: the alignment plainly failed at w0 (1.70-1.85 s, no_so")
    assert notes[10] == "sentences where the alignment failed, too: 4"
    (note,) = lemf.score(samples, grid, rate_hz=16000).notes
    assert note.startswith("the alignment plainly failed at w0 (1.70-1.85 s, no_sound), w1 (")
    assert note.endswith(" and 11 more; correct the TextGrid")


def test_doubtful_maxima_are_counted_where_the_papers_pitch_is_a_cue(utterance):
    measured = measure(utterance.wav, utterance.textgrid, lemf.Settings(), with_detail=True)
    f0_hz = measured.contours.f0_hz.copy()
    f0_hz[30] = 400.0  # inside the first word
    measured = replace(measured, contours=replace(measured.contours, f0_hz=f0_hz))
    emphasis = score_measurement(measured, lemf.Settings())
    assert [word.doubts for word in emphasis.words] == ["doubtful_pitch", "", ""]
    (note,) = emphasis.notes
    assert note.startswith("words whose F0 maximum is a lone outlier (doubtful_pitch): 1 of 3; ")
    other = score_measurement(measured, lemf.Settings(cues="listeners"))
    assert other.notes == ()
    assert {word.doubts for word in other.words} == {""}


def test_a_tier_without_vowels_is_noted_where_a_cue_needs_them(utterance):
    words, phones = utterance.grid.tiers
    hidden = tuple(replace(i, label=i.label and "t") for i in phones.intervals)
    grid = replace(utterance.grid, tiers=(words, replace(phones, intervals=hidden)))
    (note,) = lemf.score(utterance.wav, grid, lemf.Settings(cues="all")).notes
    assert note == (
        "tier 'phones': no vowel known in 3 of 3 words, such as one (t t): cues of vowels count "
        "as average there"
    )
    assert lemf.score(utterance.wav, grid).notes == ()
    assert lemf.score(utterance.wav, utterance.grid, lemf.Settings(cues="all")).notes == ()


def test_no_alignment_of_real_speech_fails(speech_data):
    pairs = [
        (wav, wav.with_suffix(".TextGrid"))
        for folder in ("libritts", "mfa")
        for wav in sorted((speech_data / folder).glob("*.wav"))
    ]
    for wav in sorted((speech_data / "emodb/wav").iterdir())[::10]:
        pairs += [
            (wav, speech_data / "emodb" / folder / f"{wav.stem}.TextGrid")
            for folder in ("textgrid", "textgrid-espeak")
        ]
    flags = [
        flag
        for wav, textgrid in pairs
        if textgrid.exists()
        for word in lemf.score(wav, textgrid).words
        for flag in word.flags
    ]
    assert len(pairs) > 15
    assert not FAILED & set(flags)


def whisper(n_voiced, n_words=7):
    """Words of 0.2 s, of which the first are voiced and the others clicks without a pitch."""
    rng = np.random.default_rng(2)
    samples = 1e-4 * rng.normal(size=16000 * n_words * 3 // 10)
    spans = [(f"w{i}", 0.3 * i + 0.05, 0.3 * i + 0.25) for i in range(n_words)]
    for i, (_, start_s, end_s) in enumerate(spans):
        place = np.arange(round(start_s * 16000), round(end_s * 16000))
        if i < n_voiced:
            samples[place] += 0.3 * np.sign(np.sin(2 * np.pi * (110 + 5 * i) * place / 16000))
        else:
            samples[place[len(place) // 2 :][:40]] += 0.3 * rng.normal(size=40)
    return samples, spans


@pytest.mark.parametrize("cues", ["paper", "listeners"])
@pytest.mark.parametrize(("n_voiced", "noted"), [(2, True), (4, False), (7, False)])
def test_a_recording_whose_words_are_mostly_unvoiced_is_noted(make_grid, cues, n_voiced, noted):
    samples, spans = whisper(n_voiced)
    settings = lemf.Settings(cues=cues)
    grid = make_grid(spans, len(samples) / 16000)
    emphasis = lemf.score(samples, grid, settings, rate_hz=16000)
    n_unvoiced = sum(np.isnan(word.pitch) for word in emphasis.words)
    told = f"{n_unvoiced} of 7 words have no voiced frame: their pitch counts as average"
    assert [note for note in emphasis.notes if note.startswith(told)] == list(
        emphasis.notes if noted else ()
    )
    assert len(emphasis.notes) == noted


def test_two_unvoiced_words_have_flags_and_no_note(make_grid):
    samples, spans = whisper(0, 2)
    emphasis = lemf.score(samples, make_grid(spans, len(samples) / 16000), rate_hz=16000)
    assert all(np.isnan(word.pitch) for word in emphasis.words)
    assert emphasis.notes == ()


@pytest.mark.parametrize("level", [0.0, 0.5])
def test_a_silent_recording_is_no_whisper(make_grid, level):
    samples, spans = whisper(0)
    grid = make_grid(spans, len(samples) / 16000)
    emphasis = lemf.score(np.full_like(samples, level), grid, rate_hz=16000)
    assert [note for note in emphasis.notes if "the recording is silent" in note]
    assert not [note for note in emphasis.notes if "whisper" in note]


def with_confidences(grid, *labels, name="confidence"):
    spans = [(word.start_s, word.end_s) for word in grid.tiers[0].intervals if word.label]
    intervals = [lemf.Interval(*span, label) for span, label in zip(spans, labels, strict=True)]
    tier = lemf.IntervalTier(name, 0.0, grid.end_s, tuple(intervals))
    return replace(grid, tiers=(*grid.tiers, tier))


def test_words_that_the_aligner_is_not_sure_of_have_a_flag_and_one_note(utterance):
    grid = with_confidences(utterance.grid, "0.49", "0.50", "1")
    emphasis = lemf.score(utterance.wav, grid)
    assert [word.flags for word in emphasis.words] == [("doubtful_alignment",), (), ()]
    (note,) = emphasis.notes
    assert note == (
        "words that the aligner is not sure of (doubtful_alignment): 1 of 3, such as one "
        "(0.10-0.35 s); listen there"
    )
    assert "doubtful_alignment: one (0.10 s): the aligner is not sure" in str(emphasis)
    assert emphasis.to_rows()[0]["flags"] == "doubtful_alignment"


@pytest.mark.parametrize("labels", [("0.1", "2", "0.3"), ("0.1", "high", "1"), ("-0.1", "0", "0")])
def test_a_tier_of_other_labels_tells_no_confidence(utterance, labels):
    emphasis = lemf.score(utterance.wav, with_confidences(utterance.grid, *labels))
    assert [word.flags for word in emphasis.words] == [(), (), ()]
    (note,) = emphasis.notes
    assert note.startswith("tier 'confidence': 1 of 3 labels are no numbers from 0 to 1, such as ")


def test_a_tier_of_words_for_confidence_is_no_fault(utterance):
    grid = with_confidences(utterance.grid, "low", "high", "high")
    assert lemf.score(utterance.wav, grid).notes == ()


def test_other_tiers_of_numbers_tell_no_confidence(utterance):
    grid = with_confidences(utterance.grid, "0.1", "0.1", "0.1", name="f0")
    plain, other = (lemf.score(utterance.wav, one) for one in (utterance.grid, grid))
    assert plain.to_rows() == other.to_rows()
