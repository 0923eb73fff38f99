"""Folders of Hugging Face datasets: look-alikes with traps, and the way out and back in."""

import io
from dataclasses import replace

import numpy as np
import pytest
import soundfile

datasets = pytest.importorskip("datasets")

from datasets import Audio, ClassLabel, Dataset, DatasetDict, Features, Value  # noqa: E402

from msfser.manifest import Manifest, Utterance, read_manifest, write_manifest  # noqa: E402
from msfser.ratings import Rating, read_ratings, write_ratings  # noqa: E402

SOUND = {"bytes": Value("binary"), "path": Value("string")}


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)


def sound(seed=0, *, seconds=0.5, rate_hz=16000, channels=1, kind="WAV"):
    samples = np.random.default_rng(seed).normal(0, 0.1, (int(seconds * rate_hz), channels))
    stream = io.BytesIO()
    soundfile.write(stream, samples, rate_hz, format=kind)
    return stream.getvalue()


def make(n, *, prefix="u", as_audio=True, **columns):
    """A dataset of n sounds and other columns: lists, or (feature, list)."""
    cells = {"audio": [{"bytes": sound(k), "path": f"{prefix}{k}.wav"} for k in range(n)]}
    features = {"audio": SOUND}
    for name, column in {"valence": (Value("float32"), list(range(1, n + 1))), **columns}.items():
        features[name], cells[name] = column
    made = Dataset.from_dict(cells, features=Features(features))
    if as_audio:  # a cast, since from_dict would need torchcodec
        made = made.cast(Features({**made.features, "audio": Audio(sampling_rate=16000)}))
    return made


def read(run, folder, output, *options):
    result = run("datasets", folder, "-o", output, "--label-bounds", "1,7", *options)
    assert result.exit_code == 0, result.output
    assert "resuming" not in result.stderr
    return read_manifest(output), result.stderr


def refusal(run, folder, output, *options):
    result = run("datasets", folder, "-o", output, *options)
    assert result.exit_code == 1, result.output
    assert "Traceback" not in result.stderr
    return result.stderr.splitlines()[-1].removeprefix("Error: ")


def test_a_dataset_dict_has_its_splits_classes_and_sounds(tmp_path, run):
    """Stereo, another rate and FLAC stay as they are; class labels are words, -1 is none."""
    names = (ClassLabel(names=["angry", "calm"]), [1, 0, -1])
    train = make(3, prefix="t", emotion=names, gender=(ClassLabel(names=["F", "M"]), [0, 1, 1]))
    other = sound(7, rate_hz=22050, channels=2, kind="FLAC")
    train = train.to_dict() | {}
    train["audio"][1] = {"bytes": other, "path": "t1.flac"}
    features = Features({"audio": SOUND, "valence": Value("float32"), "emotion": names[0],
                         "gender": ClassLabel(names=["F", "M"])})  # fmt: skip
    train = Dataset.from_dict(train, features=features)
    train = train.cast(Features({**features, "audio": Audio()}))
    valid = make(2, prefix="v", emotion=(names[0], [0, 1]), gender=(features["gender"], [1, 0]))
    valid = valid.cast(train.features)
    DatasetDict({"train": train, "validation": valid}).save_to_disk(str(tmp_path / "hf"))
    manifest, said = read(run, tmp_path / "hf", tmp_path / "out")
    rows = manifest.utterances
    assert [row.id for row in rows] == ["t0", "t1", "t2", "v0", "v1"]
    assert [row.split for row in rows] == ["train"] * 3 + ["development"] * 2
    assert [row.emotion for row in rows] == ["calm", "angry", None, "angry", "calm"]
    assert [row.gender for row in rows] == ["female", "male", "male", "male", "female"]
    assert [row.valence for row in rows] == [1, 2, 3, 1, 2]
    assert rows[1].wav == "audio/train-000001.flac"
    assert manifest.wav_path(rows[1]).read_bytes() == other
    assert rows[1].duration_s == pytest.approx(0.5, abs=1e-4)
    assert all(row.status == "ok" for row in rows)
    assert "note" not in said
    # again: the same sounds are kept, and another in their place is not replaced unasked
    (tmp_path / "out" / "manifest.parquet").unlink()
    read(run, tmp_path / "hf", tmp_path / "out")
    (tmp_path / "out" / "manifest.parquet").unlink()
    (tmp_path / "out" / "audio" / "train-000000.wav").write_bytes(b"mine")
    assert "train-000000.wav: exists" in refusal(run, tmp_path / "hf", tmp_path / "out")
    read(run, tmp_path / "hf", tmp_path / "out", "--force")


