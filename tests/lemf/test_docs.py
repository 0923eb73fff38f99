"""What the README and the docs show is what the commands print."""

import ast
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner

import lemf
from lemf.commands.cli import main

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), ROOT / "examples" / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def stripped(text):
    return [line.rstrip() for line in text.strip().splitlines()]


def test_the_table_in_the_readme_is_what_the_command_prints(monkeypatch):
    monkeypatch.chdir(ROOT)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"&& \.venv/bin/lemf (score .*)", readme)
    with_textgrid, with_text = line.split(" && .venv/bin/lemf ")
    (shown,) = re.findall(r"```text\n(.*?)```", readme, re.DOTALL)
    result = CliRunner().invoke(main, shlex.split(with_textgrid))
    assert stripped(result.stdout) == stripped(shown)
    result = CliRunner().invoke(main, shlex.split(with_text))
    assert result.stdout.startswith("emphasised: really, ")


def test_the_walk_through_shows_the_measured_values():
    page = (ROOT / "docs" / "example.md").read_text(encoding="utf-8")
    example = ROOT / "examples" / "really"
    emphasis = lemf.score(f"{example}.wav", f"{example}.TextGrid")
    for word in emphasis.words:
        row = rf"^{word.word} +\d+ Hz +{word.pitch:.3f} +{word.energy:.2f} +"
        assert re.search(row + rf"{1000 * word.duration:.0f} ms$", page, re.MULTILINE), word.word
    really = emphasis.words[1]
    products = [f"{share.contribution:.2f}" for share in really.cues.values()]
    assert f"= {' + '.join(products)} = {really.score:.2f}" in page


def test_the_example_finds_its_word_with_half_a_point_to_spare():
    for name, stressed in (("really", "really"), ("didnt", "didn't")):
        path = ROOT / "examples" / name
        for settings in (lemf.Settings(), lemf.Settings(pitch="praat")):
            (sentence,) = lemf.score(f"{path}.wav", f"{path}.TextGrid", settings).sentences
            first, second, *_ = sentence.ranked
            assert first.word == stressed
            assert first.score - second.score >= 0.5


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("package", ["lemf", "msfser"])
def test_the_page_on_development_shows_every_room_and_no_other(package):
    page = (ROOT / "docs" / "development.md").read_text(encoding="utf-8")
    (rooms,) = re.findall(rf"^    {package}/.*\n((?:      .*\n)+)", page, re.MULTILINE)
    listed = re.findall(r"^      (\w+)(?:/|\.py) ", rooms, re.MULTILINE)
    existing = [
        path.stem
        for path in (ROOT / package).iterdir()
        if not path.name.startswith("_") and (path.suffix == ".py" or path.is_dir())
    ]
    assert sorted(listed) == sorted(existing)


def test_every_folder_says_what_lives_in_it_and_imports_nothing():
    for package in ("lemf", "msfser"):
        for path in (ROOT / package).glob("*/**/__init__.py"):
            (statement,) = ast.parse(path.read_text(encoding="utf-8")).body
            assert isinstance(statement, ast.Expr), path


@pytest.mark.parametrize("package", ["lemf", "msfser"])
def test_no_folder_holds_more_than_fourteen_modules(package):
    for folder in {path.parent for path in (ROOT / package).rglob("*.py")}:
        modules = [path for path in folder.glob("*.py") if not path.name.startswith("__")]
        assert len(modules) <= 14, folder


def test_on_pypi_the_links_of_the_readme_are_absolute_and_the_repository_is_named(tmp_path):
    for name in ("README.md", "pyproject.toml", ".ci/absolute_links.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    repository = "https://forge.example/somebody/lemf"
    subprocess.run(
        [sys.executable, str(tmp_path / ".ci" / "absolute_links.py"), repository, "v9"], check=True
    )
    readme = (tmp_path / "README.md").read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)]+)", readme)
    assert [link for link in links if not link.startswith(("https://", "#"))] == []
    assert f"{repository}/raw/v9/docs/images/really.png" in links
    assert f"{repository}/blob/v9/docs/cues.md#over-a-recording-a-speaker-a-corpus" in links
    urls = tomllib.loads((tmp_path / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "urls"
    ]
    assert urls["Repository"] == repository
    assert urls["Changelog"] == f"{repository}/blob/v9/CHANGELOG.md"


def test_the_site_has_every_page_once():
    site = tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]
    pages = re.findall(r"[\w-]+\.md", str(site["nav"]))
    assert sorted(pages) == sorted(path.name for path in (ROOT / "docs").glob("*.md"))
