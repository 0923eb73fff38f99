import csv
import io
import json
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

import lemf
from lemf.commands.cli import main


@pytest.fixture
def run(utterance, monkeypatch):
    """Run a command in the folder of the utterance; return the result of CliRunner."""
    monkeypatch.chdir(utterance.wav.parent)

    def invoke(*arguments):
        return CliRunner().invoke(main, [str(argument) for argument in arguments])

    return invoke


SCORE = ("score", "utterance.wav", "utterance.TextGrid")
PLOT = ("plot", "utterance.wav", "utterance.TextGrid")


def assert_one_line(result, *parts):
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: ")
    for part in parts:
        assert part in line


def test_table_is_the_default(run):
    result = run(*SCORE)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("emphasised: two, ")
    assert result.stderr == ""


def test_json_and_csv_on_stdout(run):
    document = json.loads(run(*SCORE, "--format", "json").stdout)
    assert document["audio"] == "utterance.wav"
    assert [word["rank"] for word in document["sentences"][0]["words"]][1] == 1
    rows = list(csv.DictReader(io.StringIO(run(*SCORE, "--format", "csv").stdout)))
    assert [float(row["score"]) for row in rows] == [
        word["score"] for word in document["sentences"][0]["words"]
    ]


def test_the_same_inputs_give_the_same_bytes(run):
    assert run(*SCORE, "--format", "json").stdout == run(*SCORE, "--format", "json").stdout


def test_all_outputs_at_once(run, tmp_path):
    result = run(*SCORE, "--plot", "a.svg", "--textgrid", "b.TextGrid", "--contours", "c.PitchTier")
    assert result.exit_code == 0, result.output
    assert result.stderr.splitlines() == ["wrote a.svg", "wrote b.TextGrid", "wrote c.PitchTier"]
    assert len(lemf.read_textgrid(tmp_path / "b.TextGrid").tiers) == 4
    assert run(*SCORE, "--contours", "c.csv").exit_code == 0
    assert (tmp_path / "c.csv").read_text().startswith("time_s,f0_hz,energy\n0.000,")


def test_nothing_is_overwritten_without_force(run, tmp_path):
    (tmp_path / "a.png").write_bytes(b"precious")
    for command in ((*SCORE, "--plot", "a.png"), (*PLOT, "-o", "a.png")):
        assert_one_line(run(*command), "a.png: exists already; --force replaces it")
    assert (tmp_path / "a.png").read_bytes() == b"precious"
    assert run(*PLOT, "-o", "a.png", "--force").exit_code == 0
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")


def test_an_output_that_cannot_be_is_refused_before_anything_is_written(run, tmp_path):
    before = sorted(tmp_path.iterdir())
    assert_one_line(run(*SCORE, "--textgrid", "b.TextGrid", "--plot", "gone/a.png"), "gone")
    assert_one_line(run(*SCORE, "--plot", "a.bmp"), "a.bmp: the name must end in .png, .svg, .pdf")
    assert_one_line(run(*SCORE, "--contours", "a.txt"), "must end in .csv, .pitchtier")
    for name in ("other.wav", "-"):
        assert_one_line(run(*SCORE, "--textgrid", name), f"{name}: the name must end in .TextGrid")
    assert_one_line(run(*PLOT, "-o", tmp_path), "must end in")
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(
    ("option", "name"), [("--textgrid", "a.TextGrid"), ("--contours", "a.csv"), ("--plot", "a.png")]
)
def test_an_input_is_never_replaced(run, tmp_path, option, name):
    recording = (tmp_path / "utterance.wav").read_bytes()
    (tmp_path / name).write_bytes(recording)
    result = run("score", name, "utterance.TextGrid", option, f"./{name}", "--force")
    assert_one_line(result, f"{name}: is read as input; name another file")
    assert (tmp_path / name).read_bytes() == recording


def test_one_file_cannot_take_two_outputs(run, tmp_path):
    (tmp_path / "link.TextGrid").symlink_to("same.csv")
    command = (*SCORE, "--textgrid", "link.TextGrid", "--contours", "./same.csv")
    assert_one_line(run(*command), "same.csv: is named for two outputs")
    assert not (tmp_path / "same.csv").exists()


