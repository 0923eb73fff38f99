"""Bytes of TextGrids in every encoding; words of the Universal Declaration of Human Rights."""

import random
from dataclasses import replace

import pytest

import lemf
from lemf.errors import SettingsError, TextGridError
from lemf.reading.code_pages import guess_code_page
from lemf.reading.encoding import decode_text
from lemf.reading.formats.praat_tokens import tokenise

# Article 1, in the encodings in which its language was written before Unicode
ARTICLE_1 = {
    "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Sie sind mit Vernunft und "
    "Gewissen begabt und sollen einander im Geiste der Brüderlichkeit begegnen. "
    "Für später über schöne Straßen": ("cp1252", "latin-1", "mac_roman"),
    "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de "
    "raison et de conscience et doivent agir les uns envers les autres dans un esprit de "
    "fraternité.": ("cp1252", "latin-1", "mac_roman"),
    "Todos los seres humanos nacen libres e iguales en dignidad y derechos y, dotados como están "
    "de razón y conciencia, deben comportarse fraternalmente los unos con los otros. "
    "mañana también niño corazón": ("cp1252", "latin-1"),
    "Alla människor är födda fria och lika i värde och rättigheter. De är utrustade med förnuft "
    "och samvete och bör handla gentemot varandra i en anda av broderskap.": ("cp1252",),
    "Wszyscy ludzie rodzą się wolni i równi pod względem swej godności i swych praw. Są oni "
    "obdarzeni rozumem i sumieniem i powinni postępować wobec innych w duchu "
    "braterstwa.": ("cp1250", "iso8859_2"),
    "Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti a práv. Jsou nadáni rozumem a "
    "svědomím a mají spolu jednat v duchu bratrství.": ("cp1250", "iso8859_2"),
    "Minden emberi lény szabadon születik és egyenlő méltósága és joga van. Az emberek, ésszel és "
    "lelkiismerettel bírván, egymással szemben testvéri szellemben kell hogy "
    "viseltessenek.": ("cp1250",),
    "Все люди рождаются свободными и равными в своем достоинстве и правах. Они наделены разумом "
    "и совестью и должны поступать в отношении друг друга в духе "
    "братства.": ("cp1251", "koi8_r", "mac_cyrillic", "iso8859_5"),
    "Всі люди народжуються вільними і рівними у своїй гідності та правах. Вони наділені розумом "
    "і совістю і повинні діяти у відношенні один до одного в дусі братерства.": ("cp1251",),
    "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα. Είναι "
    "προικισμένοι με λογική και συνείδηση, και οφείλουν να συμπεριφέρονται μεταξύ "
    "τους": ("cp1253", "iso8859_7"),
    "Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar. Akıl ve vicdana "
    "sahiptirler ve birbirlerine karşı kardeşlik zihniyeti ile hareket "
    "etmelidirler.": ("cp1254",),
    "כל בני אדם נולדו בני חורין ושווים בערכם ובזכויותיהם. כולם חוננו בתבונה ובמצפון, לפיכך חובה "
    "עליהם לנהוג איש ברעהו ברוח של אחוה": ("cp1255",),
    "يولد جميع الناس أحرارا متساوين في الكرامة والحقوق وقد وهبوا عقلا وضميرا وعليهم أن يعامل "
    "بعضهم بعضا بروح الإخاء": ("cp1256", "iso8859_6"),
    "Visi žmonės gimsta laisvi ir lygūs savo orumu ir teisėmis. Jiems suteiktas protas ir sąžinė "
    "ir jie turi elgtis vienas kito atžvilgiu kaip broliai.": ("cp1257",),
    "人 人生 而 自由 在 尊严 和 权利 上 一律 平等 他们 赋有 理性 和 良心 "
    "并 应 以 兄弟 关系 的 精神 相 对待": ("gbk", "gb2312"),
    "人 人生 而 自由 在 尊嚴 和 權利 上 一律 平等 他們 賦有 理性 和 良心 "
    "並 應 以 兄弟 關係 的 精神 相 對待": ("big5",),
    "すべて の 人間 は 生れながら に して 自由 で あり かつ 尊厳 と 権利 と "
    "に ついて 平等 で ある 人間 は 理性 と 良心 と を "
    "授けられて おり": ("shift_jis", "cp932", "euc_jp"),
    "모든 인간은 태어날 때부터 자유로우며 그 존엄과 권리에 있어 동등하다 "
    "인간은 천부적으로 이성과 양심을 부여받았으며": ("euc_kr", "cp949"),
}  # fmt: skip
CASES = [(text, encoding) for text, encodings in ARTICLE_1.items() for encoding in encodings]


