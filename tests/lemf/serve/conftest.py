"""A served folder with the examples, and a client that sends requests as they are."""

import http.client
import json
import shutil
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import lemf
from lemf.config import AlignSettings
from lemf.serve.folder import list_entries
from lemf.serve.server import open_server

EXAMPLES = Path(__file__).parents[3] / "examples"


class Client:
    """Sends requests to a server, with the headers of a browser that was let in unless told."""

    def __init__(self, server, guard, folder, page_data):
        self.page_data = page_data
        self.port, self.guard, self.folder, self.server = guard.port, guard, folder, server
        self.host = f"127.0.0.1:{guard.port}"
        self.usual = {
            "Host": self.host,
            "Cookie": f"lemf-{guard.port}={guard.cookie}",
        }

    def ask(self, method, path, body=None, **headers):
        """Send a request; a header of None is left out. Returns the response and its content."""
        usual = dict(self.usual)
        if method != "GET":
            usual["Origin"] = f"http://{self.host}"
        for name, value in headers.items():
            usual[name.replace("_", "-")] = value
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.putrequest(method, path, skip_host=True)
        for name, value in usual.items():
            for one in value if isinstance(value, list) else [value]:
                if one is not None:
                    connection.putheader(name, one)
        if body is not None and "Content-Length" not in usual:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response, content

    def get(self, path, **headers):
        return self.ask("GET", path, **headers)

    def post(self, path, content, **headers):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return self.ask("POST", path, body, **headers)

    def id_of(self, name):
        return next(one.id for one in list_entries(self.folder).values() if one.name == name)

    def content_of(self, name, words="corrected"):
        """What the page of a recording holds."""
        _, page = self.get(f"/recording/{self.id_of(name)}?words={words}")
        return self.page_data(page.decode())

    @property
    def token_path(self):
        address = urlsplit(self.guard.address)
        return f"{address.path}?{address.query}"


@pytest.fixture
def serve(page_data):
    """A function of a folder and settings: serve it in a thread until the test ends."""
    running = []

    def start(folder, settings=None, aligning=None):
        opening = open_server(folder, settings or lemf.Settings(), aligning or AlignSettings())
        server, guard = opening.__enter__()
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        running.append((opening, server, thread))
        return Client(server, guard, folder, page_data)

    yield start
    for opening, server, thread in running:
        server.shutdown()
        thread.join()
        opening.__exit__(None, None, None)


@pytest.fixture
def folder(tmp_path):
    """A folder with the two examples."""
    folder = tmp_path / "talks"
    folder.mkdir()
    for name in ("really.wav", "really.TextGrid", "didnt.wav", "didnt.TextGrid"):
        shutil.copyfile(EXAMPLES / name, folder / name)
    return folder


@pytest.fixture
def client(serve, folder):
    return serve(folder)
