"""A corpus that a synthesiser spoke, whose words are where it said them."""

import csv
import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile

import lemf
from lemf.aligner.espeak import open_espeak
from lemf.aligner.espeak_client import EspeakProcess
from lemf.aligner.transcript import read_words
from lemf.config import AlignSettings
from lemf.corpus.alignment import passes
from lemf.corpus.alignment.grids import GridOutputs
from lemf.corpus.alignment.passes import choose_training
from lemf.corpus.alignment.tasks import AlignTask, hear_file
from lemf.corpus.listing import list_recordings
from lemf.corpus.manifest import Recording
from lemf.errors import CorpusError, KilledAlignerError, OutputError

TEXTS = {
    "anna/one": "The morning paper was lying on the table.",
    "anna/two": "Nobody noticed the broken window.",
    "ben/one": "We have seen seven ships in the harbour.",
    "ben/two": "Please open the door, I am cold.",
}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """The folder, and the start of each word of each recording."""
    folder = tmp_path_factory.mktemp("aligning") / "corpus"
    starts_s = {}
    with open_espeak() as espeak:
        for name, text in TEXTS.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            words = read_words(text)
            spoken = espeak.speak([word.spoken for word in words], "en-us")
            soundfile.write(f"{path}.wav", spoken.sound, spoken.rate_hz)
            Path(f"{path}.txt").write_text(text, encoding="utf-8")
            starts_s[name] = [
                min(phone.start_s for phone in spoken.phones if phone.word == place)
                for place in range(len(words))
            ]
    return folder, starts_s


@pytest.fixture(scope="module", autouse=True)
def trains_on_little():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passes, "LEAST_TRAINING_S", 0.0)
        yield


def align(corpus, output, **options):
    return lemf.align_corpus(corpus, output, **{"language": "en", "jobs": 2, **options})


@pytest.fixture(scope="module")
def run(corpus):
    return align(corpus[0], corpus[0].parent / "grids")


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.TextGrid")}


def rows(path):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_words_are_found_where_they_were_spoken(corpus, run):
    errors_s = []
    for name, known_s in corpus[1].items():
        grid = lemf.read_textgrid(run.outputs.folder / f"{name}.TextGrid")
        found_s = [word.start_s for word in grid.tiers[0].intervals if word.label]
        errors_s += np.abs(np.subtract(found_s, known_s)).tolist()
    assert np.median(errors_s) < 0.03
    assert run.summary.files == len(TEXTS)
    assert run.summary.words == sum(map(len, corpus[1].values()))


def test_the_table_is_a_manifest_for_the_batch(run):
    table = rows(run.outputs.table)
    assert [row["id"] for row in table] == sorted(TEXTS)
    assert all(0 <= float(row["confidence"]) <= 1 for row in table)
    listed = lemf.score_corpus(run.outputs.table, run.outputs.folder.parent / "scores.parquet")
    assert listed.summary.files == len(TEXTS)
    assert listed.summary.words == run.summary.words


def test_nothing_else_is_left_beside_the_textgrids(run):
    left = sorted(path.name for path in run.outputs.folder.parent.glob("grids*"))
    assert left == ["grids", "grids.csv", "grids.run.json"]


def test_a_complete_run_is_not_made_again_and_other_settings_are_refused(corpus, run):
    assert align(corpus[0], run.outputs.folder).seconds == 0
    with pytest.raises(CorpusError, match=r"grids: --no-training was not given, is given; --force"):
        align(corpus[0], run.outputs.folder, train=False)
    with pytest.raises(CorpusError, match="grids: --language was en, is de; --force starts over"):
        align(corpus[0], run.outputs.folder, language="de")


def test_a_missing_textgrid_is_written_again_and_a_corrected_one_kept(corpus, run):
    output = corpus[0].parent / "corrected"
    align(corpus[0], output)
    lost, corrected, *_ = sorted(output.rglob("*.TextGrid"))
    lost.unlink()
    corrected.write_text("by hand")
    with pytest.raises(StoppedError):
        align(corpus[0], output, watch=stop)
    align(corpus[0], output)
    assert corrected.read_text() == "by hand"
    assert lost.read_bytes() == contents(run.outputs.folder)[lost.relative_to(output)]
    align(corpus[0], output, force=True)
    assert contents(output) == contents(run.outputs.folder)


class StoppedError(Exception):
    """As a kill ends a run."""


def stop(*_):
    raise StoppedError


