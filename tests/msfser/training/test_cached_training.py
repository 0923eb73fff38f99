"""A cache, reader processes and crops by seek change the time of a run, and no byte of it."""

import re
import shutil
import sys
import tomllib

import numpy as np
import pytest
import soundfile
import torch
from click.testing import CliRunner

from msfser.commands.cli import main
from msfser.config.files import make_config
from msfser.data import batching, clips
from msfser.errors import ConfigError
from msfser.manifest import read_manifest
from msfser.training import train as training
from msfser.training.rank_check import _common_settings
from msfser.training.run_folder import find_changed_setting
from msfser.training.state import STATE_NAME, Interrupted
from msfser.training.train import train

SMALL = (
    "train.batch_size=8",
    "train.epochs=2",
    "model.semantics=[]",
    "model.intra='none'",
    "model.fusion='none'",
    "model.head_dim=16",
    "data.crop='random'",
    "data.crop_s=0.5",
    "train.device='cpu'",
)
RESULTS = ("best/model.safetensors", "best/config.json", "metrics.json")


@pytest.fixture(scope="module")
def flac_folder(corpus_folder, tmp_path_factory):
    """The corpus with a third of its recordings as FLAC under the same names, one at 44.1 kHz."""
    folder = tmp_path_factory.mktemp("flac") / "corpus"
    shutil.copytree(corpus_folder, folder)
    for number, row in enumerate(read_manifest(folder).utterances):
        path = read_manifest(folder).wav_path(row)
        samples, rate_hz = soundfile.read(path)
        if number % 3 == 0:
            soundfile.write(path, samples, rate_hz, "PCM_16", format="FLAC")
        elif number == 1:
            soundfile.write(path, np.repeat(samples, 3), 3 * rate_hz, "PCM_16")
    return folder


def make(folder, *changes):
    return make_config({}, [*SMALL, f"data.folder='{folder}'", *changes], preset="tiny")


def results(run):
    found = {name: (run / name).read_bytes() for name in RESULTS}
    log = (run / "log.jsonl").read_text()
    digest = torch.load(run / STATE_NAME, weights_only=True)["digest"]  # pickles may differ
    return found | {"log": re.sub(r'"seconds": [\d.]+', "", log), "state": digest}


@pytest.fixture(scope="module")
def plain(flac_folder, tmp_path_factory):
    """What a run without a cache leaves."""
    run = tmp_path_factory.mktemp("runs") / "run"
    train(make(flac_folder), run, quiet=True)
    return results(run)


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache") / "clips"


def no_decoding(monkeypatch):
    def refuse(path, *_, **__):
        raise AssertionError(f"{path} is decoded")

    monkeypatch.setattr(clips, "read_audio", refuse)
    monkeypatch.setattr(clips, "read_stretch", refuse)


def test_a_cache_changes_no_byte_and_its_second_run_decodes_nothing(
    plain, flac_folder, cache, tmp_path, monkeypatch
):
    train(make(flac_folder, f"data.cache='{cache}'"), tmp_path / "first", quiet=True)
    assert results(tmp_path / "first") == plain
    no_decoding(monkeypatch)
    train(make(flac_folder, f"data.cache='{cache}'"), tmp_path / "second", quiet=True)
    assert results(tmp_path / "second") == plain
    settings = tomllib.loads((tmp_path / "second" / "config.toml").read_text())
    assert settings["data"]["cache"] == str(cache)


def test_an_epoch_with_a_cache_decodes_nothing_from_its_first_step_on(
    plain, flac_folder, tmp_path, monkeypatch
):
    load_steps = training.load_steps

    def load(*arguments, **options):
        no_decoding(monkeypatch)  # from here on
        return load_steps(*arguments, **options)

    monkeypatch.setattr(training, "load_steps", load)
    train(make(flac_folder, f"data.cache='{tmp_path / 'new'}'"), tmp_path / "run", quiet=True)
    assert results(tmp_path / "run") == plain


def test_reader_processes_change_no_byte(plain, flac_folder, cache, tmp_path):
    for name, changes in (("cached", [f"data.cache='{cache}'"]), ("decoded", [])):
        train(make(flac_folder, "data.workers=2", *changes), tmp_path / name, quiet=True)
        found = results(tmp_path / name)
        assert found["best/model.safetensors"] == plain["best/model.safetensors"]
        assert found["log"] == plain["log"]


def test_clips_that_are_not_kept_in_memory_change_no_byte(
    plain, flac_folder, tmp_path, monkeypatch
):
    monkeypatch.setitem(batching.ClipReader.__init__.__kwdefaults__, "kept_bytes", 0)
    train(make(flac_folder), tmp_path / "run", quiet=True)
    assert results(tmp_path / "run") == plain


