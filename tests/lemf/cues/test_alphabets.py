# ruff: noqa: RUF001 - letters of other alphabets
"""Vowels of each alphabet, by words whose vowels are marked by hand with a degree sign."""

import unicodedata

import pytest

from lemf.cues.alphabets import vowel_labels

SPEECH = {
    "arpabet": "DH AH0° | V Y UW1° | W ER0° L NG | HH OY2° | B AE1° S T AH0° M",
    "arpabet with places in the word": "DH_B AH0_E° | V_B AE1_I° M_E | Y_B AY1_E°",
    "arpabet in small letters": "dh ax° | l ih° t el | n ey° m | s ah1° m | b ea° | y uw°",
    "arpabet in mixed case": "Dh Ah0° | Y Uw1° | S Eh1° D",
    "buckeye": "ay° | n ehn° v er° | s eh° d | y uw° | s t ow° l | ih° tq | em | b ah° nx er°",
    "timit": "sh ix° | hv eh° dcl | y axr° | dcl d aa° r kcl k | s uw° q en | w aa° sh epi | ax-h°",
    "ipa": "ð ə° | ˈaɪ° | ɹ ɪ° ŋ | ø° | y° | j ɑ̃° | w ɚ° ʔ | n̩ | ɡ u̯ɔ° | d͡ʒ ᵻ° | tʰ iː° | ʃ o̞˞°",
    "english_mfa": "tʰ ə° | ɡ ɛ° ð ɚ° | cʰ iː° p | ɟ ɪ° v | aw° tʰ | b ɪ° ɾ ɫ̩ | kʷ ej° ʎ i°",
    "mandarin_mfa": "ʈʂ u˥° ŋ k w o˧˥° | ʐ ə˧˥° n | ʂ ʐ̩˥˩° | m a˥° | tɕ j aw˥˩° | x aw˨˩˦°",
    "japanese_mfa": "c oː° t o° | ɕ i° ɴ b ɯ° ɴ | a° kː i°",
    "tones as figures": "m a⁵⁵° | n i²¹⁴° | x ao²¹⁴°",
    "glides before the vowel": "p ja° | wɛ° t | ɥi° | jow° k",
    "x-sampa": "V° t | @° S OY° | 9° ? 6° N | _t a~° 2:° 4 R | 'e° dZ {° | t_h u:° | p 4 e° r\\ o°",
    "sampa of English": "D @° | k V° p | h Q° t | s @U° | tS eI° n dZ | b 3:° d | l I° t l=",
    "sampa of Spanish": "p e° 4 o° | a° B l a° | m a° D r e° | a° G u° a°",
    "sampa of French": "t y° | l H i° | y° n | b O~° Z u° R | 9~° | p 2°",
    "kiel": "##Q 'a:° b @° | d -h a:° | Q $'aI° n @° | t -h 'E° n | 'Q 'U° n d | v 'i:6° | g u:° t",
    "disc of English": "n 5° | k #° | k $° t | b 3° d | b V° t P | J {° p",
    "disc of English without its own signs": "n 5° | h 5° m | t 2° m | g 5° z",
    "disc of Dutch": "h K° s | h L° s | k M° t | d @° | m A° n | r o° z @° | d |° r | h )°",
    "pinyin": "n i3° h ao3° | zh ong1° g uo2° | x iao4° | sh iii4° | n v3° | l ve4° | q ing3°",
    "pinyin of thchs": "ii° i3° | sh ix4° | z iy4° | uu° uo3° | vv° van2° | l v4° | d e5°",
    "pinyin in capitals": "N I3° H AO3° | ZH ONG1° G UO2° | X IAO4° | L V4°",
    "syllables": "ni3° hao3° | zhong1° guo2° | xiao3° | shi4°",
    "jyutping": "n ei5° h ou2° | gw oeng2° | aa3° | h ai6° | j yut6°",
    "bopomofo": "ㄋ ㄧ° ㄏ ㄠ° | ㄓ ㄨ° ㄤ° | ㄕ ㄢ°",
    "hangul letters": "ㅇ ㅏ° ㄴ ㄴ ㅕ° ㅇ | ㅎ ㅘ° | ㅅ ㅢ°",
    "hangul parts of syllables": "ᄀ ᅡ° ᆫ | ᄒ ᅪ°",
    "hangul syllables": "안° 녕° | 하° 세° 요°",
    "korean rules": "k0 oo° nn nn yv° ng | h0 aa° ss | s0 ee° yo° | vv° t0 xx° | qq° kk",
    "cyrillic": "п р и° в е° т | й о° л к а° | щ у° к а° | нь я° | ы° | ё° | э° | ў",
    "russian, stressed": "п' о1° й | а0° н' | м ы1°",
    "ukrainian and bulgarian": "ї° ж | і° н є° | м ъ° ж",
    "russian in latin letters": "p rj i0° vj e1° t | m y0° | j o1° l k a0° | sch u1° k a0° | b y1°",
    "julius": "k o:° t o° | sh i° N b u° N | a° q t a° | y a° m a° | y o° r u° | ts u° | ky u:°",
    "kana": "か° た° ん | っ き° ー° | シ° ョ°",
    "devanagari": "न म स त े° | अ° ब | आ° म | य",
    "greek": "κ α° λ ό° ς | η° μ έ° ρ α° | έ° χ ω°",
    "georgian": "გ ა° მ | ო°",
    "arabic": "ك ا° ت ب َ°",
    "arabic rules": "< a° l ^ aa° b i1° | y a° H | E aa° m | * aa° l i0° k | m uu1° $ | S i1°",
    "espeak": "D @2° | k 0° t | g U° d | f aI° @° | b I2° t | l 3:° n | n I#° l | d 0° g",
    "prosodylab's french": "bb on° jj ou° rr | yy ee° rr | vv ii° | an° ff an° | yy oe°",
}


