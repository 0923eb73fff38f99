import base64
import gzip
import importlib.util
import json
import re
import time
import tracemalloc
from functools import cache
from html import escape
from pathlib import Path
from urllib.parse import quote_plus

import pytest

from msfser.errors import ConfigError
from msfser.semantics.texts import read_texts

pytest.importorskip("httpx")

from msfser.semantics.es.chat_server import Server
from msfser.semantics.es.redaction import redact

_SPEC = importlib.util.spec_from_file_location(
    "look_alike_servers", Path(__file__).with_name("look_alike_servers.py")
)
servers = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(servers)

KEY = "sk-0123456789+/<do-not-show>=="


@pytest.fixture
def two(tmp_path, make_corpus):
    """A corpus of two utterances."""
    make_corpus(tmp_path / "two", 2)
    return tmp_path / "two"


class Echo(servers.Vllm):
    """Repeats the key wherever it can; the class says in which way."""

    way = "error"

    def do_GET(self):  # noqa: N802 - the name that http.server calls
        key = self.headers["Authorization"].removeprefix("Bearer ")
        if self.way == "models":
            return self.send(200, {"data": [{"id": key}, {"id": f"{key}-2"}]})
        if self.way == "list refused":
            return self.send(500, {"error": f"Incorrect API key: {key}"})
        return super().do_GET()

    def answer(self, body):
        key = self.headers["Authorization"].removeprefix("Bearer ")
        escaped = "".join(f"\\u{ord(c):04x}" for c in key)
        if self.way == "error":
            return self.send(400, {"error": f"{'x' * 185} {key}: not allowed here"})
        if self.way == "escaped error":
            return self.send(400, f'{{"error": "{escaped}: not allowed"}}'.encode())
        if self.way == "page":
            return self.send(400, f"<p>{escape(key)} {quote_plus(key)}</p>".encode())
        if self.way == "gateway":
            return self.send(401, f"<html>{self.headers['Authorization']}</html>".encode())
        if self.way == "bad reply":
            return self.complete({"content": f"I was sent {key}."})
        content = json.dumps(servers.DESCRIPTION | {"explanation": f"The key {key} was sent."})
        if self.way == "escaped reply":
            content = content.replace(key, escaped)
        return self.complete({"content": content})


@pytest.mark.parametrize("key", [f"{KEY}\n", f"  {KEY}\r\n"])
@pytest.mark.parametrize(
    ("way", "code"),
    [
        ("error", 1), ("escaped error", 1), ("gateway", 1), ("page", 1), ("models", 1),
        ("list refused", 0),
        ("bad reply", 1), ("reply", 0), ("escaped reply", 0),
    ],
)  # fmt: skip
def test_the_key_is_in_no_output(two, way, code, key):
    handler = type("Way", (Echo,), {"way": way})
    with servers.serving(handler) as url:
        options = [] if way == "models" else ["--model", handler.model]
        outputs = [
            servers.describe(two, f"{url}/v1", *options, code=code, env={"OPENAI_API_KEY": key})
        ]
    files = [path for path in two.rglob("*") if path.is_file()]
    outputs += [path.read_bytes().decode(errors="replace") for path in files]
    if (two / "texts.parquet").exists():
        outputs.append(str(read_texts(two)))
    for output in outputs:
        assert KEY not in output
        assert KEY[:12] not in output  # nor a part of it
    if way in ("error", "reply", "bad reply"):
        assert any("***" in output for output in outputs)


def test_the_key_is_in_no_line_about_a_further_attempt(two, monkeypatch):
    class Busy(Echo):
        def answer(self, body):
            return self.send(503, {"error": f"busy: {self.headers['Authorization']}"})

    short = Server.__init__.__kwdefaults__ | {"attempts": 2, "first_delay_s": 0.01}
    monkeypatch.setattr(Server.__init__, "__kwdefaults__", short)
    with servers.serving(Busy) as url:
        output = servers.describe(two, f"{url}/v1", code=1, env={"OPENAI_API_KEY": KEY})
    assert re.search("note: u00[01]: attempt 1 of 2: HTTP 503: ", output)  # whichever fails first
    assert "Bearer ***" in output
    assert KEY[:12] not in output


def test_a_key_that_no_header_can_hold_is_refused_without_showing_it(two):
    for key in (f"{KEY} {KEY}", f"{KEY}\n{KEY}", f"{KEY}\N{EURO SIGN}"):
        output = servers.describe(two, "http://127.0.0.1:9/v1", code=1, env={"OPENAI_API_KEY": key})
        assert KEY[:12] not in output
        assert "set OPENAI_API_KEY to the key alone" in output
        with pytest.raises(ConfigError):
            Server(url="http://x/v1", model="m", api_key=key)
    assert Server(url="http://x/v1", model="m", api_key=" \n").api_key is None
    assert KEY not in repr(Server(url="http://x/v1", model="m", api_key=KEY))


