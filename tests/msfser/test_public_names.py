"""The public names: each imports and is documented, and they are those of the stub."""

import ast
from pathlib import Path

import pytest

import msfser

STUB = Path(__file__).parents[2] / "msfser" / "__init__.pyi"


def test_the_names_are_those_of_the_stub():
    statements = [
        one
        for one in ast.parse(STUB.read_text(encoding="utf-8")).body
        if isinstance(one, ast.ImportFrom)
    ]
    assert sorted(msfser.__all__) == sorted(
        alias.asname for one in statements for alias in one.names
    )
    assert set(dir(msfser)) == set(msfser.__all__)
    with pytest.raises(AttributeError, match="nonsense"):
        _ = msfser.nonsense


@pytest.mark.parametrize("name", msfser.__all__)
def test_each_imports_and_is_documented(name):
    value = getattr(msfser, name)
    assert value.__name__ == name
    assert value.__module__.startswith("msfser.")
    first = (value.__doc__ or "").partition("\n")[0]
    assert first.endswith(".")
    assert not first.startswith(f"{name}(")  # what a dataclass says that has no docstring
