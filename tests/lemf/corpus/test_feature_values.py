"""Damaged and hostile features: one line that names the file, the recording and the value."""

import datetime
import json
import math
import random

import pyarrow
import pyarrow.parquet
import pytest
import soundfile

import lemf
from lemf.corpus.parquet import schema_of
from lemf.errors import CorpusError

SCHEMA = schema_of("features", lemf.Settings())
N_FLIPS = 500


@pytest.fixture(scope="module")
def made(build_corpus, tmp_path_factory):
    """A folder with `f.parquet` of three recordings, one with a note, and the tables of the run."""
    folder = tmp_path_factory.mktemp("features")
    corpus = build_corpus(folder / "corpus", 3)
    samples, rate_hz = soundfile.read(corpus / "speaker1/0001.wav")
    soundfile.write(corpus / "speaker1/0001.wav", samples[:, None] * [1.0, 0.5], rate_hz)
    tables = {"sentence_table": folder / "s.parquet", "features": folder / "f.parquet"}
    lemf.score_corpus(corpus, folder / "w.parquet", **tables)
    return folder


@pytest.fixture
def table(made):
    return pyarrow.parquet.read_table(made / "f.parquet")


@pytest.fixture
def refused(tmp_path):
    """Write a table, rescore it, and return the message of its refusal."""

    def refuse(table):
        path = tmp_path / "f.parquet"
        pyarrow.parquet.write_table(table, path)
        with pytest.raises(CorpusError) as error:
            lemf.rescore_features(path, tmp_path / "o.parquet")
        message = str(error.value)
        assert message.startswith(f"{path}: ")
        assert "\n" not in message
        assert len(message.replace(str(path), "")) < 500
        assert not (tmp_path / "o.parquet").exists()
        return message

    return refuse


def change(table, column, edit):
    """The table with the value of a column in its second row edited."""
    rows = table.to_pylist()
    rows[1][column] = edit(rows[1][column])
    return pyarrow.Table.from_pylist(rows, table.schema)


def with_about(table, content):
    """The table with other metadata of lemf, and no checksum of them."""
    return table.replace_schema_metadata({"lemf": content})


def set_in(*keys):
    """A function that replaces one place in nested lists and dicts by a value."""
    *path, last = keys

    def put(value):
        def edit(content):
            place = content
            for key in path:
                place = place[key]
            place[last] = value
            return content

        return edit

    return put


PHONE = (0, "phones", 1)