def read(text):
    """The labels of each word, and those of them that are vowels."""
    words = [word.split() for word in text.split(" | ")]
    vowels = {label[:-1] for word in words for label in word if label.endswith("°")}
    return [[label.removesuffix("°") for label in word] for word in words], vowels


@pytest.mark.parametrize("alphabet", SPEECH)
def test_vowels_of_each_alphabet(alphabet):
    words, vowels = read(SPEECH[alphabet])
    assert vowel_labels(words) == vowels


@pytest.mark.parametrize("noise", ["LAU", "spn", "NSN", "BRTH", "<unk>", "?!", "IVER"])
@pytest.mark.parametrize("alphabet", ["arpabet", "buckeye", "english_mfa", "disc of English"])
def test_a_foreign_label_changes_no_other(alphabet, noise):
    words, vowels = read(SPEECH[alphabet])
    assert vowel_labels([*words, [words[0][0], noise]]) - {noise} == vowels


def test_a_vowel_of_another_alphabet_is_one():
    words, vowels = read(SPEECH["arpabet"])
    assert vowel_labels([*words, ["S", "ə"], ["S", "ʃ"], ["S", "@"]]) == vowels | {"ə", "@"}


def test_the_same_letter_is_read_by_the_others():
    assert vowel_labels([["V", "AH1", "Y"]]) == {"AH1"}
    assert vowel_labels([["k", "V", "p"], ["l", "Y", "k"], ["D", "@"]]) == {"V", "Y", "@"}


def test_the_order_of_words_does_not_matter_and_neither_does_repetition():
    words, vowels = read(SPEECH["disc of English"])
    assert vowel_labels(words[::-1]) == vowel_labels(words * 20) == vowels


def test_composed_and_decomposed_letters_are_alike():
    for form in ("NFC", "NFD"):
        words = [[unicodedata.normalize(form, label) for label in ("ã", "ç", "é", "ñ", "õ")]]
        assert vowel_labels(words) == {words[0][0], words[0][2], words[0][4]}


def test_no_label_no_vowel():
    assert vowel_labels([]) == vowel_labels([[]]) == frozenset()
    assert vowel_labels([["", "'", "spoken noise"]]) == frozenset()


@pytest.mark.parametrize("written", ["[{}]", "/{}/"])
def test_brackets_of_notation_do_not_hide_a_vowel(written):
    spoken = [["n", "ɛ", "v", "ə"], ["s", "tʰ", "oʊ", "l"], ["ɪ", "t"]]
    words = [[written.format(label) for label in word] for word in spoken]
    assert vowel_labels(words) == {written.format(vowel) for vowel in ("ɛ", "ə", "oʊ", "ɪ")}