def test_a_password_in_the_url_is_in_no_output(two):
    with servers.serving(servers.LmStudio) as url:
        secret = url.replace("//", f"//me:{quote_plus(KEY)}@")
        output = servers.describe(two, secret, code=1) + servers.describe(
            two, f"{secret}/v1", code=1
        )
        output += str(read_texts(two))
    assert KEY not in output + servers.describe(two, f"{secret}/v1", code=1)


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("", "no address of a server"), ("localhost:8000", "no address of a server"),
        ("http://", "no address of a server"), ("http:///v1", "no address of a server"),
        ("https://:8000/v1", "no address of a server"), ("http://me@/v1", "no address of a server"),
        ("file:///etc/passwd", "no address of a server"), ("//x/v1", "no address of a server"),
        ("http:/x/v1", "no address of a server"), ("ftp://x/v1", "no address of a server"),
        ("http://x:0/v1", "no port from 1 to 65535"), ("http://x:-1/v1", "no port from 1 to 65535"),
        ("http://x:99999/v1", "no port from 1 to 65535"), ("http://x:abc/v1", "Invalid port"),
        (f"http://x:{'9' * 400}/v1", "no port from 1 to 65535"),
        ("http://[::1/v1", "Invalid port"), ("http://[zz]/v1", "Invalid IPv6 address"),
        ("http://x:80\n00/v1", "non-printable"), ("http://x\0y/v1", "non-printable"),
        ("http://\N{SNOWMAN}/v1", "Invalid IDNA hostname"), ("http://xn--/v1", "A-label"),
        (f"http://{'x' * 70_000}/v1", "URL too long"),
        ("http://x/v1?a=b", "with ? or #"), ("http://x/v1#a", "with ? or #"),
    ],
)  # fmt: skip
def test_a_url_of_no_server_is_one_true_line(two, url, fault):
    for options in ([], ["--model", "m"]):
        output = servers.describe(two, url, *options, code=1)
        assert output.startswith("Error: --url ")
        assert output.endswith("; write it as http://localhost:8000/v1\n")
        assert fault in output
        assert output.count("\n") == 1
        assert len(output) < 500


def test_addresses_of_all_kinds_are_taken():
    for url in ("HTTP://x/v1", "http://[::1]:8000/v1", "http://m\xfcnchen.example", "http://x:65535",
                "http://10.0.0.1/a b/v1", "https://me:p%40ss@x/v1", " http://x/v1\n"):  # fmt: skip
        assert Server(url=url, model="m").url == url.strip()


@pytest.mark.parametrize(
    ("secret", "parts"),
    [
        ("me:p@ss-word", ["p@ss-word", "p@ss", "ss-word"]),
        ("sk-token-alone", ["sk-token-alone"]),
        ("me:pass%2Fword", ["pass%2Fword", "pass/word"]),
    ],
)
def test_nothing_of_what_stands_before_the_host_is_shown(two, secret, parts):
    server = Server(url=f"http://{secret}@127.0.0.1:9/v1", model="m")
    assert server.place == "http://127.0.0.1:9/v1"
    output = servers.describe(two, server.url, code=1)
    output += servers.describe(two, server.url.replace(":9", ":99999"), code=1)
    for part in parts:
        assert part not in output
        assert redact(server.secrets, f"<{part}>") != f"<{part}>" or part in ("p@ss", "ss-word")


def test_https_and_http_that_were_mixed_up_are_said(two):
    with servers.serving(servers.Vllm) as url:
        output = servers.describe(two, f"{url.replace('http', 'https')}/v1", code=1)
    assert output.endswith(f"; if it speaks http, use --url {url}/v1\n")


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("HTTP_PROXY", "http://127.0.0.1:99999", "no server answers (ConnectError: "),
        ("ALL_PROXY", "gopher://127.0.0.1", "or SSL_CERT_FILE cannot be used"),
        ("SSL_CERT_FILE", "/none.pem", "or SSL_CERT_FILE cannot be used"),
    ],
)
def test_an_environment_that_cannot_be_used_is_one_line(two, variable, value, said):
    output = servers.describe(two, "http://192.0.2.1/v1", code=1, env={variable: value})
    assert said in output
    assert output.count("\n") == 1


def test_placeholders_for_a_key_change_no_reply():
    content = {"text": "Empty room, EMPTY, emptying", "x": ["a xylophone x"]}
    assert redact(Server(url="http://x/v1", model="m", api_key="x").secrets, content) == content
    server = Server(url="http://x/v1", model="m", api_key="EMPTY")
    assert redact(server.secrets, content)["text"] == "Empty room, ***, emptying"


@cache
def bomb(size=200_000_000):
    return gzip.compress(bytes(size), 9)


