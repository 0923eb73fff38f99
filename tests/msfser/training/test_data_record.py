"""What a run records of its data, and how other data are named."""

import os
from dataclasses import replace

import numpy as np
import pyarrow.parquet
import pytest
import soundfile
from click.testing import CliRunner

from msfser.commands.cli import main
from msfser.config.files import make_config
from msfser.corpora.joining import rescale
from msfser.data import facts
from msfser.errors import CheckpointError, DataError
from msfser.evaluation.runs import DATA_NAME
from msfser.manifest import DIMENSIONS, read_manifest, write_manifest
from msfser.ratings import Rating, write_ratings
from msfser.semantics.encoding import encode_texts
from msfser.semantics.text_encoder import load_text_encoder
from msfser.semantics.texts import read_texts, update_texts
from msfser.training.data.prepare import prepare_data
from msfser.training.data.record import columns_read, find_difference, read_record, write_record
from msfser.training.train import train

ALL_COLUMNS = (*(f"{name}_{kind}" for name in ("gs", "les", "es") for kind in ("text", "vector")),
               "emotion", "gender")  # fmt: skip
SMALL = (
    "train.batch_size=8", "train.epochs=1", "train.device='cpu'", "data.crop_s=0.5",
    "model.head_dim=16", "model.film_dim=16",
)  # fmt: skip


def make(folder, *changes):
    return make_config({}, [*SMALL, f"data.folder='{folder}'", *changes], preset="tiny")


