"""Servers that take and refuse requests as vLLM, SGLang and LM Studio do, on the loopback."""

import base64
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from click.testing import CliRunner

from msfser.commands.cli import main

DESCRIPTION = {
    "free_emotion": "calm", "emotion": "Neutral", "explanation": "Nothing stands out.",
    "scenario": "a quiet room", "paralinguistics": ["even pitch"], "gender": "female",
}  # fmt: skip


class LookAlike(BaseHTTPRequestHandler):
    """What the servers have in common: two paths, OpenAI's answers."""

    protocol_version = "HTTP/1.1"
    timeout = 5
    model = "Qwen/Qwen2.5-Omni-7B"
    parts = ("text", "image_url", "input_audio", "audio_url")

    def log_message(self, *_):
        pass

    def send(self, status, content, **headers):
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        if self.path != "/v1/models":
            return self.unknown_path()
        return self.send(200, {"object": "list", "data": [{"id": self.model, "object": "model"}]})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != "/v1/chat/completions":
            return self.unknown_path()
        for part in body["messages"][0]["content"]:
            if part["type"] not in self.parts:
                return self.refuse_part(part["type"])
            if part["type"] == "input_audio":
                wav = base64.b64decode(part["input_audio"]["data"], validate=True)
            if part["type"] == "audio_url":
                start, _, data = part["audio_url"]["url"].partition(",")
                assert start == "data:audio/wav;base64"
                wav = base64.b64decode(data, validate=True)
        assert wav.startswith(b"RIFF")
        return self.answer(body)

    def answer(self, body):
        return self.complete({"content": json.dumps(DESCRIPTION)})

    def complete(self, message, finish_reason="stop"):
        choice = {"index": 0, "message": {"role": "assistant"} | message}
        return self.send(200, {
            "id": "chatcmpl-1", "object": "chat.completion", "model": self.model,
            "choices": [choice | {"finish_reason": finish_reason}],
        })  # fmt: skip

    def unknown_path(self):
        return self.send(404, {"detail": "Not Found"})


class Vllm(LookAlike):
    """https://docs.vllm.ai/en/stable/features/multimodal_inputs.html; errors of its issues."""

    def bad_request(self, message):
        error = {"message": message, "type": "BadRequestError", "param": None, "code": 400}
        return self.send(400, {"error": error})

    def refuse_part(self, kind):
        return self.bad_request(f"Unknown part type: {kind}")


class VllmOfTexts(Vllm):
    model = "Qwen/Qwen3-8B"

    def answer(self, body):
        return self.bad_request(f"{self.model} is not a multimodal model None")


class VllmWithoutAudio(Vllm):
    model = "Qwen/Qwen2.5-VL-7B-Instruct"

    def answer(self, body):
        return self.bad_request("At most 0 audio(s) may be provided in one request.")


class VllmWithoutGrammar(Vllm):
    def answer(self, body):
        if "response_format" in body:
            return self.bad_request(
                "The provided JSON schema contains features not supported by xgrammar."
            )
        return super().answer(body)


class Sglang(LookAlike):
    """Before it took input_audio (its pull request 33606), a part had to be an audio_url."""

    parts = ("text", "image_url", "audio_url")

    def refuse_part(self, kind):
        place = ("body", "messages", 0, "ChatCompletionMessageUserParam", "content", "list", 1)
        faults = [{"type": "literal_error", "loc": place, "msg": "Input should be 'audio_url'",
                   "input": kind}]  # fmt: skip
        return self.send(400, {
            "object": "error", "message": str(faults), "type": "BadRequest", "param": None,
            "code": 400,
        })  # fmt: skip


class LmStudio(LookAlike):
    """Its chat completions take texts and images; a wrong path is an error with status 200."""

    parts = ("text", "image_url")

    def unknown_path(self):
        error = f"Unexpected endpoint or method. ({self.command} {self.path})"
        return self.send(200, {"error": error})

    def refuse_part(self, kind):
        return self.send(400, {
            "error": "Invalid 'content': 'content' objects must have a 'type' field that is either "
            "'text' or 'image_url'."
        })  # fmt: skip


class LmStudioWithAudio(LmStudio):
    parts = LookAlike.parts

    def answer(self, body):
        if body.get("response_format", {"type": "text"})["type"] not in ("text", "json_schema"):
            error = "'response_format.type' must be 'json_schema' or 'text'"
            return self.send(400, {"error": error})
        return super().answer(body)


class OldLmStudio(LmStudioWithAudio):
    def answer(self, body):
        if "response_format" in body:
            return self.send(400, {"error": "'response_format.type' must be 'text'"})
        return super().answer(body)


THOUGHT = "The voice is {even}, so perhaps bored. " * 60  # some 700 tokens


class Reasoning(Vllm):
    """Without a reasoning parser on the server."""

    def answer(self, body):
        if body["max_tokens"] < 1000:
            return self.complete({"content": f"<think>\n{THOUGHT}"}, "length")
        return self.complete(
            {"content": f"<think>\n{THOUGHT}\n</think>\n\n{json.dumps(DESCRIPTION)}"}
        )


class ReasoningApart(Vllm):
    """With a parser of DeepSeek-R1 (https://docs.vllm.ai/en/latest/features/reasoning_outputs)."""

    def answer(self, body):
        if body["max_tokens"] < 1000:
            return self.complete({"content": None, "reasoning_content": THOUGHT}, "length")
        return self.complete({"content": json.dumps(DESCRIPTION), "reasoning_content": THOUGHT})


class AllTakenForReasoning(Vllm):
    """A parser that waits for reasoning of a model that does none (vLLM's issue 17349)."""

    def answer(self, body):
        return self.complete({"content": None, "reasoning_content": json.dumps(DESCRIPTION)})


@contextmanager
def serving(handler):
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = False
    server.handle_error = lambda *_: None  # of clients that have gone
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def describe(folder, url, *options, code=0, env=None):
    command = ["semantics", "es", str(folder), "--backend", "openai", "--url", url, *options]
    result = CliRunner().invoke(main, command, env=env)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.output
