"""Files that a browser sends: recordings and words, of bounded size, under plain names, once."""

import io
import json
import socket
import sys
from urllib.parse import quote

import numpy as np
import pytest
import soundfile

from lemf.aligner import espeak_client
from lemf.config import AlignSettings
from lemf.serve import upload
from lemf.serve.remedies import in_page_terms
from lemf.serve.typed import read_typed

NAMES = ["didnt.TextGrid", "didnt.wav", "really.TextGrid", "really.wav"]


def wav(n_samples=8000, rate_hz=8000, file_format="WAV"):
    stream = io.BytesIO()
    samples = np.random.default_rng(2).normal(0, 0.1, n_samples)
    soundfile.write(stream, samples, rate_hz, format=file_format)
    return stream.getvalue()


def send(client, name, content):
    response, answer = client.post(f"/upload?name={quote(name, errors='surrogatepass')}", content)
    return response.status, json.loads(answer)


def names(client):
    return sorted(path.name for path in client.folder.iterdir())


@pytest.mark.parametrize("name", ["take.wav", "take.FLAC", "ein Wort.ogg", "話.wav"])
def test_a_recording_is_written_as_sent(client, name):
    content = wav(file_format=name.rpartition(".")[2].upper())
    status, answer = send(client, name, content)
    assert (status, answer["saved"]) == (200, name)
    assert answer["id"] == client.id_of(name)
    assert (client.folder / name).read_bytes() == content


@pytest.mark.parametrize(
    "name",
    [
        "", ".", "..", "../evil.wav", "..\\evil.wav", "/etc/evil.wav", "a/b.wav", "C:evil.wav",
        ".hidden.wav", " a.wav", "a.wav ", "a\0.wav", "a\n.wav", "\x1b[31m.wav", "evil.html",
        "evil.svg", "evil.py", "evil", "a.wav.exe", "<b>.wav", "x" * 250 + ".wav", "really.wav",
        "\u202evaw.wav", "a\u200bb.wav", "-x.wav",
    ],
)  # fmt: skip
def test_other_names_are_refused_in_one_line(client, tmp_path, name):
    status, answer = send(client, name, wav())
    assert status == 422
    assert answer["error"].isprintable()
    assert names(client) == NAMES
    assert [path.name for path in tmp_path.iterdir()] == ["talks"]


@pytest.mark.parametrize(
    ("name", "content", "fault"),
    [
        ("a.wav", b"RIFF", "a.wav: "),
        ("a.wav", b"<script>", "a.wav: "),
        ("a.wav", b"", "a.wav: "),
        ("a.wav", wav(0), "a.wav: "),
        ("a.TextGrid", b"no TextGrid", "a.TextGrid: "),
        ("a.json", b"{}", "a.json: "),
        ("a.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a.txt: "),
        ("a.txt", b"  ", "a.txt: "),
    ],
)
def test_what_holds_neither_sound_nor_words_leaves_nothing(client, name, content, fault):
    status, answer = send(client, name, content)
    assert status == 422
    assert fault in answer["error"], answer
    assert ".part" not in answer["error"]
    assert names(client) == NAMES


def test_size_and_length_are_bounded(client, monkeypatch):
    monkeypatch.setattr(upload, "LONGEST_S", 0.9)
    status, answer = send(client, "a.flac", wav(8000, file_format="FLAC"))
    assert status == 422
    assert "a recording that is sent has at most" in answer["error"]
    assert send(client, "b.wav", wav(7000))[0] == 200
    monkeypatch.setattr(upload, "LARGEST_RECORDING", 100)
    status, answer = send(client, "c.wav", wav())
    assert "0 MB; a file that is sent has at most" in answer["error"]
    monkeypatch.setattr(upload, "LARGEST_WORDS", 3)
    assert send(client, "c.txt", b"four")[0] == 422
    assert names(client) == ["b.wav", *NAMES]