@pytest.fixture
def corpus(corpus_folder, tmp_path):
    """The corpus with a manifest, texts and vectors of its own."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name in ("manifest.parquet", "texts.parquet"):
        (folder / name).write_bytes((corpus_folder / name).read_bytes())
    (folder / "features").mkdir()
    for path in (corpus_folder / "features").iterdir():
        (folder / "features" / path.name).write_bytes(path.read_bytes())
    return folder


@pytest.fixture
def rewrite(corpus):
    """Change the row of one training utterance in the manifest."""

    def change(place=3, **values):
        manifest = read_manifest(corpus)
        rows = list(manifest.utterances)
        at = [k for k, row in enumerate(rows) if row.split == "train"][place]
        rows[at] = replace(rows[at], **values)
        path = corpus / "manifest.parquet"
        write_manifest(path, replace(manifest, utterances=tuple(rows)), force=True)
        return rows[at].id

    return change


def replace_es(corpus, encoder, ids, text="another description"):
    """Replace ES of some utterances, and encode it."""
    texts = read_texts(corpus)
    es = dict(zip(texts.ids, texts.es, strict=True))
    es |= {name: replace(es[name], text=text) for name in ids}
    update_texts(corpus, read_manifest(corpus), "es", es)
    encode_texts(corpus, lambda: load_text_encoder(str(encoder), "cpu"))


@pytest.fixture
def record(corpus):
    config = make(corpus)
    return prepare_data(config.data, config.model).record


def test_a_record_is_read_as_it_was_written(record, tmp_path):
    write_record(tmp_path / DATA_NAME, record)
    again = read_record(tmp_path / DATA_NAME, ALL_COLUMNS)
    assert again.columns.keys() == record.columns.keys()
    assert again.label_bounds == record.label_bounds == (1.0, 7.0)
    for name, values in record.columns.items():
        assert again.columns[name].dtype.kind == values.dtype.kind
        np.testing.assert_array_equal(again.columns[name], values)
    assert find_difference(again, record) is None
    assert again.clips() == record.clips()
    assert read_record(tmp_path / "none.parquet") is None
    older = pyarrow.parquet.read_table(tmp_path / DATA_NAME).drop_columns(["samples_hash"])
    pyarrow.parquet.write_table(older, tmp_path / "older.parquet")
    assert read_record(tmp_path / "older.parquet") is None
    older = pyarrow.parquet.read_table(tmp_path / DATA_NAME).drop_columns(["gender"])
    pyarrow.parquet.write_table(older, tmp_path / "older.parquet")
    assert read_record(tmp_path / "older.parquet", ALL_COLUMNS) is None
    assert read_record(tmp_path / "older.parquet") is not None  # not read by such a model
    (tmp_path / DATA_NAME).write_bytes(b"no table")
    with pytest.raises(CheckpointError, match="not a Parquet file"):
        read_record(tmp_path / DATA_NAME)


def test_the_first_difference_is_named(record):
    def changed(name, value, *, scale=1.0, **others):
        columns = {
            key: values.astype(object if values.dtype.kind == "U" else values.dtype)
            for key, values in record.columns.items()
        }
        for key, to in {name: value, **others}.items():
            columns[key][4] = to if scale == 1.0 else columns[key][4] * scale
        return replace(record, columns=columns)

    name = str(record.ids[4])
    length = int(record.columns["n_samples"][4])
    gender = str(record.columns["gender"][4])
    for other, expected in (
        (changed("n_samples", 17), ("recordings", f"first {name!r} (17 samples, not {length:,})")),
        (changed("square", 0, scale=1.1), ("recordings", f"first {name!r} (another level)")),
        (changed("square", 0, scale=1 + 1e-6), None),  # another machine rounds otherwise
        (changed("sum", 5.0), None),
        (changed("n_bytes", 3), None),  # the same sound in another file
        (changed("changed_ns", 3), None),
        (changed("file_hash", 3), None),
        (changed("samples_hash", 3), None),  # the same file, decoded in another way
        (
            changed("samples_hash", 3, file_hash=3),
            ("recordings", f"first {name!r} (other samples)"),
        ),
        (changed("valence", np.nan), ("labels", f"first {name!r} (valence)")),
        (changed("dominance", 0.1), ("labels", f"first {name!r} (dominance)")),
        (changed("gs_text", 1), ("GS texts", f"first {name!r}")),
        (changed("es_vector", 1), ("ES vectors", f"first {name!r}")),
        (changed("emotion", "calm"), ("emotions", f"first {name!r} (calm, not none)")),
        (changed("gender", ""), ("genders", f"first {name!r} (none, not {gender})")),
        (
            replace(record, label_bounds=(1.0, 5.0)),
            ("ends of the rating scale", "1 to 5, not 1 to 7"),
        ),
        (changed("part", "test"), ("utterances", f"{name!r} is in 'test', not in 'train'")),
    ):
        assert find_difference(record, other) == expected


def test_utterances_that_are_missing_new_or_moved_are_named(record):
    def chosen(places, **skipped):
        columns = {name: values[places] for name, values in record.columns.items()}
        return replace(record, ids=record.ids[places], columns=columns, skipped=skipped)

    every = list(range(len(record.ids)))
    name, last = str(record.ids[2]), str(record.ids[-1])
    fewer = chosen([place for place in every if place != 2], **{name: "no label"})
    assert find_difference(record, fewer) == ("utterances", f"{name!r} is missing (no label)")
    assert find_difference(fewer, record) == ("utterances", f"{name!r} is new (there: no label)")
    moved = chosen([every[-1], *every[:-1]])
    assert find_difference(record, moved) == ("utterances", f"{last!r} stands in another place")


@pytest.fixture
def finished(corpus, tmp_path):
    run = tmp_path / "run"
    train(make(corpus), run)
    return run


def test_a_run_is_not_resumed_on_other_data(finished, corpus, corpus_folder, rewrite):
    train(make(corpus), finished, resume=True)
    es = [row.id for row in read_manifest(corpus).utterances if row.split != "test"]
    before = {path: path.read_bytes() for path in corpus.rglob("*") if path.is_file()}
    replace_es(corpus, corpus_folder / "encoder", es[5:])
    with pytest.raises(DataError) as error:
        train(make(corpus), finished, resume=True)
    assert str(error.value) == (
        f"{finished / DATA_NAME}: the ES texts differ from those of this run: first {es[5]!r}; "
        "restore them, or train in another folder"
    )
    for path, content in before.items():
        path.write_bytes(content)
    train(make(corpus), finished, resume=True)
    name = rewrite(valence=1.5)
    with pytest.raises(DataError, match=rf"the labels .* first '{name}' \(valence\); restore"):
        train(make(corpus), finished, resume=True)
    rewrite(wav="gone.wav")
    with pytest.raises(DataError, match=rf"the utterances .*: '{name}' is missing \(.*gone\.wav"):
        train(make(corpus), finished, resume=True)


def test_a_recording_that_has_changed_is_noticed_and_only_that_one_is_read(
    finished, corpus, rewrite, tmp_path, monkeypatch
):
    manifest = read_manifest(corpus)
    row = [row for row in manifest.utterances if row.split == "train"][3]
    samples, rate_hz = soundfile.read(manifest.wav_path(row))
    read, read_samples = [], facts.read_samples
    monkeypatch.setattr(facts, "read_samples", lambda path: read.append(path) or read_samples(path))
    config = make(corpus)
    known = read_record(finished / DATA_NAME).clips()
    data = prepare_data(config.data, config.model, known=known)
    assert read == []
    before = read_record(finished / DATA_NAME, columns_read(config.model, config.train))
    assert find_difference(before, data.record) is None
    soundfile.write(tmp_path / "same.wav", samples, rate_hz)
    rewrite(wav=str(tmp_path / "same.wav"))  # another file with the same samples
    train(config, finished, resume=True)
    assert read[:1] == [tmp_path / "same.wav"]
    # other samples of the same number and level, even where the time of change is set back
    times = (tmp_path / "same.wav").stat()
    for other in (samples[::-1], -samples, samples[:-800]):
        soundfile.write(tmp_path / "same.wav", other, rate_hz)
        os.utime(tmp_path / "same.wav", ns=(times.st_atime_ns, times.st_mtime_ns))
        with pytest.raises(DataError, match=rf"the recordings .* first '{row.id}' \("):
            train(config, finished, resume=True)


HEARD = ("model.semantics=[]", "model.intra='none'", "model.fusion='none'")


def on_scale(manifest, bounds):
    rows = tuple(
        replace(
            row,
            **{name: rescale(getattr(row, name), (1.0, 7.0), bounds) for name in DIMENSIONS},
        )
        for row in manifest.utterances
    )
    return replace(manifest, utterances=rows, label_bounds=bounds)


@pytest.mark.parametrize(
    ("reads", "changed", "refusal"),
    [
        ("train.sampling='balanced'", "emotion", "the emotions .* (calm, not happy); restore"),
        ("model.side_heads=['emotion']", "emotion", "the emotions .* (calm, not happy); restore"),
        ("model.side_heads=['gender']", "gender", "the genders .* (none, not female); restore"),
        ("model.side_heads=['spread']", "votes", "the votes .*; restore"),
        ("model.output='evidence'", "votes", "the votes .*; restore"),
        ("model.output='evidence'", "scale", "the ends of the rating scale .*: 0 to 1, not 1 to 7"),
    ],
)
def test_a_run_is_not_resumed_on_other_emotions_genders_votes_or_scales(
    corpus, rewrite, tmp_path, reads, changed, refusal
):
    """What a training reads is recorded, and another run, which does not read it, goes on."""
    rewrite(4, emotion="sad")
    name = rewrite(3, emotion="happy", gender="female")
    votes = [
        Rating(id=row.id, rater=f"r{k}", valence=4.0 + k, arousal=3.0, dominance=2.0 + k)
        for row in read_manifest(corpus).utterances
        for k in range(2)
    ]
    write_ratings(corpus / "ratings.parquet", votes)
    train(make(corpus, *HEARD), tmp_path / "plain")
    train(make(corpus, *HEARD, reads), tmp_path / "run")
    write_ratings(corpus / "ratings.parquet", votes[::-1], force=True)  # the same in another order
    train(make(corpus, *HEARD, reads), tmp_path / "run", resume=True)
    if changed == "votes":
        votes = [replace(vote, valence=6.0) if vote.id == name else vote for vote in votes]
        write_ratings(corpus / "ratings.parquet", votes, force=True)
    elif changed == "scale":
        other = on_scale(read_manifest(corpus), (0.0, 1.0))
        write_manifest(corpus / "manifest.parquet", other, force=True)
    else:
        rewrite(3, **{"emotion": {"emotion": "calm"}, "gender": {"gender": None}}[changed])
    with pytest.raises(DataError, match=refusal.replace("(", "[(]").replace(")", "[)]")) as error:
        train(make(corpus, *HEARD, reads), tmp_path / "run", resume=True)
    if changed != "scale":
        assert f"first {name!r}" in str(error.value)
        train(make(corpus, *HEARD), tmp_path / "plain", resume=True)


def test_a_run_without_a_record_goes_on_with_a_note(finished, corpus, capfd):
    (finished / DATA_NAME).unlink()
    train(make(corpus), finished, resume=True)
    assert f"note: {finished / DATA_NAME} is missing or older, as in runs of earlier versions" in (
        capfd.readouterr().err
    )
    train(make(corpus), finished, resume=True)  # recorded from now on
    assert "note" not in capfd.readouterr().err


def test_a_fold_that_is_done_is_kept_on_the_same_data_only(corpus, rewrite, tmp_path):
    manifest = read_manifest(corpus)
    rows = [
        replace(row, fold=1 + place % 2, split=None)
        for place, row in enumerate(manifest.utterances)
    ]
    path = corpus / "manifest.parquet"
    write_manifest(path, replace(manifest, utterances=tuple(rows)), force=True)
    command = ["train", "--preset", "tiny", "--data", str(corpus), "--folds", "--resume"]
    command += [part for change in SMALL for part in ("--set", change)]
    command += ["-o", str(tmp_path / "folds")]
    done = CliRunner().invoke(main, command)
    assert done.exit_code == 0, done.stderr
    rows[6] = replace(rows[6], arousal=1.25)  # of fold 1: fold 2 was trained on it
    write_manifest(path, replace(manifest, utterances=tuple(rows)), force=True)
    again = CliRunner().invoke(main, command)
    assert again.exit_code == 1
    assert again.stderr.splitlines()[-1] == (
        f"Error: {tmp_path / 'folds' / 'fold2' / DATA_NAME}: the labels differ from those of this "
        f"run: first {rows[6].id!r} (arousal); restore them, or train in another folder"
    )
    other = CliRunner().invoke(main, [*command, "--set", "train.epochs=2"])
    assert "train.epochs was 1 and is 2; use the same settings" in other.stderr


def test_an_ablation_is_not_continued_on_other_data(corpus, corpus_folder, tmp_path):
    rows = tmp_path / "rows.toml"
    rows.write_text(
        "preset = 'tiny'\ntrain = {epochs = 1, batch_size = 8}\ndata = {crop_s = 0.5}\n"
        "[[rows]]\nname = 'audio'\nmodel = {semantics = [], intra = 'none', fusion = 'none'}\n"
        "[[rows]]\nname = 'ES'\nmodel = {semantics = ['es'], intra = 'none', fusion = 'film'}\n"
    )
    command = ["ablate", "--config", str(rows), "--data", str(corpus), "--split", "test"]
    command += ["-o", str(tmp_path / "a")]
    first = CliRunner().invoke(main, command)
    assert first.exit_code == 0, first.stderr
    again = CliRunner().invoke(main, command)
    assert (again.stdout, "2 of 2 runs are done already" in again.stderr) == (first.stdout, True)
    assert "note" not in again.stderr

    # other texts of the test split: trained as before, and predicted anew
    by_split = {
        split: [row.id for row in read_manifest(corpus).utterances if row.split == split]
        for split in ("train", "test")
    }
    predicted = tmp_path / "a" / "runs" / "es" / "seed0" / "predictions.parquet"
    before = predicted.read_bytes()
    replace_es(corpus, corpus_folder / "encoder", by_split["test"], "sad and slow")
    changed = CliRunner().invoke(main, command)
    assert changed.exit_code == 0, changed.stderr
    assert "1 of 2 runs are done already" in changed.stderr
    assert predicted.read_bytes() != before

    # other texts of the training split: refused; the row that reads no texts is kept
    replace_es(corpus, corpus_folder / "encoder", by_split["train"], "sad and slow")
    refused = CliRunner().invoke(main, command)
    assert refused.exit_code == 1
    assert "1 of 2 runs are done already" in refused.stderr
    assert (
        f"es/seed0/{DATA_NAME}: the ES texts differ from those of this run: "
        f"first {by_split['train'][0]!r}; restore them"
    ) in refused.stderr

    # runs of an earlier version are kept with one note
    for path in (tmp_path / "a").rglob("*.parquet"):
        if path.name != "predictions.parquet":
            path.unlink()
    old = CliRunner().invoke(main, command)
    assert old.exit_code == 0, old.stderr
    assert old.stderr.count("note: ") == 1
    assert (
        "data.parquet is missing or older, as in runs of earlier versions (4 such files)"
        in old.stderr
    )
