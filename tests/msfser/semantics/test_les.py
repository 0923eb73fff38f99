import shutil
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

import lemf
from lemf.config import Settings
from lemf.runtime.workers import Failure, attempt, local_workers
from msfser.commands.cli import main
from msfser.config.les_settings import LesSettings
from msfser.manifest import read_manifest, write_manifest
from msfser.semantics.jobs import Job
from msfser.semantics.les import find_les, make_les
from msfser.semantics.texts import Text, read_texts, update_texts
from msfser.semantics.work_file import open_work


def run(*arguments, code=0):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result.output


def change(folder, **rows):
    """Write the manifest again with other values in some rows."""
    manifest = read_manifest(folder)
    utterances = tuple(replace(row, **rows.get(row.id, {})) for row in manifest.utterances)
    manifest = replace(manifest, utterances=utterances)
    write_manifest(folder / "manifest.parquet", manifest, force=True)
    return manifest


def test_the_segment_is_lemfs_and_resuming_does_nothing(corpus, built_corpus):
    assert "les: 12 ok" in run("semantics", "les", corpus, "--jobs", 2)
    texts = read_texts(corpus)
    for name, text in zip(texts.ids, texts.les, strict=True):
        stem = built_corpus / name[1:]
        emphasis = lemf.score(stem.with_suffix(".wav"), stem.with_suffix(".TextGrid"))
        assert text.text == emphasis.segment.text
        assert text.source == f"lemf {lemf.__version__}, cues paper"
    before = (corpus / "semantics/les.jsonl").read_bytes()
    run("semantics", "les", corpus, "--jobs", 1)
    assert (corpus / "semantics/les.jsonl").read_bytes() == before
    assert read_texts(corpus) == texts


def test_without_an_alignment_the_text_of_gs_stands_in(corpus, tmp_path):
    shutil.copy(read_manifest(corpus).root / "003.wav", tmp_path / "3.wav")
    (tmp_path / "broken.TextGrid").write_text("not a TextGrid")
    silent = lemf.IntervalTier("words", 0.0, 0.5, (lemf.Interval(0.0, 0.5, ""),))
    lemf.write_textgrid(lemf.TextGrid(0.0, 0.5, (silent,)), tmp_path / "silent.TextGrid")
    change(
        corpus,
        u001={"alignment": None},
        u002={"alignment": str(tmp_path / "silent.TextGrid")},
        u003={"alignment": str(tmp_path / "broken.TextGrid")},
        u004={"wav": str(tmp_path / "none.wav")},
        u005={"status": "failed", "reason": "too short"},
    )
    output = run("semantics", "les", corpus, "--duration", "word", code=1)
    assert "les: 7 ok, 5 missing" in output
    assert output.splitlines()[-1].startswith("Error: 2 of 11 failed, such as u003: ")
    assert "gs: 11 ok, 1 missing" in run("semantics", "gs", corpus, "--from", "transcript")
    les = dict(zip(read_texts(corpus).ids, read_texts(corpus).les, strict=True))
    assert [les[f"u00{i}"].status for i in range(6)] == ["ok", *["fallback"] * 4, "missing"]
    assert les["u001"].text == "one two three four five 1"
    assert les["u001"].reason == "no alignment"
    assert les["u002"].reason == "the alignment holds no word, only silence"
    assert "broken.TextGrid" in les["u003"].reason
    assert "none.wav" in les["u004"].reason
    assert les["u005"].text is None
    assert les["u005"].reason == "not usable: too short"


