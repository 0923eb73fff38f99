"""Corrected TextGrids: edges that move together, words, and what is refused."""

import json
import os
import shutil

import pytest

import lemf
from lemf.errors import TextGridError
from lemf.serve import workbench
from lemf.serve.correction import (
    Add,
    Correction,
    Join,
    Label,
    Move,
    Split,
    count_changes,
    read_correction,
)
from lemf.serve.steps import correct


def tier(name, *intervals, end_s=2.0):
    return lemf.IntervalTier(name, 0.0, end_s, tuple(lemf.Interval(*one) for one in intervals))


@pytest.fixture
def grid():
    return lemf.TextGrid(
        0.0,
        2.0,
        (
            tier("words", (0.0, 0.2, ""), (0.2, 0.8, "one"), (0.8, 1.4, "two"), (1.4, 2.0, "sil")),
            tier("phones", (0.2, 0.5, "a"), (0.5, 0.8, "b"), (0.8, 1.4, "c")),
            lemf.PointTier("tones", 0.0, 2.0, (lemf.Point(0.8, "H*"),)),
            tier("confidence", (0.2, 0.8, "0.10"), (0.8, 1.4, "0.90"), (1.4, 2.0, "")),
        ),
        "talk.TextGrid",
    )


def fix(grid, *steps):
    phones = grid.tiers[1] if len(grid.tiers) > 1 else None
    return correct(grid, grid.tiers[0], phones, Correction(steps))


def spans(tier):
    return [(one.start_s, one.end_s, one.label) for one in tier.intervals]


def test_an_edge_moves_in_all_tiers_of_intervals(grid):
    moved = fix(grid, Move(0.8, 0.9))
    words, phones, tones, confidence = moved.tiers
    assert [(one.start_s, one.end_s, one.label) for one in words.intervals] == [
        (0.0, 0.2, ""), (0.2, 0.9, "one"), (0.9, 1.4, "two"), (1.4, 2.0, "sil"),
    ]  # fmt: skip
    assert [one.end_s for one in phones.intervals] == [0.5, 0.9, 1.4]
    assert tones.points[0].time_s == 0.8
    assert [one.label for one in confidence.intervals] == ["1", "1", ""]  # as good as by hand
    assert moved.notes == ("corrected by hand: 1 edge moved",)
    assert moved.path == "talk.TextGrid (corrected, not saved)"


def test_a_phone_moves_alone(grid):
    moved = fix(grid, Move(0.5, 0.6))
    assert moved.tiers[0] == grid.tiers[0]
    assert [one.start_s for one in moved.tiers[1].intervals] == [0.2, 0.6, 0.8]
    assert moved.tiers[3] == grid.tiers[3]


def test_words_change_in_their_tier_alone(grid):
    changed = fix(grid, Label(0.8, "too"), Label(0.2, ""))
    assert [one.label for one in changed.tiers[0].intervals] == ["", "", "too", "sil"]
    assert changed.tiers[1] == grid.tiers[1]
    assert [one.label for one in changed.tiers[3].intervals] == ["1", "1", ""]


def test_without_a_correction_the_grid_is_the_same(grid):
    assert fix(grid) is grid


@pytest.mark.parametrize(
    ("move", "fault"),
    [
        ((0.8, 1.4), "'two' of tier 'words' would end at 1.4 s, before its start at 1.4 s"),
        ((0.8, 1.5), "'two' of tier 'words' would end"),
        ((0.8, 0.1), "'one' of tier 'words' would end at 0.1 s"),
        ((0.8, 0.4), "'b' of tier 'phones' would end at 0.4 s"),
        ((0.81, 0.9), "no interval begins or ends at 0.81 s"),
        ((2.0, 2.1), "2.1 s lies outside the 2 s"),
        ((0.0, -0.1), "-0.1 s lies outside"),
    ],
)
def test_edges_that_pass_others_are_refused(grid, move, fault):
    with pytest.raises(TextGridError, match=f"^talk.TextGrid: {fault}"):
        fix(grid, Move(*move))


def test_edges_that_would_overlap_over_a_gap_are_refused():
    gap = lemf.TextGrid(0.0, 2.0, (tier("words", (0.2, 0.8, "a"), (1.0, 1.4, "b")),), "g")
    assert fix(gap, Move(0.8, 1.0)).tiers[0].intervals[0].end_s == 1.0
    with pytest.raises(TextGridError, match="'a' and 'b' of tier 'words' would overlap at 1 s"):
        fix(gap, Move(0.8, 1.1))


def test_a_word_that_is_not_there_is_refused(grid):
    with pytest.raises(TextGridError, match=r"no word begins at 0\.5 s"):
        fix(grid, Label(0.5, "x"))