def labelled(words):
    """Write a TextGrid with these words."""
    intervals = tuple(lemf.Interval(i, i + 1, word) for i, word in enumerate(words))
    tier = lemf.IntervalTier("words", 0, len(words), intervals)
    return lemf.format_textgrid(lemf.TextGrid(0, len(words), (tier,)))


def labels_of(content, **options):
    return [i.label for i in lemf.parse_textgrid(content, **options).tiers[0].intervals]


@pytest.mark.parametrize(("text", "encoding"), CASES)
def test_a_sentence_is_read_in_its_encoding_with_a_note(text, encoding):
    words = text.split()
    content = labelled(words).encode(encoding)
    grid = lemf.parse_textgrid(content)
    assert [interval.label for interval in grid.tiers[0].intervals] == words
    (note,) = grid.notes
    assert note.startswith("the TextGrid is not UTF-8; read as ")
    assert note.endswith("; --encoding decides")
    assert labels_of(content, encoding=encoding) == words


@pytest.mark.parametrize(("n_words", "share"), [(3, 0.97), (6, 0.99), (12, 0.99)])
def test_few_words_are_enough(n_words, share):
    """Measure how many samples of a few words are decoded right; five of each language."""
    rng = random.Random(1)
    right = total = 0
    for text, encoding in CASES:
        words = text.split()
        for _ in range(5):
            some = rng.sample(words, n_words)
            if all(word.isascii() for word in some):
                continue
            total += 1
            guess = guess_code_page([word.encode(encoding) for word in some])
            right += [word.encode(encoding).decode(guess.codec) for word in some] == some
    assert total > 100
    assert right / total >= share


def test_text_in_capitals_is_decoded_as_well():
    right = total = 0
    for text, encoding in CASES:
        try:
            words = [word.encode(encoding) for word in text.upper().split()[:12]]
        except UnicodeEncodeError:  # a capital that the code page lacks
            continue
        if text.upper() == text.lower() or all(map(bytes.isascii, words)):
            continue
        total += 1
        guess = guess_code_page(words)
        right += [word.decode(guess.codec) for word in words] == text.upper().split()[:12]
    assert total > 15
    assert right / total >= 0.95


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
@pytest.mark.parametrize("text", ARTICLE_1)
def test_unicode_leaves_no_note(text, encoding):
    words = text.split()
    grid = lemf.parse_textgrid(labelled(words).encode(encoding))
    assert [interval.label for interval in grid.tiers[0].intervals] == words
    assert grid.notes == ()


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_characters_need_no_mark(encoding):
    assert labels_of(labelled(["重庆", "\U0001f600"]).encode(encoding)) == ["重庆", "\U0001f600"]


def test_few_letters_are_read_as_well_as_they_can_be():
    for words, encoding in (
        (["never", "said", "重庆", "you", "银行"], "gbk"),
        (["don’t", "stop", "“now”", "really"], "cp1252"),
        (["café", "naïve", "the", "über"], "cp1252"),
        (["I", "said", "Müller"], "latin-1"),
    ):
        assert labels_of(labelled(words).encode(encoding)) == words


def test_the_note_names_another_encoding_that_fits():
    _, (note,) = decode_text('"ooTextFile" "caf\xe9"'.encode("latin-1"), "a")
    assert note == (
        "the TextGrid is not UTF-8; read as Windows-1252 (as the bytes tell); --encoding decides"
    )
    _, (note,) = decode_text(b'"ooTextFile" "\xe8\xe9\xea"', "a")
    assert ", but " in note
    assert " fits nearly as well; --encoding decides" in note


def test_bytes_in_no_encoding_are_read_with_a_note():
    text, (note,) = decode_text(b'"ooTextFile" "\x81\xff\x80\x98\xfe\xa0\xfd\x81"', "a")
    assert text.startswith('"ooTextFile" "')
    assert "--encoding decides" in note