def test_texts_of_a_doubtful_word_are_counted_and_named(tmp_path, make_corpus):
    folder = tmp_path / "c"
    root = make_corpus(folder, 5).root
    assert "emphasised word" not in run("semantics", "les", folder, "--jobs", 1)
    samples, rate_hz = soundfile.read(root / "004.wav")
    soundfile.write(root / "004.wav", np.append(samples, np.zeros(5 * rate_hz)), rate_hz)
    grid = lemf.read_textgrid(root / "004.TextGrid")
    (root / "004.TextGrid").unlink()
    lemf.write_textgrid(stretch_last(grid), root / "004.TextGrid")
    output = run("semantics", "les", folder, "--jobs", 1)
    assert "note: texts whose emphasised word is doubtful: 1 of 5; les_reason has" in output
    *others, doubtful = read_texts(folder).les
    assert (doubtful.text, doubtful.status) == ("four five", "ok")
    assert doubtful.reason == "the emphasised word is doubtful: stretched_phone"
    assert {(text.status, text.reason) for text in others} == {("ok", None)}


def test_utterances_without_an_alignment_are_aligned_by_their_text(tmp_path, make_corpus):
    pytest.importorskip("espeakng_loader")
    folder = tmp_path / "c"
    root = make_corpus(folder, 4).root
    really = Path(__file__).parents[3] / "examples/really.wav"
    for number in (1, 2, 3):
        shutil.copy(really, root / f"{number:03d}.wav")
    text = "I really didn't mean that."
    without = {"alignment": None, "transcript": None}
    change(folder, u001=without | {"transcript": text}, u002=without, u003=without)
    before = read_texts_of_les(folder)
    assert (before["u001"].text, before["u001"].reason) == (None, "no alignment")
    options = ("--align", "--language", "en")
    les = read_texts_of_les(folder, *options)
    assert (les["u001"].text, les["u001"].status) == ("I really didn't", "ok")
    assert les["u001"].source == f"lemf {lemf.__version__}, cues paper, aligned"
    assert les["u000"] == before["u000"]
    assert les["u002"].reason == "no alignment"

    # GS, where the corpus has no transcript; then nothing is left to do
    manifest = read_manifest(folder)
    made = {one.id: Text(text=text, status="ok", source="x") for one in manifest.utterances}
    update_texts(folder, manifest, "gs", made | {"u003": Text(text="?!", status="ok", source="x")})
    les = read_texts_of_les(folder, *options, code=1)
    assert les["u002"].text == "I really didn't"
    assert "the text has no words" in les["u003"].reason
    n_lines = (folder / "semantics/les.jsonl").read_bytes().count(b"\n")
    read_texts_of_les(folder, *options, code=1)
    assert (folder / "semantics/les.jsonl").read_bytes().count(b"\n") == n_lines + 1  # the failed
    # another language is other work
    output = run("semantics", "les", folder, "--align", "--language", "qq", "--jobs", 1, code=1)
    assert "unknown language 'qq'" in output
    assert "--language needs --align" in run("semantics", "les", folder, "--language", "en", code=2)


def read_texts_of_les(folder, *options, code=0):
    run("semantics", "les", folder, "--jobs", 1, *options, code=code)
    return dict(zip(read_texts(folder).ids, read_texts(folder).les, strict=True))


def stretch_last(grid, by_s=3.0):
    """Lengthen the last interval that has a label, in each tier."""
    end_s = grid.end_s + by_s
    tiers = []
    for tier in grid.tiers:
        *spoken, last = [interval for interval in tier.intervals if interval.label]
        longer = (*spoken, replace(last, end_s=last.end_s + by_s))
        tiers.append(replace(tier, end_s=end_s, intervals=longer))
    return lemf.TextGrid(0.0, end_s, tuple(tiers))


def test_a_change_of_the_recording_or_the_settings_is_new_work(tmp_path, make_corpus):
    manifest = make_corpus(tmp_path / "c", 2)
    folder = tmp_path / "c"

    def n_lines():
        return len((folder / "semantics/les.jsonl").read_text().splitlines())

    run("semantics", "les", folder, "--jobs", 1)
    run("semantics", "les", folder, "--jobs", 1, "--duration", "word")
    assert n_lines() == 4
    shutil.copy(manifest.root / "001.wav", manifest.root / "000.wav")
    shutil.copy(manifest.root / "001.TextGrid", manifest.root / "000.TextGrid")
    run("semantics", "les", folder, "--jobs", 1, "--duration", "word")
    assert n_lines() == 4  # the same content is the same work
    texts = read_texts(folder)
    assert texts.les[0].text == texts.les[1].text


