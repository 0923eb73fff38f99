"""Several processes, started by torchrun or by hand, against one."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from torch.distributed import HashStore

from msfser.ablation.files import CSV_NAME, TABLE_NAME
from msfser.commands.cli import main
from msfser.config.files import format_config, make_config
from msfser.errors import RanksError
from msfser.manifest import DIMENSIONS, read_manifest, write_manifest
from msfser.semantics.encoding import encode_texts
from msfser.semantics.text_encoder import load_text_encoder
from msfser.semantics.texts import read_texts, update_texts
from msfser.training.ranks.watch import RankWatch
from msfser.training.run_folder import read_log
from msfser.training.state import STATE_NAME

WORKER = Path(__file__).with_name("rank_worker.py")
SMALL = (
    "train.batch_size=8",
    "train.accumulation=4",
    "train.epochs=2",
    "train.device='cpu'",
    "model.head_dim=16",
    "model.film_dim=16",
    "data.crop_s=0.5",
)


def torchrun(n_ranks, *command):
    done = subprocess.run(
        [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node",
         str(n_ranks), *map(str, command)],
        capture_output=True, text=True, check=False, timeout=180,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done


def options(*changes):
    return [part for change in changes for part in ("--set", change)]


def weights(run):
    return torch.load(run / STATE_NAME, weights_only=True)["model"]


def largest_difference(a, b):
    """Return the largest difference of two weights, relative to the largest of all weights."""
    a, b = weights(a), weights(b)
    assert a.keys() == b.keys()
    largest = max(float(weight.abs().max()) for weight in a.values())
    return max(float((a[name] - b[name]).abs().max()) for name in a) / largest


@pytest.fixture(scope="module")
def uneven(corpus_folder, tmp_path_factory):
    """The corpus with 27 training utterances: the last of four steps has three, for four parts."""
    folder = tmp_path_factory.mktemp("uneven")
    manifest = read_manifest(corpus_folder)
    train = [row.id for row in manifest.utterances if row.split == "train"]
    nothing = dict.fromkeys(DIMENSIONS, np.nan)
    rows = tuple(
        replace(row, **nothing) if row.id in train[:5] else row for row in manifest.utterances
    )
    write_manifest(folder / "manifest.parquet", replace(manifest, utterances=rows))
    for name in ("texts.parquet", "features"):
        (folder / name).symlink_to(corpus_folder / name)
    return folder


def relative_distance(a, b):
    """Return the norm of the difference of all weights, relative to their norm."""
    a, b = weights(a), weights(b)
    assert a.keys() == b.keys()
    a, b = (torch.cat([w[name].double().flatten() for name in a]) for w in (a, b))
    return float((a - b).norm() / b.norm())


@pytest.fixture(scope="module")
def drawn(uneven):
    """Settings of 52 steps with all that is drawn, and a layer that some steps drop everywhere."""
    return [
        *SMALL, f"data.folder='{uneven}'", "data.development_split=''", "data.crop='random'",
        "model.layerdrop=0.7", "model.head_dropout=0.5", "model.spec_augment=true",
        "train.text_dropout=0.2", "train.epochs=13",
    ]  # fmt: skip


@pytest.fixture(scope="module")
def alone(drawn, tmp_path_factory):
    """What one process trains in float64 and in float32."""
    folder = tmp_path_factory.mktemp("alone")
    subprocess.run([sys.executable, WORKER, "both", folder, *drawn], check=True)
    assert {weight.dtype for weight in weights(folder / "float64").values()} == {torch.float64}
    steps = torch.load(folder / "float64" / STATE_NAME, weights_only=True)["optimiser"]["state"]
    n_updates = {int(state["step"]) for state in steps.values()}
    assert max(n_updates) == 52  # of every step
    assert 0 < min(n_updates) < 52  # of the layer: no decay in the steps that drop it everywhere
    return folder


@pytest.mark.parametrize("n_ranks", [2, 3, 4])
def test_several_ranks_train_the_model_of_one(drawn, alone, run_ranks, tmp_path, n_ranks):
    """Three ranks hold two, one and one of the four parts of a step."""
    run_ranks(n_ranks, [sys.executable, WORKER, "both", tmp_path, *drawn])
    assert relative_distance(tmp_path / "float64", alone / "float64") < 1e-9
    assert relative_distance(tmp_path / "float32", alone / "float32") < 2e-5


def test_four_ranks_go_on_with_the_model_of_two(drawn, alone, run_ranks, tmp_path):
    run_ranks(2, [sys.executable, WORKER, "half", tmp_path, *drawn])
    for name in ("float32", "float64"):
        at = torch.load(tmp_path / name / STATE_NAME, weights_only=True)["at"]
        assert (at["epoch"], at["step"], at["step_in_epoch"]) == (6, 25, 1)
    run_ranks(4, [sys.executable, WORKER, "both", tmp_path, *drawn])
    assert relative_distance(tmp_path / "float64", alone / "float64") < 1e-9
    assert relative_distance(tmp_path / "float32", alone / "float32") < 2e-5


def test_folds_under_torchrun_are_those_of_one_process(corpus_folder, tmp_path):
    """Three times the processes would meet; they meet once."""
    folder = tmp_path / "folded"
    folder.mkdir()
    manifest = read_manifest(corpus_folder)
    rows = tuple(
        replace(row, fold=1 + place % 3, split=None)
        for place, row in enumerate(manifest.utterances)
    )
    write_manifest(folder / "manifest.parquet", replace(manifest, utterances=rows))
    for name in ("texts.parquet", "features"):
        (folder / name).symlink_to(corpus_folder / name)
    command = [
        "train", "--preset", "tiny", "--data", str(folder), "--folds",
        *options(*SMALL, "train.epochs=1", "model.layerdrop=0.5"), "-o",
    ]  # fmt: skip
    done = torchrun(2, "-m", "msfser", *command, tmp_path / "two")
    alone = CliRunner().invoke(main, [*command, str(tmp_path / "one")])
    assert alone.exit_code == 0, alone.stderr
    assert done.stdout == alone.stdout  # the table of the scores, once
    for fold in range(1, 4):
        one, two = tmp_path / "one" / f"fold{fold}", tmp_path / "two" / f"fold{fold}"
        assert largest_difference(two, one) < 1e-7
        assert (two / "metrics.json").read_bytes() == (one / "metrics.json").read_bytes()


def test_an_ablation_of_two_ranks_is_that_of_one_process(corpus_folder, run_ranks, tmp_path):
    rows = tmp_path / "rows.toml"
    rows.write_text(
        "preset = 'tiny'\ntrain = {epochs = 1, batch_size = 8, accumulation = 2}\n"
        "data = {crop_s = 0.5}\nmodel = {intra = 'none', fusion = 'film', semantics = ['es']}\n"
        "[[rows]]\nname = 'audio'\nmodel = {semantics = [], fusion = 'none'}\n"
        "[[rows]]\nname = 'ES'\n[[rows]]\nname = 'GS'\nmodel = {semantics = ['gs']}\n"
    )
    command = [
        "ablate", "--config", str(rows), "--data", str(corpus_folder), "--split", "test", "-o",
    ]  # fmt: skip
    run_ranks(2, [sys.executable, "-m", "msfser", *command, tmp_path / "two"])
    alone = CliRunner().invoke(main, [*command, str(tmp_path / "one")])
    assert alone.exit_code == 0, alone.stderr
    for name in (CSV_NAME, TABLE_NAME):
        assert (tmp_path / "two" / name).read_bytes() == (tmp_path / "one" / name).read_bytes()
    for row in ("audio", "es", "gs"):
        one, two = (tmp_path / name / "runs" / row / "seed0" for name in ("one", "two"))
        assert largest_difference(two, one) < 1e-7


@pytest.fixture
def two_corpora(corpus_folder, tmp_path):
    """Two copies of the corpus, each below a folder in which a process starts."""
    folders = []
    for name in ("first", "second"):
        folder = tmp_path / name / "corpus"
        shutil.copytree(corpus_folder, folder)
        manifest = read_manifest(folder)
        write_manifest(
            folder / "manifest.parquet", replace(manifest, root=folder.resolve()), force=True
        )
        folders.append(folder.parent)
    return folders


def test_a_recording_that_one_rank_lacks_is_named_by_all(two_corpora, start_two_ranks):
    manifest = read_manifest(two_corpora[1] / "corpus")
    gone = [row for row in manifest.utterances if row.split == "train"][3]
    manifest.wav_path(gone).unlink()
    command = [sys.executable, "-m", "msfser", "train", "--preset", "tiny", "-o", "run"]
    command += options(*SMALL, "data.folder='corpus'")
    for process in start_two_ranks(command, two_corpora):
        _, said = process.communicate()
        assert process.returncode == 1
        assert said.splitlines()[-1].startswith(
            f"Error: the utterances of rank 1 differ from those of rank 0: {gone.id!r} is missing ("
        )
        assert "there is no such recording" in said
    assert not (two_corpora[0] / "run").exists()


def test_whatever_ranks_do_not_have_in_common_is_named(two_corpora, start_two_ranks, tmp_path):
    """Each case is a corpus and settings of its own; the first is the same for both.

    It is trained, into a folder that only rank 0 sees, so that it cannot be resumed in the end.
    """
    texts = {"model.semantics": ["es"], "model.intra": "'none'", "model.fusion": "'film'"}
    base = [*SMALL, "train.epochs=1", *(f"{key}={value}" for key, value in texts.items())]
    for place, folder in enumerate(two_corpora):
        corpus = folder / "corpus"
        manifest = read_manifest(corpus)
        rows = list(manifest.utterances)
        at = next(k for k, row in enumerate(rows) if row.split == "train")

        # another length, level, order of samples and label, other texts
        for name in ("length", "level", "order"):
            shutil.copy(manifest.wav_path(rows[at]), folder / f"{name}.wav")
        content = bytearray((folder / "level.wav").read_bytes())
        if place:
            (folder / "length.wav").write_bytes(content[:-3200])
            samples = np.frombuffer(content, dtype="<i2", offset=44)
            for name, other in (("level", samples // 2), ("order", samples[::-1])):
                (folder / f"{name}.wav").write_bytes(bytes(content[:44]) + other.tobytes())
        changed = {
            "same": {},
            "length": {"wav": str(folder / "length.wav")},
            "level": {"wav": str(folder / "level.wav")},
            "order": {"wav": str(folder / "order.wav")},
            "label": {"arousal": 2.0 + place},
            "text": {},
            "setting": {},
        }
        for name, change in changed.items():
            case = folder / name
            case.mkdir()
            others = replace(manifest, utterances=(
                *rows[:at], replace(rows[at], **change), *rows[at + 1 :],
            ))  # fmt: skip
            write_manifest(case / "manifest.parquet", others)
            for part in ("texts.parquet", "features"):
                (case / part).symlink_to(corpus / part)
            if name == "text" and place:
                for part in ("texts.parquet", "features"):
                    (case / part).unlink()
                shutil.copy(corpus / "texts.parquet", case)
                es = dict(zip(read_texts(case).ids, read_texts(case).es, strict=True))
                es[rows[at].id] = replace(es[rows[at].id], text="another one")
                update_texts(case, others, "es", es)
                encoder = str(corpus / "encoder")
                encode_texts(case, lambda name=encoder: load_text_encoder(name, "cpu"))
            seed = int(name == "setting" and place)
            config = make_config(
                {}, [*base, f"data.folder={json.dumps(name)}", f"train.seed={seed}"], preset="tiny"
            )
            (folder / f"{name}-run.toml").write_text(format_config(config))

    cases = [f"{name}-run.toml" for name in (*changed, "same")]
    command = [sys.executable, WORKER, "cases", *cases]
    name = rows[at].id
    begin = "the {} of rank 1 differ from those of rank 0: "
    expected = [
        "same: trained",
        "length: " + begin.format("recordings") + f"first {name!r} (",
        "level: " + begin.format("recordings") + f"first {name!r} (another level)",
        "order: " + begin.format("recordings") + f"first {name!r} (other samples)",
        "label: " + begin.format("labels") + f"first {name!r} (arousal)",
        "text: " + begin.format("ES texts") + f"first {name!r}; give all ranks the same",
        "setting: " + begin.format("settings") + "train.seed is 1, not 0",
        "same: " + begin.format("model and progress") + "first progress; give all",
    ]
    for process in start_two_ranks(command, two_corpora):
        _, said = process.communicate()
        assert process.returncode == 0, said
        lines = [line.replace("-run: ", ": ") for line in said.splitlines() if "-run: " in line]
        for line, text in zip(lines, expected, strict=True):
            assert line.startswith(text), line


def test_a_killed_rank_ends_the_other_and_a_resumed_run_ends_the_same(
    corpus_folder, start_two_ranks, run_ranks, tmp_path
):
    changes = [*SMALL, "model.layerdrop=0.5"]
    command = [
        "train", "--preset", "tiny", "--data", str(corpus_folder), *options(*changes), "-o",
    ]  # fmt: skip
    here, run = [sys.executable, "-m", "msfser"], tmp_path / "killed"
    changes.append(f"data.folder='{corpus_folder}'")
    first, second = start_two_ranks([sys.executable, WORKER, "killed", run, *changes])
    _, said = first.communicate()
    assert first.returncode == 1, said
    assert said.splitlines()[-1].startswith("Error: rank 1 ended without a word (killed")
    assert "Traceback" not in said
    second.communicate()
    assert second.returncode == -signal.SIGKILL
    state = torch.load(run / STATE_NAME, weights_only=True)["at"]
    assert (state["epoch"], state["step"]) == (1, 4)
    run_ranks(2, [*here, *command, run, "--resume"])
    alone = CliRunner().invoke(main, [*command, str(tmp_path / "whole")])
    assert alone.exit_code == 0, alone.stderr
    assert largest_difference(run, tmp_path / "whole") < 1e-7


def test_an_evaluation_may_last_and_a_slow_rank_may_not(corpus_folder, start_two_ranks, tmp_path):
    """Rank 0 evaluates for longer than the others may keep it waiting in a step."""
    changes = [*SMALL, f"data.folder='{corpus_folder}'"]
    command = [sys.executable, WORKER, "slow", tmp_path / "run", *changes]
    processes = start_two_ranks(command, MSFSER_RANK_TIMEOUT_S="4")
    for process in processes:
        _, said = process.communicate()
        assert process.returncode == 1
        assert said.splitlines()[-1].startswith("Error: rank 1 kept the others waiting 4 s; what ")
        assert said.count("Error") == 1
    assert "epoch" in [line["kind"] for line in read_log(tmp_path / "run")]  # the first has ended


@pytest.mark.slow
def test_a_rank_alone_waits_so_long_and_no_longer_and_ends_with_a_line(
    corpus_folder, start_process
):
    watch = RankWatch(HashStore(), 0, 2, 60.0)
    try:
        with pytest.raises(
            RanksError, match=r"^rank 1 has not come within 0\.2 s; start all ranks"
        ):
            watch.meet(0.2)
    finally:
        watch._left.set()
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        address = listener.getsockname()
    process = start_process(
        [
            sys.executable, "-m", "msfser", "train", "--preset", "tiny", "--data", corpus_folder,
            "-o", "none",
        ],
        WORLD_SIZE="2", RANK="0", MASTER_ADDR=address[0], MASTER_PORT=str(address[1]),
    )  # fmt: skip
    with socket.socket() as probe:
        while probe.connect_ex(address):  # until it waits for the other
            assert process.poll() is None
            time.sleep(0.05)
    process.send_signal(signal.SIGTERM)  # of torchrun, after the other was killed
    _, said = process.communicate()
    assert process.returncode == 128 + signal.SIGTERM
    assert said.startswith("Error: rank 0 was told to end, as torchrun does when another rank has ")
    assert said.count("\n") == 1


@pytest.mark.slow
def test_no_restart_is_advised_where_another_rank_has_named_the_remedy(
    corpus_folder, start_two_ranks, tmp_path
):
    command = [
        sys.executable, "-m", "msfser", "train", "--preset", "tiny", "--data", corpus_folder,
        *options(*SMALL, "train.epochs=1"), "-o", tmp_path / "run",
    ]  # fmt: skip
    alone = CliRunner().invoke(main, [*map(str, command[3:])])
    assert alone.exit_code == 0, alone.stderr
    processes = start_two_ranks([*command, "--set", "train.seed=1", "--resume"])
    first, second = (process.communicate()[1].splitlines() for process in processes)
    assert first[-1].endswith("config.toml: train.seed was 0 and is 1; use the same settings")
    assert second[-1] == (
        f"Error: rank 0: {first[-1].removeprefix('Error: ')}; rank 1 of 2 ends, too"
    )
    assert all(str(lines).count("Error") == 1 for lines in (first, second))


def test_ranks_that_cannot_meet_say_so(corpus_folder, start_process, tmp_path):
    """Only one of the two is started, without the address of the other."""
    process = start_process(
        [sys.executable, "-m", "msfser", "train", "--preset", "tiny", "--data", corpus_folder,
         "-o", tmp_path / "run"],
        WORLD_SIZE="2", RANK="0", MASTER_PORT="no",
    )  # fmt: skip
    _, said = process.communicate()
    assert process.returncode == 1
    assert said.startswith("Error: the ranks cannot meet (")
    assert said.count("\n") == 1
