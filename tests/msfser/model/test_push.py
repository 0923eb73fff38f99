"""`msfser push` against a stand-in for the hub: a server of the four requests that an upload is."""

import base64
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import huggingface_hub
import pytest
from click.testing import CliRunner

from msfser.commands.cli import main
from msfser.config.model_facts import ModelFacts
from msfser.config.presets import PRESETS
from msfser.model.msf_ser import build_model

FACTS = ModelFacts(label_bounds=(1.0, 5.0), corpus="own")


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """The folder of a small model with a card, and a file that is nobody's business."""
    folder = tmp_path_factory.mktemp("model")
    build_model(PRESETS["voice"].model, FACTS).save_pretrained(folder)
    (folder / "README.md").write_text("---\nlicense: other\n---\n# A model\n")
    (folder / "notes.txt").write_text("private")
    return folder


class Hub(ThreadingHTTPServer):
    """Keeps what is uploaded; refuses who has no token."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Request)
        self.created, self.files = [], {}
        self.address = f"http://127.0.0.1:{self.server_address[1]}"


class Request(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        hub = self.server
        if self.headers.get("Authorization") != "Bearer hf_good":
            self.answer(401, {"error": "Invalid username or password."})
        elif self.path == "/api/repos/create":
            hub.created.append(json.loads(body))
            self.answer(200, {"url": f"{hub.address}/anna/voice", "name": "anna/voice"})
        elif self.path == "/api/validate-yaml":
            is_sound = json.loads(body)["content"].startswith("---\nlicense: ")
            errors = [] if is_sound else [{"message": "no licence"}]
            self.answer(200 if is_sound else 400, {"errors": errors, "warnings": []})
        elif self.path == "/api/models/anna/voice/preupload/main":
            files = json.loads(body)["files"]
            modes = [{"path": one["path"], "uploadMode": "regular"} for one in files]
            self.answer(200, {"files": [{**one, "shouldIgnore": False} for one in modes]})
        elif self.path == "/api/models/anna/voice/commit/main":
            for line in body.splitlines():
                entry = json.loads(line)
                if entry["key"] == "file":
                    value = entry["value"]
                    hub.files[value["path"]] = base64.b64decode(value["content"])
            done = {"commitUrl": f"{hub.address}/anna/voice/commit/1", "commitOid": "1"}
            self.answer(200, {"success": True, **done})
        else:
            self.answer(404, {"error": self.path})

    def answer(self, status, content):
        text = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


@pytest.fixture
def hub():
    server = Hub()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def push(monkeypatch):
    """The command, with an address of the hub and a token."""

    def run(address, *arguments, token="hf_good", answer=""):
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", address)
        monkeypatch.setenv("HF_TOKEN", token)
        return CliRunner().invoke(main, ["push", *map(str, arguments)], input=answer)

    return run


def test_the_model_and_its_card_are_uploaded_and_nothing_else(push, hub, model):
    ended = push(hub.address, model, "anna/voice", "--private", "--yes")
    assert ended.exit_code == 0, ended.stderr
    assert ended.stdout == f"{hub.address}/anna/voice\n"
    assert hub.created == [{"name": "voice", "organization": "anna", "visibility": "private"}]
    assert set(hub.files) == {"config.json", "model.safetensors", "README.md"}
    for name, content in hub.files.items():
        assert content == (model / name).read_bytes()


def test_a_card_that_the_hub_does_not_read_is_named(push, hub, model, tmp_path):
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((model / name).read_bytes())
    (tmp_path / "README.md").write_text("---\nlicence: other\n---\n")
    ended = push(hub.address, tmp_path, "anna/voice", "--yes")
    assert ended.exit_code == 1
    assert (
        "anna/voice: Invalid metadata in README.md. - no licence; correct the card" in ended.stderr
    )
    assert hub.files == {}


def test_nothing_is_sent_before_the_user_agrees(push, hub, model):
    ended = push(hub.address, model, "anna/voice", answer="n\n")
    assert ended.exit_code == 1
    assert "say whether you may share it: see the card" in ended.stderr
    assert hub.created == []
    assert hub.files == {}


def test_a_wrong_token_is_one_line(push, hub, model):
    ended = push(hub.address, model, "anna/voice", "--yes", token="hf_bad")
    assert ended.exit_code == 1
    (line,) = [line for line in ended.stderr.splitlines() if line.startswith("Error: ")]
    assert line.startswith("Error: anna/voice: the hub refuses (401: ")
    assert line.endswith("; log in: hf auth login")
    assert "Traceback" not in ended.stderr


def test_no_hub_is_one_line(push, model):
    ended = push("http://127.0.0.1:9", model, "anna/voice", "--yes")
    assert ended.exit_code == 1
    assert "Error: anna/voice: huggingface.co cannot be reached (" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_model_without_a_card_or_a_name_that_is_none_is_refused(model, tmp_path):
    result = CliRunner().invoke(main, ["push", str(model), "voice", "--yes"])
    assert "voice: no name on the hub; write owner/name" in result.stderr
    build_model(PRESETS["voice"].model, FACTS).save_pretrained(tmp_path)
    result = CliRunner().invoke(main, ["push", str(tmp_path), "anna/voice", "--yes"])
    assert result.exit_code == 1
    assert "README.md: no card, which says what the model is and may be used for; " in result.stderr
    assert f"write it with msfser evaluate {tmp_path} --card" in result.stderr
