"""Who is answered: the browser with the cookie, from a page of this server, under its name."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from contextlib import suppress

import pytest

import lemf
from lemf.config import AlignSettings
from lemf.errors import OutputError
from lemf.serve.server import open_server


def test_the_token_becomes_a_cookie_at_once_and_only_once(client):
    response, _ = client.get(client.token_path, Cookie=None)
    assert response.status == 303
    assert response.headers["Location"] == "/"
    cookie, *attributes = response.headers["Set-Cookie"].split("; ")
    assert set(attributes) == {"Path=/", "HttpOnly", "SameSite=Strict"}
    assert client.guard.token not in cookie
    response, page = client.get("/", Cookie=cookie)
    assert response.status == 200
    assert client.guard.token.encode() not in page
    assert client.get(client.token_path, Cookie=None)[0].status == 403  # used
    assert client.get(client.token_path, Cookie=cookie)[0].status == 303  # the same browser


@pytest.mark.parametrize("token", ["", "x", "%00", "a" * 5000, "%ff"])
def test_another_token_lets_nobody_in(client, token):
    response, content = client.get(f"/?token={token}", Cookie=None)
    assert response.status == 403
    assert "Set-Cookie" not in response.headers
    assert b"really" not in content
    assert client.get(client.token_path, Cookie=None)[0].status == 303  # and spoils nothing


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:PORT"},
        {"Host": "127.0.0.1"},
        {"Host": "127.0.0.1:1"},
        {"Host": "127.0.0.1:PORT.evil.example"},
        {"Host": None},
        {"Host": ["127.0.0.1:PORT", "evil.example"]},
        {"Origin": "http://evil.example"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "https://127.0.0.1:PORT"},
        {"Origin": "null"},
        {"Origin": ["http://127.0.0.1:PORT", "http://evil.example"]},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Cookie": None},
        {"Cookie": "lemf-PORT=guess"},
        {"Cookie": "lemf-PORT="},
        {"Cookie": "other=COOKIE"},
    ],
)
def test_a_foreign_request_is_refused_even_with_the_cookie(client, method, headers):
    def fill(value):
        if value is None or isinstance(value, list):
            return value and [fill(one) for one in value]
        return value.replace("PORT", str(client.port)).replace("COOKIE", client.guard.cookie)

    path = f"/recording/{client.id_of('really.wav')}" if method == "GET" else "/upload?name=a.txt"
    sent = {name: fill(value) for name, value in headers.items()}
    response, content = client.ask(method, path, b"hello" if method == "POST" else None, **sent)
    assert response.status == 403
    assert b"mean" not in content
    assert not (client.folder / "a.txt").exists()


def test_what_is_sent_needs_an_origin(client):
    assert client.post("/upload?name=a.txt", b"hello", Origin=None)[0].status == 403
    response, _ = client.post("/upload?name=a.txt", b"hello")
    assert response.status == 200


def test_the_name_localhost_is_answered_too(client):
    host = f"localhost:{client.port}"
    assert client.get("/", Host=host)[0].status == 200
    assert client.post("/upload?name=a.txt", b"x", Host=host)[0].status == 403  # Origin: 127.0.0.1
    sent = client.post("/upload?name=a.txt", b"x", Host=host, Origin=f"http://{host}")
    assert sent[0].status == 200


def test_every_response_keeps_to_itself(client):
    number = client.id_of("really.wav")
    paths = (
        "/",
        f"/recording/{number}",
        f"/sound/{number}",
        "/recorder.js",
        "/nothing",
        "/?token=x",
    )
    for path in paths:
        response, _ = client.get(path)
        assert response.headers["Referrer-Policy"] == "no-referrer", path
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Security-Policy"] == "frame-ancestors 'none'"
        assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert response.headers["Cache-Control"] == "no-store"
        assert "Access-Control-Allow-Origin" not in response.headers
        assert response.headers["Server"] == "lemf"


def test_the_pages_load_nothing_but_from_this_server(client):
    number = client.id_of("really.wav")
    for path, scripts in (("/", " 'self'"), (f"/recording/{number}", "")):
        page = client.get(path)[1].decode()
        policy = page.partition('http-equiv="Content-Security-Policy" content="')[2].partition('"')[
            0
        ]
        allowed = dict(part.split(" ", 1) for part in policy.split("; "))
        assert allowed["default-src"] == "'none'"
        assert allowed["connect-src"] == "'self'"
        assert allowed["script-src"].startswith("'sha256-")
        assert allowed["script-src"].partition("='")[2] == scripts
        assert "unsafe" not in policy
        assert "http:" not in page
        assert "https:" not in page


def test_only_loopback_listens(client):
    assert client.server.server_address[0] == "127.0.0.1"
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in others - {"127.0.0.1"}:
        if not address.startswith("127."):
            with pytest.raises(OSError, match="refused"):
                socket.create_connection((address, client.port), timeout=2)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Content_Length": None}, 411),
        ({"Content_Length": "x"}, 411),
        ({"Content_Length": "-1"}, 411),
        ({"Content_Length": ["5", "6"]}, 411),
        ({"Transfer_Encoding": "chunked"}, 411),
        ({"Content_Length": str(10**12)}, 422),
    ],
)
def test_a_body_of_unknown_or_boundless_length_is_refused(client, headers, status):
    sent = {"Content_Length": "5"} | headers
    response, content = client.post("/upload?name=a.wav", b"hello", **sent)
    assert response.status == status, content
    assert sorted(path.name for path in client.folder.iterdir()) == [
        "didnt.TextGrid", "didnt.wav", "really.TextGrid", "really.wav",
    ]  # fmt: skip


@pytest.mark.parametrize("method", ["PUT", "DELETE", "OPTIONS", "HEAD", "TRACE", "<b>", "get"])
def test_other_methods_are_refused_in_one_line(client, method):
    response, content = client.ask(method, "/")
    assert response.status == 405
    assert response.headers["Allow"] == "GET, POST"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Type"] == "application/json"
    if method != "HEAD":
        assert json.loads(content) == {"error": "this server answers GET and POST only"}


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"<script>alert(1)</script>\r\n\r\n", b" 400 "),
        (b"GET / HTTP/9.9\r\n\r\n", b" 505 "),
        (b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n", b" 414 "),
        (b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 200 + b"\r\n", b" 431 "),
    ],
)
def test_what_is_no_request_is_refused_in_one_line(client, line, status):
    with socket.create_connection(("127.0.0.1", client.port), timeout=20) as connection:
        connection.sendall(line)
        answer = b""
        with suppress(ConnectionError):
            while block := connection.recv(65536):
                answer += block
    assert status in answer.split(b"\r\n")[0] or answer.startswith(b'{"error": ')
    assert b"<html" not in answer.lower()
    assert json.loads(answer.rpartition(b"\r\n")[2])["error"]


def test_a_port_that_is_taken_and_a_folder_that_is_missing_are_one_line(client, tmp_path):
    with (
        pytest.raises(OutputError, match=f"port {client.port}: cannot be listened on"),
        open_server(tmp_path, lemf.Settings(), AlignSettings(), client.port),
    ):
        pass
    with (
        pytest.raises(OutputError, match="none: there is no such folder"),
        open_server(tmp_path / "none", lemf.Settings(), AlignSettings()),
    ):
        pass
    (tmp_path / "a.wav").touch()
    with (
        pytest.raises(OutputError, match=r"a\.wav: is a file; name the folder that holds it"),
        open_server(tmp_path / "a.wav", lemf.Settings(), AlignSettings()),
    ):
        pass


def test_the_command_prints_the_address_serves_and_stops_in_one_line(folder):
    command = [sys.executable, "-m", "lemf", "serve", str(folder), "--no-browser"]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )  # fmt: skip
    try:
        address = process.stdout.readline().strip()
        handlers = urllib.request.HTTPCookieProcessor(), urllib.request.ProxyHandler({})
        opener = urllib.request.build_opener(*handlers)
        assert opener.open(address, timeout=20).status == 200
    finally:
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=20)
    assert process.returncode == 130
    assert told == f"serving {folder} to this computer alone; Ctrl-C stops\n\nstopped\n"