@pytest.mark.parametrize(
    ("column", "edit", "message"),
    [
        ("f0_hz", set_in(7)(math.nan), "damaged: 'speaker0/0002': f0_hz nan at 0.035 s"),
        ("f0_hz", set_in(7)(-1.0), "f0_hz -1 at 0.035 s"),
        ("f0_hz", set_in(7)(48_000.0), "f0_hz 48000 at 0.035 s"),
        ("energy", set_in(0)(math.inf), "energy inf at 0.000 s"),
        ("energy", set_in(0)(-0.5), "energy -0.5 at 0.000 s"),
        ("energy", set_in(2)(1e300), "energy 1e+300 at 0.010 s"),
        ("energy", set_in(2)(2e100), "energy 2e+100 at 0.010 s"),
        ("mid_energy", set_in(0)(-math.inf), "mid_energy -inf at 0.000 s"),
        ("periodicity", set_in(3)(1.5), "periodicity 1.5 at 0.015 s"),
        ("energy", lambda values: values[:-1], "48 frames of energy beside 49 of f0_hz"),
        ("f0_hz", lambda values: values * 3, "147 frames in 0.240 s"),
        ("f0_hz", lambda values: [], "0 frames in 0.240 s"),
        ("duration_s", lambda _: math.inf, "inf s at 16000 Hz"),
        ("duration_s", lambda _: -1.0, "-1.0 s at 16000 Hz"),
        ("duration_s", lambda _: 1e300, "49 frames in 1"),
        ("rate_hz", lambda _: 0, "0.24 s at 0 Hz"),
        ("id", lambda _: "speaker0/0000", "'speaker0/0000': an id that occurs twice"),
        ("words", lambda _: [], "'speaker0/0002': no word"),
        ("words", set_in(1, "start_s")(math.nan), "word 'b' from nan to 0.22 s"),
        ("words", set_in(1, "end_s")(9.0), "word 'b' from 0.12 to 9 s"),
        ("words", set_in(0, "start_s")(-9.0), "word 'a' from -9 to 0.1 s"),
        ("words", set_in(1, "start_s")(0.01), "word 'b' from 0.01 to 0.22 s"),
        ("words", set_in(1, "end_s")(0.12), "word 'b' from 0.12 to 0.12 s"),
        ("words", lambda words: words[::-1], "word 'a' from 0.02 to 0.1 s"),
        ("words", set_in(1, "sentence")(-3), "speaker0/0002: sentences numbered [0, -3]"),
        ("words", set_in(*PHONE, "end_s")(math.inf), "phone 'B' from 0.06 to inf s of word 'a'"),
        ("words", set_in(*PHONE, "end_s")(0.0), "phone 'B' from 0.06 to 0 s of word 'a'"),
        ("words", set_in(*PHONE, "start_s")(5.0), "phone 'B' from 5 to 0.1 s of word 'a'"),
    ],
)
def test_a_value_that_no_recording_has_is_named(table, refused, column, edit, message):
    assert message in refused(change(table, column, edit))


@pytest.mark.parametrize("column", [name for name in SCHEMA.names if name != "phones_tier"])
def test_a_null_is_refused_and_its_column_named(table, refused, column):
    assert f"a null in {column}" in refused(change(table, column, lambda _: None))


@pytest.mark.parametrize(
    ("column", "edit"),
    [
        ("energy", set_in(4)(None)),
        ("notes", lambda _: [None]),
        ("words", set_in(1)(None)),
        ("words", set_in(1, "word")(None)),
        ("words", set_in(1, "phones")(None)),
        ("words", set_in(1, "phones", 0)(None)),
        ("words", set_in(1, "phones", 0, "label")(None)),
    ],
)
def test_a_null_inside_is_refused_and_its_column_named(table, refused, column, edit):
    assert f"a null in {column}" in refused(change(table, column, edit))


@pytest.mark.parametrize("column", SCHEMA.names)
@pytest.mark.parametrize(
    "value", ["text", 1, True, b"\xff", [["a"]], {"a": 1}, datetime.date(2000, 1, 1), None]
)
def test_a_column_of_another_type_is_refused(table, refused, column, value):
    if isinstance(value, str) and SCHEMA.field(column).type == pyarrow.string():
        value = 1.5
    place = table.schema.get_field_index(column)
    other = table.set_column(place, column, pyarrow.array([value] * len(table)))
    assert f"damaged: {column} of type " in refused(other)


def test_text_that_is_not_utf8_is_refused(table, refused):
    wrong = pyarrow.array([b"a", b"\xff\xfe", b"c"]).view(pyarrow.string())
    assert "UTF8" in refused(table.set_column(0, "id", wrong))


def test_two_columns_of_one_name_are_refused(table, refused):
    assert "run lemf batch --features again" in refused(
        table.append_column("energy", table.column("energy"))
    )