@pytest.mark.parametrize(
    "content",
    [
        1,
        {"0.1": "x"},
        [1],
        [[]],
        [[1, 2]],
        [["fly", 0.1]],
        [["move", 0.1]],
        [["move", 0.1, 0.2, 0.3]],
        [["move", 0.1, "x"]],
        [["move", 0.1, None]],
        [["move", True, 0.2]],
        [["move", 0.1, float("nan")]],
        [["move", 0.1, 10**400]],
        [["label", 0.1, 1]],
        [["label", 0.1, "x" * 201]],
        [["label", 0.1, "\x1b[31m"]],
        [["label", 0.1, "\ud800"]],
        [["label", 0.1, "a\u200bb"]],
        [["label", 0.1, "\ufeff"]],
        [["split", 0.1, 0.2, "a", " "]],
        [["join", 0.1, ""]],
        [["add", 0.1, 0.2, ""]],
        [["move", 0.1, 0.2]] * 5001,
    ],
)
def test_what_a_page_cannot_send_is_one_line(content):
    with pytest.raises(TextGridError) as caught:
        read_correction({"steps": content})
    assert "\n" not in str(caught.value)


def test_labels_lose_blanks_and_lines():
    assert read_correction({"steps": [["label", 0.5, " a\n\tb "]]}).steps == (Label(0.5, "a b"),)


def test_a_word_is_split_with_its_phone_and_the_doubts_of_it(grid):
    words, phones, _, confidence = fix(grid, Split(0.2, 0.5, "o", "ne")).tiers
    assert spans(words)[1:3] == [(0.2, 0.5, "o"), (0.5, 0.8, "ne")]
    assert spans(phones) == spans(grid.tiers[1])  # there is an edge at that time
    assert spans(confidence)[:2] == [(0.2, 0.5, "1"), (0.5, 0.8, "1")]
    words, phones, _, _ = fix(grid, Split(0.2, 0.6, "on", "e")).tiers
    assert spans(phones)[1:3] == [(0.5, 0.6, "b"), (0.6, 0.8, "b")]
    for at_s in (0.2, 0.8, 1.0, 0.1):
        with pytest.raises(TextGridError, match="'one' cannot be split at"):
            fix(grid, Split(0.2, at_s, "o", "ne"))


def test_words_are_joined_over_silence_and_no_further(grid):
    words, phones, _, confidence = fix(grid, Join(0.2, "onetwo")).tiers
    assert spans(words) == [(0.0, 0.2, ""), (0.2, 1.4, "onetwo"), (1.4, 2.0, "sil")]
    assert spans(phones) == spans(grid.tiers[1])
    assert spans(confidence) == [(0.2, 1.4, "1"), (1.4, 2.0, "")]
    apart = fix(grid, Label(0.8, ""), Add(1.5, 1.9, "late"), Join(0.2, "both"))
    assert spans(apart.tiers[0])[1:] == [(0.2, 1.9, "both"), (1.9, 2.0, "sil")]
    with pytest.raises(TextGridError, match="no word follows 'two'"):
        fix(grid, Join(0.8, "x"))


def test_a_word_is_added_in_silence_alone(grid):
    words, phones, _, _ = fix(grid, Add(1.5, 1.8, "three")).tiers
    assert spans(words)[3:] == [(1.4, 1.5, "sil"), (1.5, 1.8, "three"), (1.8, 2.0, "sil")]
    assert spans(phones) == spans(grid.tiers[1])  # whose phones nobody knows
    for place, fault in (
        ((1.3, 1.6), "'two' lies between 1.3 and 1.6 s already"),
        ((0.7, 0.9), "'one' lies between"),
        ((1.8, 1.8), "no word lies from 1.8 to 1.8 s"),
        ((1.9, 2.1), "no word lies from 1.9 to 2.1 s"),
    ):
        with pytest.raises(TextGridError, match=fault):
            fix(grid, Add(*place, "x"))
    gap = lemf.TextGrid(0.0, 2.0, (tier("words", (0.2, 0.8, "a"), (1.0, 1.4, "b")),), "g")
    assert spans(fix(gap, Add(0.85, 0.95, "x")).tiers[0])[1] == (0.85, 0.95, "x")
    assert spans(fix(gap, Add(1.5, 1.9, "x")).tiers[0])[2] == (1.5, 1.9, "x")


