"""Predictions over time as TextGrids, as Praat reads them."""

from pathlib import Path

import numpy as np
import parselmouth
import pytest
import soundfile
from click.testing import CliRunner
from parselmouth.praat import call

from msfser.commands.cli import main
from msfser.prediction.speech_predictions import SpeechPrediction, WindowPrediction
from msfser.prediction.speech_texts import Emphasised, SpeechTexts
from msfser.prediction.textgrids import prediction_grid

pytest.importorskip("torch")
RATE_HZ = 16_000


def window(start_s, end_s, values, outside=()):
    return WindowPrediction(
        start_s=start_s, end_s=end_s, values=np.array(values), outside=outside, gate=0.5,
        experts={}, embedding=None,
    )  # fmt: skip


def emphasised(*values):
    names = ("word", "start_s", "end_s", "segment", "segment_start_s", "segment_end_s")
    return Emphasised(**dict(zip(names, values, strict=True)))


def labels(tier):
    return [(one.start_s, one.end_s, one.label) for one in tier.intervals]


def test_windows_and_the_emphasised_word_become_tiers():
    found = emphasised("it", 0.5, 0.75, "so it is", 0.25, 1.25)
    grid = prediction_grid(
        SpeechPrediction(
            wav=Path("talk.wav"),
            whole=window(0.0, 2.0, [4.0, 3.5, 7.2], ("dominance",)),
            windows=(
                window(0.0, 1.0, [3.0, 3.0, 7.4], ("dominance",)),
                window(1.0, 2.0, [5.0, 4.0, 7.0]),
            ),
            texts=SpeechTexts(emphasised=found),
        )
    )
    tiers = {tier.name: labels(tier) for tier in grid.tiers}
    assert tiers == {
        "valence": [(0.0, 1.0, "3.00"), (1.0, 2.0, "5.00")],
        "arousal": [(0.0, 1.0, "3.00"), (1.0, 2.0, "4.00")],
        "dominance": [(0.0, 1.0, "7.40*"), (1.0, 2.0, "7.00")],
        "emphasised": [(0.0, 0.5, ""), (0.5, 0.75, "it"), (0.75, 2.0, "")],
        "segment": [(0.0, 0.25, ""), (0.25, 1.25, "so it is"), (1.25, 2.0, "")],
    }


def test_a_word_beyond_the_end_is_cut():
    found = emphasised("is", 0.9, 1.01, "it is", 0.5, 1.01)
    grid = prediction_grid(
        SpeechPrediction(
            wav=Path("talk.wav"),
            whole=window(0.0, 1.0, [4.0, 4.0, 4.0]),
            texts=SpeechTexts(emphasised=found),
        )
    )
    assert [len(tier.intervals) for tier in grid.tiers] == [1, 1, 1, 2, 2]
    assert {tier.intervals[-1].end_s for tier in grid.tiers} == {1.0}


@pytest.fixture
def recordings(tmp_path):
    noise = np.random.default_rng(0).normal(0, 0.1, 40_000)
    folder = tmp_path / "speech"
    (folder / "b").mkdir(parents=True)
    soundfile.write(folder / "long.wav", noise, RATE_HZ)
    soundfile.write(folder / "b" / "short.wav", noise[:8000], RATE_HZ)
    return folder


def predict(*arguments):
    return CliRunner().invoke(main, ["predict", *map(str, arguments)])


def test_praat_reads_what_the_command_writes(run_folder, recordings, tmp_path):
    arguments = [run_folder, recordings, "--window-s", "1", "--textgrids", tmp_path / "grids"]
    result = predict(*arguments)
    assert result.exit_code == 0, result.output
    assert f"wrote 2 TextGrids into {tmp_path / 'grids'}" in result.stderr
    grid = parselmouth.read(str(tmp_path / "grids" / "long.TextGrid"))
    assert call(grid, "Get tier name...", 2) == "arousal"
    assert call(grid, "Get number of intervals...", 2) == 3
    assert call(grid, "Get end time") == pytest.approx(2.5, abs=1e-9)
    float(call(grid, "Get label of interval...", 2, 1).rstrip("*"))
    again = predict(*arguments)
    assert again.exit_code == 1
    assert "TextGrid: exists already; --force replaces it" in again.stderr
    assert predict(*arguments, "--force").exit_code == 0


def test_names_that_clash_and_inputs_are_refused_before_any_work(run_folder, recordings, tmp_path):
    (recordings / "long.TextGrid").write_text("precious")
    result = predict(run_folder, recordings / "long.wav", "--textgrids", recordings, "--force")
    assert "long.TextGrid: is read as input; name another file" in result.stderr
    short = recordings / "b" / "short.wav"
    result = predict(run_folder, short, "--textgrids", short.parent)
    assert (
        "beside short.wav, where it would be read as the alignment; name another" in result.stderr
    )
    assert not short.with_suffix(".TextGrid").exists()
    (recordings / "b" / "short.wav").rename(recordings / "b" / "long.wav")
    result = predict(run_folder, recordings, "--textgrids", tmp_path / "grids")
    assert result.exit_code == 1
    assert "2 recordings would have the TextGrid" in result.stderr
    assert not (tmp_path / "grids").exists()
