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
