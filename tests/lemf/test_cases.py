"""Small files that public reports call wrong: the right value, or one line that is true.

The folder `cases` beside the real speech holds the files and a README with the reports and the
right values, which Praat, pyworld and numpy computed from docs/method.md, without lemf.
"""

import json

import pytest
import soundfile
from click.testing import CliRunner

from lemf.commands.cli import main

SCORES = {
    "i": 0.8498,
    "never": 0.5675,
    "said": -0.1395,
    "you": -1.4134,
    "stole": 4.0956,
    "it": -3.9601,
}
SILENCE = ["#SIL#", "#SP#", "_", "h#", "pau"]


@pytest.fixture
def cases(speech_data, monkeypatch):
    folder = speech_data.parent / "cases"
    if not (folder / "plain.TextGrid").is_file():
        pytest.skip(f"{folder}: the small failing files are not there")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def score(cases):
    """Score a recording with options: the content of the JSON, and stderr."""

    def run(audio, textgrid, *options):
        arguments = ["score", str(audio), f"{textgrid}.TextGrid", "--format", "json", *options]
        result = CliRunner().invoke(main, arguments)
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout), result.stderr

    return run


def assert_scores(content, texts=()):
    """The words, some with another text than usual, have the scores of the carrier."""
    (sentence,) = content["sentences"]
    expected = [(dict(texts).get(text, text), score) for text, score in SCORES.items()]
    found = [(word["word"], word["score"]) for word in sentence["words"]]
    assert [text for text, _ in found] == [text for text, _ in expected]
    assert [score for _, score in found] == pytest.approx(
        [score for _, score in expected], abs=1e-4
    )
    assert sentence["segment"]["text"] == " ".join(text for text, _ in expected[3:])


def test_the_same_without_trouble(score):
    content, stderr = score("carrier.wav", "plain")
    assert_scores(content)
    assert content["notes"] == []
    assert stderr == ""


def test_labels_of_silence_of_a_real_tier(score, speech_data, tmp_path):
    samples, rate_hz = soundfile.read(speech_data / "libritts/LJ050-0277.wav")
    soundfile.write(tmp_path / "a.wav", samples[: round(4.016 * rate_hz)], rate_hz)
    content, stderr = score(tmp_path / "a.wav", "k1-real-HC101bA")
    (sentence,) = content["sentences"]
    assert len(sentence["words"]) == 14
    scores = {word["word"]: word["score"] for word in sentence["words"]}
    assert (scores["tom"], scores["psa"]) == pytest.approx((5.4059, 3.1550), abs=1e-4)
    assert sentence["segment"]["text"] == "na tom že"
    assert "#SIL#" in stderr  # the note names what was taken for silence


@pytest.mark.parametrize("name", ["hash", "underscore", "rest"])
def test_labels_of_silence_of_other_aligners(score, name):
    content, stderr = score("carrier.wav", f"k1-silence-{name}")
    assert_scores(content)
    assert any(label in stderr for label in SILENCE)


def test_silence_inside_a_word_is_no_phone(score):
    content, _ = score("carrier.wav", "k1-silence-inside-word")
    word = content["sentences"][0]["words"][2]
    assert word["duration"] == pytest.approx(0.35 / 3, abs=1e-4)
    assert word["score"] == pytest.approx(-0.15, abs=0.005)


def test_escapes_of_praat_become_letters(score):
    content, _ = score("carrier.wav", "k2-escapes-umlaut")
    assert_scores(content, {"said": "schön", "stole": "Begrüßung"})


@pytest.mark.parametrize(
    ("name", "durations_s"),
    [
        ("trigraph", {"never": 0.1000, "said": 0.1050, "it": 0.1000}),
        ("buckeye", {"you": 0.0500}),
        ("one-foreign", {"never": 0.1000, "you": 0.0500}),
    ],
)
def test_vowels_are_found_in_any_alphabet(score, name, durations_s):
    content, _ = score("carrier.wav", f"k3-alphabet-{name}", "--cues", "all")
    words = {word["word"]: word["cues"] for word in content["sentences"][0]["words"]}
    for word, duration_s in durations_s.items():
        assert words[word]["vowel_duration"]["value"] == pytest.approx(duration_s, abs=1e-4)


def test_integers_in_a_float_file_are_not_clipped(score):
    content, stderr = score("k4-scale-int16-in-float.wav", "plain")
    assert "clipped" not in stderr
    assert_scores(content)
    assert len(content["notes"]) == 1  # that the samples are integers


@pytest.mark.parametrize("name", ["k6-length-unknown.flac", "k7-chained.ogg", "k8-nist.WAV"])
def test_recordings_are_decoded_to_their_end_whatever_the_header_says(score, name):
    content, _ = score(name, "plain")
    assert content["duration_s"] == pytest.approx(3.2, abs=1e-3)
    if name.endswith("ogg"):  # lossy: the words are as loud, and little else is the same
        assert content["sentences"][0]["segment"]["text"] == "you stole it"
    else:
        assert_scores(content)


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("gbk", {"said": "重庆", "stole": "银行"}),
        ("cp1252", {"said": "don\N{RIGHT SINGLE QUOTATION MARK}t", "stole": "œuvre"}),
    ],
)
def test_other_encodings_are_told_apart_or_noted(score, name, texts):
    content, _ = score("carrier.wav", f"k10-{name}")
    assert any("not UTF-8" in note for note in content["notes"])
    assert_scores(content, texts)


def test_an_option_matches_a_label_whose_accents_are_composed_otherwise(score):
    content, _ = score("carrier.wav", "k11-nfd-silence", "--silence", "pausé")
    assert_scores(content)


def test_a_spoken_word_that_looks_like_silence_stays(score):
    content, _ = score("carrier.wav", "k12-word-sil")
    assert_scores(content, {"stole": "sil"})


def test_a_number_with_its_unit_is_read_as_praat_does(score):
    content, _ = score("carrier.wav", "k13-units")
    assert_scores(content)


def test_a_word_stretched_over_what_was_not_aligned_is_never_silently_first(score):
    content, stderr = score("k14-stretched.flac", "k14-stretched")
    (sentence,) = content["sentences"]
    word = next(word for word in sentence["words"] if word["word"] == "it")
    assert word["flags"]
    assert "at it (2.45-11.20 s" in stderr
