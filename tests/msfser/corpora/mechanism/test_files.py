"""The corpus on disk: the same bytes, whole or not at all, nothing overwritten unasked."""

from __future__ import annotations

import csv
import json
from hashlib import sha256
from pathlib import Path

import pyarrow.parquet
import pytest
import soundfile

import lemf
from lemf import CorpusError
from lemf.runtime.locks import hold_lock
from msfser.corpora.mechanism import files as mechanism_files
from msfser.corpora.mechanism.drawing import draw_sentence
from msfser.corpora.mechanism.files import write_mechanism
from msfser.errors import ConfigError
from msfser.manifest import read_manifest

N = 48
NAMES = ["alignment", "audio", "es.jsonl", "manifest.parquet", "reachable.csv", "truth.parquet"]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mechanism") / "corpus"
    write_mechanism(folder, n_utterances=N, seed=5, jobs=1)
    return folder


def digests(folder: Path) -> dict[str, str]:
    """The bytes of every file but the manifest, which holds its own path."""
    return {
        str(path.relative_to(folder)): sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "manifest.parquet"
    }


def test_same_seed_same_bytes_whatever_the_processes(corpus, tmp_path):
    again = write_mechanism(tmp_path / "again", n_utterances=N, seed=5, jobs=2)
    assert digests(tmp_path / "again") == digests(corpus)
    assert again.utterances == read_manifest(corpus).utterances


def test_small_corpus_begins_the_larger_one(corpus, tmp_path):
    write_mechanism(tmp_path, n_utterances=24, seed=5, jobs=1)
    small, large = digests(tmp_path), digests(corpus)
    assert all(large[name] == small[name] for name in small if name.startswith(("audio", "align")))
    assert (corpus / "es.jsonl").read_text().startswith((tmp_path / "es.jsonl").read_text())


def test_other_seed_other_sound(corpus, tmp_path):
    write_mechanism(tmp_path, n_utterances=24, seed=6, jobs=1)
    assert digests(tmp_path)["audio/m00000.wav"] != digests(corpus)["audio/m00000.wav"]


def test_manifest_truth_and_files_agree(corpus):
    assert sorted(path.name for path in corpus.iterdir()) == NAMES
    manifest = read_manifest(corpus)
    truth = pyarrow.parquet.read_table(corpus / "truth.parquet").to_pylist()
    assert manifest.label_bounds == (1.0, 7.0)
    assert (manifest.corpus, manifest.version) == ("mechanism", "1 seed 5")
    for index, (utterance, row) in enumerate(zip(manifest.utterances, truth, strict=True)):
        sentence = draw_sentence(5, index)
        assert utterance.id == row["id"] == f"m{index:05d}"
        assert utterance.labels == sentence.labels
        assert utterance.transcript.split()[row["stressed_word_index"]] == row["stressed_word"]
        polarity = row[f"polarity_{row['stressed_position']}"]
        assert utterance.valence == pytest.approx(4 + 2.5 * polarity + row["noise_valence"])
        assert utterance.dominance == pytest.approx(
            4 + 2.5 * row["status"] + row["noise_dominance"]
        )
        samples, rate_hz = soundfile.read(manifest.wav_path(utterance))
        grid = lemf.read_textgrid(manifest.alignment_path(utterance))
        assert rate_hz == 16000
        assert len(samples) / rate_hz == utterance.duration_s == grid.end_s