def test_what_claims_to_be_too_long_is_not_decoded(client, monkeypatch):
    monkeypatch.setattr(upload, "claimed_duration", lambda _: 1801.0)
    monkeypatch.setattr(upload, "read_audio", None)
    status, answer = send(client, "a.wav", wav())
    assert (status, "30 minutes; a recording that is sent" in answer["error"]) == (422, True)


def test_a_header_that_claims_less_than_there_is_is_not_believed(client, monkeypatch):
    monkeypatch.setattr(upload, "LONGEST_S", 0.9)
    monkeypatch.setattr(upload, "claimed_duration", lambda _: 0.1)
    assert send(client, "a.wav", wav(8000))[0] == 422


def test_a_file_that_is_there_is_not_replaced(client):
    before = (client.folder / "didnt.TextGrid").read_bytes()
    status, answer = send(
        client, "didnt.TextGrid", (client.folder / "really.TextGrid").read_bytes()
    )
    assert (status, answer["error"].partition(";")[0]) == (422, "didnt.TextGrid: exists already")
    assert (client.folder / "didnt.TextGrid").read_bytes() == before


def test_a_link_leads_no_file_out_of_the_folder(client, tmp_path):
    (client.folder / "a.wav").symlink_to(tmp_path / "evil.wav")
    status, answer = send(client, "a.wav", wav())
    assert (status, "leads out of the folder" in answer["error"]) == (422, True)
    assert not (tmp_path / "evil.wav").exists()


def test_a_connection_that_ends_early_leaves_nothing(client):
    with socket.create_connection(("127.0.0.1", client.port)) as connection:
        head = "".join(f"{name}: {value}\r\n" for name, value in client.usual.items())
        connection.sendall(
            f"POST /upload?name=a.wav HTTP/1.1\r\n{head}Origin: http://{client.host}\r\n"
            "Content-Length: 9000\r\n\r\nRIFF".encode()
        )
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(65536)
    assert b"the connection ended early" in answer or b"422" in answer
    assert names(client) == NAMES


def test_words_are_aligned_and_written_beside(client, serve):
    pytest.importorskip("espeakng_loader")
    (client.folder / "plain.wav").write_bytes((client.folder / "really.wav").read_bytes())
    number = client.id_of("plain.wav")
    listed = client.page_data(client.get(f"/recording/{number}")[1].decode())
    assert listed["wanted"] == {"id": number, "name": "plain.wav"}
    given = {"text": "I really didn't mean that.", "language": "en-us"}
    for fault, wrong in (
        ("choose the language", {"language": ""}),
        ("unknown language", {"language": "nowhere"}),
        ("write what is said", {"text": None}),
        ("has no words", {"text": "..."}),
        ("has no words", {"text": "\ud800"}),
    ):
        response, answer = client.post(f"/words/{number}", {**given, **wrong})
        assert (response.status, fault in json.loads(answer)["error"]) == (422, True), answer
    assert client.post(f"/words/{number}", given)[0].status == 200
    content = client.content_of("plain.wav")
    assert [word["word"] for word in content["sentences"][0]["words"]] == given["text"][:-1].split()
    assert client.post(f"/words/{number}", given)[0].status == 422  # not replaced


def test_what_was_being_sent_when_the_server_was_killed_is_removed(serve, folder):
    left = [folder / ".neu.wav.ab12_xyz.part", folder / ".neu.TextGrid.abcdefgh.part"]
    others = [folder / ".mine.part", folder / ".neu.zip.abcdefgh.part", folder / "a.wav.part"]
    for path in (*left, *others):
        path.write_bytes(b"RIFF")
    client = serve(folder)
    assert [path.exists() for path in left] == [False, False]
    assert all(path.exists() for path in others)
    listed = client.page_data(client.get("/")[1].decode())["recordings"]
    assert [one["name"] for one in listed] == ["didnt.wav", "really.wav"]


