import pytest

from lemf.transcription.languages import guess_language


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("I really didn't mean that", "en"),
        ("I REALLY DIDN\u2019T MEAN THAT", "en"),
        ("der Lappen liegt auf dem Eisschrank", "de"),
        ("heute abend könnte ich es ihm sagen", "de"),
        ("Je ne sais pas ce que tu veux dire.", "fr"),
        ("Não sei o que você quer dizer.", "pt"),
        ("Non so che cosa vuoi dire, ma è vero.", "it"),
        ("Ik weet niet wat je bedoelt.", "nl"),
        ("Už jsem se na to ptal, ale není jak.", "cs"),
        ("En tiedä, mitä se on, mutta hän tietää.", "fi"),
        ("Это было в прошлом году, но они не знают.", "ru"),
        ("Він не знає, що це було.", "uk"),
        ("καλημέρα κόσμε", "el"),
        ("これはペンです", "ja"),
        ("모든 인간은 자유롭다", "ko"),
    ],
)
def test_common_words_or_letters_tell_the_language(text, language):
    assert guess_language(text) == language


@pytest.mark.parametrize(
    "text", ["", "hello", "Anna", "1984", "\U0001f600", "jeg ved ikke hvad det er", "人人生而自由"]
)
def test_where_nothing_tells_it_there_is_no_guess(text):
    assert guess_language(text) is None


def test_no_other_sentence_of_the_shared_speech_is_taken_for_another_language(speech_data):
    rows = (speech_data / "ljspeech" / "metadata.csv").read_text(encoding="utf-8").splitlines()
    guesses = [guess_language(row.split("|")[1]) for row in rows]
    assert set(guesses) <= {"en", None}
    assert guesses.count("en") >= 0.85 * len(rows)
