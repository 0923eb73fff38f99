"""The recipe of conda is read by rattler-build, and says what pyproject.toml says."""

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("rattler_build")

ROOT = Path(__file__).parents[1]
RECIPE = ROOT / "conda" / "recipe.yaml"


def check(path):
    command = [sys.executable, str(ROOT / ".ci" / "check_recipe.py"), str(path)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


def test_the_recipe_is_sound():
    ended = check(RECIPE)
    assert ended.stdout == (
        "recipe.yaml: rendered for linux-64, osx-arm64, win-64; as pyproject.toml\n"
    ), ended.stderr
    assert ended.returncode == 0


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("license: MIT", "licence: MIT", "unknown field 'licence'"),
        ("requirements:", "requirement:", "unknown top-level field 'requirement'"),
        ("compiler('cxx')", "compiler('cxx'", "Failed to parse Jinja template"),
        ("click >=8.2.1", "click >=8.2", "run: click >=8.2, but pyproject.toml >=8.2.1"),
        ("    - rich >=13\n", "", "run: rich None, but pyproject.toml >=13"),
        ("pytorch >=2.6", "pytorch >=2.5", "run_constraints: pytorch >=2.5, but pyproject.toml"),
        ('version: "0.1.0"', 'version: "0.1"', "version: '0.1', but pyproject.toml has"),
        ("license_file: LICENSE", "license_file: COPYING", "license_file: no COPYING"),
    ],
)
def test_a_fault_is_named(tmp_path, old, new, fault):
    path = tmp_path / "recipe.yaml"
    text = RECIPE.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    ended = check(path)
    assert fault in ended.stdout, ended.stderr
    assert ended.returncode == 1
