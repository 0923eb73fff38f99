"""Whether a command that is killed again and again ends with the files of an undisturbed run.

    python benchmarks/kills.py demo
    python benchmarks/kills.py encode --kills 30
    LEMF_SPEECH_DATA=... python benchmarks/kills.py align

Runs `msfser demo` on its smallest corpus, `msfser encode` over six shards, or `lemf align` on the
32 sentences of LJSpeech in the shared data, which train the aligner, once undisturbed.
Then starts the command again and again, and kills it by `kill -9` at random moments; a run that
ended before its kill is compared, removed and begun anew. Prints the files that differ, that are
missing, or that only the killed run left.
"""

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pyarrow.parquet as pq
import torch
from aligner_seed import read_ljspeech_texts

from msfser.ablation.run import EVALUATED_NAME
from msfser.evaluation.runs import DATA_NAME
from msfser.manifest import MANIFEST_NAME, Manifest, Utterance, write_manifest
from msfser.semantics.texts import Text, update_texts

TEXTS = 6_000  # six shards of 1,024
LONGEST_WAIT_S = 20.0  # for the workers of a killed process
UNEQUAL = ("log.jsonl",)  # holds how long each step took


def demo_command(folder: Path) -> list[str]:
    """Return the smallest demo, in `folder`/output."""
    options = ["--utterances", "24", "--jobs", "2", "--set", "train.epochs=2"]
    return ["msfser", "demo", "-o", str(folder / "output"), *options]


def encode_command(folder: Path) -> list[str]:
    """Make texts and a small encoder with random weights; return the command that encodes them."""
    output = folder / "output"
    make_texts(output)
    make_encoder(folder / "encoder")
    options = ["--encoder", str(folder / "encoder"), "--device", "cpu", "--batch-size", "16"]
    return ["msfser", "encode", str(output), *options]


def align_command(folder: Path) -> list[str]:
    """Make a corpus of recordings and texts; return the command that aligns them."""
    corpus = folder / "corpus"
    corpus.mkdir()
    speech = Path(os.environ["LEMF_SPEECH_DATA"]) / "ljspeech"
    for name, text in read_ljspeech_texts(speech).items():
        shutil.copy(speech / f"{name}.wav", corpus)
        (corpus / f"{name}.txt").write_text(text + "\n", encoding="utf-8")
    grids = str(folder / "output" / "grids")
    return ["lemf", "align", str(corpus), "-o", grids, "--language", "en", "--jobs", "2"]


def make_texts(folder: Path) -> None:
    """Make a manifest of `TEXTS` utterances, and their texts, which all differ."""
    folder.mkdir()
    draw = random.Random(0)
    rows = tuple(Utterance(id=f"u{i:04d}", wav=f"{i}.wav") for i in range(TEXTS))
    manifest = Manifest(
        utterances=rows, corpus="own", version="", root=folder, label_bounds=(1.0, 7.0)
    )
    write_manifest(folder / MANIFEST_NAME, manifest)
    texts = {
        row.id: Text(text=f"{row.id} said {'so ' * draw.randrange(15)}", status="ok", source="x")
        for row in rows
    }
    update_texts(folder, manifest, "gs", texts)


