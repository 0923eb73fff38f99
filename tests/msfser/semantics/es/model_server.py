"""A real server on the loopback that speaks OpenAI's API, and misbehaves as it is told."""

import base64
import hashlib
import json
import threading
import time
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

GOOD = {
    "free_emotion": "calm", "emotion": "Neutral", "explanation": "Nothing stands out.",
    "scenario": "a quiet room", "paralinguistics": ["even pitch"], "gender": "female",
}  # fmt: skip


class ModelServer:
    """Answers each request with what `answer` gives for its recording.

    `answer` takes the SHA-256 of the recording and how often it has been asked about before, and
    gives the text of the model, or a function that answers through the handler itself.
    """

    def __init__(self, answer=None, models=("test-model",)):
        self.answer = answer or (lambda digest, n_before: describe(digest))
        self.models = models
        self.requests = defaultdict(list)  # bodies by recording
        self.headers = []
        self.n_now = self.n_most = 0
        self._lock = threading.Lock()
        self._http = _HttpServer(("127.0.0.1", 0), _handler_of(self))
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/v1"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._http.shutdown()
        self._thread.join()
        self._http.server_close()

    @property
    def n_requests(self):
        return sum(map(len, self.requests.values()))

    def count(self, step):
        with self._lock:
            self.n_now += step
            self.n_most = max(self.n_most, self.n_now)

    def note(self, digest, body):
        with self._lock:
            self.requests[digest].append(body)
            return len(self.requests[digest]) - 1


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 128

    def handle_error(self, request, client_address):
        """Stay quiet about clients that have gone."""


def describe(digest):
    """A description that tells one recording from the other."""
    return json.dumps(GOOD | {"scenario": f"room {digest[:8]}"})


def digest_of(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _handler_of(server):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 5

        def log_message(self, *_):
            pass

        def do_GET(self):
            if self.path != "/v1/models":
                return self.send(404, {"error": "no such path"})
            return self.send(200, {"data": [{"id": model} for model in server.models]})

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            server.headers.append(dict(self.headers))
            audio = body["messages"][0]["content"][1]["input_audio"]["data"]
            digest = hashlib.sha256(base64.b64decode(audio)).hexdigest()
            n_before = server.note(digest, body)
            server.count(+1)
            try:
                answer = server.answer(digest, n_before)
                if callable(answer):
                    return answer(self)
                return self.send(200, {"choices": [{"message": {"content": answer}}]})
            finally:
                server.count(-1)

        def send(self, status, content, **headers):
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def slow(self):
            time.sleep(0.6)
            self.close_connection = True

        def hang_up(self):
            self.close_connection = True

        def cut_off(self):
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b'{"choices": [{"mess')
            self.close_connection = True

    return Handler