def test_without_the_extra_the_list_says_so_and_a_text_is_refused_in_one_line(client, monkeypatch):
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    nowhere = [("/nowhere/libespeak-ng.so", None)]  # whatever the system has
    monkeypatch.setattr(espeak_client, "_find_system_libraries", lambda: nowhere)
    (client.folder / "didnt.TextGrid").unlink()
    response, page = client.get("/")
    assert (response.status, client.page_data(page.decode())["languages"]) == (200, [])
    given = {"text": "I", "language": "en-us"}
    response, answer = client.post(f"/words/{client.id_of('didnt.wav')}", given)
    assert json.loads(answer)["error"] == "espeakng_loader is missing: pip install 'lemf[align]'"


def test_a_text_beside_a_recording_is_aligned_and_saved_as_its_textgrid(serve, folder):
    pytest.importorskip("espeakng_loader")
    (folder / "really.TextGrid").unlink()
    (folder / "really.txt").write_text("I really didn't mean that.", encoding="utf-8")
    client = serve(folder, aligning=AlignSettings(language="en-us"))
    content = client.content_of("really.wav")
    assert content["serve"]["saves_to"] == "really.TextGrid"
    given = {"revision": content["serve"]["revision"]}
    response, answer = client.post(f"/save/{content['serve']['id']}", given)
    assert (response.status, json.loads(answer)["saved"]) == (200, "really.TextGrid")
    assert client.content_of("really.wav")["textgrid"] == "really.TextGrid"


def test_words_without_a_recording_or_beside_other_words_say_so(client):
    grid = (client.folder / "really.TextGrid").read_bytes()
    answer = json.loads(client.post("/upload?name=gone.TextGrid", grid)[1])
    assert (answer["id"], answer["saved"]) == (None, "gone.TextGrid")
    assert "no recording has its name; drop gone.wav" in answer["unused"]
    answer = json.loads(client.post("/upload?name=really.txt", b"I really did")[1])
    assert answer["id"] is None
    assert "the words of really.wav stay those of really.TextGrid" in answer["unused"]
    answer = json.loads(client.post("/upload?name=really.corrected.TextGrid", grid)[1])
    assert (answer["id"], answer["unused"]) == (client.id_of("really.wav"), "")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("I <b>really</b> mean", "hold markup, <b>; write the plain words"),
        ("you &amp; me", "hold markup, &amp;;"),
        ('text = "really"', "hold a line of a TextGrid, text = "),
        ("xmin = 0\nxmax = 2", "hold a line of a TextGrid, xmin = 0;"),
        (
            'File type = "ooTextFile"\nObject class = "TextGrid"\n',
            "not a plain text but a TextGrid",
        ),
        (" \n", "the text is empty"),
    ],
)
def test_typed_words_that_nobody_reads_aloud_are_refused(client, text, fault):
    (client.folder / "really.TextGrid").unlink()
    given = {"text": text, "language": "en"}
    response, answer = client.post(f"/words/{client.id_of('really.wav')}", given)
    assert response.status == 422
    assert json.loads(answer)["error"].startswith("the words of really.wav: ")
    assert fault in json.loads(answer)["error"]
    assert not (client.folder / "really.TextGrid").exists()


def test_typed_words_may_compare_numbers():
    assert read_typed("3 < 4 and 5 > 4 & so on", "a.wav") == "3 < 4 and 5 > 4 & so on"


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("a.wav: misfit; align it all the same with --force-fit (force_fit=True)",
         "a.wav: misfit; tick “Align words that do not fit the sound, too”"),
        ("a.TextGrid: 2 tiers. Name one with --phones-tier, or use --duration word",
         "a.TextGrid: 2 tiers. Name one with --phones-tier, or use --duration word, options of "
         "lemf serve"),
        ("a.wav: exists already", "a.wav: exists already"),
    ],
)  # fmt: skip
def test_remedies_are_those_of_a_page(message, shown):
    assert in_page_terms(message) == shown