class Hostile(servers.Vllm):
    """Misbehaves in the list of models or in the replies, as `way` says."""

    way = ""
    in_list = False

    def do_GET(self):  # noqa: N802 - the name that http.server calls
        return self.misbehave() if self.in_list else super().do_GET()

    def answer(self, body):
        return super().answer(body) if self.in_list else self.misbehave()

    def misbehave(self):
        if self.way == "gzip":
            return self.send(200, bomb(), Content_Encoding="gzip")
        if self.way == "gzip error":
            return self.send(400, bomb(), Content_Encoding="gzip")
        if self.way == "deep":
            return self.send(200, b"[" * 1_000_000)
        if self.way == "deep models":
            return self.send(200, b'{"data": [{"id": ' + b"[" * 900 + b"]" * 900 + b"}]}")
        if self.way == "deep reply":
            return self.complete({"content": '{"gender": ' + "[" * 500_000})
        if self.way == "surrogate":
            return self.complete({"content": 'I cannot. \ud800 {"gender": "\ud800"}'})
        if self.way == "nothing":
            return self.send(200, b"  ")
        if self.way == "control":
            return self.send(400, b"\x1b]0;owned\x07\x1b[2J\xc2\x9b31m no")
        if self.way == "no gzip":
            return self.send(200, b"plain", Content_Encoding="gzip")
        self.send_response(200)
        self.end_headers()
        self.close_connection = True
        try:
            if self.way == "endless":
                for _ in range(100_000):
                    self.wfile.write(b" " * 100_000)
            for _ in range(2000):  # drips, for 100 s
                self.wfile.write(b" ")
                self.wfile.flush()
                time.sleep(0.05)
        except OSError:
            return None


@pytest.mark.parametrize(
    ("way", "said"),
    [
        ("gzip", "more than 4 MB"), ("gzip error", "HTTP 400"), ("endless", "more than 4 MB"),
        ("drips", "no reply within 0.5 s"), ("deep", "no reply of a chat model"),
        ("deep reply", "the reply is no valid JSON"), ("control", "HTTP 400"),
        ("no gzip", "the body is no gzip"),
        ("nothing", "no reply of a chat model (HTTP 200)"),
        ("surrogate", "the key 'free_emotion' is missing"),
    ],
)  # fmt: skip
def test_no_reply_takes_much_memory_or_time(two, monkeypatch, way, said):
    handler = type("Way", (Hostile,), {"way": way})
    short = Server.__init__.__kwdefaults__ | {"timeout_s": 0.5, "attempts": 2}
    monkeypatch.setattr(Server.__init__, "__kwdefaults__", short)
    bomb()  # before memory is traced
    tracemalloc.start()
    began = time.monotonic()
    with servers.serving(handler) as url:
        output = servers.describe(two, f"{url}/v1", "--model", handler.model, code=1)
        took_s = time.monotonic() - began
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60_000_000
    assert took_s < 60
    assert all(said in text.reason for text in read_texts(two).es)
    assert all(not text.reason.rstrip(")").endswith((":", ": ")) for text in read_texts(two).es)
    assert output.replace("\n", "").isprintable()
    assert all(text.reason.isprintable() for text in read_texts(two).es)


@pytest.mark.parametrize("way", ["gzip", "endless", "drips", "deep", "deep models", "no gzip"])
def test_no_list_of_models_takes_much_memory_or_time(two, monkeypatch, way):
    handler = type("Way", (Hostile,), {"way": way, "in_list": True})
    monkeypatch.setattr("msfser.semantics.es.chat_requests.CONNECT_S", 0.5)
    bomb()  # before memory is traced
    tracemalloc.start()
    with servers.serving(handler) as url:
        began = time.monotonic()
        output = servers.describe(two, f"{url}/v1", code=1)
        took_s = time.monotonic() - began
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60_000_000
    assert took_s < 60
    assert output.count("\n") == 1
    assert output.startswith(f"Error: {url}/v1: ")


def test_control_characters_of_a_reply_reach_no_text(two):
    class Coloured(servers.Vllm):
        def answer(self, body):
            hostile = servers.DESCRIPTION | {
                "explanation": "\x1b[31mRed\x1b[0m\x00 and \ud800\u202eloud."
            }
            return self.complete({"content": json.dumps(hostile)})

    with servers.serving(Coloured) as url:
        servers.describe(two, f"{url}/v1")
    text = read_texts(two).es[0].text
    assert "Red and loud." in text
    assert text.isprintable()


@pytest.mark.parametrize(
    "altered",
    [
        KEY.upper(), "\u200b".join(KEY), "\x01".join(KEY), "\xad".join(KEY.lower()),
        base64.b64encode(KEY.encode()).decode(),
        base64.b64encode(f"Bearer {KEY}".encode()).decode(),
        "".join(f"\\u{ord(c):04x}" for c in KEY), "".join(f"\\\\u{ord(c):04X}" for c in KEY),
        "\\u200b".join(KEY), "\\n".join(KEY),
    ],
)  # fmt: skip
def test_the_key_is_replaced_in_other_forms_too(altered):
    server = Server(url="http://x/v1", model="m", api_key=KEY)
    assert redact(server.secrets, f"It is \xe4 {altered}, ok.\n").rstrip("=") in (
        "It is \xe4 ***, ok.\n", "It is \xe4 ***=, ok.\n", "It is \xe4 ***==, ok.\n",
    )  # fmt: skip
    assert redact(server.secrets, f"It\n\\u00e4 is {KEY[:-1]}") == f"It\n\\u00e4 is {KEY[:-1]}"
