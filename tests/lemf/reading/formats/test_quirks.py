"""What tools leave out, round, repeat and mix; what is refused, and by which name."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lemf
from lemf.errors import AlignerError, NoWordsError, TextGridError
from lemf.reading.alignment_files import parse_textgrid, read_textgrid
from lemf.transcription.text_files import read_transcript

FOLDER = Path(__file__).with_name("lookalikes")
ONE_S = lemf.Audio.from_samples(np.full(16000, 0.1), 16000, name="talk.wav")


def words(content, audio=None, tier="words", path="a"):
    content = content if isinstance(content, str | bytes) else json.dumps(content)
    textgrid = parse_textgrid(content, path, audio=audio)
    (found,) = [one for one in textgrid.tiers if one.name == tier]
    return [(one.label, one.start_s, one.end_s) for one in found.intervals if one.label]


def segments(*rows, **more):
    return {"segments": [{"start": 0, "end": 9, "text": "", "words": list(rows), **more}]}


def word(text, start, end, **more):
    return {"word": text, "start": start, "end": end, **more}


# Words without times


def test_words_without_times_are_left_out_and_named():
    document = segments(word("in", 0.1, 0.2), {"word": "2014"}, word("we", 0.5, 0.7))
    assert words(document) == [("in", 0.1, 0.2), ("we", 0.5, 0.7)]
    (note,) = parse_textgrid(json.dumps(document)).notes
    assert note == "left out of tier 'words', since they have no time or no length: '2014'"


def test_gentle_leaves_out_words_that_were_not_heard_and_knows_unknown_ones():
    heard = {"case": "success", "start": 0.1, "end": 0.3, "word": "Xyzzy", "alignedWord": "<unk>"}
    heard["phones"] = [{"phone": "oov_S", "duration": 0.2}]
    document = {"transcript": "", "words": [heard, {"case": "not-found-in-audio", "word": "tried"}]}
    assert words(document) == [("Xyzzy", 0.1, 0.3)]
    assert words(document, tier="phones") == [("spn", 0.1, pytest.approx(0.3))]
    assert "'tried'" in parse_textgrid(json.dumps(document)).notes[0]


def test_words_without_any_time_are_one_error():
    with pytest.raises(TextGridError, match=r"^a: none of the 2 words has a time; lemf align"):
        words(segments({"word": "in"}, {"word": "we"}))


def test_words_of_no_length_are_left_out_as_whisper_writes_them():
    assert words(segments(word(" so", 0.1, 0.1), word(" we", 0.1, 0.4))) == [("we", 0.1, 0.4)]


# Pieces of words


def test_pieces_without_a_space_before_them_go_on_with_the_word():
    pieces = [
        word(" well", 0.1, 0.3),
        word("-known", 0.3, 0.6),
        word(" I", 0.7, 0.8),
        word(".", 0.8, 0.9),
    ]
    assert words(segments(*pieces)) == [("well-known", 0.1, 0.6), ("I.", 0.7, 0.8)]


def test_words_of_a_script_without_spaces_stay_apart():
    assert [text for text, *_ in words(segments(word("今日", 0, 0.4), word("は", 0.4, 0.5)))] == [
        "今日",
        "は",
    ]


def test_letters_that_whisper_cpp_cuts_are_joined():
    pieces = [("節".encode()[:2], 0, 300), ("節".encode()[2:], 300, 500), ("約".encode(), 500, 900)]
    token = b'{"text": "%s", "offsets": {"from": %d, "to": %d}}'
    tokens = b", ".join(token % piece for piece in pieces)
    content = b'{"transcription": [{"offsets": {}, "text": "", "tokens": [%s]}]}' % tokens
    assert words(content) == [("節", 0.0, 0.5), ("約", 0.5, 0.9)]


# Times


def test_a_last_word_that_ends_after_the_recording_is_cut_with_a_note():
    document = segments(word("so", 0.1, 0.3), word("we", 0.7, 1.2))
    assert words(document, ONE_S) == [("so", 0.1, 0.3), ("we", 0.7, 1.0)]
    notes = parse_textgrid(json.dumps(document), audio=ONE_S).notes
    assert notes == ("cut at the end of the recording, 1.00 s: 'we' of tier 'words' (1.20 s)",)
    far = segments(word("so", 0.1, 0.3), word("we", 0.7, 2.2))
    with pytest.raises(TextGridError, match=r"goes to 2\.200 s but the recording ends at 1\.000 s"):
        lemf.score(ONE_S, json.dumps(far).encode(), lemf.Settings(duration="word"))


def test_neighbours_that_overlap_by_rounding_are_parted():
    assert words("a 1 0.10 0.21 so\na 1 0.30 0.20 we\n") == [("so", 0.1, 0.3), ("we", 0.3, 0.5)]


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([("so", 0.1, 0.5), ("we", 0.3, 0.7)], r"\(0\.3-0\.7 s\) .* overlaps"),
        ([("so", 0.5, 0.1), ("we", 0.6, 0.7)], r"\(0\.5-0\.1 s\) .* ends before it starts"),
        ([("so", 0.5, 0.7), ("we", 0.1, 0.2)], r"comes after a later interval"),
    ],
)
def test_overlaps_and_negative_lengths_are_one_line(rows, fault):
    document = json.dumps(segments(*(word(*row) for row in rows))).encode()
    with pytest.raises(TextGridError, match=fault):
        lemf.score(ONE_S, document, lemf.Settings(duration="word"))


@pytest.mark.parametrize("time", ['"0.5"', "NaN", "Infinity", "1e300", "true", "[1]"])
def test_a_time_that_is_none_is_refused_with_its_word(time):
    with pytest.raises(TextGridError, match=r"^a: word 1 'so': the start is .*not a time"):
        words(f'{{"words": [{{"word": "so", "start": {time}, "end": 1}}]}}')


def test_silences_are_not_counted_among_the_words():
    rows = '{"word": "so", "start": 0, "end": 1}, {"word": " "}, {"text": ""}, {"word": "we", '
    with pytest.raises(TextGridError, match=r"^a: word 2 'we': the start is .*not a time"):
        words(f'{{"words": [{rows}"start": "x", "end": 2}}]}}')


@pytest.mark.parametrize("rate_hz", [8000, 16000, 44100, 48000])
def test_samples_and_units_of_htk_are_told_by_the_recording(rate_hz):
    audio = lemf.Audio.from_samples(np.full(rate_hz * 2, 0.1), rate_hz)
    for per_s in (rate_hz, 10_000_000):
        line = f"{per_s // 10} {per_s * 19 // 10} so\n"
        assert words(line, audio) == [("so", pytest.approx(0.1), pytest.approx(1.9))]
    with pytest.raises(TextGridError, match="look like milliseconds"):
        words("100 1900 so\n", audio)


def test_samples_without_a_recording_are_taken_at_the_rate_of_timit_with_a_note():
    textgrid = parse_textgrid("1600 8000 so\n8000 16000 we\n")
    assert [one.end_s for one in textgrid.tiers[0].intervals] == [0.1, 0.5, 1.0]
    assert textgrid.notes == ("times are samples, taken as 16000 Hz, the rate of TIMIT",)


@pytest.mark.parametrize(("rate_hz", "of_labels_hz"), [(22050, 16000), (16000, 8000)])
def test_samples_that_fit_another_rate_far_better_are_noted(rate_hz, of_labels_hz):
    audio = lemf.Audio.from_samples(np.full(rate_hz * 8, 0.1), rate_hz)
    ends = f"end at {7.9 * of_labels_hz / rate_hz:.2f} of its 8.00 s"
    (note,) = parse_textgrid(f"1600 {int(7.9 * of_labels_hz)} so\n", audio=audio).notes
    assert note.startswith(f"times taken as samples at {rate_hz:,} Hz")
    assert ends in note
    assert f"as samples at {of_labels_hz:,} Hz they would end at 7.90 s" in note
    for own_s in (7.9, 6.9):  # the last word, and a silent end
        assert parse_textgrid(f"1600 {int(own_s * rate_hz)} so\n", audio=audio).notes == ()


def test_samples_beyond_the_recording_are_refused_with_the_rate_that_fits():
    audio = lemf.Audio.from_samples(np.full(16000 * 8, 0.1), 16000)
    with pytest.raises(TextGridError, match=r"^a: .*at 16,000 Hz.*at 22,050 Hz .*at 7\.90 s"):
        parse_textgrid(f"1600 {int(7.9 * 22050)} so\n", "a", audio=audio)


# Speakers, recordings, channels


def test_speakers_get_tiers_of_their_own():
    document = segments(
        word("so", 0.1, 0.2, speaker="SPEAKER_00"), word("we", 0.3, 0.4, speaker="SPEAKER_01")
    )
    assert words(document, tier="SPEAKER_01 - words") == [("we", 0.3, 0.4)]
    one = segments(word("so", 0.1, 0.2, speaker="A"), word("we", 0.3, 0.4, speaker="A"))
    assert words(one) == [("so", 0.1, 0.2), ("we", 0.3, 0.4)]


CTM = ";; comment\nhall 1 0.1 0.2 no\ntalk 1 0.2 0.3 yes 0.9\nyour-talk 1 0.3 0.3 oh\n"


def test_a_ctm_of_several_recordings_is_read_for_the_one_at_hand():
    assert words(CTM, ONE_S) == [("yes", 0.2, 0.5)]
    other = lemf.Audio.from_samples(np.full(16000, 0.1), 16000, name="x/your talk.wav")
    assert words(CTM, other) == [("oh", 0.3, pytest.approx(0.6))]
    assert words(CTM, path="b/hall.ctm") == [("no", 0.1, pytest.approx(0.3))]
    with pytest.raises(TextGridError, match=r"^a: times of 3 recordings .*none named 'a'"):
        words(CTM)
    assert words("utt7 1 0.1 0.2 no\n", ONE_S) == [("no", 0.1, pytest.approx(0.3))]


@pytest.mark.parametrize("named", ["talk", "talk.wav", "utt7"])
@pytest.mark.parametrize(
    "form", ["{} 1 0.1 0.2 no\n", '#!MLF!#\n"*/{}.lab"\n1000000 4000000 no\n.\n']
)
def test_the_only_recording_of_a_file_is_noted_where_it_has_another_name(form, named):
    stem = "talk" if named == "talk.wav" and "MLF" in form else named
    notes = parse_textgrid(form.format(stem), "a", audio=ONE_S).notes
    other = ("a: its only recording is named 'utt7'; read for 'talk'",)
    assert notes == (other if named == "utt7" else ())


def test_channels_of_a_ctm_are_speakers():
    ctm = "talk A 0.1 0.2 no\ntalk B 0.2 0.3 yes\n"
    assert words(ctm, tier="B - words") == [("yes", 0.2, 0.5)]
    with pytest.raises(TextGridError, match=r"several speakers: 'A', 'B'; choose one"):
        lemf.score(ONE_S, ctm.encode(), lemf.Settings(duration="word"))


def test_a_master_label_file_is_read_for_the_recording_at_hand():
    mlf = '#!MLF!#\n"*/hall.lab"\n0 3000000 no\n.\n"*/talk.rec"\n1000000 4000000 yes -9\n.\n'
    assert words(mlf, ONE_S) == [("yes", pytest.approx(0.1), pytest.approx(0.4))]
    with pytest.raises(TextGridError, match="times of 2 recordings"):
        words(mlf)


def test_a_word_without_a_speaker_is_that_of_the_segment_or_of_the_speaker_before():
    rows = [word("so", 0.1, 0.2, speaker="B"), word("we", 0.3, 0.4)]
    document = segments(*rows, speaker="A")
    assert words(document, tier="A - words") == [("we", 0.3, 0.4)]
    assert words(segments(*rows)) == [("so", 0.1, 0.2), ("we", 0.3, 0.4)]


# Words or phones, words or sentences


def test_phones_and_words_of_the_same_shape_are_told_apart_by_their_lengths():
    phones = "".join(
        f"0.{n}00 0.{n}80 {name}\n" for n, name in enumerate(["m", "iy1", "n", "dh"], 1)
    )
    assert len(words(phones, tier="phones")) == 4
    for end in (1, 4):
        rows = enumerate(["I", "am", "so", "ok"], 1)
        assert len(words("".join(f"{n}.0 {n}.{end} {name}\n" for n, name in rows))) == 4
    assert len(words("0.1 0.2 我\n0.2 0.3 是\n0.3 0.4 好\n")) == 3


def test_numbers_as_ids_labels_first_and_tables_of_ms():
    assert words("0001 1 0.10 0.20 so 0.9\n") == [("so", 0.1, pytest.approx(0.3))]
    assert words("so 0.1 0.3\nwe 0.3 0.5 -9.5\n") == [("so", 0.1, 0.3), ("we", 0.3, 0.5)]
    for separator in ("\t", ","):
        rows = [("start", "end", "text"), ("100", "300", "so"), ("300", "500", '"we"')]
        table = "".join(f"{separator.join(row)}\n" for row in rows)
        assert words(table) == [("so", 0.1, 0.3), ("we", 0.3, 0.5)]
    with pytest.raises(TextGridError, match=r"^a: line 1: 0,1 has a decimal comma; write a point"):
        words("0,1\t0,3\tso\n")
    with pytest.raises(TextGridError, match="labels of points in time"):
        words("0.1\t0.1\tso\n")


def test_a_word_of_htk_ends_before_the_silence_behind_it():
    lab = "0 2000000 s so\n2000000 4000000 ow\n4000000 5000000 sp\n5000000 9000000 w we\n"
    assert words(lab) == [("so", 0.0, pytest.approx(0.4)), ("we", 0.5, pytest.approx(0.9))]


def test_times_of_assemblyai_are_milliseconds():
    document = {"audio_duration": 1, "words": [{"text": "so", "start": 100, "end": 300}]}
    assert words(document) == [("so", 0.1, 0.3)]
    del document["audio_duration"]
    textgrid = parse_textgrid(json.dumps(document))
    assert textgrid.tiers[0].intervals[1].end_s == 0.3
    assert textgrid.notes == ("times are whole numbers, taken as milliseconds",)
    for start, end in ((100, 102), (100.0, 122.5)):  # seconds
        document["words"] = [{"text": "so", "start": start, "end": end}]
        assert words(document) == [("so", start, end)]


def test_a_line_of_one_word_that_youtube_repeats_is_one_word():
    cue = "00:00:0{}.000 --> 00:00:0{}.000\n"
    vtt = f"WEBVTT\n\n{cue.format(0, 1)}so\n\n{cue.format(1, 2)}so\nwe<00:00:01.500><c> are</c>\n"
    assert words(vtt) == [("so", 0, 1), ("we", 1, 1.5), ("are", 1.5, 2)]


def test_documents_per_line_and_without_words():
    one = json.dumps({"result": [word("so", 0.1, 0.2, conf=1.0)], "text": "so"})
    assert words(f"{one}\n{one.replace('0.1', '0.0')}\n") == [("so", 0.1, 0.2), ("so", 0.0, 0.2)]
    silent = {"text": "", "segments": [], "language": "en"}
    with pytest.raises(lemf.NoWordsError):
        lemf.score(ONE_S, json.dumps(silent).encode(), lemf.Settings(duration="word"))


def test_cues_that_no_empty_line_parts_and_words_that_are_numbers():
    cue = "{}\n00:00:00,{} --> 00:00:00,{}\n{}\n"
    srt = (
        cue.format(1, 100, 300, "so")
        + cue.format(2, 300, 500, 2014)
        + "\n"
        + cue.format(3, 500, 700, 7)
    )
    assert [text for text, *_ in words(srt)] == ["so", "2014", "7"]


def test_quirks_of_label_files():
    assert words("0.22 100 pau\n0.50 100 so\n0.80 100 we\n") == [
        ("pau", 0.0, 0.22), ("so", 0.22, 0.5), ("we", 0.5, 0.8),
    ]  # fmt: skip
    hmm = "".join(f"{k}00000 {k + 1}00000 {p}[{s}] -70\n" for k, (p, s) in enumerate(
        [(p, s) for p in "ab" for s in (2, 3, 4)]))  # fmt: skip
    assert words(hmm, tier="phones") == [("a", 0.0, 0.03), ("b", 0.03, pytest.approx(0.06))]


SENTENCES = {
    "srt": "1\n00:00:00,100 --> 00:00:00,900\nI never said it\n\n",
    "vtt": "WEBVTT\n\n00:00.100 --> 00:00.900\n<v Ann>I never said it</v>\n",
    "whisper": json.dumps(
        {"text": "", "segments": [{"start": 0.1, "end": 0.9, "text": " I never"}]}
    ),
    "whisper.cpp": json.dumps(
        {"transcription": [{"offsets": {"from": 0, "to": 900}, "text": " I never said"}]}
    ),
    "audacity": "0.1\t0.9\tI never said it\n",
    "timit": "0 14400 I never said you stole it.\n",
    "short timit": "0 14400 Do it.\n",
    "nemo segments": "a 1 0.10 0.80 i<space>never<space>said NA lex NA\n",
    "unspaced": "1\n00:00:00,100 --> 00:00:00,900\n今日は節約術を紹介します\n\n",
    "whisper tsv": "start\tend\ttext\n100\t900\tI never said it\n",
    "stm": "talk 1 Ann 0.10 0.90 <o,f0,male> I never said it\n",
}


@pytest.mark.parametrize("kind", SENTENCES)
def test_times_of_sentences_are_refused_as_such(kind):
    with pytest.raises(TextGridError, match=r"^a: .*with times of sentences, not of words; \w+"):
        parse_textgrid(SENTENCES[kind], "a")


def test_a_voice_tag_does_not_mark_a_word():
    with pytest.raises(TextGridError, match="times of sentences"):
        parse_textgrid("WEBVTT\n\n00:00.100 --> 00:00.900\n<i>I never said it</i>\n")


# ELAN and EMU

EAF = """<?xml version="1.0" encoding="UTF-8"?>
<ANNOTATION_DOCUMENT><HEADER TIME_UNITS="milliseconds">%s</HEADER><TIME_ORDER>
<TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="100"/><TIME_SLOT TIME_SLOT_ID="ts2"/>
<TIME_SLOT TIME_SLOT_ID="ts3" TIME_VALUE="900"/></TIME_ORDER>
<TIER TIER_ID="gloss" PARENT_REF="words">
<ANNOTATION><REF_ANNOTATION ANNOTATION_ID="g1" ANNOTATION_REF="a1"><ANNOTATION_VALUE>x
</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION></TIER><TIER TIER_ID="words">
<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts3">
<ANNOTATION_VALUE>so</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION>
<ANNOTATION><ALIGNABLE_ANNOTATION ANNOTATION_ID="a2" TIME_SLOT_REF1="ts3" TIME_SLOT_REF2="ts2">
<ANNOTATION_VALUE>we</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER>
<TIER TIER_ID="parts" PARENT_REF="words">
<ANNOTATION><REF_ANNOTATION ANNOTATION_ID="p1" ANNOTATION_REF="a1"><ANNOTATION_VALUE>s
</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION>
<ANNOTATION><REF_ANNOTATION ANNOTATION_ID="p2" ANNOTATION_REF="a1" PREVIOUS_ANNOTATION="p1">
<ANNOTATION_VALUE>o</ANNOTATION_VALUE></REF_ANNOTATION></ANNOTATION></TIER>
</ANNOTATION_DOCUMENT>"""


def test_elan_tiers_without_times_of_their_own():
    textgrid = parse_textgrid(EAF % "")
    assert [tier.name for tier in textgrid.tiers] == ["gloss", "words"]
    assert words(EAF % "", tier="gloss") == [("x", 0.1, 0.9)]
    assert words(EAF % "") == [("so", 0.1, 0.9)]
    assert textgrid.notes == (
        "left out of tier 'words', since they have no time or no length: 'we'",
        "tiers without times, left out: 'parts'",
    )
    with pytest.raises(TextGridError, match=r"are 'gloss', 'words'; tiers without .*: 'parts'"):
        lemf.score(ONE_S, textgrid, lemf.Settings(words_tier="parts", duration="word"))


def test_the_offset_of_elan_is_added():
    media = '<MEDIA_DESCRIPTOR MEDIA_URL="file:///%s.wav" TIME_ORIGIN="%d"/>'
    two = media % ("talk", 50) + media % ("film", 7000)
    assert words(EAF % two, ONE_S) == [("so", pytest.approx(0.15), pytest.approx(0.95))]


@pytest.mark.parametrize("declaration", ['<!DOCTYPE x [<!ENTITY a "b">]>', "<!DOCTYPE x>"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_xml_with_a_document_type_is_refused(declaration, encoding):
    text = (EAF % "").replace("<ANNOTATION_DOCUMENT>", f"{declaration}<ANNOTATION_DOCUMENT>")
    content = text.replace("UTF-8", encoding).encode(encoding)
    with pytest.raises(TextGridError, match="XML with a document type"):
        parse_textgrid(content)


def test_links_of_emu_in_a_circle_come_to_an_end():
    items = [{"id": n, "labels": [{"name": "Word", "value": "so"}]} for n in (1, 2)]
    level = {"name": "Word", "type": "ITEM", "items": items}
    links = [{"fromID": 1, "toID": 2}, {"fromID": 2, "toID": 1}, {"fromID": 1, "toID": 3}]
    segment = {"id": 3, "sampleStart": 100, "sampleDur": 799, "labels": []}
    document = {"sampleRate": 1000, "links": links, "levels": [level, {"items": [segment]}]}
    assert words(document, tier="Word") == [("so", 0.1, 0.9)] * 2


# Pairs


def test_words_and_phones_of_a_pair_find_each_other(tmp_path):
    for suffix, text in ((".wrd", "1600 8000 so\n"), (".phn", "1600 4000 s\n4000 8000 ow\n")):
        (tmp_path / f"a{suffix}").write_text(text)
    for suffix in (".wrd", ".phn"):
        tiers = {tier.name for tier in read_textgrid(tmp_path / f"a{suffix}").tiers}
        assert tiers == {"words", "phones"}


# Encodings and refusals


def test_labels_in_a_code_page_are_noted():
    text = "0.1 0.4 Begrüßung\n0.4 0.8 schön\n0.8 1.2 Mädchen\n"
    assert words(text.encode("cp1252"))[0] == ("Begrüßung", 0.1, 0.4)
    (note,) = parse_textgrid(text.encode("cp1252")).notes
    assert note.startswith("the file is not UTF-8; read as Windows-1252")


UNKNOWN = {
    b"%PDF-1.7\n%\xe2\xe3": "a PDF",
    b"PK\x03\x04\x14\0\0\0word/document.xml": "a Word document",
    b"PK\x03\x04\x14\0\0\0a.TextGrid": "a zip archive",
    b"RIFF\x24\0\0\0WAVEfmt ": "a recording; name the recording first",
    b"fLaC\0\0\0\x22": "a recording",
    b"\x89PNG\r\n": "a picture",
    b"\x1f\x8b\x08\0": "a compressed file",
    b"{\\rtf1 hello": "RTF",
    b"<!DOCTYPE html>\n<html>": "a page of HTML",
    b"<html><body>": "a page of HTML",
    b'<?xml version="1.0"?><basic-transcription/>': "XML of another program than ELAN",
    b"@UTF8\n@Begin\n*CHI: hello": "a CHAT transcript",
    b"[Script Info]\nTitle: x": "subtitles in ASS format",
    b"[00:01.00] a line of a song": "lines of text with times of lines",
    b"SPEAKER talk 1 0.1 0.9 <NA> <NA> A <NA>\n": "RTTM",
    b'{"audio": "a.wav", "label": 3}': "JSON of no aligner or recogniser",
    b"[1, 2, 3]": "JSON of no aligner or recogniser",
    b'"text"': "text without times",
    b"I never said you stole it.\n": "text without times of words; lemf align",
}


@pytest.mark.parametrize("content", UNKNOWN, ids=repr)
def test_other_files_are_refused_by_what_they_are(content):
    with pytest.raises(TextGridError, match=rf"^a: not a TextGrid but .*{UNKNOWN[content]}"):
        parse_textgrid(content, "a")


def test_what_is_very_long_is_refused_at_once():
    many = "9" * 5000
    for content in (
        f"SFrm EFrm Word\n 0 {many} -1 so\nTotal score: -1\n",
        f"0 {many} so\n",
        f"0.0 {many} so\n",
        f"a 1 0.1 {many} so\n",
        "WEBVTT\n\n00:00.100 --> 00:00.900\n" + "<u>" * 500_000,
        '{"levels": [], "sampleRate": ' + many + "}",
    ):
        with pytest.raises(TextGridError):
            lemf.score(ONE_S, content.encode(), lemf.Settings(duration="word"))


@pytest.mark.parametrize(
    "content", ["{", "[", "[" * 100_000, "[[[[", "[{", '[{"word": ', "[[0.1, 0"]
)
def test_json_that_is_cut_off_is_refused_as_such(content):
    with pytest.raises(TextGridError, match=r"^a: damaged JSON \("):
        parse_textgrid(content, "a")


@pytest.mark.parametrize("content", ["[noise] so it is", "[[noise]] so", "{laugh} so"])
def test_transcripts_that_open_with_a_bracket_are_no_json(content):
    with pytest.raises(TextGridError, match="text without times of words"):
        parse_textgrid(content, "a")


def test_damaged_json_and_xml_are_refused_as_such():
    with pytest.raises(TextGridError, match=r"^a: damaged JSON \(.*line 1"):
        parse_textgrid('{"words": [', "a")
    with pytest.raises(TextGridError, match=r"^a: damaged XML \(.*line 1"):
        parse_textgrid("<ANNOTATION_DOCUMENT>", "a")
    with pytest.raises(TextGridError, match=r"^a: damaged JSON \(nested too deep\)"):
        parse_textgrid('{"a": ' + "[" * 100_000, "a")
    with pytest.raises(TextGridError, match="no total score"):
        parse_textgrid("\tSFrm\tEFrm\tSegAScr Word\n 0 9 -1 so\n", "a")


# Any words come back from every format that holds them

LABELS = st.text("abcdeèßж", min_size=3, max_size=8).filter(lambda text: text not in ("bad",))
STEPS = st.lists(st.tuples(LABELS, st.integers(0, 40), st.integers(20, 60)), min_size=1, max_size=9)


@given(STEPS)
def test_any_words_come_back_from_every_format(steps):
    rows, reached = [], 0
    for text, pause, length in steps:
        rows.append((f"x{text}", (reached + pause) / 100, (reached + pause + length) / 100))
        reached += pause + length
    clock = "00:00:{:06.3f} --> 00:00:{:06.3f}\n{}\n\n"
    written = [
        segments(*(word(*row) for row in rows)),
        segments(*(word(f" {text}", *times) for text, *times in rows)),
        {"tiers": {"words": {"type": "interval", "entries": [[s, e, t] for t, s, e in rows]}}},
        "".join(f"a 1 {s:.2f} {e - s:.2f} {t} 0.9\n" for t, s, e in rows),
        "".join(f"{s:.3f}\t{e:.3f}\t{t}\n" for t, s, e in rows),
        "".join(f"{round(s * 1e7)} {round(e * 1e7)} {t}\n" for t, s, e in rows),
        "\tSFrm\tEFrm\tSegAScr Word\n"
        + "".join(f" {round(s * 100)} {round(e * 100) - 1} -9 {t}\n" for t, s, e in rows)
        + "Total score: -9\n",
        "WEBVTT\n\n" + "".join(clock.format(s, e, t) for t, s, e in rows),
    ]
    for content in written:
        found = words(content)
        assert [row[0] for row in found] == [row[0] for row in rows]
        for (_, *times), (_, *right) in zip(found, rows, strict=True):
            assert times == pytest.approx(right, abs=1e-6)


# One number that is none


@pytest.mark.parametrize(
    ("content", "line", "found"),
    [
        ("a 1 0.1 0.2 no\na 1 0.3 0.x yes\na 1 0.6 0.1 so\n", 2, "a 1 0.3 0.x yes"),
        ("0.1\t0.2\tno\n0.3\t0.4\tyes\n0.5\tl.0\tso\n", 3, "0.5 l.0 so"),
        ("no 0.1 0.2\nyes 0.3 0.4\nso 0..5 0.6\n", 3, "so 0..5 0.6"),
    ],
    ids=["ctm", "audacity", "label first"],
)
def test_a_line_without_its_times_is_named_among_lines_with_times(content, line, found):
    with pytest.raises(TextGridError, match=rf"^a: line {line}: expected .*, found ") as caught:
        parse_textgrid(content, "a", audio=ONE_S)
    assert found in str(caught.value).replace("\t", " ")


@pytest.mark.parametrize("head", ["", "WEBVTT\n\n"])
@pytest.mark.parametrize("damaged", ["00:00:00,3o0", "00:0x:00.300", "00:00:00"])
def test_a_cue_whose_times_are_damaged_is_not_lost(head, damaged):
    cues = [("00:00:00.100", "no"), (damaged, "yes"), ("00:00:00.600", "so")]
    content = head + "".join(f"{start} --> 00:00:00.900\n{word}\n\n" for start, word in cues)
    line = 4 + head.count("\n")
    with pytest.raises(TextGridError, match=rf"^a: line {line}: expected times such as "):
        parse_textgrid(content, "a", audio=ONE_S)
    with pytest.raises(AlignerError, match=rf": line {line}: expected times such as "):
        read_transcript(content.encode())


def test_a_fault_is_counted_among_the_labels_that_the_file_has():
    content = "a 1 0.1 0.1 no\na 1 0.4 0.3 yes\na 1 0.5 0.1 so\n"
    textgrid = parse_textgrid(content, "a", audio=ONE_S)
    with pytest.raises(TextGridError, match="line 3: interval 3 'so' "):
        lemf.score(ONE_S, textgrid, lemf.Settings(duration="word"))


@pytest.mark.parametrize(
    "document",
    [
        {"segments": [], "word_segments": []},
        {"segments": [], "language": "en"},
        {"words": [], "transcript": ""},
    ],
)
def test_a_recogniser_that_heard_nothing_is_said_to_have_no_words(document):
    textgrid = parse_textgrid(json.dumps(document), "a", audio=ONE_S)
    with pytest.raises(NoWordsError, match="a: tier 'words' holds no word, only silence"):
        lemf.score(ONE_S, textgrid)


@pytest.mark.parametrize("ends", [("1000", "4000", "9x00"), ("10000", "40000", "9000o")])
def test_a_line_without_its_times_is_named_among_whole_numbers(ends):
    starts = ("0", *ends[:2])
    lines = zip(starts, ends, ("no", "yes", "so"), strict=True)
    content = "".join(f"{start} {end} {word}\n" for start, end, word in lines)
    with pytest.raises(TextGridError, match=r"^a: line 3: expected start, end and label, in samp"):
        parse_textgrid(content, "a", audio=ONE_S)


def test_a_damaged_time_inside_a_cue_is_named():
    cue = "WEBVTT\n\n00:00:00.100 --> 00:00:00.900\nno <00:00:00.300>yes <00:00:0x.600>so\n"
    with pytest.raises(TextGridError, match=r"^a: line 4: .* found '<00:00:0x\.600>'"):
        parse_textgrid(cue, "a", audio=ONE_S)
