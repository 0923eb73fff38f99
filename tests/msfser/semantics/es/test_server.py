import base64
import importlib.util
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from lemf.runtime.locks import hold_lock
from msfser.commands.cli import main
from msfser.errors import ConfigError, SemanticsError
from msfser.manifest import read_manifest
from msfser.semantics.es.description import emotions_of, prompt_hash
from msfser.semantics.es.run import describe_by_server
from msfser.semantics.texts import read_texts
from msfser.semantics.work_file import open_work

pytest.importorskip("httpx")

from msfser.semantics.es.chat_requests import _retry_after_s
from msfser.semantics.es.chat_server import Server

_SPEC = importlib.util.spec_from_file_location(
    "model_server", Path(__file__).with_name("model_server.py")
)
model_server = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(model_server)
GOOD, ModelServer, describe = model_server.GOOD, model_server.ModelServer, model_server.describe

EMOTIONS = emotions_of("own")


def ask(corpus, server, say=str, **more):
    settings = {"first_delay_s": 0.01, "timeout_s": 0.3, "in_flight": 12} | more
    settings = Server(url=server.url, model="test-model", **settings)
    with open_work(corpus, "es") as work:
        return describe_by_server(read_manifest(corpus), work, settings, EMOTIONS, say=say)


def digests(corpus):
    """The SHA-256 of each recording, in the order of the manifest."""
    manifest = read_manifest(corpus)
    return [model_server.digest_of(manifest.wav_path(row)) for row in manifest.utterances]


def run(*arguments, code=0):
    result = CliRunner().invoke(main, ["semantics", "es", *map(str, arguments)])
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    return result.output


def test_every_recording_is_described_and_nothing_else_of_it_is_sent(corpus, built_corpus):
    with ModelServer() as server:
        output = run(
            corpus, "--backend", "openai", "--url", server.url, "--api-key", "secret",
        )  # fmt: skip
    assert "es: 12 ok" in output
    texts = read_texts(corpus)
    for text, digest in zip(texts.es, digests(corpus), strict=True):
        assert f"in room {digest[:8]}. Nothing stands out." in text.text
        assert (text.source, text.model) == ("openai", "test-model")
        assert text.prompt == prompt_hash(EMOTIONS)
    assert all(headers["Authorization"] == "Bearer secret" for headers in server.headers)
    sent = [bodies[0] for bodies in server.requests.values()]
    audio = [body["messages"][0]["content"][1]["input_audio"].pop("data") for body in sent]
    wavs = {path.read_bytes() for path in built_corpus.glob("*.wav")}
    assert {base64.b64decode(data) for data in audio} == wavs
    assert all(body == sent[0] for body in sent)  # one question for all
    question = json.dumps(sent[0])
    for label in ("1.2345", "2.3456", "3.4567", "SECRET-EMOTION", "one two", "u00", "S1", ".wav"):
        assert label not in question
    assert sent[0]["response_format"]["json_schema"]["schema"]["additionalProperties"] is False
    assert sent[0]["temperature"] == 0
    line = json.loads((corpus / "semantics/es.jsonl").read_text().splitlines()[0])
    assert line["fields"]["gender"] == "female"
    assert json.loads(line["reply"])["emotion"] == "Neutral"
    assert "secret" not in (corpus / "semantics/es.jsonl").read_text()


def http(status, content=b"", **headers):
    return lambda handler: handler.send(status, content, **headers)


HTML = b"<html><body>502 Bad Gateway</body></html>"
PASSING = {
    "too many": http(429, b"slow down", Retry_After="0.02"),
    "broken": http(500, b"oops"),
    "unavailable": http(503, HTML),
    "html": http(200, HTML),
    "half a body": lambda handler: handler.cut_off(),
    "slow": lambda handler: handler.slow(),
    "hangs up": lambda handler: handler.hang_up(),
    "no choice": http(200, {"choices": []}),
    "half a description": describe("x")[:-9],
    "wrong enum": json.dumps(GOOD | {"emotion": "Bored"}),
    "nothing": "",
    "prose": "I am sorry, I cannot listen.",
}


def test_what_passes_costs_no_utterance(corpus, reasons):
    """Each of the twelve utterances meets another trouble, once."""
    trouble = dict(zip(digests(corpus), PASSING.values(), strict=True))

    def answer(digest, n_before):
        return describe(digest) if n_before else trouble[digest]

    with ModelServer(answer) as server:
        texts = ask(corpus, server)
    assert reasons(texts) == {}
    assert [len(server.requests[digest]) for digest in trouble] == [2] * 12
    assert all(text.status == "ok" for text in texts.values())
    for name, bodies in zip(PASSING, (server.requests[digest] for digest in trouble), strict=True):
        again = len(bodies[1]["messages"]) == 3  # with its reply and what is wrong with it
        assert again == (name in ("half a description", "wrong enum", "nothing", "prose")), name
    bodies = server.requests[digests(corpus)[9]]
    assert "'emotion' must be one of Angry" in bodies[1]["messages"][2]["content"]