def test_only_regular_files_are_replaced(run, tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    assert_one_line(run(*PLOT, "-o", "pipe.png", "--force"), "not a regular file")
    (tmp_path / "real.png").write_bytes(b"old")
    (tmp_path / "real.png").chmod(0o600)
    (tmp_path / "link.png").symlink_to("real.png")
    assert run(*PLOT, "-o", "link.png", "--force").exit_code == 0
    assert (tmp_path / "link.png").is_symlink()
    assert (tmp_path / "real.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "real.png").stat().st_mode & 0o777 == 0o600


def test_a_figure_that_cannot_hold_the_sentences_is_refused_before_the_analysis(run, monkeypatch):
    monkeypatch.setattr(
        "lemf.contours.measurement.measure_contours", None
    )  # would raise a TypeError
    several = ("--sentences", "pause:0.05")
    assert_one_line(run(*SCORE, "--plot", "c.png", *several), "3 sentences do not fit one png")


def test_a_recording_is_aligned_once_whatever_is_asked_for(run, monkeypatch):
    import lemf.reading.alignment

    calls, align = [], lemf.reading.alignment.align

    def counted(*arguments):
        calls.append(arguments)
        return align(*arguments)

    monkeypatch.setattr("lemf.reading.alignment.align", counted)
    monkeypatch.setattr("lemf.contours.measurement.align", counted)
    outputs = ("--plot", "a.svg", "--textgrid", "b.TextGrid", "--contours", "c.csv")
    assert run(*SCORE, *outputs).exit_code == 0
    assert len(calls) == 1


def test_swapped_arguments_are_refused(run):
    assert_one_line(run("score", "utterance.TextGrid", "utterance.wav"), "not a TextGrid")


def test_letters_without_a_font_are_named_once(run, utterance, make_grid, tmp_path):
    grid = make_grid([("\U00012345", 0.1, 0.35), ("b", 0.45, 0.85)], 1.35)
    lemf.write_textgrid(grid, tmp_path / "cuneiform.TextGrid")
    result = run("plot", "utterance.wav", "cuneiform.TextGrid", "-o", "a.png")
    notes = result.stderr.splitlines()
    assert notes[0].startswith("note: a.png: no installed font shows \U00012345")
    assert len(notes) == 2


def test_plot_of_several_sentences(run, tmp_path):
    several = ("--sentences", "pause:0.05")
    assert_one_line(run(*PLOT, "-o", "a.png", *several), "3 sentences", "--sentence")
    assert run(*PLOT, "-o", "a.png", "--sentence", "1", *several).exit_code == 0
    assert run(*PLOT, "-o", "a.pdf", *several).exit_code == 0
    assert (tmp_path / "a.pdf").read_bytes().count(b"/Type /Page ") == 3
    assert_one_line(run(*PLOT, "-o", "b.png", "--sentence", 3, *several), "no sentence 3", "0 to 2")
    assert_one_line(run(*SCORE, "--plot", "c.svg", *several), "3 sentences do not fit one svg")


@pytest.mark.parametrize("figure", ["b.png", "b.pdf"])
def test_a_sentence_that_does_not_exist_is_a_fault_of_the_recording(run, figure):
    result = run(*PLOT, "-o", figure, "--sentence", 5)
    assert_one_line(result, f"{PLOT[1]}: no sentence 5 for --sentence; there are 0 to 0")


def test_a_sentence_that_no_page_holds_takes_pages_or_is_refused(run, make_grid, tmp_path):
    words = [(f"w{i}", 0.02 * i, 0.02 * (i + 1)) for i in range(260)]
    lemf.write_textgrid(make_grid(words, 5.2), tmp_path / "many.TextGrid")
    soundfile.write(tmp_path / "many.wav", np.zeros(5 * 16000 + 3200), 16000)
    plot = ("plot", "many.wav", "many.TextGrid", "-o")
    refused = run(*plot, "many.png")
    assert_one_line(
        refused, "many.png: the 260 words of a sentence of 5.2 s do not fit one png",
        "name a .pdf (3 pages)", "--sentences pause:0.4",
    )  # fmt: skip
    assert run(*plot, "many.pdf").exit_code == 0
    assert (tmp_path / "many.pdf").read_bytes().count(b"/Type /Page ") == 3


def test_what_matplotlib_logs_does_not_reach_the_terminal(utterance):
    command = [sys.executable, "-m", "lemf", "plot", utterance.wav, utterance.textgrid]
    done = subprocess.run(
        [*command, "-o", utterance.wav.with_name("a.png")],
        env=os.environ | {"MPLCONFIGDIR": "/dev/null/none"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == f"wrote {utterance.wav.with_name('a.png')}\n"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--pitch-range", "800-71"], "the floor must lie below the ceiling"),
        (["--pitch-range", "high"], "--pitch-range: 'high' is not a number; write two in Hz"),
        (["--pitch-range", "75"], "--pitch-range: a number is missing; write two in Hz"),
        (["--channel", "left"], "--channel left: write a number from 1, or mix"),
        (["--channel", "0"], "channels are counted from 1"),
        (["--sentences", "pause:x"], "write pause:0.3"),
        (["--encoding", "klingon"], "unknown encoding 'klingon'; name one of Python's, such as"),
        (["--weights", "loudness=1"], "unknown cue 'loudness' of the set 'paper'"),
        (["--cues", "mine"], "'mine' is not"),
        (["--formatt", "json"], "No such option"),
        (["--top", "0"], "0 is not in the range"),
    ],
)
def test_wrong_usage_exits_with_2(run, options, message):
    result = run(*SCORE, *options)
    assert result.exit_code == 2
    assert message in result.stderr
    assert result.stdout == ""


def test_options_reach_the_analysis(run, tmp_path):
    (tmp_path / "w.json").write_text('{"cues": "paper", "weights": {"energy": 0}}')
    options = [
        "--format", "json", "--weights", "w.json", "--pitch", "praat", "--pitch-range", "75-500",
        "--duration", "word", "--sentences", "pause:0.2", "--words-tier", "words",
        "--highpass", "40", "--phones-tier", "phones", "--channel", "1", "--silence", "three",
        "--encoding", "utf-8",
    ]  # fmt: skip
    document = json.loads(run(*SCORE, *options).stdout)
    assert document["settings"] == {
        "cues": "paper",
        "weights": {"pitch": 1.0, "energy": 0.0, "duration": 0.8},
        "pitch": "praat",
        "pitch_floor_hz": 75.0,
        "pitch_ceiling_hz": 500.0,
        "highpass_hz": 40.0,
        "sentences": "pause:0.2",
        "words_tier": "words",
        "phones_tier": None,
        "speaker": None,
        "channel": 1,
        "duration": "word",
        "encoding": "utf-8",
        "silence": ["three"],
        "normalise": "sentence",
    }
    assert [word["word"] for word in document["sentences"][0]["words"]] == ["one", "two"]


def test_weights_of_a_file_are_for_its_cue_set(run, tmp_path):
    (tmp_path / "w.json").write_text('{"cues": "listeners", "weights": {}}')
    result = run(*SCORE, "--weights", "w.json", "--cues", "paper")
    assert result.exit_code == 2
    assert "the weights are for --cues listeners" in result.stderr
    assert_one_line(run(*SCORE, "--weights", "gone.json"), "gone.json: cannot be read")


def test_speaker_is_chosen_by_name(run, utterance, tmp_path):
    words, phones = utterance.grid.tiers
    tiers = [replace(tier, name=f"{who} - {tier.name}") for who in "AB" for tier in (words, phones)]
    lemf.write_textgrid(replace(utterance.grid, tiers=tuple(tiers)), tmp_path / "two.TextGrid")
    command = ("score", "utterance.wav", "two.TextGrid")
    assert_one_line(run(*command), "two.TextGrid", "'A', 'B'; choose one with --speaker")
    assert_one_line(run(*command, "--speaker", "C"), "no speaker 'C'; there are: 'A', 'B'")
    assert run(*command, "--speaker", "B").exit_code == 0


def test_notes_go_to_stderr(run, utterance, tmp_path):
    stereo = np.stack([utterance.samples, utterance.samples], axis=1)
    soundfile.write(tmp_path / "stereo.wav", stereo, utterance.rate_hz)
    result = run("score", "stereo.wav", "utterance.TextGrid", "--format", "json")
    assert json.loads(result.stdout)
    assert result.stderr == (
        "note: stereo.wav: 2 channels mixed down; --channel takes one of them\n"
    )


@pytest.mark.parametrize(
    ("audio", "textgrid", "parts"),
    [
        ("gone.wav", "utterance.TextGrid", ["gone.wav", "no such recording"]),
        ("utterance.wav", "gone.TextGrid", ["gone.TextGrid", "no such TextGrid"]),
        ("empty.wav", "utterance.TextGrid", ["empty.wav", "the file is empty"]),
        ("text.wav", "utterance.TextGrid", ["text.wav", "cannot be read as audio"]),
        ("nan.wav", "utterance.TextGrid", ["nan.wav", "sample 10", "nan"]),
        ("short.wav", "utterance.TextGrid", ["utterance.TextGrid", "recording is cut short"]),
        ("utterance.wav", "empty.TextGrid", ["empty.TextGrid", "the file is empty"]),
        ("utterance.wav", "text.TextGrid", ["text.TextGrid", "not a TextGrid"]),
        ("utterance.wav", "cut.TextGrid", ["cut.TextGrid", "line", "cut off"]),
        ("utterance.wav", "nowords.TextGrid", ["nowords.TextGrid", "no word tier", "'phones'"]),
        ("utterance.wav", "nophones.TextGrid", ["nophones.TextGrid", "--duration word"]),
        ("utterance.wav", "silence.TextGrid", ["silence.TextGrid", "holds no word"]),
        ("utterance.wav", "overlap.TextGrid", ["overlap.TextGrid", "line", "overlaps"]),
        (".", "utterance.TextGrid", ["this is a folder"]),
        ("utterance.wav", ".", ["the TextGrid cannot be read"]),
    ],
)
def test_bad_input_gets_one_line(run, utterance, tmp_path, audio, textgrid, parts):
    samples, grid = utterance.samples, utterance.grid
    words, phones = grid.tiers
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("not a sound")
    soundfile.write(tmp_path / "short.wav", samples[:8000], 16000)
    soundfile.write(
        tmp_path / "nan.wav",
        np.where(np.arange(len(samples)) == 10, np.nan, samples),
        16000,
        "FLOAT",
    )
    (tmp_path / "empty.TextGrid").touch()
    (tmp_path / "text.TextGrid").write_text("not a TextGrid")
    whole = utterance.textgrid.read_bytes()
    (tmp_path / "cut.TextGrid").write_bytes(whole[: len(whole) // 2])
    first, second, *rest = words.intervals
    overlapping = (first, replace(second, start_s=second.start_s - 0.05), *rest)
    silences = tuple(replace(interval, label="<sil>") for interval in words.intervals)
    for name, tiers in (
        ("nowords", (phones,)),
        ("nophones", (words,)),
        ("silence", (replace(words, intervals=silences), phones)),
        ("overlap", (replace(words, intervals=overlapping), phones)),
    ):
        lemf.write_textgrid(replace(grid, tiers=tiers), tmp_path / f"{name}.TextGrid")
    assert_one_line(run("score", audio, textgrid), *parts)


def test_a_newline_in_a_name_does_not_break_the_line(run):
    assert_one_line(run("score", "a\nb.wav", "utterance.TextGrid"), "a b.wav")


def test_version_and_help(run):
    assert lemf.__version__ in run("--version").output
    for arguments in (["--help"], ["score", "--help"], ["plot", "-h"]):
        result = run(*arguments)
        assert result.exit_code == 0
        assert "Usage:" in result.output


def test_progress_of_a_long_recording_is_shown_in_lines(run, monkeypatch, utterance, tmp_path):
    monkeypatch.setattr("lemf.runtime.progress._QUICK_S", -1.0)
    monkeypatch.setattr("lemf.contours.contours.WHOLE_S", 0.2)
    monkeypatch.setattr("lemf.reading.frames.OVERLAP_S", 0.1)
    result = run(*SCORE, "--format", "json")
    assert result.stderr.startswith("analysing: 2 of ")
    assert json.loads(result.stdout)


def lemf_process(*arguments, **settings):
    return subprocess.run(
        [sys.executable, "-m", "lemf", *map(str, arguments)],
        capture_output=True,
        check=False,
        env=os.environ | settings,
    )


def test_python_m_lemf_and_umlauts_in_any_locale(utterance, make_grid, tmp_path):
    grid = make_grid([("Öl", 0.1, 0.35), ("groß", 0.45, 0.85)], 1.35)
    path = tmp_path / "umlaut.TextGrid"
    lemf.write_textgrid(grid, path)
    for encoding in ("utf-8", "ascii"):
        for output_format in ("json", "csv"):
            done = lemf_process(
                "score", utterance.wav, path, "--format", output_format, PYTHONIOENCODING=encoding
            )
            assert done.returncode == 0, done.stderr
            assert "groß" in done.stdout.decode()
    done = lemf_process("score", utterance.wav, path, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr.decode()
    assert b"###" in done.stdout


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")  # noqa: PTH110
@pytest.mark.parametrize("output_format", ["table", "json"])
def test_a_full_disk_at_stdout_is_one_line(utterance, output_format):
    command = [sys.executable, "-m", "lemf", "score", utterance.wav, utterance.textgrid]
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [*map(str, command), "--format", output_format],
            stdout=full, stderr=subprocess.PIPE, check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert b"Traceback" not in done.stderr
    assert b"No space left" in done.stderr


def test_a_reader_that_goes_away_causes_no_traceback(utterance):
    command = f"{sys.executable} -m lemf score {utterance.wav} {utterance.textgrid} | true"
    done = subprocess.run(command, shell=True, capture_output=True, check=False)
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("digits", [400, 5000])
@pytest.mark.parametrize("option", ["--channel={}", "--pitch-range={}-1", "--sentences=pause:{}"])
def test_numbers_of_many_digits_are_refused_in_one_line(run, option, digits):
    result = run(*SCORE, option.format("9" * digits))
    assert result.exit_code == 2
    line = result.stderr.splitlines()[-1]
    assert line.startswith("Error: ")
    assert len(line) < 500
