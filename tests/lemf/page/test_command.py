"""The command that a page prints gives the numbers of the page, whatever it was made with."""

import json
import os
import shlex
import shutil
import stat
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

import lemf
from lemf.commands.cli import main
from lemf.config import AlignSettings, Settings
from lemf.page.command import name_words, page_command, word_arguments

EXAMPLES = Path(__file__).parents[3] / "examples"
BY_PAGE = {"cues", "weights", "decide", "threshold"}  # which the script of the page adds
OTHERS = {
    "pitch": "praat", "pitch_floor_hz": 75.5, "pitch_ceiling_hz": 400.0, "highpass_hz": 62.5,
    "sentences": "it's a tier", "words_tier": "a & b", "phones_tier": "$(phones)",
    "speaker": 'Mr "O\'Neil"', "channel": 2, "duration": "word", "encoding": "cp1250",
    "silence": ("-", "*noise*"), "normalise": "recording", "breaks": True, "measures": True,
}  # fmt: skip


def test_every_setting_is_on_the_command_line():
    assert set(OTHERS) | BY_PAGE == {one.name for one in fields(Settings)}
    settings = Settings(**OTHERS)
    command = page_command("talks/-a b.wav", ("grids/a.TextGrid",), settings)
    given = shlex.split(command["given"])
    assert given == ["lemf", "score", "./-a b.wav", str(Path("..", "grids", "a.TextGrid"))]

    score = main.commands["score"]
    context = score.make_context("score", [*given[2:], *shlex.split(command["options"])])
    from lemf.commands.analysis_options import read_settings

    names = {one.name for one in fields(Settings)} - BY_PAGE
    read = read_settings(context.params)
    assert {name: getattr(read, name) for name in names} == OTHERS


def test_the_usual_settings_need_no_option():
    command = page_command("a.wav", (), Settings())
    assert command["given"] == "lemf score a.wav"
    assert (command["options"], command["decide"]) == ("", "")


def test_words_are_named_as_they_were_given():
    aligning = AlignSettings(language="de", aligner="praat", force_fit=True)
    text = "it's\nhere"
    words = word_arguments(None, aligning, text=text)
    assert shlex.split(page_command("a.wav", words, Settings())["given"])[3:] == [
        "--text", text, "--language", "de", "--aligner", "praat", "--force-fit",
    ]  # fmt: skip
    assert word_arguments(b"", AlignSettings()) == ("TEXTGRID",)
    assert name_words("<aligned by espeak, en-gb>") == ("--language", "en-gb")
    assert name_words("<TextGrid>") == ("TEXTGRID",)
    command = page_command("<array>", name_words("<aligned by praat, en>"), Settings())
    assert command["given"] == "lemf score AUDIO --language en --aligner praat"


def test_a_file_of_a_decision_is_named_from_the_folder_of_the_recording():
    settings = Settings(cues="listeners", decide="models/my model.json")
    command = page_command("talks/a.wav", (), settings)
    assert shlex.split(command["decide"]) == [str(Path("..", "models", "my model.json"))]
    assert page_command("a.wav", (), Settings(cues="listeners"))["decide"] == ""


@pytest.fixture
def talk(tmp_path):
    """The example under a name that a shell would take apart, twice in stereo, a tier renamed."""
    folder = tmp_path / "it's $HOME"
    folder.mkdir()
    samples, rate_hz = soundfile.read(EXAMPLES / "really.wav")
    stereo = np.column_stack([samples[::-1], samples])
    soundfile.write(folder / "a talk; 'x'.wav", stereo, rate_hz)
    text = (EXAMPLES / "really.TextGrid").read_text("utf-8")
    text = text.replace('"words"', '"Ann\'s & - words"').replace('"phones"', '"Ann\'s & - phones"')
    (folder / "a talk; 'x'.TextGrid").write_text(text, encoding="utf-8")
    return folder


@pytest.fixture
def shell(tmp_path):
    """Run a command line by a POSIX shell in a folder, where `lemf` is this one."""
    if shutil.which("sh") is None:
        pytest.skip("needs a POSIX shell")
    program = tmp_path / "bin" / "lemf"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m lemf "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IEXEC)
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"

    def run(command, folder):
        done = subprocess.run(
            ["sh", "-c", command], cwd=folder, env=os.environ | {"PATH": path},
            capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


SETS = [
    (),
    ("--speaker", "Ann's &", "--channel", "2", "--pitch-range", "80.5-350", "--highpass", "70"),
    ("--sentences", "pause:0.01", "--normalise", "recording", "--duration", "word",
     "--channel", "2", "--breaks"),
    ("--cues", "listeners", "--threshold", "0.2", "--channel", "2", "--silence", "mean"),
    ("--text", "I really didn't mean that", "--language", "en", "--channel", "2"),
]  # fmt: skip


@pytest.mark.parametrize("options", SETS)
def test_the_command_of_a_page_run_by_a_shell_gives_its_numbers(
    browser, tmp_path, talk, shell, options
):
    if "--text" in options:
        pytest.importorskip("espeakng_loader")
    name, page = talk / "a talk; 'x'.wav", tmp_path / "page.html"
    words = () if "--text" in options else (str(name.with_suffix(".TextGrid")),)
    made = CliRunner().invoke(main, ["report", str(name), *words, "-o", str(page), *options])
    assert made.exit_code == 0, made.output
    view = browser.new_page()
    view.goto(page.as_uri())
    view.fill("#weight-pitch" if "listeners" not in options else "#threshold", "0.35")
    view.evaluate("() => new Promise((go) => requestAnimationFrame(() => "
                  "requestAnimationFrame(go)))")  # fmt: skip
    scored = shell(f"{view.inner_text('#command')} --format json", talk)
    for number, sentence in enumerate(scored["sentences"]):
        if number:
            view.keyboard.press(".")
        for place, key in (("score", "score"), ("p", "probability")):
            shown = view.eval_on_selector_all(
                f"#table .{place} data", "all => all.map((one) => Number(one.value))"
            )
            rows = [one.get("decision", {}) if key == "probability" else one
                    for one in sentence["words"]]  # fmt: skip
            expected = [one[key] for one in rows if key in one]
            np.testing.assert_allclose(shown, expected, rtol=0, atol=1e-9)
    assert view.locator("#sentence-list li").count() == len(scored["sentences"])
    view.close()


def test_a_page_of_samples_names_what_stands_for_the_files(page_data):
    samples, rate_hz = soundfile.read(EXAMPLES / "really.wav")
    grid = lemf.read_textgrid(EXAMPLES / "really.TextGrid")
    html = lemf.report(samples, grid, rate_hz=rate_hz)
    given = page_data(html)["command"]["given"].split()
    assert given[:3] == ["lemf", "score", "AUDIO"]
