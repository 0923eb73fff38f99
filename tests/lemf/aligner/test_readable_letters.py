"""Words in letters of which a voice has no sounds."""

import pytest

from lemf.aligner.readable_letters import find_unreadable
from lemf.aligner.spoken_languages import Language


@pytest.mark.parametrize(
    ("code", "unreadable", "readable"),
    [
        ("en-us", "Москва 日本 ʃɪ αβ Ελλάς שלום", "so naïve Łódź α α-rays µm 5 ½ x²"),
        ("ru-lv", "日本 αβ", "мы iPhone да-да"),
        ("ja", "日本語 学校に 한국", "これは カード iPhone"),
        ("cmn", "これ мы", "我 手机 iPhone"),
        ("az", "ʃ мы", "mən"),
    ],
)
def test_letters_of_other_scripts_are_found(code, unreadable, readable):
    words = [*unreadable.split(), *readable.split()]
    language = Language(code, "", "")
    assert [words[place] for place in find_unreadable(words, language)] == unreadable.split()