def test_steps_follow_each_other(grid):
    steps = (
        Split(0.2, 0.5, "o", "ne"), Label(0.5, "none"), Move(0.5, 0.55), Add(1.5, 1.8, "three"),
        Move(1.8, 1.9), Join(0.8, "twothree"), Label(0.2, ""),
    )  # fmt: skip
    fixed = fix(grid, *steps)
    assert spans(fixed.tiers[0]) == [
        (0.0, 0.2, ""), (0.2, 0.55, ""), (0.55, 0.8, "none"), (0.8, 1.9, "twothree"),
        (1.9, 2.0, "sil"),
    ]  # fmt: skip
    assert fixed.notes == (
        "corrected by hand: 2 edges moved, 1 word changed, 1 word removed, 1 word split, 1 word "
        "joined, 1 word added",
    )
    back = Correction((Move(0.5, 0.6), Move(0.8, 0.9), Move(0.6, 0.5), Move(0.9, 0.95)))
    assert count_changes(back, grid.tiers[0]) == "1 edge moved"
    both = Correction((Label(0.2, "a"), Move(0.2, 0.1), Label(0.1, "b")))
    assert count_changes(both, grid.tiers[0]) == "1 edge moved, 1 word changed"


@pytest.mark.parametrize(
    ("steps", "counts"),
    [
        ((Label(0.2, "uno"), Label(0.8, "due"), Label(0.2, "one")), "1 word changed"),
        ((Label(0.2, "uno"), Move(0.2, 0.1), Label(0.1, "one")), "1 edge moved"),
        ((Label(0.2, ""), Label(0.2, "one")), ""),
        ((Split(0.2, 0.5, "o", "ne"), Join(0.2, "one")), ""),
        ((Split(0.2, 0.5, "o", "ne"), Join(0.2, "none")), "1 word split, 1 word joined"),
        ((Add(0.05, 0.15, "new"), Label(0.05, "")), ""),
        ((Add(0.05, 0.15, "new"), Label(0.05, "well")), "1 word added"),
        ((Move(0.2, 0.1), Move(0.1, 0.2)), ""),
    ],
)
def test_what_was_undone_by_hand_does_not_count(grid, steps, counts):
    assert count_changes(Correction(steps), grid.tiers[0]) == counts
    fixed = fix(grid, *steps)
    if counts:
        assert fixed.notes == (f"corrected by hand: {counts}",)
    else:
        assert fixed is grid


def test_a_correction_scores_as_the_command_line_does_on_what_is_saved(client):
    first = client.content_of("really.wav")
    words = first["sentences"][0]["words"]
    given = {
        "revision": first["serve"]["revision"],
        "steps": [
            ["move", words[1]["end_s"], round(words[1]["end_s"] + 0.03, 4)],
            ["label", words[4]["start_s"], "this"],
        ],
    }
    number = first["serve"]["id"]
    response, content = client.post(f"/score/{number}", given)
    assert response.status == 200, content
    scored = json.loads(content)
    assert scored["sentences"][0]["words"][1]["end_s"] == given["steps"][0][2]
    assert scored["sentences"][0]["words"][4]["word"] == "this"
    assert "corrected by hand: 1 edge moved, 1 word changed" in scored["start"]["notes"]
    assert not (client.folder / "really.corrected.TextGrid").exists()

    assert client.post(f"/save/{number}", given)[0].status == 200
    emphasis = lemf.score(
        client.folder / "really.wav", client.folder / "really.corrected.TextGrid",
        lemf.Settings(cues="all"),
    )  # fmt: skip
    for name, values in scored["sentences"][0]["values"].items():
        expected = [word.cues[name].value for word in emphasis.words]
        found = [float("nan") if value is None else value for value in values]
        assert found == pytest.approx(expected, abs=1e-9, nan_ok=True), name
    assert [word.word for word in emphasis.words] == ["I", "really", "didn't", "mean", "this"]


def test_nothing_is_replaced_unasked(client):
    content = client.content_of("really.wav")
    word = content["sentences"][0]["words"][0]
    number, revision = content["serve"]["id"], content["serve"]["revision"]
    given = {
        "revision": revision,
        "steps": [["label", word["start_s"], "You"]],
        "words": "original",
    }
    before = (client.folder / "really.TextGrid").read_bytes()
    saved = json.loads(client.post(f"/save/{number}", given)[1])
    assert saved["saved"] == "really.corrected.TextGrid"
    target = client.folder / "really.corrected.TextGrid"
    written = target.read_bytes()

    given["steps"] = [["label", word["start_s"], "We"]]
    response, content = client.post(f"/save/{number}", given)
    assert (response.status, json.loads(content)["exists"]) == (409, True)
    assert target.read_bytes() == written
    replaced = client.post(f"/save/{number}", {**given, "replaces": saved["written"]})
    assert replaced[0].status == 200  # the file that this page wrote
    assert b'"We"' in target.read_bytes()
    target.write_bytes(written)  # somebody else's now
    stale = {**given, "replaces": json.loads(replaced[1])["written"]}
    assert client.post(f"/save/{number}", stale)[0].status == 409
    assert client.post(f"/save/{number}", {**given, "replaces": "any"})[0].status == 200
    assert (client.folder / "really.TextGrid").read_bytes() == before