@pytest.fixture
def with_a_flat_one(tmp_path, make_corpus):
    """Four utterances; no word of the last but one stands out."""
    folder = tmp_path / "c"
    root = make_corpus(folder, 4).root
    samples, rate_hz = soundfile.read(root / "002.wav")
    soundfile.write(root / "002.wav", np.full_like(samples, 1e-3) * samples[::-1], rate_hz)
    return folder


def test_the_segment_is_taken_only_where_a_word_is_emphasised(with_a_flat_one):
    folder, root = with_a_flat_one, read_manifest(with_a_flat_one).root
    run("semantics", "gs", folder, "--from", "transcript")
    output = run("semantics", "les", folder, "--when", "emphasised", "--jobs", 1)
    assert "les: 3 ok, 1 fallback" in output
    assert "note: recordings in which no word is emphasised: 1 of 4; GS stands in" in output
    settings = Settings(cues="listeners")
    for number, text in enumerate(read_texts(folder).les):
        stem = root / f"{number:03d}"
        emphasis = lemf.score(stem.with_suffix(".wav"), stem.with_suffix(".TextGrid"), settings)
        (sentence,) = emphasis.sentences
        if sentence.decision.kind == "none":
            highest = max(word.decision.probability for word in sentence.words)
            assert (number, text.status) == (2, "fallback")
            assert text.text == "one two three four five 2"
            reason = f"no word is emphasised: the highest P is {highest:.2f}, below 0.5"
            assert text.reason == reason
        else:
            assert (text.text, text.status) == (sentence.segment.text, "ok")
        cues = f"lemf {lemf.__version__}, cues listeners"
        assert text.source == f"{cues}, where P(emphasis) >= 0.5"


def test_when_there_is_a_segment_is_resumed_and_recorded(with_a_flat_one):
    folder = with_a_flat_one

    def les(*options):
        run("semantics", "les", folder, "--jobs", 1, *options)
        return (folder / "semantics/les.jsonl").read_bytes().count(b"\n"), read_texts(folder)

    listeners = ("--cues", "listeners")
    emphasised = ("--when", "emphasised")
    n_lines, texts = les(*listeners)
    assert n_lines == 4
    assert texts.les_settings == LesSettings(cues="listeners")
    assert les(*emphasised)[0] == 8  # the decision is new work
    n_lines, texts = les(*listeners, *emphasised)  # the same, with its cues named
    assert n_lines == 8
    assert texts.les_settings == LesSettings(cues="listeners", when="emphasised")
    assert texts.count("les") == {"ok": 3, "missing": 1}
    n_lines, texts = les(*emphasised, "--threshold", 0.999)
    assert n_lines == 12
    assert texts.count("les") == {"missing": 4}
    n_lines, texts = les(*emphasised, "--decide", "accent", "--threshold", 0.001)
    assert n_lines == 16
    assert texts.count("les") == {"ok": 4}
    # kept when another semantic is made, and gone with the options
    run("semantics", "gs", folder, "--from", "transcript")
    assert read_texts(folder).les_settings == texts.les_settings
    assert les(*listeners)[0] == 16
    before = (folder / "texts.parquet").read_bytes()
    n_lines, texts = les()
    assert (n_lines, texts.les_settings) == (20, LesSettings())
    assert b'{"texts": 1}' in (folder / "texts.parquet").read_bytes()  # nothing of it
    assert les(*listeners)[0] == 20
    assert (folder / "texts.parquet").read_bytes() == before