def test_bytes_outside_labels_leave_no_note():
    text, notes = decode_text(b'"ooTextFile" ! caf\xe9\n"TextGrid"', "a")
    assert (text, notes) == ('"ooTextFile" ! caf\xe9\n"TextGrid"', [])


def test_utf_8_with_a_few_strange_bytes_stays_utf_8():
    words = ["重庆", "été", "schön", "x"]
    content = labelled(words).encode().replace(b'"x"', b'"caf\xe9 d\x92or"')
    grid = lemf.parse_textgrid(content)
    line = content[: content.index(b"caf")].count(b"\n") + 1
    assert [i.label for i in grid.tiers[0].intervals] == [*words[:3], "café d’or"]
    assert grid.notes == (
        f"the TextGrid is UTF-8 but for 2 bytes (first on line {line}), read as Windows-1252; "
        "--encoding decides",
    )


def test_encoding_decides():
    words = ["Všichni", "lidé", "rodí", "se", "svobodní"]
    content = labelled(words).encode("cp1250")
    assert labels_of(content, encoding="latin-1")[0] == "V\x9aichni"
    assert labels_of(content, encoding="windows-1250") == words
    assert lemf.parse_textgrid(content, encoding="cp1250").notes == ()
    with pytest.raises(TextGridError, match=r"^a: byte 332 is not utf-8; name another with"):
        lemf.parse_textgrid(content, "a", encoding="utf-8")
    with pytest.raises(TextGridError, match=r"^a: byte \d+ is not ascii; name another with"):
        lemf.parse_textgrid(content, "a", encoding="ascii")
    for name in ("klingon", "hex", "a\0b", "", "é"):
        with pytest.raises(SettingsError, match=r"unknown encoding '.*'; name one of Python's"):
            lemf.parse_textgrid(content, encoding=name)
        with pytest.raises(SettingsError, match="unknown encoding"):
            lemf.Settings(encoding=name)
    with pytest.raises(SettingsError, match="encoding 3: write the name of an encoding"):
        lemf.Settings(encoding=3)


def test_a_byte_order_mark_decides_before_the_option():
    for encoding in ("utf-8-sig", "utf-16"):
        assert labels_of(labelled(["été"]).encode(encoding), encoding="gbk") == ["été"]


def test_the_largest_encoding_of_a_family_is_read():
    assert labels_of(labelled(["①髙"]).encode("cp932"), encoding="Shift-JIS") == ["①髙"]
    assert labels_of(labelled(["镕"]).encode("gbk"), encoding="gb2312") == ["镕"]


def test_a_backslash_or_quote_byte_inside_a_character_is_no_syntax():
    for word in ("表示", "ソニー", "能力"):  # second bytes of Shift-JIS are backslashes here
        assert labels_of(labelled([word, "ありがとう"]).encode("cp932"))[0] == word


@pytest.mark.parametrize("cut", [1, 3])
def test_damaged_wide_characters_name_the_byte(cut):
    content = labelled(["été"]).encode("utf-16")
    with pytest.raises(TextGridError, match=r"^a: damaged UTF-16 at byte \d+; export"):
        tokenise(content[:-cut], "a")
    with pytest.raises(TextGridError, match=r"^a: damaged UTF-32 at byte \d+; export"):
        tokenise(labelled(["été"]).encode("utf-32")[:-1], "a")


def test_notes_and_the_setting_reach_the_result(utterance):
    grid = replace(
        utterance.grid,
        tiers=(
            replace(
                utterance.grid.tiers[0],
                intervals=tuple(
                    replace(i, label=i.label and f"{i.label}é")
                    for i in utterance.grid.tiers[0].intervals
                ),
            ),
            utterance.grid.tiers[1],
        ),
    )
    utterance.textgrid.write_bytes(lemf.format_textgrid(grid).encode("latin-1"))
    emphasis = lemf.score(utterance.wav, utterance.textgrid)
    assert any(note.startswith("the TextGrid is not UTF-8; read as") for note in emphasis.notes)
    assert emphasis.to_dict()["settings"]["encoding"] is None
    settings = lemf.Settings(encoding="latin-1")
    emphasis = lemf.score(utterance.wav, utterance.textgrid, settings)
    assert not any("UTF-8" in note for note in emphasis.notes)
    assert emphasis.to_dict()["settings"]["encoding"] == "latin-1"
    assert emphasis.words[0].word == "oneé"
