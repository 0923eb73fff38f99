from dataclasses import replace

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemf.runtime.locks import hold_lock
from msfser.errors import SemanticsError
from msfser.manifest import Manifest, Utterance
from msfser.semantics.texts import NOT_MADE, Text, read_texts, update_texts

OK = Text(text="hello", status="ok", source="transcript")
NO_ALIGNMENT = Text(status="fallback", source="lemf 1, cues paper", reason="no alignment")


def manifest_of(root, *utterances):
    return Manifest(
        utterances=utterances, corpus="own", version="", root=root, label_bounds=(1.0, 5.0)
    )


@pytest.fixture
def manifest(tmp_path):
    broken = Utterance(id="c", wav="c.wav", status="failed", reason="no such recording")
    return manifest_of(
        tmp_path, Utterance(id="a", wav="a.wav"), Utterance(id="b", wav="b.wav"), broken
    )


def test_one_semantic_is_replaced_and_the_others_are_kept(tmp_path, manifest):
    first = update_texts(tmp_path, manifest, "gs", {"a": OK})
    assert first == read_texts(tmp_path)
    assert first.ids == ("a", "b", "c")
    assert first.gs[:2] == (OK, NOT_MADE)
    assert first.es == (NOT_MADE, NOT_MADE, NOT_MADE)
    described = Text(text="a voice", status="ok", source="openai", model="m", prompt="abc")
    update_texts(tmp_path, manifest, "es", {"b": described})
    second = read_texts(tmp_path)
    assert second.gs == first.gs
    assert second.es[1] == described
    assert second.count("es") == {"ok": 1, "missing": 2}


def test_a_failed_row_of_the_manifest_has_no_text_and_its_reason(tmp_path, manifest):
    texts = update_texts(tmp_path, manifest, "gs", {"c": OK})
    assert texts.gs[2] == Text(reason="not usable: no such recording")


def test_gs_stands_in_for_les_whenever_gs_comes_or_changes(tmp_path, manifest):
    texts = update_texts(tmp_path, manifest, "les", {"a": NO_ALIGNMENT, "b": NO_ALIGNMENT})
    assert texts.les[0] == replace(NO_ALIGNMENT, status="missing")
    texts = update_texts(tmp_path, manifest, "gs", {"a": OK})
    assert texts.les[0] == replace(NO_ALIGNMENT, text="hello")
    assert texts.les[1].status == "missing"
    texts = update_texts(tmp_path, manifest, "gs", {"a": replace(OK, text="good bye"), "b": OK})
    assert [text.text for text in texts.les] == ["good bye", "hello", None]
    texts = update_texts(tmp_path, manifest, "gs", {})
    assert texts.les[0] == replace(NO_ALIGNMENT, status="missing")


def test_gs_stands_in_for_a_les_that_failed_or_has_no_word(tmp_path, manifest):
    update_texts(tmp_path, manifest, "gs", {"a": OK})
    broken = Text(status="failed", source="lemf 1, cues paper", reason="a.TextGrid: no tier")
    silent = replace(broken, status="missing", reason="no word")
    texts = update_texts(tmp_path, manifest, "les", {"a": broken, "b": silent})
    assert texts.les[0] == replace(broken, text="hello", status="fallback")
    assert texts.les[1] == silent


def test_gs_never_stands_in_where_les_was_not_asked_for(tmp_path, manifest):
    assert update_texts(tmp_path, manifest, "gs", {"a": OK}).les[0] == NOT_MADE


def test_texts_follow_the_ids_of_a_changed_manifest(tmp_path, manifest):
    update_texts(tmp_path, manifest, "gs", {"a": OK})
    other = manifest_of(tmp_path, Utterance(id="z", wav="z"), Utterance(id="a", wav="a"))
    texts = update_texts(tmp_path, other, "es", {})
    assert texts.ids == ("z", "a")
    assert texts.gs == (NOT_MADE, OK)


def test_every_field_of_every_semantic_has_its_column(tmp_path):
    manifest = manifest_of(tmp_path, Utterance(id="a", wav="a.wav"))
    fields = ("text", "status", "source", "model", "prompt", "reason")
    expected = {"id": "a"}
    for semantic in ("gs", "les", "es"):
        values = {field: f"{semantic} {field}" for field in fields} | {"status": "ok"}
        update_texts(tmp_path, manifest, semantic, {"a": Text(**values)})
        expected[semantic] = values.pop("text")
        expected.update({f"{semantic}_{field}": value for field, value in values.items()})
    table = pyarrow.parquet.read_table(tmp_path / "texts.parquet")
    assert table.to_pylist() == [expected]
    assert table.column_names == list(expected)
    assert {str(column.type) for column in table.columns} == {"string"}


@given(st.text())
def test_any_text_comes_back(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("any")
    manifest = manifest_of(folder, Utterance(id="a", wav="a.wav"))
    update_texts(folder, manifest, "gs", {"a": replace(OK, text=text)})
    assert read_texts(folder).gs[0].text == text.encode(errors="backslashreplace").decode()


def test_same_texts_same_bytes(tmp_path, manifest):
    update_texts(tmp_path, manifest, "gs", {"a": OK})
    first = (tmp_path / "texts.parquet").read_bytes()
    update_texts(tmp_path, manifest, "gs", {"a": OK})
    assert (tmp_path / "texts.parquet").read_bytes() == first
    assert [path.name for path in tmp_path.iterdir()] == ["texts.parquet"]


def test_what_is_no_texts_of_msfser_is_refused(tmp_path, manifest):
    with pytest.raises(SemanticsError, match=r"texts\.parquet: no such file; make it with msfser"):
        read_texts(tmp_path)
    path = tmp_path / "texts.parquet"
    path.write_bytes(b"PAR1 but no")
    with pytest.raises(SemanticsError, match=r"texts\.parquet: not a Parquet file"):
        read_texts(tmp_path)
    pyarrow.parquet.write_table(pyarrow.table({"id": ["a"]}), path)
    with pytest.raises(
        SemanticsError,
        match="not written by msfser; check the path",
    ):
        update_texts(tmp_path, manifest, "gs", {"a": OK})


def test_another_command_that_writes_is_waited_for(tmp_path, manifest, monkeypatch):
    monkeypatch.setattr("msfser.semantics.texts._LONGEST_WAIT_S", 0.1)
    with (
        hold_lock(tmp_path / "texts.parquet.lock"),
        pytest.raises(Exception, match="is working on this output"),
    ):
        update_texts(tmp_path, manifest, "gs", {"a": OK})
    update_texts(tmp_path, manifest, "gs", {"a": OK})