LASTING = {
    **PASSING,
    "refused": http(400, {"error": "audio too long"}),
}


def test_what_lasts_fails_with_its_reason_and_is_tried_again_by_the_next_run(corpus, reasons):
    names = [name for name in LASTING if name != "prose"]
    trouble = dict(zip(digests(corpus), (LASTING[name] for name in names), strict=True))
    with ModelServer(lambda digest, n_before: trouble[digest]) as server:
        texts = ask(corpus, server, attempts=3)
        n_requests = dict(zip(names, (len(server.requests[d]) for d in trouble), strict=True))
    failures = reasons(texts)
    assert len(failures) == 12
    assert all(text.text is None for text in texts.values())
    said = dict(zip(names, failures.values(), strict=True))
    assert "HTTP 429: slow down" in said["too many"]
    assert "HTTP 500: oops" in said["broken"]
    assert "3 attempts, the last: HTTP 503: <html>" in said["unavailable"]
    assert "no reply of a chat model (HTTP 200: <html>" in said["html"]
    assert "RemoteProtocolError" in said["half a body"]
    assert "no reply within 0.3 s" in said["slow"]
    assert "twice: the reply is no valid JSON" in said["half a description"]
    assert "twice: 'emotion' must be one of" in said["wrong enum"]
    assert said["refused"] == 'HTTP 400: {"error": "audio too long"}'
    assert n_requests.pop("refused") == 1
    for name in ("half a description", "wrong enum", "nothing"):
        assert n_requests.pop(name) == 2
    assert set(n_requests.values()) == {3}
    with ModelServer() as server:
        assert reasons(ask(corpus, server)) == {}
        assert server.n_requests == 12
        assert reasons(ask(corpus, server)) == {}
        assert server.n_requests == 12


def test_many_requests_are_in_flight_at_once_but_no_more_than_asked_for(corpus, reasons):
    together = threading.Barrier(12, timeout=60)

    def answer(digest, n_before):
        together.wait()  # nobody is answered before all twelve have come
        return describe(digest)

    with ModelServer(answer) as server:
        texts = ask(corpus, server, in_flight=12, timeout_s=60)
    assert reasons(texts) == {}
    assert server.n_most == 12

    def slow_answer(digest, n_before):
        time.sleep(0.02)
        return describe(digest)

    with ModelServer(slow_answer) as server:
        ask(corpus, server, in_flight=5, max_tokens=100)
    assert server.n_most == 5
    assert server.n_requests == 12


def test_a_run_without_a_single_success_is_given_up(tmp_path, make_corpus, monkeypatch):
    make_corpus(tmp_path / "c", 12)
    monkeypatch.setattr("msfser.semantics.es.server._FEWEST_FAILURES", 4)
    with (
        ModelServer(lambda digest, n_before: http(500)) as server,
        pytest.raises(SemanticsError, match=r"4 utterances in a row failed, the last, u\d+: 2 att"),
    ):
        ask(tmp_path / "c", server, attempts=2, in_flight=1)
    assert server.n_requests <= 10
    assert (tmp_path / "c/semantics/es.jsonl").read_text().count("\n") == 4


def test_a_run_in_which_the_server_is_silent_for_long_is_given_up(corpus, monkeypatch):
    monkeypatch.setattr("msfser.semantics.es.server._LONGEST_SILENCE_S", 0.2)
    described = digests(corpus)[0]

    def answer(digest, n_before):
        if digest != described:
            time.sleep(2)
        return describe(digest)

    with (
        ModelServer(answer) as server,
        pytest.raises(SemanticsError, match=r"1 utterances in a row failed, the last, u001: 1 att"),
    ):
        ask(corpus, server, attempts=1, in_flight=1, timeout_s=1.5)  # enough on a busy machine
    assert server.n_requests <= 3


def test_once_any_succeeded_only_the_server_can_end_a_run(corpus, monkeypatch, reasons):
    """A few recordings that no model describes must not keep the others from their table."""
    monkeypatch.setattr("msfser.semantics.es.server._FEWEST_FAILURES", 4)
    refused = set(digests(corpus)[3:])

    def answer(digest, n_before):
        return http(400, b"too long") if digest in refused else describe(digest)

    with ModelServer(answer) as server:
        for _ in range(2):
            assert len(reasons(ask(corpus, server, in_flight=1))) == 9


