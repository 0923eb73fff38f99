"""What is exported is what the command line writes; the sound comes in the stretches asked for."""

import io
import json

import numpy as np
import pytest
import soundfile
from click.testing import CliRunner

import lemf
from lemf.commands.cli import main
from lemf.option_choices import INTERCHANGE_FORMATS
from lemf.serve.exports import EXPORTS
from lemf.serve.messages import serve_range

WEIGHTED = ("--cues", "listeners", "--weights", "loudness=2", "--decide", "off")
SENT = {"cues": "listeners", "weights": {"loudness": 2}, "decide": "off"}


def export(client, name, **sent):
    content = client.content_of("really.wav")
    given = {"revision": content["serve"]["revision"], "format": name, **sent}
    return client.post(f"/export/{content['serve']['id']}", given)


def run(folder, *arguments):
    paths = [str(folder / "really.wav"), str(folder / "really.TextGrid")]
    result = CliRunner().invoke(main, [arguments[0], *paths, *arguments[1:]])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize("name", ["json", "csv", *INTERCHANGE_FORMATS])
def test_scores_are_byte_for_byte_those_of_the_command_line(client, name):
    response, content = export(client, name, **SENT)
    assert response.status == 200
    assert content.decode() == run(client.folder, "score", "--format", name, *WEIGHTED)


def test_files_are_those_of_the_command_line(client, tmp_path):
    for name, option, suffix in (
        ("scored", "--textgrid", ".TextGrid"),
        ("contours", "--contours", ".csv"),
        ("pitchtier", "--contours", ".PitchTier"),
    ):
        path = tmp_path / f"{name}{suffix}"
        run(client.folder, "score", option, str(path), *WEIGHTED)
        assert export(client, name, **SENT)[1] == path.read_bytes(), name
    for name, command, suffix in (("page", "report", ".html"), ("pdf", "plot", ".pdf")):
        path = tmp_path / f"{name}{suffix}"
        run(client.folder, command, "-o", str(path), *WEIGHTED)
        assert export(client, name, **SENT)[1] == path.read_bytes(), name
    grid = lemf.read_textgrid(client.folder / "really.TextGrid")
    assert lemf.parse_textgrid(export(client, "textgrid")[1]) == grid
    assert "really" in export(client, "table")[1].decode()


def test_every_format_of_the_page_can_be_had(client):
    listed = client.content_of("really.wav")["serve"]["exports"]
    assert [name for name, _, _ in listed] == list(EXPORTS)
    assert len({suffix for _, _, suffix in listed}) == len(listed)
    tested = {"json", "csv", *INTERCHANGE_FORMATS, "scored", "contours", "pitchtier"}
    assert set(EXPORTS) == tested | {"page", "pdf", "textgrid", "table"}


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        ({"format": "exe"}, "unknown format 'exe'; there are: textgrid, scored"),
        ({"cues": "none"}, "unknown cue set 'none'"),
        ({"cues": ["paper"]}, "cue"),
        ({"weights": {"volume": 1}}, "unknown cue 'volume'"),
        ({"weights": {"pitch": 1e9}}, "weight of pitch"),
        ({"weights": [1]}, "weights"),
        ({"threshold": 2}, "threshold 2"),
        ({"threshold": "x"}, "threshold"),
        ({"decide": "/etc/passwd"}, "passwd"),
        ({"decide": 5}, "decide"),
        ({"revision": "0"}, "have changed on the disk"),
    ],
)
def test_settings_that_do_not_fit_are_the_line_of_the_command_line(client, sent, fault):
    response, content = export(client, **({"name": "json"} | sent)) if "format" not in sent else (
        client.post(f"/export/{client.id_of('really.wav')}", {
            "revision": client.content_of("really.wav")["serve"]["revision"], **sent})
    )  # fmt: skip
    assert response.status == (412 if "revision" in sent else 422)
    assert fault in json.loads(content)["error"]


def test_the_sound_is_what_was_scored(client):
    response, content = client.get(f"/sound/{client.id_of('really.wav')}")
    assert response.headers["Content-Type"] == "audio/flac"
    samples, rate_hz = soundfile.read(io.BytesIO(content))
    expected, _ = soundfile.read(client.folder / "really.wav")
    assert rate_hz == 16000
    np.testing.assert_allclose(samples, expected, rtol=0, atol=2**-15)


BYTES = bytes(range(100))


@pytest.mark.parametrize(
    ("header", "status", "content", "told"),
    [
        (None, 200, BYTES, None),
        ("bytes=0-", 206, BYTES, "bytes 0-99/100"),
        ("bytes=10-19", 206, BYTES[10:20], "bytes 10-19/100"),
        ("bytes=99-99", 206, BYTES[99:], "bytes 99-99/100"),
        ("bytes=90-500", 206, BYTES[90:], "bytes 90-99/100"),
        ("bytes=-10", 206, BYTES[90:], "bytes 90-99/100"),
        ("bytes=-500", 206, BYTES, "bytes 0-99/100"),
        ("bytes=100-", 416, b"", "bytes */100"),
        ("bytes=-0", 416, b"", "bytes */100"),
        ("bytes=20-10", 200, BYTES, None),
        ("bytes=-", 200, BYTES, None),
        ("bytes=0-1,5-6", 200, BYTES, None),
        ("bytes=x-", 200, BYTES, None),
        ("lines=0-1", 200, BYTES, None),
        ("bytes=" + "9" * 40 + "-", 200, BYTES, None),
    ],
)
def test_stretches_of_bytes(header, status, content, told):
    response = serve_range(BYTES, "audio/flac", header)
    assert (response.status, response.content) == (status, content)
    assert response.headers.get("Content-Range") == told


def test_the_server_answers_with_the_stretch(client):
    number = client.id_of("really.wav")
    _, whole = client.get(f"/sound/{number}")
    response, part = client.get(f"/sound/{number}", Range="bytes=1000-1999")
    assert (response.status, response.headers["Content-Length"]) == (206, "1000")
    assert part == whole[1000:2000]
    assert client.get(f"/sound/{number}", Range=["bytes=0-1", "bytes=4-5"])[1] == whole
