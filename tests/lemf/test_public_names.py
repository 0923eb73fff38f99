"""The public names: each imports, is documented and typed, and no needed name is missing."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path

import pytest

import lemf

ROOT = Path(__file__).parents[2]
NOT_PUBLIC = {"Detail"}  # a part of Contours, named in passing


def listed():
    """The names of the stub, read by other means than lazy_loader's."""
    tree = ast.parse((ROOT / "lemf" / "__init__.pyi").read_text(encoding="utf-8"))
    statements = [one for one in tree.body if isinstance(one, ast.ImportFrom)]
    assert all(alias.name == alias.asname for one in statements for alias in one.names)
    return sorted(alias.asname for one in statements for alias in one.names)


def test_the_names_are_those_of_the_stub():
    assert sorted(lemf.__all__) == listed()
    assert set(dir(lemf)) == {*lemf.__all__, "__version__"}
    with pytest.raises(AttributeError, match="scoer"):
        _ = lemf.scoer


@pytest.mark.parametrize("name", lemf.__all__)
def test_each_imports_and_is_documented(name):
    value = getattr(lemf, name)
    if name.isupper():
        assert value
        assert isinstance(value, int | float) or all(isinstance(item, str) for item in value)
        return
    assert value.__name__ == name
    assert value.__module__.startswith("lemf.")
    first = (value.__doc__ or "").partition("\n")[0]
    assert first.endswith((".", ":"))
    assert not first.startswith(f"{name}(")  # what a dataclass says that has no docstring


def annotations_of(public):
    """The annotations of a function, or of the fields, methods and properties of a class."""
    parts = [public]
    if inspect.isclass(public):
        members = [value for name, value in vars(public).items() if not name.startswith("_")]
        parts += [getattr(one, "fget", None) or getattr(one, "__func__", one) for one in members]
    return [
        str(note)
        for one in parts
        for name, note in getattr(one, "__annotations__", {}).items()
        if not name.startswith("_")
    ]


def test_the_types_that_a_caller_meets_are_public():
    """Follow the annotations of all public functions and classes, then those of what they name."""
    met, ahead = set(), [getattr(lemf, name) for name in lemf.__all__ if not name.isupper()]
    while ahead:
        one = ahead.pop()
        for name in set(re.findall(r"\b[A-Z]\w+", " ".join(annotations_of(one)))) - met:
            found = getattr(sys.modules[one.__module__], name, None)
            if inspect.isclass(found) and found.__module__.startswith("lemf."):
                met.add(name)
                ahead.append(found)
    assert met - NOT_PUBLIC <= set(lemf.__all__)
    assert {"CueShare", "Segment", "Contours", "ScoredSentence", "Fit", "Rows", "Watch"} <= met


def test_all_errors_are_public():
    import lemf.errors

    errors = {name for name, value in vars(lemf.errors).items() if inspect.isclass(value)}
    assert errors <= set(lemf.__all__)


def test_names_in_the_docs_are_public():
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    code = "\n".join(
        block
        for page in pages
        for block in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    )
    named = set(re.findall(r"(?<![\w.\"'/])lemf\.(\w+)", code))
    assert {"score", "draw", "Settings", "evaluate_labels", "score_corpus"} <= named
    assert named <= {*lemf.__all__, "__version__"}


@pytest.mark.parametrize(
    ("old", "new", "name"),
    [
        ("lemf.evaluation", "lemf.agreement.evaluation.run", "evaluate_labels"),
        ("lemf.fitting", "lemf.agreement.fitting.run", "fit_sentences"),
        ("lemf.labels", "lemf.agreement.labels.files", "read_labels"),
        ("lemf.rated_sentences", "lemf.agreement.labels.rated_sentences", "rate_sentences"),
    ],
)
def test_old_paths_import_with_a_warning(old, new, name):
    direct = (f"from {old} import {name}", f"import {old}; {name} = {old}.{name}")
    for code in (*direct, f"from {old} import *"):
        check = f"{code}; import lemf; assert {name} is lemf.{name}"
        done = subprocess.run(
            [sys.executable, "-W", "always", "-c", check], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        warning, *of_star = re.findall(r"(\S+): DeprecationWarning: (.*)", done.stderr)
        assert bool(of_star) == (code not in direct)  # a star takes several names
        assert warning[0].startswith("<string>")  # the caller's line
        assert warning[1].startswith(f"{old} has moved to {new}")


def test_old_paths_have_no_other_names():
    import lemf.labels

    with (
        pytest.warns(DeprecationWarning, match="lemf.labels"),
        pytest.raises(AttributeError, match="read_label'"),
    ):
        _ = lemf.labels.read_label
    with pytest.raises(AttributeError, match="__path__"):
        _ = lemf.labels.__path__