def test_parquet_as_on_the_hub_and_sounds_without_their_type(tmp_path, run):
    (tmp_path / "hf" / "data").mkdir(parents=True)
    for name, n in (("train", 2), ("test", 1)):
        path = tmp_path / "hf" / "data" / f"{name}-00000-of-00001.parquet"
        make(n, prefix=name, as_audio=False).to_parquet(str(path))
    manifest, _ = read(run, tmp_path / "hf", tmp_path / "out")
    assert [(row.id, row.split) for row in manifest.utterances] == [
        ("test0", "test"), ("train0", "train"), ("train1", "train"),
    ]  # fmt: skip


def test_bytes_paths_and_samples_are_sounds_too(tmp_path, run):
    (tmp_path / "u0.wav").write_bytes(sound(0))
    numbers = np.random.default_rng(1).uniform(-0.5, 0.5, 8000)
    kinds = {
        "bytes": (Value("binary"), sound(0), "all-000000"),
        "path": (Value("string"), str(tmp_path / "u0.wav"), "u0"),
        "beside": (Value("string"), "../u0.wav", "u0"),
        "samples": (
            {"array": [Value("float32")], "sampling_rate": Value("int64")},
            {"array": numbers, "sampling_rate": 16000},
            "all-000000",
        ),
    }
    for name, (feature, cell, key) in kinds.items():
        made = Dataset.from_dict({"wav": [cell]}, features=Features({"wav": feature}))
        made.save_to_disk(str(tmp_path / name))
        manifest, _ = read(run, tmp_path / name, tmp_path / f"{name}-out")
        (row,) = manifest.utterances
        assert (row.id, row.status, row.split, row.duration_s) == (key, "ok", None, 0.5), name
    heard, _ = soundfile.read(manifest.wav_path(row))
    np.testing.assert_allclose(heard, numbers, atol=2**-15)


def test_a_missing_or_broken_sound_is_a_failed_row(tmp_path, run):
    cells = [{"bytes": None, "path": "gone.wav"}, {"bytes": b"", "path": "empty.wav"},
             {"bytes": b"no sound", "path": "text.wav"}, {"bytes": sound(), "path": "good.wav"},
             None]  # fmt: skip
    Dataset.from_dict({"audio": cells}, features=Features({"audio": SOUND})).save_to_disk(
        str(tmp_path / "hf")
    )
    result = run("datasets", tmp_path / "hf", "-o", tmp_path / "out")
    assert result.exit_code == 1
    rows = read_manifest(tmp_path / "out").utterances
    assert [row.status for row in rows] == ["failed"] * 3 + ["ok", "failed"]
    assert rows[0].reason == rows[4].reason == "no such recording"
    assert rows[1].reason == "the recording is empty"


def test_names_that_are_not_unique_become_parts_and_numbers(tmp_path, run):
    parts = {"train": make(2), "test": make(2)}
    DatasetDict(parts).save_to_disk(str(tmp_path / "hf"))
    manifest, _ = read(run, tmp_path / "hf", tmp_path / "out")
    ids = [row.id for row in manifest.utterances]
    assert ids == ["train-000000", "train-000001", "test-000000", "test-000001"]


def test_a_path_in_a_name_leads_nowhere(tmp_path, run):
    cells = [{"bytes": sound(), "path": "../../evil.wav"}]
    made = Dataset.from_dict({"audio": cells}, features=Features({"audio": SOUND}))
    made.save_to_disk(str(tmp_path / "hf"))
    read(run, tmp_path / "hf", tmp_path / "deep" / "out")
    assert not list(tmp_path.glob("**/evil.wav"))