@pytest.mark.parametrize(
    "content",
    [
        "",
        "text",
        "[]",
        "3",
        "null",
        "{}",
        "[" * 100_000,
        '{"files": 3, "failed": 0, "audio_s": ' + "9" * 5000 + "}",
        '{"files": 3, "files": 3, "failed": 0, "audio_s": 1, "settings": {}}',
        '{"files": 2, "failed": 0, "audio_s": 1, "settings": {}}',
        '{"files": 3, "failed": "0", "audio_s": 1, "settings": {}}',
        '{"files": 3, "failed": 0, "audio_s": NaN, "settings": {}}',
        '{"files": 3, "failed": -1, "audio_s": 1, "settings": {}}',
        '{"files": 3, "failed": 0, "audio_s": 1}',
        '{"files": 3, "failed": 0, "audio_s": 1, "settings": []}',
        '{"files": 3, "failed": 0, "audio_s": 1, "settings": "ab"}',
        '{"files": 3, "failed": 0, "audio_s": 1, "settings": {"silence": 3}}',
        '{"files": 3, "failed": 0, "audio_s": 1, "settings": {"silence": [], "cues": []}}',
        '{"files": 3, "failed": 0, "audio_s": 1, "settings": {"silence": [], "weights": [1]}}',
        '{"files": 3, "failed": 0, "audio_s": 1, "settings": {"silence": [], "channel": 1e999}}',
        b"\xff",
    ],
)
def test_metadata_that_cannot_be_right_are_refused(table, refused, content):
    assert "run lemf batch --features again" in refused(with_about(table, content))


@pytest.mark.parametrize("kept", ["lemf", "lemf.crc32"])
def test_metadata_that_differ_from_their_checksum_are_refused(table, refused, kept):
    metadata = dict(table.schema.metadata)
    about = json.loads(metadata[b"lemf"]) | {"audio_s": 9.0}
    metadata[kept.encode()] = json.dumps(about) if kept == "lemf" else b"00000000"
    assert "differ from their checksum" in refused(table.replace_schema_metadata(metadata))


def test_features_without_checksums_and_notes_are_read(made, table, tmp_path):
    old = table.replace_schema_metadata({"lemf": table.schema.metadata[b"lemf"]})
    pyarrow.parquet.write_table(old.drop_columns(["notes"]), tmp_path / "f.parquet")
    lemf.rescore_features(tmp_path / "f.parquet", tmp_path / "w.parquet")
    assert (tmp_path / "w.parquet").read_bytes() == (made / "w.parquet").read_bytes()
    assert not (tmp_path / "w.notes.csv").exists()


def test_notes_are_not_lost_with_the_name_of_their_column(table, refused):
    names = ["note_" if name == "notes" else name for name in table.column_names]
    renamed = table.rename_columns(names).replace_schema_metadata(table.schema.metadata)
    assert "run lemf batch --features again" in refused(renamed)


def test_rescoring_writes_the_notes_of_the_batch(made, tmp_path):
    tables = {"sentence_table": tmp_path / "s.parquet"}
    lemf.rescore_features(made / "f.parquet", tmp_path / "w.parquet", **tables)
    assert "0001,0001.wav,2 channels mixed down" in (made / "w.notes.csv").read_text().replace(
        f"{made}/corpus/", ""
    ).replace("speaker1/", "")
    for name in ("w.notes.csv", "w.parquet", "s.parquet"):
        assert (tmp_path / name).read_bytes() == (made / name).read_bytes()
    (tmp_path / "w.parquet").unlink()
    with pytest.raises(lemf.OutputError, match=r"w\.notes\.csv: exists already"):
        lemf.rescore_features(made / "f.parquet", tmp_path / "w.parquet")


def test_no_flipped_bit_changes_a_score(made, tmp_path):
    content, path = (made / "f.parquet").read_bytes(), tmp_path / "f.parquet"
    draw, n_refused = random.Random(20261128), 0
    for _ in range(N_FLIPS):
        flipped, bit = bytearray(content), draw.randrange(8 * len(content))
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        try:
            lemf.rescore_features(path, tmp_path / "w.parquet", force=True)
        except CorpusError:
            n_refused += 1
            continue
        for name in ("w.parquet", "w.notes.csv"):
            assert (tmp_path / name).read_bytes() == (made / name).read_bytes(), (bit, name)
    assert n_refused > N_FLIPS / 2
