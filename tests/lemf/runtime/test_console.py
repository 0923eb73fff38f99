"""What both command lines print where something goes wrong, and how."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from lemf.errors import AudioError, OutputError
from lemf.runtime.console import (
    OneLineErrors,
    add_options,
    one_line_ends,
    open_stdout,
    print_text,
    say,
)
from lemf.runtime.progress import progress


def run(body):
    """Run a command that does this."""
    main = OneLineErrors(commands={"go": click.Command("go", callback=body)})
    return CliRunner().invoke(main, ["go"])


def fail(error):
    def body():
        raise error

    return body


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (AudioError("a\nb.wav: empty"), "Error: a b.wav: empty\n"),
        (AudioError("\udcff.wav: empty"), "Error: \\udcff.wav: empty\n"),
        (OSError(errno.ENOSPC, "No space left", "x.csv"), "Error: x.csv: No space left\n"),
        (OSError(errno.EIO, "Input/output error"), "Error: Input/output error\n"),
        (
            OSError(errno.ENOSPC, "No space left"),
            "Error: standard output cannot be written (No space left)\n",
        ),
        (OSError("no sound library"), "Error: no sound library\n"),
    ],
)
def test_errors_of_the_user_are_one_line(error, line):
    result = run(fail(error))
    assert (result.exit_code, result.stderr, result.stdout) == (1, line, "")


def test_a_fault_of_the_program_keeps_its_traceback():
    assert isinstance(run(fail(ZeroDivisionError())).exception, ZeroDivisionError)


def test_a_closed_pipe_is_no_error():
    result = run(fail(BrokenPipeError(errno.EPIPE, "Broken pipe")))
    assert (result.exit_code, result.stderr) == (1, "")


def test_a_signal_ends_the_command_as_an_exception():
    result = run(lambda: signal.raise_signal(signal.SIGTERM))
    assert (result.exit_code, result.stderr) == (128 + signal.SIGTERM, "")


def test_ctrl_c_is_one_line():
    def body():
        with one_line_ends():
            raise KeyboardInterrupt

    result = run(body)
    assert result.exit_code == 130
    assert result.stderr == "\nstopped; what is done is kept: run the same command to go on\n"


def test_ctrl_c_is_one_line_where_nothing_is_kept():
    result = run(fail(KeyboardInterrupt()))
    assert (result.exit_code, result.stderr) == (130, "\nstopped\n")


def test_text_is_utf_8_whatever_the_terminal():
    result = run(lambda: print_text("emph\u00e1sis \udcff\n"))
    assert result.stdout_bytes == "emph\u00e1sis \\udcff\n".encode()


def test_a_closed_stdout_is_one_line(monkeypatch):
    monkeypatch.setattr("sys.stdout", None)
    for call in (open_stdout, lambda: print_text("a")):
        with pytest.raises(OutputError, match="standard output is closed; redirect it to a file"):
            call()


def test_lines_go_to_stderr(capsys, monkeypatch):
    say("note: a")
    monkeypatch.setattr("sys.stderr", None)
    say("nobody listens")
    monkeypatch.undo()
    assert capsys.readouterr() == ("", "note: a\n")


def test_a_line_appears_above_a_bar(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress("scoring") as watch:
        watch(0, 2)
        say("note: a")
    assert "note: a\n" in capsys.readouterr().err


def test_options_are_shown_in_their_order():
    both = add_options(click.option("--first"), click.option("--second"))
    command = click.command()(both(lambda first, second: None))
    assert [option.name for option in command.params] == ["first", "second"]


def shell(line, folder, **variables):
    """Run a line of bash in which $LEMF is the command line."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"} | variables
    return subprocess.run(
        ["bash", "-c", line.replace("$LEMF", f"{sys.executable} -m lemf")],
        cwd=folder, env=environment, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


on_linux = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")


@on_linux
@pytest.mark.parametrize("command", ["--help", "schema", "score utterance.wav utterance.TextGrid"])
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_full_disk_behind_stdout_is_one_line(utterance, command, unbuffered):
    folder = utterance.wav.parent
    done = shell(f"$LEMF {command} >/dev/full", folder, PYTHONUNBUFFERED=unbuffered)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    reason = "standard output cannot be written (No space left on device)"
    assert done.stderr == f"Error: {reason}\n"


@on_linux
@pytest.mark.parametrize("stderr", ["2>/dev/full", "2>&-", "<&- 2>&-", "2>&1 | true"])
def test_work_goes_on_where_stderr_takes_nothing(make_corpus, tmp_path, stderr):
    make_corpus(3)
    (tmp_path / "corpus/speaker0/0002.TextGrid").unlink()
    done = shell(f"$LEMF batch corpus -o o.parquet {stderr}; exit ${{PIPESTATUS[0]}}", tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")  # a file failed
    assert (tmp_path / "o.failed.csv").exists()
    assert (tmp_path / "o.parquet").read_bytes().endswith(b"PAR1")


def test_an_error_does_not_go_to_stdout_where_stderr_is_closed(tmp_path):
    done = shell("$LEMF score a.wav a.TextGrid 2>&-", tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "")


def test_a_reader_who_leaves_is_no_error(tmp_path):
    done = shell("$LEMF schema | true; exit ${PIPESTATUS[0]}", tmp_path)
    assert (done.returncode, done.stderr) == (1, "")
