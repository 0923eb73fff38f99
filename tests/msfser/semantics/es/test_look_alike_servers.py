import gzip
import importlib.util
import json
import re
from pathlib import Path
from typing import ClassVar

import pytest

from msfser.semantics.texts import read_texts

pytest.importorskip("httpx")

from msfser.semantics.es.refusals import refused_settings

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


class Reasoner(servers.Vllm):
    """Refuses what OpenAI's models that reason refuse."""

    sent: ClassVar[list[set[str]]] = []

    def answer(self, body):
        self.sent.append({"max_tokens", "max_completion_tokens", "temperature"} & set(body))
        if "max_tokens" in body:
            return self.bad_request(
                "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
                "'max_completion_tokens' instead."
            )
        if "temperature" in body:
            return self.bad_request(
                "Unsupported value: 'temperature' does not support 0 with this model. Only the "
                "default (1) value is supported."
            )
        assert body["max_completion_tokens"] == 512
        return super().answer(body)


def test_settings_that_the_server_refuses_are_sent_under_their_other_name_or_not(two):
    with servers.serving(Reasoner) as url:
        output = servers.describe(two, f"{url}/v1", "--in-flight", "1")
    assert "note: u000: the server refuses max_tokens: sent as max_completion_tokens" in output
    assert Reasoner.sent == [
        {"max_tokens", "temperature"}, {"max_completion_tokens", "temperature"},
        *[{"max_completion_tokens"}] * 2,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("said", "settings"),
    [
        ("max_tokens is too large: 512. The context length is 400; use fewer", []),
        ("Extra inputs are not permitted: max_tokens", ["max_tokens"]),
        ("`temperature` has to be strictly positive", ["temperature"]),
        ("temperature: must be greater than 0", ["temperature"]),
        ("The audio is too long", []),
    ],
)
def test_the_words_of_an_error_tell_which_setting_is_refused(said, settings):
    assert [name for name, _ in refused_settings(400, said)] == settings
    assert refused_settings(500, said) == []


def test_a_refusal_of_the_model_is_shown(two):
    class Refusing(servers.Vllm):
        def answer(self, body):
            return self.complete({"content": None, "refusal": "I cannot judge voices."})

    with servers.serving(Refusing) as url:
        output = servers.describe(two, f"{url}/v1", code=1)
    assert "the reply holds no JSON object: 'I cannot judge voices.'" in output


@pytest.mark.parametrize(
    ("body", "headers", "said"),
    [
        (b"\x1b\x00\xf8", {"Content_Encoding": "br"}, "compresses its answers as 'br'"),
        (
            gzip.compress(gzip.compress(b"{}", mtime=0), mtime=0),
            {"Content_Encoding": "gzip"},
            "as 'gzip, twice'",
        ),
        (b'data: {"choices": []}\n\ndata: [DONE]\n', {}, "the server streams its replies"),
    ],
)
def test_an_answer_in_a_form_that_was_not_asked_for_ends_the_run(two, body, headers, said):
    class Odd(servers.Vllm):
        def answer(self, _):
            return self.send(200, body, **headers)

    with servers.serving(Odd) as url:
        output = servers.describe(two, f"{url}/v1", code=1)
    (line,) = [line for line in output.splitlines() if line.startswith("Error: ")]
    assert said in line
    assert "attempt" not in output


def test_a_body_that_is_compressed_twice_as_its_header_says_is_read(two):
    class Twice(servers.Vllm):
        def send(self, status, content, **headers):
            body = gzip.compress(gzip.compress(json.dumps(content).encode()))
            return super().send(status, body, **headers, Content_Encoding="gzip, gzip")

    with servers.serving(Twice) as url:
        assert "es: 2 ok" in servers.describe(two, f"{url}/v1")


def test_bytes_that_are_not_utf_8_are_a_failed_attempt(two):
    class Latin(servers.Vllm):
        n_sent = 0

        def answer(self, body):
            type(self).n_sent += 1
            hostile = servers.DESCRIPTION | {"explanation": "Caf\xe9."}
            message = {"choices": [{"message": {"content": json.dumps(hostile)}}]}
            text = json.dumps(message).replace("\\\\u00e9", "\xe9")
            return self.send(200, text.encode("latin-1" if self.n_sent == 1 else "utf-8"))

    with servers.serving(Latin) as url:
        output = servers.describe(two, f"{url}/v1", "--in-flight", "1")
    assert "the body is not UTF-8 at byte" in output
    assert Latin.n_sent == 3
    assert all("Caf\xe9." in text.text for text in read_texts(two).es)


@pytest.mark.parametrize("location", ["/v2/models", "//HOST/v2/models?x=1", "../v2/models/"])
def test_a_server_that_has_moved_is_named_by_its_whole_url(two, location):
    class Moved(servers.Vllm):
        def do_GET(self):  # noqa: N802 - the name that http.server calls
            host = self.headers["Host"]
            return self.send(308, b"", Location=location.replace("HOST", host))

    with servers.serving(Moved) as url:
        output = servers.describe(two, f"{url.replace('//', '//me:secret@')}/v1", code=1)
    assert output == f"Error: {url}/v1: the server has moved to {url}/v2; use it as --url\n"