def test_descriptions_have_the_six_categories(corpus):
    rows = [json.loads(line) for line in (corpus / "es.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == [u.id for u in read_manifest(corpus).utterances]
    keys = ["free_emotion", "emotion", "explanation", "scenario", "paralinguistics", "gender"]
    assert all(list(row) == ["id", *keys] for row in rows)


def test_reachable_table(corpus):
    with (corpus / "reachable.csv").open() as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 8 * 3
    best = {(row["inputs"], row["dimension"]): float(row["ccc"]) for row in rows}
    assert best["audio", "valence"] == 0.0
    assert best["audio+gs", "valence"] == pytest.approx(0.497, abs=5e-4)
    assert best["audio+gs+les+es", "dominance"] == pytest.approx(0.989, abs=5e-4)


def test_nothing_is_overwritten_unasked(corpus):
    before = digests(corpus)
    with pytest.raises(CorpusError, match=r"audio: exists already; --force replaces it"):
        write_mechanism(corpus, n_utterances=24, jobs=1)
    assert digests(corpus) == before


def test_force_replaces_the_corpus_and_nothing_else(tmp_path):
    write_mechanism(tmp_path, n_utterances=48, jobs=1)
    (tmp_path / "notes.txt").write_text("mine")
    write_mechanism(tmp_path, n_utterances=24, jobs=1, force=True)
    assert len(list((tmp_path / "audio").iterdir())) == 24
    assert len(read_manifest(tmp_path).utterances) == 24
    assert (tmp_path / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("name", ["audio/mine.wav", "alignment/mine/m00000.TextGrid", "audio"])
def test_force_never_removes_files_of_others(tmp_path, monkeypatch, name):
    monkeypatch.setattr(mechanism_files, "_write_corpus", None)  # refused before any work
    mine = tmp_path / name
    mine.parent.mkdir(parents=True, exist_ok=True)
    mine.write_text("mine")
    with pytest.raises(CorpusError, match=r"/(mine.wav|mine|audio): .*move it elsewhere") as raised:
        write_mechanism(tmp_path, n_utterances=24, jobs=1, force=True)
    assert "\n" not in str(raised.value)
    assert mine.read_text() == "mine"


def test_file_that_arrives_during_the_run_is_not_removed(tmp_path, monkeypatch):
    write_mechanism(tmp_path, n_utterances=24, jobs=1)
    before = digests(tmp_path)
    reachable = mechanism_files.format_reachable

    def arrive(*_) -> bytes:
        (tmp_path / "audio" / "mine.wav").write_bytes(b"mine")
        return reachable()

    monkeypatch.setattr(mechanism_files, "format_reachable", arrive)
    with pytest.raises(CorpusError, match=r"mine.wav: not a file of the mechanism corpus"):
        write_mechanism(tmp_path, n_utterances=24, seed=1, jobs=1, force=True)
    (tmp_path / "audio" / "mine.wav").unlink()
    assert digests(tmp_path) == before


def test_failure_leaves_what_was_there(corpus, monkeypatch):
    before = digests(corpus)

    def fail(*_) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(mechanism_files, "format_reachable", fail)
    with pytest.raises(OSError, match="No space left"):
        write_mechanism(corpus, n_utterances=24, jobs=1, force=True)
    assert digests(corpus) == before
    assert sorted(path.name for path in corpus.iterdir()) == NAMES


def test_what_a_killed_run_left_is_removed(tmp_path):
    left = tmp_path / ".mechanism.part" / "audio"
    left.mkdir(parents=True)
    (left / "m00000.wav").write_bytes(b"half")
    write_mechanism(tmp_path, n_utterances=24, jobs=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == NAMES


def test_second_run_on_the_same_folder_is_refused(tmp_path):
    with (
        hold_lock(tmp_path / "mechanism.lock"),
        pytest.raises(lemf.LemfError, match="is working on this output"),
    ):
        write_mechanism(tmp_path, n_utterances=24, jobs=1)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"n_utterances": 23}, "utterances 23: choose 24 to 100,000"),
        ({"n_utterances": 100_001}, "utterances 100001"),
        ({"seed": -1}, "seed -1"),
        ({"jobs": 0}, "jobs 0"),
    ],
)
def test_numbers_are_checked_first(tmp_path, wrong, message):
    with pytest.raises(ConfigError, match=message):
        write_mechanism(tmp_path / "corpus", **wrong)
    assert not (tmp_path / "corpus").exists()


def test_folder_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(lemf.OutputError, match="the folder cannot be made"):
        write_mechanism(tmp_path / "file", n_utterances=24)


@pytest.mark.parametrize(
    ("option", "value", "unknown"),
    [
        ("--class-imbalance", 4, ["valence"]),
        ("--speaker-shift", 1, ["arousal"]),
        ("--rater-spread", 0.5, ["valence", "arousal", "dominance"]),
        ("--contour-shape", 1.25, []),
        ("--context-flip", 0.5, []),
    ],
)
def test_the_best_of_a_planted_corpus_is_shown_as_far_as_it_is_known(
    run, tmp_path, option, value, unknown
):
    settings = ("--utterances", 24, "--jobs", 1, option, value)
    result = run("mechanism", "-o", tmp_path, *settings, "--reachable")
    assert result.exit_code == 0, result.output
    _, _, shown = result.stdout.partition("Best reachable CCC (")
    title, head, *lines = shown.strip().splitlines()
    assert title == f"{option[2:].replace('-', ' ')} {value}):"
    with (tmp_path / "reachable.csv").open() as stream:
        rows = {(row["inputs"], row["dimension"]): row["ccc"] for row in csv.DictReader(stream)}
    assert len(rows) == 3 * len(lines)
    for line in lines:
        inputs, *cells = line.split()
        for name, cell in zip(head.split()[1:], cells, strict=True):
            known = rows[inputs, name]
            assert (known == "") == (name in unknown)
            assert cell == (f"{float(known):.3f}" if known else "-")
    note = f"the best reachable CCC of {', '.join(unknown)} is not known for this corpus"
    assert (note in result.stderr) == bool(unknown)
    assert any("context" in line for line in lines) == (option == "--context-flip")


def test_command(run, tmp_path):
    result = run("mechanism", "-o", tmp_path, "--utterances", 24, "--jobs", 1, "--reachable")
    assert result.exit_code == 0, result.output
    assert "mechanism 1 seed 0, labels from 1 to 7" in result.stdout
    assert "audio+gs+les+es" in result.stdout
    assert "(+" in result.stdout  # of the oracle
    again = run("mechanism", "-o", tmp_path, "--utterances", 24)
    assert again.exit_code == 1
    assert "exists already; --force replaces it" in again.stderr
