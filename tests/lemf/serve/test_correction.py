"""Corrected TextGrids: edges that move together, words, and what is refused."""

import json
import shutil

import pytest

import lemf
from lemf.errors import TextGridError
from lemf.serve import workbench
from lemf.serve.correction import Correction, correct, read_correction


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


def fix(grid, **correction):
    return correct(grid, grid.tiers[0], Correction(**correction))


def test_an_edge_moves_in_all_tiers_of_intervals(grid):
    moved = fix(grid, moves=((0.8, 0.9),))
    words, phones, tones, confidence = moved.tiers
    assert [(one.start_s, one.end_s, one.label) for one in words.intervals] == [
        (0.0, 0.2, ""), (0.2, 0.9, "one"), (0.9, 1.4, "two"), (1.4, 2.0, "sil"),
    ]  # fmt: skip
    assert [one.end_s for one in phones.intervals] == [0.5, 0.9, 1.4]
    assert tones.points[0].time_s == 0.8
    assert [one.label for one in confidence.intervals] == ["1", "1", ""]  # as good as by hand
    assert moved.notes == ("corrected by hand: edges moved 1, words changed 0",)
    assert moved.path == "talk.TextGrid"


def test_a_phone_moves_alone(grid):
    moved = fix(grid, moves=((0.5, 0.6),))
    assert moved.tiers[0] == grid.tiers[0]
    assert [one.start_s for one in moved.tiers[1].intervals] == [0.2, 0.6, 0.8]
    assert moved.tiers[3] == grid.tiers[3]


def test_words_change_in_their_tier_alone(grid):
    changed = fix(grid, labels=((0.8, "too"), (0.2, "")))
    assert [one.label for one in changed.tiers[0].intervals] == ["", "", "too", "sil"]
    assert changed.tiers[1] == grid.tiers[1]
    assert [one.label for one in changed.tiers[3].intervals] == ["1", "1", ""]


def test_without_a_correction_the_grid_is_the_same(grid):
    assert fix(grid) is grid


@pytest.mark.parametrize(
    ("moves", "fault"),
    [
        (((0.8, 1.4),), "'two' of tier 'words' would end at 1.4 s, before its start at 1.4 s"),
        (((0.8, 1.5),), "'two' of tier 'words' would end"),
        (((0.8, 0.1),), "'one' of tier 'words' would end at 0.1 s"),
        (((0.8, 0.4),), "'b' of tier 'phones' would end at 0.4 s"),
        (((0.81, 0.9),), "no interval begins or ends at 0.81 s"),
        (((2.0, 2.1),), "2.1 s lies outside the 2 s"),
        (((0.0, -0.1),), "-0.1 s lies outside"),
    ],
)
def test_edges_that_pass_others_are_refused(grid, moves, fault):
    with pytest.raises(TextGridError, match=f"^talk.TextGrid: {fault}"):
        fix(grid, moves=moves)


def test_edges_that_would_overlap_over_a_gap_are_refused():
    gap = lemf.TextGrid(0.0, 2.0, (tier("words", (0.2, 0.8, "a"), (1.0, 1.4, "b")),), "g")
    assert fix(gap, moves=((0.8, 1.0),)).tiers[0].intervals[0].end_s == 1.0
    with pytest.raises(TextGridError, match="'a' and 'b' of tier 'words' would overlap at 1 s"):
        fix(gap, moves=((0.8, 1.1),))


def test_a_word_that_is_not_there_is_refused(grid):
    with pytest.raises(TextGridError, match=r"no word begins at 0\.5 s"):
        fix(grid, labels=((0.5, "x"),))


@pytest.mark.parametrize(
    "content",
    [
        {"moves": 1},
        {"moves": [1]},
        {"moves": [[0.1]]},
        {"moves": [[0.1, "x"]]},
        {"moves": [[0.1, None]]},
        {"moves": [[True, 0.2]]},
        {"moves": [[0.1, float("nan")]]},
        {"moves": [[0.1, 10**400]]},
        {"labels": [[0.1, 1]]},
        {"labels": [[0.1, "x" * 201]]},
        {"labels": [[0.1, "\x1b[31m"]]},
        {"labels": [[0.1, "\ud800"]]},
        {"labels": {"0.1": "x"}},
    ],
)
def test_what_a_page_cannot_send_is_one_line(content):
    with pytest.raises(TextGridError) as caught:
        read_correction(content)
    assert "\n" not in str(caught.value)


def test_labels_lose_blanks_and_lines():
    assert read_correction({"labels": [[0.5, " a\n\tb "]]}).labels == ((0.5, "a b"),)


def test_a_correction_scores_as_the_command_line_does_on_what_is_saved(client):
    first = client.content_of("really.wav")
    words = first["sentences"][0]["words"]
    given = {
        "revision": first["serve"]["revision"],
        "moves": [[words[1]["end_s"], round(words[1]["end_s"] + 0.03, 4)]],
        "labels": [[words[4]["start_s"], "this"]],
    }
    number = first["serve"]["id"]
    response, content = client.post(f"/score/{number}", given)
    assert response.status == 200, content
    scored = json.loads(content)
    assert scored["sentences"][0]["words"][1]["end_s"] == given["moves"][0][1]
    assert scored["sentences"][0]["words"][4]["word"] == "this"
    assert "corrected by hand: edges moved 1, words changed 1" in scored["start"]["notes"]
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
    given = {"revision": revision, "labels": [[word["start_s"], "You"]], "words": "original"}
    before = (client.folder / "really.TextGrid").read_bytes()
    saved = json.loads(client.post(f"/save/{number}", given)[1])
    assert saved["saved"] == "really.corrected.TextGrid"
    target = client.folder / "really.corrected.TextGrid"
    written = target.read_bytes()

    given["labels"] = [[word["start_s"], "We"]]
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
    given = {"revision": content["serve"]["revision"], "labels": [[word["start_s"], "You"]]}
    monkeypatch.setattr(workbench, "measure_contours", None)
    saved = json.loads(client.post(f"/save/{number}", given)[1])
    assert saved["words"] == "corrected"
    onward = {"revision": saved["revision"], "words": "corrected"}
    scored = json.loads(client.post(f"/score/{number}", onward)[1])
    assert scored["sentences"][0]["words"][0]["word"] == "You"
    assert "corrected by hand" not in " ".join(scored["start"]["notes"])
    exported = client.post(f"/export/{number}", {**onward, "format": "table"})[1]
    assert b"You" in exported
    of_before = {**given, "words": "original", "labels": []}
    scored = json.loads(client.post(f"/score/{number}", of_before)[1])
    assert scored["sentences"][0]["words"][0]["word"] == "I"


def test_words_that_changed_on_the_disk_are_not_corrected(client):
    content = client.content_of("really.wav")
    path = client.folder / "really.TextGrid"
    path.write_bytes(path.read_bytes() + b"\n")
    given = {"revision": content["serve"]["revision"], "labels": [[0.0, "x"]]}
    response, answer = client.post(f"/score/{content['serve']['id']}", given)
    assert response.status == 422
    assert "have changed on the disk" in json.loads(answer)["error"]


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
        "labels": [[word["start_s"], ""] for word in words],
    }
    response, answer = client.post(f"/score/{content['serve']['id']}", given)
    assert response.status == 422
    assert json.loads(answer)["error"].startswith(f"{client.folder}/really.TextGrid: ")
