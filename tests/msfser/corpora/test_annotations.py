"""Texts that are no transcripts, as other tools write them, and transcripts that look like them."""

import pytest

from msfser.corpora.annotations import name_annotation

ANNOTATIONS = {
    "HTK": "0 3000000 sil _UTTEND_\n3000000 4500000 ay i\n4500000 8500000 n never\n",
    "HTK master file": '#!MLF!#\n"*/a.lab"\n0 1200000 sil\n.\n',
    "phones alone": "sil\nay\nn\nsil\n",
    "TIMIT": "0 51200 I never said you stole it.\n",
    "TIMIT phones": "0 3050 h#\n3050 4559 sh\n4559 5723 ix\n",
    "Audacity": "0.000000\t3.200000\thello\n",
    "Audacity with frequencies": "0.5\t1.5\thi\n\\\t100.0\t2000.0\n",
    "seconds": "0.00 0.35 hello\n0.35 0.50 you\n",
    "starts": "0.0 sil\n0.3 ay\n1.2 n\n",
    "Festival": "separator ;\nnfields 1\n#\n0.1200 26 pau\n0.2 26 ay\n",
    "HTS": "0 2050000 x^x-sil+ay=n@x_x/A:0_0/B:x-x\n2050000 3000000 x^sil-ay+n=eh@1_1/A:0_0\n",
    "HTS without times": "x^x-sil+ay=n@x_x/A:0_0_0/B:x\nx^sil-ay+n=eh@1_1/A:0_0_0/B:x\n",
    "Open JTalk": "xx^xx-sil+k=o/A:xx+xx+xx/B:xx-xx_xx/C:xx_xx+xx\n",
    "CTM": "utt1 1 0.00 0.35 hello 0.9\nutt1 1 0.35 0.50 you\n",
    "STM": "f 1 anna 0.0 1.0 <o> hello you\n",
    "SRT": "1\n00:00:00,000 --> 00:00:01,500\nI\n\n2\n00:00:02,000 --> 00:00:03,000\nit\n",
    "WebVTT": "WEBVTT\n\n00:01.000 --> 00:04.000\nhello\n",
    "SBV": "0:00:00.000,0:00:01.000\nhello\n",
    "Whisper": "[00:00.000 --> 00:02.000]  hello\n",
    "LRC": "[00:12.00]hello\n[00:15.30]you\n",
    "TextGrid": 'File type = "ooTextFile"\nObject class = "TextGrid"\n',
    "JSON": '{"text": "hello"}',
    "XML": '<?xml version="1.0"?>\n<ANNOTATION_DOCUMENT/>',
    "UTF-16": "h\0e\0l\0l\0o\0",
}
TRANSCRIPTS = (
    "I never said you stole it.",
    "hello\nworld",
    "1990 2000 were good years",
    "0 1 2 3 4 5",
    "1 2 3\n4 5 6",
    "1. one\n2. two",
    "1 hello\n2 world",
    "3.5 4.5 apples",
    "12:30 is the time",
    "10:30, 11:45, we left",
    "[laughter] well <unk> no",
    "{laugh} so",
    "sil",
    "well -- no, a-b+c=d",
    "hello\n#\nyou",
    "",
)


@pytest.mark.parametrize("kind", ANNOTATIONS)
def test_annotations_are_known_by_their_content(kind):
    text = ANNOTATIONS[kind]
    assert name_annotation(text)
    assert name_annotation("\n  " + text.replace("\n", "\n\n") + "\n")


@pytest.mark.parametrize("text", TRANSCRIPTS)
def test_transcripts_are_not_taken_for_annotations(text):
    assert name_annotation(text) == ""


def test_a_text_of_one_long_word_takes_no_time():
    for mark in ("-", "-+", "a-b+", "0 ", "1.0\t"):
        assert name_annotation(mark * 100_000) in ("", "labels with times")