@pytest.mark.parametrize("first", [True, False])
def test_a_run_resumes_with_or_without_a_cache(
    plain, flac_folder, cache, tmp_path, monkeypatch, first
):
    settings = [f"data.cache='{cache}'"], []
    before, after = settings if first else settings[::-1]
    steps = []

    def take_step(*arguments, _take_step=training.take_step):
        steps.append(1)
        if len(steps) == 6:
            raise Interrupted
        return _take_step(*arguments)

    monkeypatch.setattr(training, "take_step", take_step)
    with pytest.raises(Interrupted):
        train(make(flac_folder, *before), tmp_path / "run", quiet=True)
    monkeypatch.undo()
    train(make(flac_folder, *after), tmp_path / "run", resume=True, quiet=True)
    assert results(tmp_path / "run") == plain
    with pytest.raises(ConfigError, match=r"data\.crop_s"):  # which does matter
        train(make(flac_folder, "data.crop_s=0.6"), tmp_path / "run", resume=True, quiet=True)


def test_the_option_names_the_cache_for_training_and_evaluation(flac_folder, tmp_path, monkeypatch):
    settings = [part for change in SMALL for part in ("--set", change)]
    command = ["train", "--preset", "tiny", "--data", str(flac_folder), "-o", str(tmp_path / "run")]
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(main, [*command, "--cache", "here", *settings])
    assert result.exit_code == 0, result.stderr
    assert re.search(r"cache \S+/here: \d+ recordings decoded, [\d.]+ MB; ", result.stderr)
    settings = tomllib.loads((tmp_path / "run" / "config.toml").read_text())
    assert settings["data"]["cache"] == str(tmp_path / "here")
    # the test split is not yet there; what is evaluated again is not decoded
    evaluate = ["evaluate", str(tmp_path / "run"), "--device", "cpu"]
    first = CliRunner().invoke(main, [*evaluate, "-o", str(tmp_path / "a")])
    assert first.exit_code == 0, first.stderr
    no_decoding(monkeypatch)
    second = CliRunner().invoke(main, [*evaluate, "-o", str(tmp_path / "b")])
    assert second.exit_code == 0, second.stderr
    assert second.stdout == first.stdout
    monkeypatch.undo()
    shutil.rmtree(tmp_path / "here")  # the run is evaluated without
    third = CliRunner().invoke(main, [*evaluate, "-o", str(tmp_path / "c")])
    assert third.stdout == first.stdout
    assert not (tmp_path / "here").exists()


def test_a_state_of_an_earlier_version_resumes_with_a_cache(flac_folder, cache, tmp_path):
    run = tmp_path / "run"
    train(make(flac_folder, "train.epochs=1"), run, quiet=True)
    state = torch.load(run / STATE_NAME, weights_only=True)
    assert state["settings"].count('cache = ""') == 1  # whatever the run had
    config = (run / "config.toml").read_text()
    (run / "config.toml").write_text(config.replace('cache = ""\n', ""))
    again = train(
        make(flac_folder, "train.epochs=1", f"data.cache='{cache}'"), run, resume=True, quiet=True
    )
    assert again["epochs"] == 1


def test_the_cache_is_no_setting_that_a_result_depends_on(tmp_path):
    one, other = make(tmp_path, "data.cache='a'"), make(tmp_path, "data.cache='b'")
    assert find_changed_setting(one, other) is None
    assert _common_settings(one) == _common_settings(other)  # of two ranks
    assert one.without_cache() == make(tmp_path)


def test_ranks_share_a_cache(flac_folder, run_ranks, tmp_path):
    settings = [*SMALL, "train.accumulation=2", f"data.folder='{flac_folder}'"]
    command = [sys.executable, "-m", "msfser", "train", "--preset", "tiny"]
    command += [part for change in settings for part in ("--set", change)]
    run_ranks(2, [*command, "-o", tmp_path / "plain"])
    run_ranks(2, [*command, "-o", tmp_path / "cached", "--cache", tmp_path / "cache"])
    assert results(tmp_path / "cached") == results(tmp_path / "plain")
    n_used = len([row for row in read_manifest(flac_folder).utterances if row.split != "test"])
    assert len(list((tmp_path / "cache").rglob("*.clip"))) == n_used


def test_a_dry_run_fills_no_cache(flac_folder, tmp_path):
    settings = [part for change in SMALL for part in ("--set", change)]
    command = ["train", "--preset", "tiny", "--data", str(flac_folder), "-o", str(tmp_path / "run")]
    result = CliRunner().invoke(
        main, [*command, "--cache", str(tmp_path / "c"), "--dry-run", *settings]
    )
    assert result.exit_code == 0, result.stderr
    assert f'cache = "{tmp_path / "c"}"' in result.stdout
    assert not (tmp_path / "c").exists()