def make_encoder(folder: Path) -> None:
    """Make a RoBERTa of four layers of 64 with random weights, and its tokenizer."""
    import transformers
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    tokens = [*special, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    vocabulary = {token: index for index, token in enumerate(tokens)}
    tokenizer = Tokenizer(models.BPE(vocabulary, [], unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", cls_token="<s>",
        sep_token="</s>", pad_token="<pad>", unk_token="<unk>", mask_token="<mask>",
    ).save_pretrained(folder)  # fmt: skip
    torch.manual_seed(0)
    config = transformers.RobertaConfig(
        vocab_size=len(tokens), hidden_size=64, num_hidden_layers=4, num_attention_heads=2,
        intermediate_size=128, max_position_embeddings=66, pad_token_id=1,
    )  # fmt: skip
    transformers.RobertaModel(config).save_pretrained(folder)


def start(command: list[str]) -> subprocess.Popen[str]:
    """Start a command in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", *command],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str]) -> None:
    """Wait for the end of a run that must succeed."""
    said = process.communicate()[1]
    if process.returncode:
        sys.exit(f"the run failed: {said[-2000:]}")


def workers_left(process: subprocess.Popen[str]) -> bool:
    """Wait for the workers of a killed process to end, and return whether one did not."""
    limit_s = time.monotonic() + LONGEST_WAIT_S
    while time.monotonic() < limit_s:
        try:
            os.killpg(process.pid, 0)
        except ProcessLookupError:
            return False
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    return True


def find_differences(folder: Path, other: Path) -> list[str]:
    """Return a line per file that differs, or that only one of two folders holds."""
    names, of_other = (
        {path.relative_to(top) for path in top.rglob("*") if path.is_file()}
        for top in (folder, other)
    )
    lines = [f"missing: {name}" for name in of_other - names]
    lines += [f"left over: {name}" for name in names - of_other]
    lines += [
        f"differs: {name}"
        for name in names & of_other
        if name.name not in UNEQUAL and read_content(folder / name) != read_content(other / name)
    ]
    return sorted(lines)


def read_content(path: Path) -> object:
    """Read what must be equal: bytes, weights, or rows without the times of files."""
    if path.suffix == ".pt":
        state = torch.load(path)["model"]
        return {name: weight.numpy().tobytes() for name, weight in state.items()}
    if path.name in (DATA_NAME, EVALUATED_NAME):
        table = pq.read_table(path)
        return repr(table.drop_columns(["changed_ns"]).to_pylist())  # NaN equals NaN
    if path.suffix == ".jsonl":  # one line per recording, in the order in which they were done
        lines = [json.loads(line) for line in path.read_bytes().splitlines()]
        return sorted(repr({**line, "files": None}) for line in lines)
    return path.read_bytes()


def compare(output: Path, undisturbed: Path) -> int:
    """Print the differences of a run that ended from the undisturbed one; return their number."""
    differences = find_differences(output, undisturbed)
    n_files = sum(path.is_file() for path in undisturbed.rglob("*"))
    print("\n".join(differences) or f"the end: all {n_files} files as undisturbed", flush=True)
    return len(differences)


COMMANDS = {"align": align_command, "demo": demo_command, "encode": encode_command}


def main() -> None:
    """Run once, then kill, and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("command", choices=sorted(COMMANDS))
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    moments = random.Random(chosen.seed)
    folder = Path(tempfile.mkdtemp())
    output, before, undisturbed = (folder / name for name in ("output", "before", "undisturbed"))
    try:
        command = COMMANDS[chosen.command](folder)
        output.mkdir(exist_ok=True)
        shutil.copytree(output, before)
        started_s = time.monotonic()
        finish(start(command))
        took_s = time.monotonic() - started_s
        print(f"undisturbed: {took_s:.1f} s", flush=True)
        output.rename(undisturbed)
        shutil.copytree(before, output)
        n_kills = n_differences = 0
        while n_kills < chosen.kills:
            process = start(command)
            after_s = moments.uniform(0.0, took_s)
            try:
                process.wait(after_s)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                n_kills += 1
                left = "; a worker goes on" if workers_left(process) else ""
                n_files = sum(path.is_file() for path in output.rglob("*"))
                print(f"kill {n_kills}, {after_s:.1f} s: {n_files} files{left}", flush=True)
                n_differences += bool(left)
                continue
            finish(process)
            n_differences += compare(output, undisturbed)
            shutil.rmtree(output)
            shutil.copytree(before, output)
        finish(start(command))
        n_differences += compare(output, undisturbed)
        sys.exit(n_differences > 0)
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
