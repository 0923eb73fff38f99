"""Texts become words: written, spoken, and by sentence."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lemf.aligner.transcript import read_words


def texts(text):
    return [word.text for word in read_words(text)]


def spoken(text):
    return [word.spoken for word in read_words(text)]


def sentences(text):
    return [word.sentence for word in read_words(text)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", []),
        (" \n\t ", []),
        ("— … !", []),
        ("😀 👍🏽", []),
        ("He said: “no”, twice.", ["He", "said", "no", "twice"]),
        ("don't o'clock well-known", ["don't", "o'clock", "well-known"]),
        ("wait—no -- stop...now…please", ["wait", "no", "stop", "now", "please"]),
        ("the 25 men won $1,000.50 & 5 % of 20°C", None),
        ("<b>said</b> [[h@l'oU]] it | ok", ["b", "said", "b", "h@l'oU", "it", "ok"]),
        ("wow😀great 1️⃣", ["wow", "great", "1"]),
        ("a\x00b\ud800c\u202ed", ["a", "b", "cd"]),
        ("sof\u00adten \ufeffx", ["soften", "x"]),
        ("cafe\u0301", ["caf\u00e9"]),
        (
            "नमी \u0646\u0645\u06cc\u200c\u062f\u0627\u0646\u0645",
            ["नमी", "\u0646\u0645\u06cc\u200c\u062f\u0627\u0646\u0645"],
        ),
        ("我昨天去。你好，iPhone手机", ["我", "昨", "天", "去", "你", "好", "iPhone", "手", "机"]),
        ("我 昨天 去 了。", ["我", "昨天", "去", "了"]),
        ("私は学校に、行きました", ["私は", "学校に", "行きました"]),
        ("ฉันไม่รู้\u200bว่า", ["ฉันไม่รู้", "ว่า"]),
    ],
)
def test_words_are_written_without_the_punctuation_around_them(text, words):
    expected = words or text.split()
    assert texts(text) == ([] if words == [] else expected)


def test_punctuation_stays_for_the_synthesiser():
    assert spoken("— Oh, no — never !") == ["—Oh,", "no—", "never!"]


FRAMES = [
    "*",
    "**",
    "***",
    "~",
    "~~",
    "=",
    "==",
    "+",
    "++",
    "§",
    "#",
    "##",
    "_",
    "__",
    "`",
    "```",
    "^",
    "&",
    "@",
    "%",
    "/",
    "•",
    "·",
    "†",
    "¶",
    "©",
    "®",
    "°",
    "€",
    "$",
    "¤",
    "×",
    "¬",
    "＊",
    "‿",
]


@settings(max_examples=20, deadline=None)
@given(
    words=st.lists(
        st.sampled_from(["so", "don't", "really", "Ärger", "мы", "नमी"]), min_size=1, max_size=4
    ),
    data=st.data(),
)
def test_marks_that_frame_words_change_nothing(words, data):
    place = data.draw(st.integers(0, len(words) - 1))
    end = data.draw(st.sampled_from(["", ",", "!"]))
    before, word, after = words[:place], words[place], words[place + 1 :]
    plain = read_words(" ".join([*before, word + end, *after]))
    for frame in FRAMES:
        framed = f"{frame}{word}{frame}{end}"
        assert read_words(" ".join([*before, framed, *after])) == plain, frame


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("“*so*” **so.** *so are you*, §so #so", ["“so”", "so.", "so", "are", "you,", "so", "so"]),
        ("# A title #\n* one\n+ two\n== three ==", ["A", "title", "one", "two", "three"]),
        ("*un*believable f*ck 2*3", ["unbelievable", "f*ck", "2*3"]),
        ("$5 5€ 5% -5 \u22125 +5 §5 5° °C C++ C# A+ & @me", None),
        (
            "*5* $5$ =5= *5%* (-$5) and 5 % + 5",
            [*["5", "5", "5", "5%", "(-$5)", "and", "5", "%", "+", "5"]],
        ),
        ("ＡＢＣ１ 𝐬𝐨 ﬁne x² 1º", ["ABC1", "so", "fine", "x²", "1º"]),
    ],
)
def test_signs_are_spoken_where_they_are_content(text, words):
    assert spoken(text) == (words or text.split())


def test_labels_are_as_written_but_for_frames():
    assert texts("*so* -5 (\u22125) -5- ＡＢ -so") == ["so", "-5", "\u22125", "5", "ＡＢ", "so"]


def test_marks_of_markup_are_never_spoken():
    assert not set("<>[]{}|\\") & set("".join(spoken("<b>a</b> [[b]] {c} d|e f\\g")))


@pytest.mark.parametrize(
    ("text", "indices"),
    [
        ("One two. Three!  Four? Five", [0, 0, 1, 2, 3]),
        ("Dr. Smith met J. Doe. Yes.", [0, 0, 0, 0, 0, 1]),
        ("Am 3. Mai z.B. Anna.", [0, 0, 0, 0, 0]),
        ("Really?! he said... twice. Oh", [0, 0, 0, 0, 1]),
        ("A title\n\nA text\nof two lines", [0, 0, 1, 1, 1, 1, 1]),
        ("मैं हूँ। तुम", [0, 0, 1]),
        ("他来。我去", [0, 0, 1, 1]),
        ("“Yes.” “No.”", [0, 1]),
    ],
)
def test_sentences_are_counted(text, indices):
    assert sentences(text) == indices


@given(st.text(alphabet=st.characters(), max_size=60))
def test_any_text_becomes_words_that_can_be_spoken(text):
    words = read_words(text)
    for word in words:
        assert word.text
        assert unicodedata.normalize("NFKC", word.text) in unicodedata.normalize(
            "NFKC", word.spoken
        )
        assert not word.spoken.isspace()
        assert not any(unicodedata.category(c) in ("Cc", "Cs", "Co", "Cn") for c in word.spoken)
        word.spoken.encode()
    assert [word.sentence for word in words] == sorted(word.sentence for word in words)


@given(st.lists(st.text("abcdeéж", min_size=1), max_size=30))
def test_plain_words_are_parted_by_blanks_alone(words):
    assert texts(" ".join(words)) == [unicodedata.normalize("NFC", word) for word in words]