def test_what_no_request_can_mend_ends_the_run(corpus):
    for status in (401, 404):
        with (
            ModelServer(lambda digest, n_before, status=status: http(status)) as server,
            pytest.raises(SemanticsError, match=rf"HTTP {status}; check --url, --model and"),
        ):
            ask(corpus, server)


def test_a_missing_recording_is_a_failed_row(tmp_path, make_corpus, reasons):
    manifest = make_corpus(tmp_path / "c", 2)
    (manifest.root / "001.wav").unlink()
    with ModelServer() as server:
        texts = ask(tmp_path / "c", server)
    assert texts["u000"].status == "ok"
    assert "001.wav: cannot be read (No such file" in reasons(texts)["u001"]


def test_a_server_that_is_not_there_or_not_the_right_one_is_said(corpus):
    with ModelServer(models=("a", "b")) as server:
        output = run(corpus, "--backend", "openai", "--url", server.url, code=1)
        assert output == f"Error: {server.url}: choose with --model: a, b\n"
        output = run(
            corpus, "--backend", "openai", "--url", server.url, "--model", "c", code=1
        )  # fmt: skip
        assert output == f"Error: {server.url}: no model 'c'; there are: a, b\n"
        wrong = server.url.replace("/v1", "/v2")
        output = run(corpus, "--backend", "openai", "--url", wrong, code=1)
        why = '(HTTP 404: {"error": "no such path"})'
        assert output == f"Error: {wrong}: the server does not list models {why}; use --model\n"
    output = run(corpus, "--backend", "openai", "--url", server.url, code=1)
    assert output.startswith(f"Error: {server.url}: no server answers (ConnectError")
    assert output.count("\n") == 1
    with pytest.raises(ConfigError, match="at least 1"):
        Server(url="http://x", model="m", in_flight=0)


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        ([], "does not list a model; load one, or use --model"),
        ([7, None, ["a"], ""], "does not list a model whose name can be used; load one, or use"),
        (["a\nb"], "does not list a model whose name can be used; load one, or use --model"),
        (["good", "bad\x1b[2J"], "choose with --model: good and 1 without a usable name"),
        (["good", None, 1.5], "choose with --model: good and 2 without a usable name"),
    ],
)
def test_no_model_is_chosen_where_the_list_holds_what_is_no_name(corpus, ids, said):
    with ModelServer(models=ids) as server:
        output = run(corpus, "--backend", "openai", "--url", server.url, code=1)
        assert output.startswith(f"Error: {server.url}: ")
        assert said in output
        assert output.count("\n") == 1
        if "good" not in ids:  # what is named is taken where nothing speaks against it
            output = run(corpus, "--backend", "openai", "--url", server.url, "--model", "mine")
            assert "es: 12 ok" in output


def test_a_model_that_is_listed_twice_is_one(corpus):
    with ModelServer(models=("a", "a")) as server:
        assert "es: 12 ok" in run(corpus, "--backend", "openai", "--url", server.url)


def test_a_further_attempt_is_a_line_and_an_utterance_has_a_longest_time(
    tmp_path, make_corpus, monkeypatch, reasons
):
    make_corpus(tmp_path / "c", 1)
    monkeypatch.setattr("msfser.semantics.es.server._SELDOM_S", 0.0)
    said = []
    with ModelServer(lambda digest, n_before: http(503)) as server:
        texts = ask(tmp_path / "c", server, said.append, attempts=3)
        assert [line[:40] for line in said] == [
            "note: u000: attempt 1 of 3: HTTP 503; th",
            "note: u000: attempt 2 of 3: HTTP 503; th",
        ]
        assert reasons(texts)["u000"] == "3 attempts, the last: HTTP 503"
        monkeypatch.setattr("msfser.semantics.es.server._SELDOM_S", 10.0)
        ask(tmp_path / "c", server, said.append, attempts=3)
        assert len(said) == 3  # no second line within 10 s
        monkeypatch.setattr("msfser.semantics.es.server._LONGEST_S", 0.1)
        texts = ask(tmp_path / "c", server, attempts=3, first_delay_s=60.0)
    assert reasons(texts)["u000"] == "no description within 0.1 s"


def test_a_second_run_is_refused(corpus):
    (corpus / "semantics").mkdir()
    with hold_lock(corpus / "semantics/es.lock"):
        output = run(corpus, "--backend", "openai", code=1)
    assert f"es.lock: process {os.getpid()} is working on this output" in output