def test_splits_come_from_the_column_or_are_drawn(tmp_path, run):
    column = (Value("string"), ["train", "dev", "test1", "train", "dev", "test1"])
    speakers = (Value("int64"), [1, 2, 3, 4, 5, 6])
    whole = make(6, split=column, speaker=speakers)
    DatasetDict({"train": whole.select(range(3)), "test": whole.select(range(3, 6))}).save_to_disk(
        str(tmp_path / "two")
    )
    manifest, said = read(run, tmp_path / "two", tmp_path / "a")
    assert [row.split for row in manifest.utterances] == ["train", "development", "test1"] * 2
    assert "note: splits are those of the column, not the parts train, test" in said
    DatasetDict({"train": whole.remove_columns("split")}).save_to_disk(str(tmp_path / "one"))
    manifest, _ = read(run, tmp_path / "one", tmp_path / "b", "--split", "speaker")
    assert {row.split for row in manifest.utterances} == {"train", "development", "test"}
    assert [row.speaker for row in manifest.utterances] == ["1", "2", "3", "4", "5", "6"]


def test_columns_have_other_names_and_some_are_not_read(tmp_path, run):
    votes = ([Value("float32")], [[1.0, 2.0]] * 2)
    made = make(2, val_mean=(Value("float64"), [2.5, 3.5]), scores=votes).remove_columns("valence")
    made.rename_column("audio", "clip").save_to_disk(str(tmp_path / "hf"))
    manifest, said = read(run, tmp_path / "hf", tmp_path / "out", "--column", "valence=val_mean",
                          "--column", "wav=clip")  # fmt: skip
    assert [row.valence for row in manifest.utterances] == [2.5, 3.5]
    assert "note: columns of neither text nor numbers, not read: scores" in said


def test_what_cannot_be_read_is_refused_in_one_line(tmp_path, run):
    hf, out = tmp_path / "hf", tmp_path / "out"
    assert "no such folder" in refusal(run, hf, out)
    hf.mkdir()
    assert "neither a folder of save_to_disk" in refusal(run, hf, out)
    make(1).remove_columns("audio").save_to_disk(str(tmp_path / "silent"))
    line = refusal(run, tmp_path / "silent", out)
    assert line.endswith("no column of sounds; it has valence. Name it with --column wav=NAME")
    two = make(1).add_column("second", [{"bytes": sound(), "path": "b.wav"}])
    two = two.cast(Features({**two.features, "second": Audio()}))
    two.save_to_disk(str(tmp_path / "two"))
    assert "several columns of sounds (audio, second)" in refusal(run, tmp_path / "two", out)
    assert "no column 'x'" in refusal(run, tmp_path / "two", out, "--column", "wav=x")
    line = refusal(run, tmp_path / "two", out, "--column", "wav=valence")
    assert "'valence' holds no sounds" in line
    make(1).save_to_disk(str(tmp_path / "scale"))
    line = refusal(run, tmp_path / "scale", out)
    assert "the scale of valence is not known (values from 1 to 1)" in line
    DatasetDict({"train": make(1), "fold7": make(1)}).save_to_disk(str(tmp_path / "parts"))
    line = refusal(run, tmp_path / "parts", out, "--label-bounds", "1,7")
    assert "row 0 of fold7: split 'fold7' is none of train" in line
    make(2).save_to_disk(str(tmp_path / "cut"))
    (arrow,) = (tmp_path / "cut").glob("*.arrow")
    arrow.write_bytes(arrow.read_bytes()[:200])
    assert "not readable as a dataset" in refusal(run, tmp_path / "cut", out)
    loud = {"array": [0.0, 3.0], "sampling_rate": 16000}
    kind = {"array": [Value("float32")], "sampling_rate": Value("int64")}
    Dataset.from_dict({"audio": [loud]}, features=Features({"audio": kind})).save_to_disk(
        str(tmp_path / "loud")
    )
    assert "numbers from -1 to 1" in refusal(run, tmp_path / "loud", out)
    (tmp_path / "none").mkdir()
    none = Dataset.from_dict({"wav": []}, features=Features({"wav": Value("string")}))
    none.to_parquet(str(tmp_path / "none" / "train.parquet"))
    assert "the dataset has no rows" in refusal(run, tmp_path / "none", out)


