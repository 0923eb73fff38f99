"""What a user calls a language is found."""

import pytest

from lemf.aligner.espeak import open_espeak
from lemf.aligner.spoken_languages import find_language
from lemf.errors import AlignerError

pytest.importorskip("espeakng_loader")


@pytest.fixture(scope="module")
def languages():
    with open_espeak() as espeak:
        return espeak.languages


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ("de", "de"),
        ("de-DE", "de"),
        ("DE_at", "de"),
        ("en", "en-us"),
        ("en-GB", "en-gb"),
        ("en_AU", "en-us"),
        ("fr", "fr-fr"),
        ("fr-CA", "fr-fr"),
        ("pt-BR", "pt-br"),
        ("zh", "cmn"),
        ("zh-Hans-CN", "cmn"),
        ("zh-yue", "yue"),
        ("eng", "en-us"),
        ("ger-AT", "de"),
        ("zho", "cmn"),
        ("no", "nb"),
        ("German", "de"),
        ("english", "en-us"),
        (" French ", "fr-fr"),
        ("English (Scotland)", "en-gb-scotland"),
    ],
)
def test_codes_and_names_are_understood(languages, wanted, code):
    assert find_language(wanted, languages).code == code


def test_each_code_means_itself(languages):
    assert len(languages) > 100
    codes = [language.code for language in languages]
    assert codes == sorted(codes)
    for language in languages:
        assert find_language(language.code, languages).code == language.code


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("germn", r"'germn'; like it: de \(German\)"),
        ("engl", r"like it: .*en-us \(English \(America\)\)"),
        (
            "",
            r"unknown language ''; there are en-us, .*; lemf align --languages lists all",
        ),
        ("xx\n\0" * 200, "unknown language"),
    ],
)
def test_an_unknown_language_lists_near_ones(languages, wanted, message):
    with pytest.raises(AlignerError, match=message) as raised:
        find_language(wanted, languages)
    assert len(str(raised.value)) < 490
