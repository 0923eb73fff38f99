"""The docs: pages of Python, figures, messages, and the command that runs the code blocks."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
needs_bash = pytest.mark.skipif(sys.platform == "win32", reason="the commands of the docs are bash")


def run(script, *arguments):
    command = [sys.executable, str(ROOT / ".ci" / script), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


@pytest.mark.parametrize("package", ["lemf", "msfser"])
def test_the_page_of_python_shows_every_public_name_once(package):
    stub = (ROOT / package / "__init__.pyi").read_text(encoding="utf-8")
    page = (DOCS / f"api-{package}.md").read_text(encoding="utf-8")
    shown = re.findall(rf"^::: {package}\.(\w+)$", page, re.MULTILINE)
    assert sorted(shown) == sorted(re.findall(r" as (\w+)$", stub, re.MULTILINE))


def texts_of_code():
    """The texts in the code, with \\0 where a value stands."""
    for package in ("lemf", "msfser"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    yield "".join(
                        part.value if isinstance(part, ast.Constant) else "\0"
                        for part in node.values
                    )
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def test_the_messages_that_the_page_explains_are_in_the_code():
    page = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    messages = re.findall(r"^\| `([^`]+)` \|", page, re.MULTILINE)
    assert len(messages) > 20
    texts = "\n".join(texts_of_code()) + "\ntorch is missing: \nespeakng_loader is missing: "
    for message in messages:
        for part in filter(None, re.split(r"\s*\.\.\.;?\s*", message)):
            assert part in texts, message


def test_every_figure_is_made_by_a_command_and_shown_in_the_gallery():
    images = sorted(path.stem for path in (DOCS / "images").iterdir())
    code = (ROOT / ".ci" / "remake_figures.py").read_text(encoding="utf-8")
    assert sorted(re.findall(r'^    "([\w-]+)": Figure\(', code, re.MULTILINE)) == images
    gallery = (DOCS / "gallery.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"\]\(images/([\w-]+)\.png\)", gallery)) == images


@needs_bash
def test_figures_are_made_anew(tmp_path):
    ended = run("remake_figures.py", "really", "demo")
    assert ended.returncode == 0, ended.stdout
    assert re.fullmatch(
        r"really\.png \(example\.md\): (the same bytes|differs)\n"
        r"demo\.png \(demo\.md\): not made: needs the demo: --slow\n",
        ended.stdout,
    )
    assert "no figure nothing; there are: really" in run("remake_figures.py", "nothing").stderr


SCORE = "lemf score examples/really.wav examples/really.TextGrid"


@needs_bash
@pytest.mark.parametrize(
    ("page", "code", "says"),
    [
        (f"Text.\n\n    {SCORE} --format prompt\n\n```text\n\"I\n```\n", 1, "and the page shows"),
        (f"```sh\n{SCORE} | head -1\n```\n\n```text\nemphasised: really, 2.65 ahead of I\n```\n", 0,
         "1 lines ran, the output of 1 was compared, 0 failed"),
        (f"```sh\n{SCORE} | head -1\n```\n\n```text\nemphasised: mean, 2.65 ahead of I\n```\n", 1,
         "prints\nemphasised: really"),
        ("`lemf --version` prints\n\n```text\nlemf, version ...\n```\n", 1, "and the page shows"),
        ("```sh\necho a; echo b; echo c\n```\n\n```text\na\n...\nc\n```\n", 0, "of 1 was compared"),
        ("```sh\ntrue  # a comment\nfalse\n```\n", 1, "page.md:1: FAILED: false"),
        ("```python\nassert 1 == 2\n```\n", 1, "AssertionError"),
        ("<!-- before: one = 1 -->\n```python\nassert one == 1\n```\n", 0, "1 lines ran"),
        ("<!-- before: touch made -->\n\n    bash -c 'test -e made'\n", 0, "1 lines ran"),
        ("<!-- not run: it is wrong -->\n\n    bash -c 'exit 3'\n", 0, "1 it is wrong"),
        ("    lemf evaluate emodb/metadata.jsonl\n", 0, "1 reads recordings that are not in the"),
        ("    msfser train --data corpus -o run --preset voice\n", 0, "1 are left to --slow"),
        ("    F0 = 1 / T\n", 0, "0 lines ran"),
        ("```sh\npython3 -m venv .venv && .venv/bin/pip install . && .venv/bin/lemf --version\n"
         "```\n\n```text\nlemf, version 0\n```\n", 1, "and the page shows"),
    ],
)  # fmt: skip
def test_blocks_are_run_and_what_they_print_is_compared(tmp_path, page, code, says):
    (tmp_path / "page.md").write_text(page, encoding="utf-8")
    ended = run("run_blocks.py", "--bare", tmp_path / "page.md")
    assert says in ended.stdout, ended.stdout + ended.stderr
    assert ended.returncode == code
