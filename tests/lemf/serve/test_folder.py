"""Which recordings there are, and that nothing outside the folder is reached."""

import os
import shutil
from pathlib import Path

import pytest

from lemf.serve.folder import WordFiles, find_words, list_entries, list_with_words

EXAMPLES = Path(__file__).parents[3] / "examples"


@pytest.fixture
def outside(tmp_path):
    """A recording with words, outside the folder."""
    place = tmp_path / "outside"
    place.mkdir()
    for name in ("really.wav", "really.TextGrid"):
        shutil.copyfile(EXAMPLES / name, place / name)
    return place


def names(folder):
    return [entry.name for entry in list_entries(folder).values()]


def test_folders_are_listed_but_neither_links_nor_hidden_files(folder, outside):
    (folder / "below" / "deeper").mkdir(parents=True)
    for name in ("below/deeper/a.WAV", ".hidden.wav", "pipe.wav.txt"):
        shutil.copyfile(folder / "really.wav", folder / name)
    (folder / ".git").mkdir()
    shutil.copyfile(folder / "really.wav", folder / ".git" / "b.wav")
    (folder / "link.wav").symlink_to(outside / "really.wav")
    (folder / "inside.wav").symlink_to(folder / "really.wav")
    (folder / "far").symlink_to(outside)
    (folder / "circle").symlink_to(folder)
    (folder / "dir.wav").mkdir()
    os.mkfifo(folder / "pipe.wav")
    assert names(folder) == ["below/deeper/a.WAV", "didnt.wav", "really.wav"]


def test_names_in_no_encoding_are_listed(folder):
    shutil.copyfile(folder / "really.wav", os.fsdecode(os.fsencode(folder) + b"/\xff\xfe.wav"))
    assert len(list_entries(folder)) == 3


def test_the_list_names_the_words_that_each_recording_is_opened_with(folder):
    short = "0.1 0.5 I\n0.5 0.9 really\n"
    for name, content in (
        ("a.wav", ""), ("a.txt", "I really"), ("b.wav", ""), ("b.wav.json", "{}"),
        ("c.wav", ""), ("c_annot.json", "{}"), ("d.wav", ""), ("dd.TextGrid", ""),
        ("e\u0301.wav", ""), ("\u00e9.lab", short), ("f.wav", ""), ("f.corrected.TextGrid", ""),
    ):  # fmt: skip
        (folder / name).write_text(content, encoding="utf-8")
    listed = list_with_words(folder)
    assert [entry.name for entry, _ in listed] == names(folder)
    for entry, files in listed:
        assert files == find_words(folder, entry), entry.name
    by_name = {entry.name: files for entry, files in listed}
    assert by_name["a.wav"].transcript == folder / "a.txt"
    assert by_name["d.wav"] == WordFiles()
    assert by_name["e\u0301.wav"].alignment == folder / "\u00e9.lab"
    assert by_name["f.wav"].corrected == folder / "f.corrected.TextGrid"


def test_words_behind_a_link_that_leads_out_are_none(folder, outside):
    (folder / "really.TextGrid").unlink()
    (folder / "really.TextGrid").symlink_to(outside / "really.TextGrid")
    (folder / "really.corrected.TextGrid").symlink_to(outside / "really.TextGrid")
    (folder / "really.txt").symlink_to(outside / "really.TextGrid")
    (entry,) = [one for one in list_entries(folder).values() if one.name == "really.wav"]
    assert find_words(folder, entry) == WordFiles()


def test_corrected_words_are_not_written_through_a_link(client, outside):
    content = client.content_of("really.wav")
    before = (outside / "really.TextGrid").read_bytes()
    target = client.folder / "really.corrected.TextGrid"
    start_s = content["sentences"][0]["words"][0]["start_s"]
    given = {
        "revision": content["serve"]["revision"],
        "steps": [["label", start_s, "You"]],
        "replaces": "any",
    }
    for place in (outside / "really.TextGrid", outside / "new.TextGrid"):
        target.symlink_to(place)
        response, answer = client.post(f"/save/{content['serve']['id']}", given)
        assert response.status == 422
        assert b"leads out of the folder" in answer
        target.unlink()
    assert (outside / "really.TextGrid").read_bytes() == before
    assert not (outside / "new.TextGrid").exists()


@pytest.mark.parametrize(
    "path",
    [
        "/recording/../really.wav",
        "/recording/%2e%2e%2f%2e%2e%2foutside%2freally.wav",
        "/sound/..%2foutside%2freally.wav",
        "/sound//etc/passwd",
        "/sound/%2fetc%2fpasswd",
        "/recording/really.wav",
        "/recording/",
        "/really.wav",
        "/../../etc/passwd",
        "/assets/folder.js",
        "/recorder.js/..",
        "/%00",
        "/" + "a/" * 3000,
        "//evil.example/recording/0",
        "http://evil.example/recording/0",
    ],
)
def test_paths_that_name_no_page_are_not_found(client, outside, path):
    response, content = client.get(path)
    assert response.status == 404
    assert b"RIFF" not in content
    assert b"root:x:" not in content


def test_a_recording_that_is_gone_and_one_that_is_damaged_are_one_line(client):
    number = client.id_of("really.wav")
    (client.folder / "really.wav").write_bytes(b"RIFF")
    response, page = client.get(f"/recording/{number}")
    assert response.status == 422
    assert b"really.wav: " in page
    (client.folder / "really.wav").unlink()
    assert client.get(f"/recording/{number}")[0].status == 404
    assert client.get(f"/sound/{number}")[0].status == 404


def test_an_empty_folder_can_be_served(serve, tmp_path):
    client = serve(tmp_path)
    response, page = client.get("/")
    assert response.status == 200
    assert client.page_data(page.decode())["recordings"] == []
