import pytest
from click.testing import CliRunner

import lemf
from lemf.commands.cli import main

REPORT = ("report", "utterance.wav", "utterance.TextGrid", "-o")


@pytest.fixture
def run(utterance, monkeypatch):
    monkeypatch.chdir(utterance.wav.parent)
    return lambda *arguments: CliRunner().invoke(main, [*arguments])


@pytest.fixture
def content_of(page_data):
    """A function: the file of a page -> what it holds."""
    return lambda path: page_data(path.read_text("utf-8"))


def test_the_page_is_that_of_python(run, tmp_path):
    result = run(*REPORT, "page.html")
    assert result.exit_code == 0, result.output
    assert (result.stdout, result.stderr) == ("", "wrote page.html\n")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page == lemf.report("utterance.wav", "utterance.TextGrid")


def test_the_options_are_those_with_which_it_opens(run, tmp_path, content_of):
    result = run(*REPORT, "page.html", "--cues", "listeners", "--decide", "accent",
                 "--threshold", "0.4", "--sound", "none")  # fmt: skip
    assert result.exit_code == 0, result.output
    start = content_of(tmp_path / "page.html")["start"]
    assert (start["cues"], start["decide"], start["threshold"]) == ("listeners", "accent", 0.4)
    run(*REPORT, "own.html", "--weights", "pitch=0,energy=2")
    weights = content_of(tmp_path / "own.html")["start"]["weights"]
    assert weights == {"pitch": 0.0, "energy": 2.0, "duration": 0.8}


def test_notes_are_printed_and_stand_in_the_page(run, tmp_path, content_of):
    result = run(*REPORT, "page.html", "--silence", "nothing")
    (note,) = [one for one in result.stderr.splitlines() if one.startswith("note: ")]
    assert content_of(tmp_path / "page.html")["start"]["notes"] == [note.split(": ", 2)[2]]


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("page.png",), "page.png: the name must end in .html, .htm"),
        (("there.html",), "there.html: exists already; --force replaces it"),
        (("none/page.html",), "none does not exist; create it first"),
    ],
)
def test_faults_are_one_line_and_nothing_is_replaced(run, tmp_path, arguments, fault):
    (tmp_path / "there.html").write_text("mine", encoding="utf-8")
    result = run(*REPORT, *arguments)
    assert result.exit_code == 1
    (line,) = result.stderr.splitlines()
    assert fault in line
    assert (tmp_path / "there.html").read_text(encoding="utf-8") == "mine"


def test_force_replaces_a_page_but_no_input(run, tmp_path):
    (tmp_path / "there.html").write_text("mine", encoding="utf-8")
    assert run(*REPORT, "there.html", "--force").exit_code == 0
    assert (tmp_path / "there.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    (tmp_path / "text.html").write_text("one two three", encoding="utf-8")
    result = run(
        "report", "utterance.wav", "--text-file", "text.html", "-o", "text.html", "--force"
    )
    assert "text.html: is read as input; name another file" in result.stderr
