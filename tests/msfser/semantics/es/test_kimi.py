import json
import subprocess
import venv

import pytest
from click.testing import CliRunner

from msfser.commands.cli import main
from msfser.semantics.es.kimi import WORKER
from msfser.semantics.texts import read_texts

KIMI = """
import importlib.util, json, sys

assert importlib.util.find_spec("wav") is None  # the modules beside the worker are out of reach

class KimiAudio:
    def __init__(self, model_path, load_detokenizer):
        assert load_detokenizer is False
        self.model = model_path

    def generate(self, messages, output_type, max_new_tokens, **sampling):
        assert output_type == "text" and max_new_tokens == 512
        assert sampling["text_temperature"] == 0.0
        assert sampling["text_repetition_penalty"] == 1.0
        (question, audio) = messages
        wav = audio["content"]
        if wav.endswith("003.wav") and "An earlier" not in question["content"]:
            return None, "I would say it is a calm voice."
        if wav.endswith("004.wav"):
            raise ValueError("broken wav")
        if wav.endswith("005.wav") and "stop" in self.model:
            raise SystemExit(9)
        return None, json.dumps({
            "free_emotion": "calm", "emotion": "Neutral", "explanation": "", "scenario": wav[-7:],
            "paralinguistics": ["even"], "gender": "male"})
"""


def run(*arguments, code=0):
    result = CliRunner().invoke(main, ["semantics", "es", *map(str, arguments)])
    assert result.exit_code == code, result.output
    return result.output


def work(folder, jobs, replies, *options):
    """Run the worker as in Kimi's environment, where there is no msfser."""
    python = folder / "kimi/bin/python"
    if not python.exists():
        venv.create(folder / "kimi")
        (site,) = (folder / "kimi").glob("lib/python*/site-packages")
        package = site / "kimia_infer/api"
        package.mkdir(parents=True)
        (package / "kimia.py").write_text(KIMI)
    return subprocess.run(
        [python, "-I", WORKER, jobs, replies, *options], capture_output=True, text=True
    )


def test_jobs_go_out_and_replies_come_in(corpus, tmp_path):
    jobs, replies = tmp_path / "jobs.jsonl", tmp_path / "replies.jsonl"
    output = run(corpus, "--backend", "kimi", "--export-jobs", jobs)
    assert f"wrote {jobs}: 12 jobs" in output
    assert f"python -I {WORKER} {jobs} REPLIES.jsonl" in output
    content = jobs.read_text()
    assert not any(label in content for label in ("SECRET-EMOTION", "1.2345", "one two", "S1"))
    assert not (corpus / "texts.parquet").exists()

    done = work(tmp_path, jobs, replies, "--model", "stop-in-the-middle")
    assert done.returncode == 9, done.stderr
    with replies.open("ab") as stream:
        stream.write(b'{"key": "torn')
    done = work(tmp_path, jobs, replies)
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("4 of 12 jobs are done\n")  # an error is tried again
    assert done.stderr.endswith("1 failed; the same command tries them again\n")
    assert "0 of 12" not in done.stderr

    output = run(corpus, "--backend", "kimi", "--from", replies, code=1)
    assert "es: 10 ok, 2 failed" in output
    es = read_texts(corpus).es
    assert "in 000.wav." in es[0].text
    assert (es[0].source, es[0].model) == ("kimi", "moonshotai/Kimi-Audio-7B-Instruct")
    assert es[3].reason == "the reply holds no JSON object: 'I would say it is a calm voice.'"
    assert es[4].reason == "ValueError: broken wav"

    again = tmp_path / "again.jsonl"
    assert "2 jobs" in run(corpus, "--backend", "kimi", "--export-jobs", again)
    prompts = [json.loads(line)["prompt"] for line in again.read_text().splitlines()]
    assert "could not be used: the reply holds no JSON object: 'I would" in prompts[0]
    assert "An earlier reply" not in prompts[1]  # an error is no fault of a reply
    assert work(tmp_path, again, tmp_path / "more.jsonl").returncode == 0
    output = run(corpus, "--backend", "kimi", "--from", tmp_path / "more.jsonl", code=1)
    assert "es: 11 ok, 1 failed" in output