def test_a_shard_does_its_part_and_the_whole_needs_no_work(corpus):
    run("semantics", "les", corpus, "--shard", "1/2", "--jobs", 1)
    assert not (corpus / "texts.parquet").exists()
    run("semantics", "les", corpus, "--shard", "2/2", "--jobs", 1)
    lines = [(corpus / f"semantics/les.{i}-of-2.jsonl").read_text().count("\n") for i in (1, 2)]
    assert lines == [6, 6]
    assert "les: 12 ok" in run("semantics", "les", corpus, "--jobs", 1)
    assert (corpus / "semantics/les.jsonl").read_text() == ""


def test_a_recording_whose_worker_dies_is_a_row_with_its_reason(corpus, reasons):
    class Deadly:
        """Workers that every task kills."""

        deaths = (RuntimeError,)

        def n_ahead(self):
            return 1

        def submit(self, function, task):
            from concurrent.futures import Future

            future = Future()
            if isinstance(task, Job):
                future.set_exception(RuntimeError())
            else:
                future.set_result(function(task))
            return future

        def wait(self, futures):
            return set(futures)

        def renew(self):
            pass

    manifest = read_manifest(corpus)
    with open_work(corpus, "les") as work:
        failures = reasons(make_les(manifest, work, Settings(), Deadly()))
    assert len(failures) == 12
    assert "killed twice" in failures["u000"]
    with open_work(corpus, "les") as work, local_workers(1) as workers:
        assert reasons(make_les(manifest, work, Settings(), workers)) == {}  # tried again


def test_a_fault_of_lemf_costs_one_row(tmp_path, monkeypatch):
    def fail(*_):
        raise ZeroDivisionError("of lemf")

    monkeypatch.setattr("lemf.score", fail, raising=False)
    wav, grid = tmp_path / "a.wav", tmp_path / "a.TextGrid"
    find = partial(find_les, settings=Settings(), tiers_in_order=False)
    assert attempt(find, Job("key", "a", wav, grid)) == Failure("ZeroDivisionError: of lemf")


def test_tiers_of_msp_podcast_are_found_by_place_where_names_are_unknown(corpus, tmp_path):
    row = read_manifest(corpus).utterances[0]
    grid = lemf.read_textgrid(read_manifest(corpus).alignment_path(row))
    words, phones = grid.tiers
    renamed = replace(grid, tiers=(replace(words, name="a"), replace(phones, name="b")))
    lemf.write_textgrid(renamed, tmp_path / "renamed.TextGrid")
    manifest = change(corpus, u000={"alignment": str(tmp_path / "renamed.TextGrid")})
    for name, found in (("msp-podcast", True), ("own", False)):
        with open_work(corpus, "les") as work, local_workers(1) as workers:
            texts = make_les(replace(manifest, corpus=name), work, Settings(), workers)
        assert texts["u000"].status == ("ok" if found else "failed")
        assert texts["u001"].status == "ok"


def test_a_cluster_takes_the_place_of_the_processes(corpus, monkeypatch):
    monkeypatch.setattr(
        "lemf.runtime.cluster.cluster_workers",
        lambda address: local_workers(1) if address == "tcp://here:1" else None,
    )
    assert "les: 12 ok" in run("semantics", "les", corpus, "--cluster", "tcp://here:1")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--cues", "nope"], 1, "unknown cue set 'nope'; there are: paper"),
        (["--when", "emphasised", "--cues", "paper"], 1, "decides by the cue set 'listeners', not"),
        (["--when", "emphasised", "--threshold", "2"], 1, "threshold 2: write a probability"),
        (["--threshold", "0.4"], 2, "--threshold needs --when emphasised"),
        (["--decide", "accent"], 2, "--decide needs --when emphasised"),
        (["--shard", "3/2"], 2, "--shard 3/2: write I/N, such as 1/8"),
        (["--jobs", "1", "--cluster", "tcp://x:1"], 2, "cannot be used together"),
    ],
)
def test_wrong_options_are_one_line(corpus, arguments, code, message):
    output = run("semantics", "les", corpus, *arguments, code=code)
    assert message in output
    assert "Traceback" not in output