def test_a_run_that_is_stopped_anywhere_goes_on_to_the_same_bytes(corpus, run, monkeypatch):
    output = corpus[0].parent / "again"
    calls = []

    def stop_at(done, total, failed=0, note=""):
        calls.append(done)
        if len(calls) % 10 == 0:
            raise StoppedError

    for _ in range(9):
        with suppress(StoppedError):
            align(corpus[0], output, jobs=1, watch=stop_at)
            break
    else:
        pytest.fail("the run does not go on")
    assert len(calls) > 14
    assert contents(output) == contents(run.outputs.folder)
    with monkeypatch.context() as patch:
        patch.setattr("lemf.corpus.alignment.grids.write_table", None)
        with pytest.raises(TypeError):
            align(corpus[0], output, force=True)
    assert (output.parent / "again.parts").is_dir()
    align(corpus[0], output)
    assert contents(output) == contents(run.outputs.folder)
    assert not list(output.parent.glob("again.p*"))


def test_a_killed_process_leaves_what_the_next_goes_on_from(corpus, run):
    output = corpus[0].parent / "killed"
    code = (
        "from lemf.commands.cli import main\n"
        "from lemf.corpus.alignment import passes\n"
        "passes.LEAST_TRAINING_S = 0.0\n"
        "main()\n"
    )
    command = [sys.executable, "-c", code, "align", corpus[0], "-o", output, "--language", "en"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    while not list(output.parent.glob("killed.parts/*.part")):
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()
    align(corpus[0], output)
    assert contents(output) == contents(run.outputs.folder)


def test_little_speech_trains_nothing(corpus, run, tmp_path, monkeypatch):
    monkeypatch.setattr(passes, "LEAST_TRAINING_S", 60.0)
    align(corpus[0], tmp_path / "little")
    align(corpus[0], tmp_path / "untrained", train=False)
    assert contents(tmp_path / "little") == contents(tmp_path / "untrained")
    assert contents(tmp_path / "little") != contents(run.outputs.folder)


def test_a_text_that_does_not_fit_changes_no_other_recording(corpus, run, tmp_path):
    folder = tmp_path / "corpus"
    shutil.copytree(corpus[0], folder)
    rng = np.random.default_rng(0)
    soundfile.write(folder / "anna" / "noise.wav", 0.1 * rng.normal(size=60_000), 22_050)
    (folder / "anna" / "noise.txt").write_text("This is what nobody says in the middle of noise.")
    done = align(folder, tmp_path / "grids")
    assert [row["id"] for row in rows(done.outputs.failed)] == ["anna/noise"]
    assert contents(tmp_path / "grids") == contents(run.outputs.folder)
    align(folder, tmp_path / "forced", force_fit=True)
    forced = contents(tmp_path / "forced")
    assert forced.pop(Path("anna/noise.TextGrid"))
    assert forced == contents(run.outputs.folder)


def test_a_synthesiser_killed_twice_is_no_fault_of_the_recording(corpus, monkeypatch):
    listed = list_recordings(corpus[0]).recordings[0]
    task = AlignTask(0, listed, 0, AlignSettings(language="en"), None, "")

    def kill(*_):
        raise KilledAlignerError("espeak-ng was killed")

    monkeypatch.setattr(EspeakProcess, "ask", kill)
    with pytest.raises(KilledAlignerError):
        hear_file(task)


def test_recordings_without_words_fail_alone(corpus, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    good = corpus[0] / "ben" / "two"
    for name in ("good", "empty", "none", "noise", "timed", "folder"):
        Path(f"{name}.wav").symlink_to(f"{good}.wav")
    Path("good.lab").write_text(TEXTS["ben/two"])
    Path("empty.txt").write_text(" \n")
    Path("noise.txt").write_bytes(b"RIFF\0\0\0\0")
    Path("timed.txt").write_text("0.0\t0.4\tso\n0.4\t0.9\tit\n")
    Path("folder.txt").mkdir()
    done = align(".", "grids", train=False)
    assert (done.summary.files, done.summary.failed) == (1, 5)
    reasons = {row["id"]: row["reason"] for row in rows(done.outputs.failed)}
    assert reasons["empty"].startswith("the text is empty; write")
    assert reasons["none"].startswith("no text; ")
    assert reasons["noise"].startswith("not a text but a recording; ")
    assert reasons["timed"].startswith("not a plain text but labels with times; ")
    assert reasons["folder"].startswith("no text: folder.txt is a folder; ")
    assert [path.name for path in Path("grids").iterdir()] == ["good.TextGrid"]


def test_existing_textgrids_are_replaced_by_force_alone(corpus, tmp_path, monkeypatch):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    Path("a.wav").symlink_to(corpus[0] / "ben" / "two.wav")
    Path("a.txt").write_text(TEXTS["ben/two"])
    Path("a.TextGrid").write_text("precious")
    with pytest.raises(OutputError, match=r"a\.TextGrid: exists already; --force replaces it"):
        align("a*.wav", ".", train=False)
    assert Path("a.TextGrid").read_text() == "precious"
    align("a*.wav", ".", train=False, force=True)
    assert [tier.name for tier in lemf.read_textgrid("a.TextGrid").tiers][:2] == ["words", "phones"]
    assert rows(tmp_path / "here.csv")[0]["audio"] == "here/a.wav"


def test_a_manifest_holds_the_texts_and_its_ids_stay_below_the_folder(corpus, tmp_path):
    wav = corpus[0] / "ben" / "two.wav"
    manifest = tmp_path / "lists" / "all.csv"
    manifest.parent.mkdir()
    lines = ["audio,text,id,speaker", f'{wav},"{TEXTS["ben/two"]}",../up,ben']
    manifest.write_text("\n".join(lines), encoding="utf-8")
    done = align(manifest, tmp_path / "grids", train=False)
    assert list(contents(tmp_path / "grids")) == [Path("up.TextGrid")]
    assert done.summary.words == 7
    lines.append(f"{wav},a text,up,ben")
    manifest.write_text("\n".join(lines), encoding="utf-8")
    with pytest.raises(CorpusError, match=r"'\.\./up' and 'up' would both be up\.TextGrid"):
        align(manifest, tmp_path / "other", train=False)


def test_the_models_learn_from_some_hours_of_a_large_corpus_whatever_its_order():
    ids = [f"s{number % 3}/{number}" for number in range(300)]
    heard = ['{"moments": [2000, [0.0], [0.0]], "fits": true}'] * 299 + ['{"failure": "no text"}']
    assert choose_training(ids, heard) == set(range(299))  # 10 s each: all but what failed
    chosen = choose_training(ids, heard, most_s=995.0)
    assert len(chosen) == 100
    assert {ids[place] for place in chosen} == {
        ids[::-1][place] for place in choose_training(ids[::-1], heard[::-1], most_s=995.0)
    }
    assert {ids[place][:2] for place in chosen} == {"s0", "s1", "s2"}


def test_a_part_of_a_corpus_trains_models_for_all(corpus, run, tmp_path, monkeypatch):
    monkeypatch.setattr("lemf.corpus.alignment.passes.choose_training", lambda *_: {2})
    seen = []

    def watch(done, total, failed=0, note=""):
        seen.append((done, total))

    some = align(corpus[0], tmp_path / "grids", watch=watch)
    assert some.summary.files == len(TEXTS)
    assert seen[-1] == (24, 24)
    assert contents(tmp_path / "grids").keys() == contents(run.outputs.folder).keys()
    assert contents(tmp_path / "grids") != contents(run.outputs.folder)


def test_an_id_with_half_a_character_names_a_file_all_the_same(tmp_path):
    outputs = GridOutputs(tmp_path)
    (path,) = outputs.paths([Recording("a\ud800/b", "b.wav", None)])
    assert path == tmp_path / "a\ufffd/b.TextGrid"


@pytest.mark.parametrize(
    ("ids", "fault"),
    [
        (["a", "a.TextGrid/b"], "'a' would be a folder of others"),
        (["a\0b"], r"'a\\x00b' cannot be the name of a TextGrid \(a zero byte\)"),
        (["a" * 250], r"cannot be the name of a TextGrid \(259 bytes\)"),
    ],
)
def test_names_that_cannot_be_written_are_refused_before_any_work(tmp_path, ids, fault):
    manifest = tmp_path / "all.jsonl"
    lines = [json.dumps({"id": one, "audio": "none.wav", "text": "so"}) for one in ids]
    manifest.write_text("\n".join(lines))
    with pytest.raises(CorpusError, match=fault):
        align(manifest, tmp_path / "grids")
    assert list(tmp_path.iterdir()) == [manifest]


def copy_of(corpus, folder):
    shutil.copytree(corpus[0], folder)
    return folder


def test_a_corrected_text_is_aligned_alone_and_corrected_textgrids_stay(corpus, tmp_path):
    folder, output = copy_of(corpus, tmp_path / "corpus"), tmp_path / "grids"
    text = folder / "ben" / "two.txt"
    text.write_text("")
    assert align(folder, output).summary.failed == 1
    corrected = output / "anna" / "one.TextGrid"
    corrected.write_text("by hand")
    before = contents(output)
    text.write_text(TEXTS["ben/two"])
    run = align(folder, output)
    assert (run.summary.files, run.summary.failed, run.n_kept) == (4, 0, 3)
    after = contents(output)
    new = after.pop(Path("ben/two.TextGrid"))
    assert after == before
    assert b"cold" in new
    assert [row["id"] for row in rows(run.outputs.table)] == sorted(TEXTS)
    assert not run.outputs.failed.exists()
    assert align(folder, output).seconds == 0


def test_a_corrected_text_whose_textgrid_exists_is_named(corpus, tmp_path):
    folder, output = copy_of(corpus, tmp_path / "corpus"), tmp_path / "grids"
    align(folder, output)
    grid = output / "ben" / "two.TextGrid"
    grid.write_text("by hand")
    (folder / "ben" / "two.txt").write_text("Please open the door.")
    with pytest.raises(CorpusError, match=r"two\.TextGrid: .*two\.wav or its text changed since; "):
        align(folder, output)
    with pytest.raises(CorpusError, match=r"all TextGrids \(4, 1 of them written or changed by"):
        align(folder, output)
    assert grid.read_text() == "by hand"
    grid.unlink()
    assert align(folder, output).n_kept == 3
    assert "cold" not in grid.read_text()


def test_a_text_changed_in_a_run_that_was_stopped_loses_no_corrected_textgrid(corpus, tmp_path):
    folder, output = copy_of(corpus, tmp_path / "corpus"), tmp_path / "grids"
    align(folder, output)
    (output / "anna" / "one.TextGrid").unlink()
    with pytest.raises(StoppedError):
        align(folder, output, watch=stop)
    grid = output / "ben" / "two.TextGrid"
    grid.write_text("by hand")
    (folder / "ben" / "two.txt").write_text("Please open the door.")
    with pytest.raises(CorpusError, match=r"two\.TextGrid: .* changed since it was made; remove"):
        align(folder, output)
    assert grid.read_text() == "by hand"
    grid.unlink()
    align(folder, output)
    assert "cold" not in grid.read_text()


def test_a_text_changed_while_a_run_is_stopped_is_read_again(corpus, tmp_path):
    folder, output, again = copy_of(corpus, tmp_path / "corpus"), tmp_path / "g", tmp_path / "h"
    calls = []

    def stop_late(*_):
        calls.append(0)
        if len(calls) > 2 * len(TEXTS):
            raise StoppedError

    with pytest.raises(StoppedError):
        align(folder, output, watch=stop_late)
    (folder / "ben" / "two.txt").write_text("Please open the door.")
    align(folder, output)
    align(folder, again)
    assert contents(output) == contents(again)


def test_new_recordings_are_added_to_a_complete_run(corpus, tmp_path):
    folder, output = copy_of(corpus, tmp_path / "corpus"), tmp_path / "grids"
    (folder / "ben" / "two.wav").rename(tmp_path / "two.wav")
    align(folder, output)
    corrected = output / "anna" / "one.TextGrid"
    corrected.write_text("by hand")
    (tmp_path / "two.wav").rename(folder / "ben" / "two.wav")
    (output / "ben" / "two.TextGrid").write_text("precious")
    with pytest.raises(OutputError, match=r"two\.TextGrid: exists already, and the run before did"):
        align(folder, output)
    (output / "ben" / "two.TextGrid").unlink()
    run = align(folder, output)
    assert (run.summary.files, run.n_kept) == (4, 3)
    assert corrected.read_text() == "by hand"


def test_other_settings_say_what_force_replaces(corpus, tmp_path):
    output = tmp_path / "grids"
    align(corpus[0], output, train=False)
    (output / "anna" / "one.TextGrid").write_text("by hand")
    with pytest.raises(CorpusError, match=r"replaces all TextGrids \(4, 1 of them written or ch"):
        align(corpus[0], output)


def test_a_folder_that_takes_no_file_is_refused_before_any_work(corpus, tmp_path, monkeypatch):
    output = tmp_path / "grids"
    output.mkdir()
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: path != output and access(path, mode))
    with pytest.raises(OutputError, match=r"no permission to write into .*grids; choose another"):
        align(corpus[0], output)
    assert list(tmp_path.iterdir()) == [output]


def test_no_parquet_is_needed(corpus, tmp_path):
    code = (
        "import sys; sys.modules['pyarrow'] = None; import lemf; "
        f"print(lemf.align_corpus({str(corpus[0])!r}, 'grids', language='en').summary.files)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["4"], done.stderr