def test_a_file_of_jobs_is_written_where_nothing_is_left_to_do(tmp_path, make_corpus):
    make_corpus(tmp_path / "c", 2)
    jobs, replies, none = (
        tmp_path / name for name in ("jobs.jsonl", "replies.jsonl", "none.jsonl")
    )
    run(tmp_path / "c", "--backend", "kimi", "--export-jobs", jobs)
    assert work(tmp_path, jobs, replies).returncode == 0
    run(tmp_path / "c", "--backend", "kimi", "--from", replies)
    output = run(tmp_path / "c", "--backend", "kimi", "--export-jobs", none)
    assert f"wrote {none}: 0 jobs" in output
    assert none.read_bytes() == b""
    assert work(tmp_path, none, replies).returncode == 0


def test_what_has_no_reply_yet_is_missing_and_stays_to_be_done(corpus, tmp_path):
    jobs, replies = tmp_path / "jobs.jsonl", tmp_path / "replies.jsonl"
    run(corpus, "--backend", "kimi", "--export-jobs", jobs)
    replies.write_text("")
    assert "es: 12 missing" in run(corpus, "--backend", "kimi", "--from", replies)
    output = run(corpus, "--backend", "kimi", "--export-jobs", jobs, code=1)
    assert "exists already" in output
    jobs.unlink()
    assert "12 jobs" in run(corpus, "--backend", "kimi", "--export-jobs", jobs)


@pytest.mark.parametrize("options", [[], ["--from", "a", "--export-jobs", "b"]])
def test_one_of_the_steps_must_be_named(corpus, options):
    output = run(corpus, "--backend", "kimi", *options, code=2)
    assert "needs --export-jobs FILE, and later --from FILE" in output


def test_a_line_that_is_no_reply_is_named(corpus, tmp_path):
    (tmp_path / "r.jsonl").write_text('{"key": "a", "reply": "b"}\n{"key": 1}\n')
    output = run(corpus, "--backend", "kimi", "--from", tmp_path / "r.jsonl", code=1)
    assert "r.jsonl: line 2: not a reply of kimi_worker.py" in output


def test_a_bad_reply_is_asked_again_into_the_same_file(corpus, tmp_path):
    jobs, again, replies = (tmp_path / name for name in ("jobs.jsonl", "again.jsonl", "r.jsonl"))
    run(corpus, "--backend", "kimi", "--export-jobs", jobs)
    work(tmp_path, jobs, replies)
    assert "2 failed" in run(corpus, "--backend", "kimi", "--from", replies, code=1)
    run(corpus, "--backend", "kimi", "--export-jobs", again)
    done = work(tmp_path, again, replies)
    assert done.stderr.startswith("0 of 2 jobs are done\n")
    assert "es: 11 ok, 1 failed" in run(corpus, "--backend", "kimi", "--from", replies, code=1)
    assert read_texts(corpus).es[3].status == "ok"
    assert read_texts(corpus).es[4].reason == "ValueError: broken wav"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ({"reply": ""}, "the reply holds no JSON object"),
        ({"error": "CUDA out of memory \x1b[31m"}, "CUDA out of memory"),
        ({"reply": "{}", "error": "cut off"}, "cut off"),
        ({"error": "x" * 100_000}, "x" * 400),
        ({"reply": {"emotion": "Angry"}}, "no reply"),
    ],
)
def test_no_error_and_no_bad_reply_is_taken_for_a_description(tmp_path, make_corpus, line, reason):
    make_corpus(tmp_path / "c", 1)
    jobs, replies = tmp_path / "jobs.jsonl", tmp_path / "replies.jsonl"
    run(tmp_path / "c", "--backend", "kimi", "--export-jobs", jobs)
    key = json.loads(jobs.read_text())["key"]
    replies.write_text(json.dumps({"key": key} | line) + "\n")
    output = run(tmp_path / "c", "--backend", "kimi", "--from", replies, code=1)
    assert "es: 1 failed" in output
    assert read_texts(tmp_path / "c").es[0].reason == reason
    jobs.unlink()
    assert "1 jobs" in run(tmp_path / "c", "--backend", "kimi", "--export-jobs", jobs)
