"""What `msfser train` says before torch is loaded, in one line."""

import math
import subprocess
import sys
from dataclasses import replace

import pytest

from msfser.config.files import make_config
from msfser.errors import DataError, MsfserError
from msfser.manifest import DIMENSIONS, read_manifest, write_manifest
from msfser.training.missing import check_nothing_missing


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


def bare_corpus(folder, corpus_folder, **changes):
    """The manifest of a corpus with other rows, without texts."""
    manifest = read_manifest(corpus_folder)
    rows = tuple(replace(row, **changes) for row in manifest.utterances)
    write_manifest(folder / "manifest.parquet", replace(manifest, utterances=rows))
    return folder


def check(folder, *changes, preset="tiny", folds=False):
    config = make_config({}, [f"data.folder='{folder}'", *changes], preset=preset)
    check_nothing_missing(config, folds=folds)


def test_a_whole_corpus_lacks_nothing(corpus_folder):
    check(corpus_folder)
    check(corpus_folder, preset="voice")


def test_all_that_is_missing_is_one_message(corpus_folder, tmp_path):
    no_labels = dict.fromkeys(DIMENSIONS, math.nan)
    folder = bare_corpus(tmp_path, corpus_folder, split=None, **no_labels)
    with pytest.raises(DataError) as caught:
        check(folder, "model.acoustic='nobody/no-wavlm'", preset="paper")
    message = str(caught.value)
    assert message.startswith(f"{folder}: 4 things to mend: (1) no splits; make them with msfser")
    for part in (
        "(2) no labels in mechanism; give the table columns valence, arousal or dominance",
        "(3) no texts (gs, les, es); ",
        "(4) nobody/no-wavlm: no such",
    ):
        assert part in message


@pytest.mark.parametrize(
    ("rows", "changes", "options", "message"),
    [
        ({}, [], {"preset": "tiny"}, ": no texts (gs, les, es); make them with msfser semantics"),
        ({"split": None, "fold": 2}, [], {}, ": no splits; train with --folds"),
        ({"split": None, "fold": 2}, [], {"folds": True}, None),
        ({}, [], {"folds": True}, ": the corpus has no folds; train with splits"),
        ({}, ["data.test_fold=3"], {}, ": no fold 3; there are: none"),
        (
            {},
            ["data.train_split='test1'"],
            {},
            ": no split 'test1'; there are: development, test, t",
        ),
        ({"status": "failed"}, [], {}, "split 'train': holds no usable utterance; see the manif"),
        ({"split": None}, ["data.train_split=''", "data.development_split=''"], {}, None),
        ({"valence": math.nan, "arousal": math.nan}, [], {}, None),
    ],
)
def test_each_thing_is_named(corpus_folder, tmp_path, rows, changes, options, message):
    folder = bare_corpus(tmp_path, corpus_folder, **rows)
    if message is None:
        check(folder, *changes, **{"preset": "voice", **options})
        return
    with pytest.raises(DataError) as caught:
        check(folder, *changes, **{"preset": "voice", **options})
    assert message in str(caught.value)


def test_a_table_in_place_of_a_folder_is_named(tmp_path):
    table = tmp_path / "own.csv"
    table.write_text("wav\na.wav\n")
    with pytest.raises(
        DataError, match=r"own\.csv: a file, not a folder; read a table with msfser"
    ):
        check(table, preset="voice")
    with pytest.raises(DataError, match="gone: no such file; make it with msfser corpus"):
        check(tmp_path / "gone", preset="voice")
    with pytest.raises(MsfserError, match="no data: name with --data"):
        check("", preset="voice")


def test_the_command_says_so_without_loading_torch(corpus_folder, tmp_path):
    folder = bare_corpus(tmp_path, corpus_folder, split=None)
    run = str(tmp_path / "run")
    code = (
        "import sys\nfrom msfser.commands.cli import main\n"
        f"sys.argv = ['msfser', 'train', '--data', {str(folder)!r}, '-o', {run!r}]\n"
        "try:\n    main()\nfinally:\n    print('torch' in sys.modules)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert ended.returncode == 1
    assert "3 things to mend: (1) no splits" in ended.stderr
    assert ended.stderr.count("\n") == 1
    assert ended.stdout == "False\n"
