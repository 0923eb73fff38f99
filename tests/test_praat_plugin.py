"""The plug-in of Praat, run by Praat itself."""

import os
import subprocess
import sys
from pathlib import Path

import parselmouth
import pytest
from parselmouth.praat import call, run_file

import lemf

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "praat" / "plugin_lemf" / "score.praat"
COMMAND = f'"{sys.executable}" -m lemf'


@pytest.fixture
def objects():
    sound = parselmouth.Sound(str(ROOT / "examples" / "really.wav"))
    grid = parselmouth.read(str(ROOT / "examples" / "really.TextGrid"))
    grid.name = "my grid"
    return [sound, grid]


def labels(grid, tier):
    n_intervals = call(grid, "Get number of intervals...", tier)
    found = (call(grid, "Get label of interval...", tier, i + 1) for i in range(n_intervals))
    return [label for label in found if label]


def test_the_tiers_come_back(objects):
    selected, shown = run_file(
        objects, str(SCRIPT), COMMAND, "listeners", "--measures", capture_output=True
    )
    (scored,) = [one for one in selected if isinstance(one, parselmouth.TextGrid)]
    assert scored.name == "my_grid_emphasis"
    n_tiers = call(scored, "Get number of tiers")
    names = [call(scored, "Get tier name...", tier + 1) for tier in range(n_tiers)]
    assert names == ["words", "phones", "emphasis", "segment", "emphasised", "f0_hz"]
    settings = lemf.Settings(cues="listeners")
    paths = [str(ROOT / "examples" / name) for name in ("really.wav", "really.TextGrid")]
    scores = [f"{word.score:.2f}" for word in lemf.score(*paths, settings).words]
    assert labels(scored, 3) == scores
    assert "really" in shown
    assert "wrote " not in shown


def test_what_lemf_refuses_is_said(objects):
    call(objects[1], "Remove tier...", 2)
    with pytest.raises(parselmouth.PraatError, match="no phone tier for the words of tier 'words'"):
        run_file(objects, str(SCRIPT), COMMAND, "paper", "")


@pytest.mark.parametrize("chosen", [[0], [1], [0, 0, 1], [0, 1, 1]])
def test_other_selections_are_refused_in_words(objects, chosen):
    several = [objects[place].copy() for place in chosen]
    with pytest.raises(parselmouth.PraatError, match="Select one Sound and one TextGrid, then"):
        run_file(several, str(SCRIPT), COMMAND, "paper", "")


def test_refusals_name_the_selected_objects_once(objects):
    with pytest.raises(parselmouth.PraatError) as error:
        run_file(objects, str(SCRIPT), COMMAND, "paper", "--sentences nine")
    assert str(error.value).startswith("TextGrid my_grid: no tier 'nine' for --sentences; ")
    with pytest.raises(parselmouth.PraatError) as error:
        run_file(objects, str(SCRIPT), COMMAND, "paper", "--bad")
    assert str(error.value).startswith("No such option '--bad'")


def test_a_sound_above_one_is_not_clipped(objects):
    sound = objects[0]
    expected, _ = run_file(objects, str(SCRIPT), COMMAND, "paper", "", capture_output=True)
    sound.values *= 5  # to 2.56
    loud, shown = run_file(objects, str(SCRIPT), COMMAND, "paper", "", capture_output=True)
    assert labels(loud[1], 3) == labels(expected[1], 3)
    assert "note: Sound untitled: reaches 2.56, and files end at 1: scored with ampl" in shown
    assert "amplitudes divided by 4, so levels are 12.0 dB lower" in shown
    assert loud[0].values.max() > 1


def test_a_quiet_sound_keeps_its_steps(objects):
    expected, _ = run_file(objects, str(SCRIPT), COMMAND, "paper", "", capture_output=True)
    objects[0].values /= 2**12  # of 16 bits, 4 would be left
    quiet, shown = run_file(objects, str(SCRIPT), COMMAND, "paper", "", capture_output=True)
    assert labels(quiet[1], 3) == labels(expected[1], 3)
    assert "note:" not in shown


def test_an_extract_with_preserved_times_keeps_them(objects):
    sound, grid = objects
    start_s, end_s = 0.05, sound.xmax
    expected, _ = run_file(objects, str(SCRIPT), COMMAND, "paper", "", capture_output=True)
    part = call(sound, "Extract part...", start_s, end_s, "rectangular", 1.0, "yes")
    grid_part = call(grid, "Extract part...", start_s, end_s, "yes")
    selected, shown = run_file(
        [part, grid_part], str(SCRIPT), COMMAND, "paper", "", capture_output=True
    )
    scored = selected[1]
    assert (scored.xmin, scored.xmax) == (start_s, pytest.approx(end_s, abs=1e-9))
    word = call(grid, "Get interval at time...", 1, 0.5)
    really_s = call(grid, "Get start time of interval...", 1, word)
    place = call(scored, "Get interval at time...", 3, 0.5)
    start = call(scored, "Get start time of interval...", 3, place)
    assert start == pytest.approx(really_s, abs=1e-6)
    assert len(labels(scored, 3)) == len(labels(expected[1], 3))
    assert "starts at 0.050 s; times in this window count from there" in shown
    assert (part.xmin, grid_part.xmin) == (start_s, start_s)
    with pytest.raises(parselmouth.PraatError, match="my_grid starts at 0 s, Sound untitled_part"):
        run_file([part, grid], str(SCRIPT), COMMAND, "paper", "")


def test_a_command_that_is_not_found_is_said(objects):
    with pytest.raises(parselmouth.PraatError, match=r"not found|does not run|No such file"):
        run_file(objects, str(SCRIPT), "/no/such/lemf", "paper", "")


@pytest.mark.parametrize("command", [COMMAND, "/no/such/lemf"])
def test_files_of_the_user_stay_and_none_is_left(tmp_path, command):
    # where Praat keeps temporary files depends on the system: often the home folder
    names = ("lemf_input.wav", "lemf_output.TextGrid", "lemf_table.txt", "lemf_messages.txt")
    for name in names:
        (tmp_path / name).write_text("mine")
    code = f"""
import parselmouth
from parselmouth.praat import run, run_file
print(run("writeInfo: temporaryDirectory$", capture_output=True)[1])
objects = [parselmouth.Sound({str(ROOT / "examples/really.wav")!r})]
objects.append(parselmouth.read({str(ROOT / "examples/really.TextGrid")!r}))
try:
    run_file(objects, {str(SCRIPT)!r}, {command!r}, "paper", "")
except parselmouth.PraatError as error:
    print(error)
"""
    places = {"HOME": str(tmp_path), "TMPDIR": str(tmp_path), "TEMP": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | places, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    folder = done.stdout.splitlines()[0]
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == set(names)
    assert all((tmp_path / name).read_text() == "mine" for name in names)
    assert folder in ("", str(tmp_path)) or not [*Path(folder).glob("lemf_[0-9]*_*")]
