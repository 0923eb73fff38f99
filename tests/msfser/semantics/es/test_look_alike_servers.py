import importlib.util
import re
from pathlib import Path

import pytest

from msfser.semantics.texts import read_texts

pytest.importorskip("httpx")

_SPEC = importlib.util.spec_from_file_location(
    "look_alike_servers", Path(__file__).with_name("look_alike_servers.py")
)
servers = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(servers)


@pytest.fixture
def two(tmp_path, make_corpus):
    """A corpus of two utterances."""
    make_corpus(tmp_path / "two", 2)
    return tmp_path / "two"


@pytest.mark.parametrize(
    ("handler", "options"),
    [
        (servers.Vllm, []),
        (servers.VllmWithoutGrammar, ["--no-schema"]),
        (servers.Sglang, []),
        (servers.LmStudioWithAudio, []),
        (servers.OldLmStudio, ["--no-schema"]),
        (servers.Reasoning, ["--max-tokens", "4096"]),
        (servers.ReasoningApart, ["--max-tokens", "4096"]),
        (servers.AllTakenForReasoning, []),
    ],
)
def test_descriptions_arrive(two, handler, options):
    with servers.serving(handler) as url:
        assert "es: 2 ok" in servers.describe(two, f"{url}/v1", *options)
    for text in read_texts(two).es:
        assert text.text.startswith("This is a female speaker, expressing calm (categorized as Neu")
        assert text.model == handler.model


@pytest.mark.parametrize(
    ("handler", "ending", "remedy"),
    [
        (servers.Vllm, "", "the API is at URL/v1; use --url URL/v1"),
        (servers.Sglang, "", "the API is at URL/v1; use --url URL/v1"),
        (servers.LmStudio, "", "the API is at URL/v1; use --url URL/v1"),
        (
            servers.VllmWithoutGrammar,
            "/v1",
            "features not supported by xgrammar.*; use --no-schema",
        ),
        (servers.OldLmStudio, "/v1", "'response_format.type' must be 'text'.*; use --no-schema"),
        (
            servers.LmStudio,
            "/v1",
            "no recording as input_audio or audio_url: serve a model that listens",
        ),
        (servers.VllmOfTexts, "/v1", "not a multimodal model.*: serve a model that listens"),
        (servers.VllmWithoutAudio, "/v1", "At most 0 audio.*: serve a model that listens"),
        (servers.Reasoning, "/v1", "within the reasoning.*cut at 512 tokens: raise --max-tokens"),
        (servers.ReasoningApart, "/v1", "cut at 512 tokens: raise --max-tokens"),
    ],
)
def test_one_line_says_what_to_set(two, handler, ending, remedy):
    with servers.serving(handler) as url:
        expected = re.compile(remedy.replace("URL", url))
        for options in ([], ["--model", handler.model]):
            output = servers.describe(two, f"{url}{ending}", *options, code=1)
            assert len([line for line in output.splitlines() if expected.search(line)]) == 1, output
            if "failed" in output:
                assert all(expected.search(text.reason) for text in read_texts(two).es)


REFUSALS_OF_AUDIO = (  # as servers word them
    (500, "audio input is not supported - hint: you may need to provide the mmproj"),
    (400, "unsupported content[].type"),
    (404, "No endpoints found that support input audio"),
    (400, "Content blocks are expected to be either text or image_url type."),
    (400, "Invalid value: 'input_audio'. Supported values are: 'text', 'image_url' and 'file'."),
    (400, "Failed to deserialize the JSON body into the target type: messages[0]: unknown variant "
     "`input_audio`, expected `text` at line 1 column 690848"),
    (422, "messages[0].content: data did not match any variant of untagged enum MessageContent"),
    (400, "Audio input is not enabled for this model"),
    (400, "audio modality is unsupported by this model"),
    (400, "This model can only handle text inputs."),
    (415, "Unsupported media type"),
    (400, "multimodal data provided, but the model does not accept multimodal requests"),
    (422, "body.messages.0.content.str: Input should be a valid string"),
    (501, "speech input isn't implemented"),
    (200, "Model does not support audio"),
)  # fmt: skip
OTHER_ERRORS = (
    (400, "audio too long"),
    (400, "The audio exceeds the maximum duration of 30 seconds and is not supported"),
    (400, "Invalid content: the audio could not be decoded"),
    (400, "Unsupported sample rate in input_audio"),
    (400, "max_tokens: Input should be less than or equal to 256"),
    (400, "This model's maximum context length is 4096 tokens; your input is not supported"),
    (400, "The content is not allowed by our safety policy"),
)


@pytest.mark.parametrize(("status", "message"), REFUSALS_OF_AUDIO + OTHER_ERRORS)
def test_a_server_without_ears_is_known_by_its_words(two, status, message):
    class Deaf(servers.Vllm):
        def answer(self, body):
            return self.send(status, {"error": {"message": message, "code": status}})

    with servers.serving(Deaf) as url:
        servers.describe(two, f"{url}/v1", code=1)
    for text in read_texts(two).es:
        assert message[:20] in text.reason
        advised = text.reason.endswith(": serve a model that listens")
        assert advised == ((status, message) in REFUSALS_OF_AUDIO), text.reason


def test_a_server_that_has_listened_is_not_told_to(tmp_path, make_corpus):
    make_corpus(tmp_path / "c", 3)
    taken = []

    class Moody(servers.Vllm):
        def answer(self, body):
            taken.append(body)
            if len(taken) > 1:
                return self.bad_request("Invalid content type of this audio")
            return super().answer(body)

    with servers.serving(Moody) as url:
        servers.describe(tmp_path / "c", f"{url}/v1", "--in-flight", "1", code=1)
    ok, *others = read_texts(tmp_path / "c").es
    assert ok.status == "ok"
    assert all(text.reason.startswith("HTTP 400") for text in others)
    assert not any("serve a model" in text.reason for text in others)
    assert len(taken) == 3


def test_the_url_may_be_that_of_the_requests(two):
    with servers.serving(servers.Vllm) as url:
        assert "es: 2 ok" in servers.describe(two, f"{url}/v1/chat/completions/")


def test_a_form_that_the_server_refuses_is_not_sent_again_and_again(tmp_path, make_corpus):
    make_corpus(tmp_path / "c", 6)
    sent = []

    class Counting(servers.Sglang):
        def refuse_part(self, kind):
            sent.append(kind)
            return super().refuse_part(kind)

    with servers.serving(Counting) as url:
        assert "es: 6 ok" in servers.describe(tmp_path / "c", f"{url}/v1", "--in-flight", "1")
    assert sent == ["input_audio"]


def test_a_server_that_has_moved_is_named(two):
    class Moved(servers.Vllm):
        def do_GET(self):  # noqa: N802 - the name that http.server calls
            return self.send(308, b"", Location=f"https://other.example{self.path}")

    with servers.serving(Moved) as url:
        output = servers.describe(two, f"{url}/v1", code=1)
    moved = "the server has moved to https://other.example/v1; use it as --url"
    assert output == f"Error: {url}/v1: {moved}\n"