def test_the_corrected_words_come_first_and_the_others_stay_in_reach(client):
    shutil.copyfile(client.folder / "really.TextGrid", client.folder / "really.corrected.TextGrid")
    assert client.content_of("really.wav")["textgrid"] == "really.corrected.TextGrid"
    assert client.content_of("really.wav", "original")["textgrid"] == "really.TextGrid"
    listed = client.page_data(client.get("/")[1].decode())["recordings"]
    (row,) = [one for one in listed if one["name"] == "really.wav"]
    assert (row["words"], row["corrected"]) == ("really.TextGrid", "really.corrected.TextGrid")


def test_a_page_goes_on_with_what_it_saved_and_tracks_no_f0_again(client, monkeypatch):
    content = client.content_of("really.wav")
    number, word = content["serve"]["id"], content["sentences"][0]["words"][0]
    given = {"revision": content["serve"]["revision"], "steps": [["label", word["start_s"], "You"]]}
    monkeypatch.setattr(workbench, "measure_contours", None)
    saved = json.loads(client.post(f"/save/{number}", given)[1])
    assert saved["words"] == "corrected"
    onward = {"revision": saved["revision"], "words": "corrected"}
    scored = json.loads(client.post(f"/score/{number}", onward)[1])
    assert scored["sentences"][0]["words"][0]["word"] == "You"
    assert "corrected by hand" not in " ".join(scored["start"]["notes"])
    exported = client.post(f"/export/{number}", {**onward, "format": "table"})[1]
    assert b"You" in exported
    of_before = {**given, "words": "original", "steps": []}
    scored = json.loads(client.post(f"/score/{number}", of_before)[1])
    assert scored["sentences"][0]["words"][0]["word"] == "I"


def test_words_that_changed_on_the_disk_are_not_corrected(client):
    content = client.content_of("really.wav")
    path = client.folder / "really.TextGrid"
    path.write_bytes(path.read_bytes() + b"\n")
    given = {"revision": content["serve"]["revision"], "steps": [["label", 0.0, "x"]]}
    response, answer = client.post(f"/score/{content['serve']['id']}", given)
    assert response.status == 412
    assert "have changed on the disk" in json.loads(answer)["error"]


def test_files_whose_times_changed_alone_are_corrected_on(client):
    content = client.content_of("really.wav")
    word = content["sentences"][0]["words"][0]
    for name in ("really.wav", "really.TextGrid"):
        path = client.folder / name
        os.utime(path, ns=(0, path.stat().st_mtime_ns + 10**9))
    given = {"revision": content["serve"]["revision"], "steps": [["label", word["start_s"], "x"]]}
    response, answer = client.post(f"/score/{content['serve']['id']}", given)
    assert response.status == 200, answer


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"a":1,"a":2}', b"\xff", b"[" * 100_000])
def test_a_body_that_is_no_json_is_one_line(client, body):
    response, answer = client.post(f"/score/{client.id_of('really.wav')}", body)
    assert response.status == 422
    assert json.loads(answer)["error"].startswith("corrections: ")


def test_a_correction_that_leaves_no_word_is_the_line_of_the_command_line(client):
    content = client.content_of("really.wav")
    words = content["sentences"][0]["words"]
    given = {
        "revision": content["serve"]["revision"],
        "steps": [["label", word["start_s"], ""] for word in words],
    }
    response, answer = client.post(f"/score/{content['serve']['id']}", given)
    assert response.status == 422
    assert json.loads(answer)["error"].startswith(f"{client.folder}/really.TextGrid (corrected")


def test_the_command_of_a_corrected_page_names_the_file_it_is_saved_to(client):
    page = client.content_of("really.wav")
    assert page["command"]["where"] == "in the folder of the recording"
    assert page["command"]["given"] == "lemf score really.wav really.TextGrid"
    word = page["sentences"][0]["words"][1]
    steps = [["label", word["start_s"], "truly"]]
    content = {"steps": steps, "revision": page["serve"]["revision"]}
    _, body = client.post(f"/score/{client.id_of('really.wav')}", content)
    command = json.loads(body)["command"]
    assert command["given"] == "lemf score really.wav really.corrected.TextGrid"
    assert command["where"].endswith(", once the corrections are saved")
