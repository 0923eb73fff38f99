"""A link that leads to itself, as any argument of any command: one line, and nothing written."""

import json

import pytest
from click.testing import CliRunner

import lemf
from lemf.commands.cli import main

SCORE = ("score", "a.wav", "a.TextGrid")
SUFFIXES = (".wav", ".TextGrid", ".png", ".csv", ".json", ".jsonl", ".parquet")


@pytest.fixture(scope="module")
def folder(build_corpus, tmp_path_factory):
    """A recording, labels and features, a link `loop` and one with each suffix to themselves."""
    folder = tmp_path_factory.mktemp("loops")
    corpus = build_corpus(folder / "corpus", 2)
    (corpus / "speaker0/0000.wav").rename(folder / "a.wav")
    (corpus / "speaker0/0000.TextGrid").rename(folder / "a.TextGrid")
    label = {"audio": "a.wav", "textgrid": "a.TextGrid", "emphasised": 0}
    (folder / "labels.jsonl").write_text(json.dumps(label))
    lemf.score_corpus(corpus, folder / "w.parquet", features=folder / "f.parquet")
    for suffix in ("", *SUFFIXES):
        (folder / f"loop{suffix}").symlink_to(f"loop{suffix}")
    return folder


@pytest.mark.parametrize(
    "arguments",
    [
        ("score", "loop.wav", "a.TextGrid"),
        ("score", "a.wav", "loop.TextGrid"),
        ("score", "loop/a.wav", "a.TextGrid"),
        (*SCORE, "--weights", "loop.json"),
        (*SCORE, "--plot", "loop.png"),
        (*SCORE, "--textgrid", "loop.TextGrid"),
        (*SCORE, "--contours", "loop/new.csv"),
        ("plot", "a.wav", "a.TextGrid", "-o", "loop.png"),
        ("batch", "loop", "-o", "new.parquet"),
        ("batch", "loop.csv", "-o", "new.parquet"),
        ("batch", "loop/*.wav", "-o", "new.parquet"),
        ("batch", "corpus", "-o", "loop.parquet"),
        ("batch", "corpus", "-o", "loop/new.parquet"),
        ("batch", "corpus", "-o", "new.parquet", "--features", "loop.parquet"),
        ("batch", "corpus", "-o", "new.parquet", "--sentence-table", "loop.parquet"),
        ("batch", "corpus", "-o", "new.parquet", "--textgrids", "loop"),
        ("rescore", "loop.parquet", "-o", "new.parquet"),
        ("rescore", "f.parquet", "-o", "loop.parquet"),
        ("rescore", "f.parquet", "-o", "new.parquet", "--weights", "loop.json"),
        ("evaluate", "loop.jsonl"),
        ("evaluate", "labels.jsonl", "--weights", "loop.json"),
        ("evaluate", "labels.jsonl", "--scores", "other=loop.parquet"),
        ("evaluate", "labels.jsonl", "--scores", "other=loop.csv"),
        ("evaluate", "labels.jsonl", "--figure", "loop.png"),
        ("fit", "loop.csv", "-o", "new.json"),
        ("fit", "labels.jsonl", "-o", "loop.json"),
        ("fit", "labels.jsonl", "-o", "new.json", "--held-out", "loop.csv"),
    ],
    ids=" ".join,
)
def test_a_link_to_itself_is_one_line(folder, monkeypatch, arguments):
    monkeypatch.chdir(folder)
    before = sorted(folder.iterdir())
    result = CliRunner().invoke(main, [*arguments, "--force"])
    assert result.exit_code == 1, result.output
    (line,) = result.stderr.splitlines()
    assert line.startswith("Error: loop")
    assert sorted(folder.iterdir()) == before
