"""What was said in the turns before, by dialogue and time."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msfser.errors import SemanticsError
from msfser.manifest import Manifest, Utterance
from msfser.semantics.context import make_context, order_turns
from msfser.semantics.texts import Text, read_texts, update_texts


def turn(name, dialogue="d", start_s=math.nan, status="ok"):
    return Utterance(
        id=name, wav=f"{name}.wav", dialogue=dialogue, start_s=start_s, status=status, split="train"
    )


def manifest_of(*rows, root):
    return Manifest(utterances=rows, corpus="own", version="", root=root, label_bounds=(1.0, 5.0))


def names_of(rows):
    return [[one.id for one in turns] for turns in order_turns(rows).values()]


def test_turns_are_ordered_by_time_and_without_all_times_by_the_numbers_in_their_names():
    assert names_of([turn("a", start_s=9.0), turn("b", start_s=10.0), turn("c", start_s=1.0)]) == [
        ["c", "a", "b"]
    ]
    assert names_of([turn("u10"), turn("u9", start_s=1.0), turn("u2", start_s=5.0)]) == [
        ["u2", "u9", "u10"]
    ]
    two = [turn("d1_u2", "d1"), turn("d2_u1", "d2"), turn("d1_u1", "d1"), turn("lone", None)]
    assert names_of(two) == [["d1_u1", "d1_u2"], ["d2_u1"]]


@given(st.lists(st.text("ab1209_-", min_size=1, max_size=6), min_size=1, unique=True))
def test_any_names_can_be_ordered_and_none_is_lost(names):
    (found,) = names_of([turn(name) for name in names])
    assert sorted(found) == sorted(names)


def test_the_context_is_the_words_of_the_turns_before_and_of_no_other_dialogue(tmp_path):
    rows = [
        turn("a1", "a", 0.0), turn("b1", "b", 0.5), turn("a2", "a", 1.0), turn("a3", "a", 2.0),
        turn("a4", "a", 3.0), turn("lone", None),
    ]  # fmt: skip
    words = {"a1": "one", "b1": "other", "a2": "two", "a3": "three", "a4": "four", "lone": "alone"}
    made = make_context(manifest_of(*rows, root=tmp_path), words, 2)
    assert {name: text.text for name, text in made.items()} == {
        "a1": None, "b1": None, "a2": "one", "a3": "one two", "a4": "two three", "lone": None,
    }  # fmt: skip
    assert made["a1"] == Text(source="2 turns before", reason="the first turn")
    assert made["lone"].reason == "in no dialogue"
    assert make_context(manifest_of(*rows, root=tmp_path), words, 1)["a4"].text == "three"


def test_failed_turns_were_said_too_and_turns_without_words_say_nothing(tmp_path):
    rows = [turn("1"), turn("2", status="failed"), turn("3"), turn("4")]
    made = make_context(manifest_of(*rows, root=tmp_path), {"2": "broken", "4": "four"}, 2)
    assert made["3"].text == "broken"
    assert "2" not in made
    made = make_context(manifest_of(*rows, root=tmp_path), {"4": "four"}, 3)
    assert made["4"].reason == "no words are known of the turns before"


def test_a_corpus_without_dialogues_is_refused(tmp_path):
    with pytest.raises(SemanticsError, match="no dialogues, so no turns before; name them"):
        make_context(manifest_of(turn("a", None), root=tmp_path), {"a": "one"})


def test_texts_hold_a_column_of_the_context_only_once_it_is_made(tmp_path):
    manifest = manifest_of(turn("1"), turn("2"), root=tmp_path)
    gs = {name: Text(text=name, status="ok", source="transcript") for name in "12"}
    update_texts(tmp_path, manifest, "gs", gs)
    before = (tmp_path / "texts.parquet").read_bytes()
    assert [text.reason for text in read_texts(tmp_path).context] == ["not made yet"] * 2
    update_texts(tmp_path, manifest, "context", make_context(manifest, {"1": "one"}))
    texts = read_texts(tmp_path)
    assert [text.text for text in texts.context] == [None, "one"]
    assert [text.text for text in texts.gs] == ["1", "2"]
    update_texts(tmp_path, manifest, "gs", gs)
    assert read_texts(tmp_path).context == texts.context  # kept
    (tmp_path / "texts.parquet").unlink()
    update_texts(tmp_path, manifest, "gs", gs)
    assert (tmp_path / "texts.parquet").read_bytes() == before