@pytest.fixture
def own(tmp_path, make_wav):
    """A corpus with all that a manifest holds, and a failed row."""
    folder = tmp_path / "own"
    grid = b'File type = "ooTextFile"\nObject class = "TextGrid"\n'
    (folder / "grids").mkdir(parents=True)
    (folder / "grids" / "a.TextGrid").write_bytes(grid)
    rows = []
    for place, (name, split) in enumerate(
        (("a", "train"), ("b", "development"), ("c/d", "test1"), ("e", None))
    ):
        make_wav(folder / f"{name}.wav", 0.5)
        rows.append(
            Utterance(
                id=f"own/{name}", wav=f"{name}.wav", transcript="„nein“, ja", speaker=f"s{place}",
                gender="female", emotion="N", valence=1.1 + place, dominance=2.0, split=split,
                fold=place + 1, duration_s=0.5, dialogue="d", start_s=1.5 * place,
                alignment="grids/a.TextGrid" if name == "a" else None,
            )
        )  # fmt: skip
    rows.append(Utterance(id="gone", wav="gone.wav", status="failed", reason="no such recording"))
    manifest = Manifest(
        utterances=tuple(rows), corpus="mine", version="2", root=folder, label_bounds=(1.0, 5.0)
    )
    write_manifest(folder / "manifest.parquet", manifest)
    votes = [Rating(id="own/b", rater=f"r{k}", valence=2.0 + k, emotion="N") for k in range(2)]
    write_ratings(folder / "ratings.parquet", votes)
    return folder


def test_a_corpus_is_written_out_and_read_back_with_nothing_lost(own, tmp_path, run):
    result = run("save-datasets", own, "-o", tmp_path / "hf")
    assert result.exit_code == 0, result.output
    assert "note: failed rows are left out: 1" in result.stderr
    saved = datasets.load_from_disk(str(tmp_path / "hf"))
    assert list(saved) == ["train", "validation", "test1", "all"]
    assert saved["train"].features["audio"] == Audio()
    (own / "a.wav").rename(own / "moved.wav")  # the folder holds the sounds
    result = run("datasets", tmp_path / "hf", "-o", tmp_path / "again")
    assert result.exit_code == 0, result.output
    before, after = read_manifest(own), read_manifest(tmp_path / "again")
    assert (after.corpus, after.version, after.label_bounds) == ("mine", "2", (1.0, 5.0))
    for old, new in zip(before.usable(), after.utterances, strict=True):
        grid = after.alignment_path(new)
        assert (grid is None) == (old.alignment is None)
        assert grid is None or grid.read_bytes().startswith(b"File type")
        same = replace(new, wav=old.wav, alignment=old.alignment)
        assert repr(same) == repr(old)
        source = own / ("moved.wav" if old.wav == "a.wav" else old.wav)
        assert after.wav_path(new).read_bytes() == source.read_bytes()
    assert list(map(repr, read_ratings(tmp_path / "again"))) == list(map(repr, read_ratings(own)))
    assert (
        "exists already; name another folder"
        in run("save-datasets", own, "-o", tmp_path / "hf").stderr
    )


def test_a_folder_that_cannot_be_written_leaves_nothing(own, tmp_path, run):
    (own / "b.wav").unlink()  # the manifest says that it is there
    result = run("save-datasets", own, "-o", tmp_path / "hf")
    assert result.exit_code == 1
    assert "b.wav" in result.stderr
    assert not (tmp_path / "hf").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["own"]


def test_without_datasets_one_line_says_what_to_install(own, tmp_path, run, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "datasets", None)
    for command in ("datasets", "save-datasets"):
        result = run(command, own, "-o", tmp_path / "new")
        assert result.exit_code == 1
        assert "pip install 'lemf[datasets]'" in result.stderr