@pytest.fixture
def undisturbed(corpus, tmp_path):
    """The texts of a run that nothing disturbed."""
    folder = tmp_path / "undisturbed"
    folder.mkdir()
    (folder / "manifest.parquet").write_bytes((corpus / "manifest.parquet").read_bytes())
    with ModelServer() as server:
        run(folder, "--backend", "openai", "--url", server.url)
    return (folder / "texts.parquet").read_bytes()


def n_lines(corpus):
    path = corpus / "semantics/es.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


def test_killed_and_resumed_gives_the_texts_of_an_undisturbed_run(corpus, undisturbed):
    killed = threading.Event()

    def answer_four(digest, n_before):
        if server.n_requests > 4:
            killed.wait(60)
        return describe(digest)

    with ModelServer(answer_four) as server:
        command = [sys.executable, "-m", "msfser", "semantics", "es", str(corpus)]
        command += ["--backend", "openai", "--url", server.url, "--in-flight", "2"]
        process = subprocess.Popen(command, stderr=subprocess.PIPE)
        limit = time.monotonic() + 60
        while n_lines(corpus) < 4:
            assert time.monotonic() < limit
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kept = n_lines(corpus)
        killed.set()
        assert kept == 4
        assert not (corpus / "texts.parquet").exists()
        server.answer = lambda digest, n_before: describe(digest)
        output = run(corpus, "--backend", "openai", "--url", server.url)
        assert f"resuming, {kept} of 12 are done" in output
        assert server.n_requests <= 12 + 2  # those in flight at the kill, and no others
    assert (corpus / "texts.parquet").read_bytes() == undisturbed


def test_a_full_disk_is_one_line_and_nothing_is_lost(corpus, undisturbed):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with ModelServer() as server:
        resource.setrlimit(resource.RLIMIT_FSIZE, (3000, before[1]))
        try:
            output = run(corpus, "--backend", "openai", "--url", server.url, code=1)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert output.splitlines()[-1] == (
            f"Error: {corpus}/semantics/es.jsonl: cannot be written (File too large); "
            "what is done is kept"
        )
        assert not (corpus / "texts.parquet").exists()
        assert n_lines(corpus) > 1
        assert "resuming" in run(corpus, "--backend", "openai", "--url", server.url)
    assert (corpus / "texts.parquet").read_bytes() == undisturbed


def test_ctrl_c_is_one_line_and_keeps_what_is_done(corpus, undisturbed):
    ended = threading.Event()

    def stop_at_the_fifth(digest, n_before):
        if server.n_requests == 5:
            os.kill(os.getpid(), signal.SIGINT)  # interrupts the main thread
            ended.wait(60)
        return describe(digest)

    with ModelServer(stop_at_the_fifth) as server:
        common = [corpus, "--backend", "openai", "--url", server.url, "--in-flight", "1"]
        output = run(*common, code=130)
        assert output.splitlines()[-1] == (
            "stopped; what is done is kept: run the same command to go on"
        )
        ended.set()
        assert n_lines(corpus) == 4
        server.answer = lambda digest, n_before: describe(digest)
        run(*common)
    assert (corpus / "texts.parquet").read_bytes() == undisturbed


def test_other_categories_another_model_or_no_schema_are_new_work(corpus):
    with ModelServer(models=("a", "b")) as server:
        common = [corpus, "--backend", "openai", "--url", server.url, "--model"]
        run(*common, "a")
        run(*common, "a")
        assert server.n_requests == 12
        run(*common, "b")
        run(*common, "b", "--no-schema")
        assert "response_format" not in next(iter(server.requests.values()))[-1]
        run(*common, "b", "--emotions", "Neutral, Other")
        assert server.n_requests == 48
        text = next(iter(server.requests.values()))[-1]["messages"][0]["content"][0]["text"]
        assert "the closest of Neutral, Other;" in text
        run(*common, "a")
        assert server.n_requests == 48
    assert {text.model for text in read_texts(corpus).es} == {"a"}


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, 0),
        ("3", 3),
        ("0.5", 0.5),
        ("-1", 0),
        ("nan", 0),
        ("1e9", 600),
        ("soon", 0),
        ("Mon, 01 Jan 99999999999 00:00:00 GMT", 0),
    ],
)
def test_retry_after_is_read(value, seconds):
    assert _retry_after_s(value) == seconds


def test_retry_after_may_be_a_date():
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    assert 98 < _retry_after_s(date) <= 100
