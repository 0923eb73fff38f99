"""What lemf does without the packages of its extras, and the one line that names a missing one."""

import json
import subprocess
import sys
from ctypes.util import find_library
from pathlib import Path

import numpy as np
import pytest

from msfser.evaluation.prediction_table import write_predictions
from msfser.evaluation.predictions import make_predictions
from msfser.manifest import Utterance

EXAMPLES = Path(__file__).parents[1] / "examples"
REALLY = [str(EXAMPLES / "really.wav"), str(EXAMPLES / "really.TextGrid")]
SAID = "I really didn't mean that"
EXTRAS = (
    "espeakng_loader",
    "faster_whisper",
    "soxr",
    "matplotlib",
    "pyarrow",
    "distributed",
    "pyworld",
    "parselmouth",
    "pandas",
    "swift_f0",
    "torch",
)
HIDE = """
import sys
class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {names!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)
sys.meta_path.insert(0, Hide())
"""


def run_without(names, code, folder):
    """Run code in a fresh interpreter that does not find some packages."""
    return subprocess.run(
        [sys.executable, "-c", HIDE.format(names=names) + code],
        cwd=folder, capture_output=True, text=True,
    )  # fmt: skip


def command(package, arguments):
    return f"from {package}.commands.cli import main\nmain({arguments!r})"


@pytest.fixture
def folder(tmp_path):
    """A folder with labels of the examples, and a file where a table of scores would be."""
    labels = [
        {"id": name, "audio": f"{EXAMPLES / name}.wav", "textgrid": f"{EXAMPLES / name}.TextGrid",
         "emphasised": place, "speaker": "anna"}
        for place, name in ((1, "really"), (2, "didnt"))
    ]  # fmt: skip
    (tmp_path / "labels.jsonl").write_text("\n".join(map(json.dumps, labels)), encoding="utf-8")
    (tmp_path / "scores.parquet").touch()
    return tmp_path


@pytest.mark.parametrize(
    ("package", "missing", "arguments", "requirement"),
    [
        ("lemf", "matplotlib", ["plot", *REALLY, "-o", "new.png"], "lemf[plot]"),
        ("lemf", "matplotlib", ["score", *REALLY, "--plot", "new.png"], "lemf[plot]"),
        ("lemf", "matplotlib", ["evaluate", "labels.jsonl", "--figure", "new.png"], "lemf[plot]"),
        ("lemf", "pyarrow", ["batch", str(EXAMPLES), "-o", "new.parquet"], "lemf[batch]"),
        ("lemf", "pyarrow", ["rescore", "scores.parquet", "-o", "new.parquet"], "lemf[batch]"),
        (
            "lemf",
            "pyarrow",
            ["evaluate", "labels.jsonl", "--scores", "other=scores.parquet"],
            "lemf[batch]",
        ),
        (
            "lemf",
            "parselmouth",
            ["batch", str(EXAMPLES), "-o", "new.parquet", "--pitch", "praat"],
            "lemf[praat]",
        ),
        ("lemf", "parselmouth", ["score", *REALLY, "--pitch", "praat"], "lemf[praat]"),
        ("lemf", "swift_f0", ["score", *REALLY, "--pitch", "swift"], "lemf[swift]"),
        (
            "lemf",
            "parselmouth",
            ["align", REALLY[0], SAID, "-o", "-", "--aligner", "praat"],
            "lemf[align,praat]",
        ),
        (
            "lemf",
            "viter",
            ["align", str(EXAMPLES), "--language", "en", "-o", "new", "--aligner", "viter"],
            "lemf[align,viter]",
        ),
        ("lemf", "pyworld", ["score", *REALLY, "--pitch", "pyworld"], "lemf[world]"),
        ("lemf", "espeakng_loader", ["score", REALLY[0], "--text", SAID], "lemf[align]"),
        (
            "lemf",
            "espeakng_loader",
            ["align", REALLY[0], SAID, "-o", "-"],
            "lemf[align]",
        ),
        (
            "lemf",
            "espeakng_loader",
            ["align", str(EXAMPLES), "--language", "en", "-o", "new"],
            "lemf[align]",
        ),
        ("lemf", "faster_whisper", ["score", REALLY[0], "--whisper", "."], "lemf[whisper]"),
        ("msfser", "pyarrow", ["semantics", "les", "."], "lemf[ser]"),
        ("msfser", "torch", ["train", "--data", ".", "-o", "new"], "lemf[ser]"),
    ],
)
def test_a_missing_package_is_named_in_one_line_before_any_work(
    folder, package, missing, arguments, requirement
):
    before = sorted(folder.iterdir())
    if missing == "espeakng_loader" and find_library("espeak-ng"):
        pytest.skip("espeak-ng is installed on this system")
    done = run_without((missing,), command(package, arguments), folder)
    assert done.stderr == f"Error: {missing} is missing: pip install '{requirement}'\n"
    assert done.returncode == 1
    assert done.stdout == ""
    assert sorted(folder.iterdir()) == before


@pytest.mark.parametrize(
    ("missing", "code", "requirement"),
    [
        ("matplotlib", "lemf.draw(emphasis)", "lemf[plot]"),
        ("pandas", "emphasis.to_dataframe()", "pandas"),
    ],
)
def test_in_python_a_missing_package_is_an_error_of_lemf(tmp_path, missing, code, requirement):
    code = f"""
import lemf
emphasis = lemf.score(*{REALLY!r})
try:
    {code}
except lemf.MissingPackageError as error:
    print(error)
"""
    done = run_without((missing,), code, tmp_path)
    assert done.stdout == f"{missing} is missing: pip install '{requirement}'\n", done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["score", *REALLY],
        ["score", *REALLY, "--format", "json"],
        ["score", *REALLY, "--textgrid", "scored.TextGrid", "--contours", "f0.csv"],
        ["evaluate", "labels.jsonl", "--resamples", "20"],
        ["--help"],
    ],
)
def test_the_rest_needs_no_package_of_any_extra(folder, arguments):
    done = run_without(EXTRAS, command("lemf", arguments), folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_a_notebook_shows_the_table_without_any_extra(tmp_path):
    code = f"import lemf\nprint(lemf.score(*{REALLY!r})._repr_html_())"
    done = run_without(EXTRAS, code, tmp_path)
    assert "really<sub>1</sub>" in done.stdout, done.stderr


def test_a_table_of_predictions_is_evaluated_without_torch(tmp_path):
    ids = [f"u{i}" for i in range(8)]
    values = np.random.default_rng(0).uniform(1, 7, (8, 3))
    utterances = [
        Utterance(id=name, wav=f"{name}.wav", valence=v, arousal=a, dominance=d, split="test")
        for name, (v, a, d) in zip(ids, values, strict=True)
    ]
    predictions = make_predictions(
        utterances, values, corpus="c", version="", label_bounds=(1.0, 7.0)
    )
    write_predictions(tmp_path / "predictions.parquet", predictions)
    arguments = ["evaluate", "predictions.parquet", "--resamples", "20", "-o", "new"]
    missing = ("torch", "transformers", "safetensors", "soxr", "httpx", "tomli_w")
    done = run_without(missing, command("msfser", arguments), tmp_path)
    assert done.returncode == 0, done.stderr
    assert "valence    1.000" in done.stdout
    assert (tmp_path / "new" / "metrics.json").is_file()
