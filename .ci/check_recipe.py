"""Check the recipe of conda: rattler-build reads and renders it, and pyproject.toml says the same.

    pip install '.[recipe]' && python .ci/check_recipe.py [RECIPE]

The recipe is parsed strictly, so that an unknown key is an error, and rendered for Linux, macOS and
Windows; nothing is downloaded or built. Name, version, licence, Python and lower bounds must be
those of pyproject.toml. Prints each fault in a line; the exit code is 1 if there is one.
"""

from __future__ import annotations

import re
import sys
import tomllib
from pathlib import Path
from typing import Any

import rattler_build

ROOT = Path(__file__).resolve().parents[1]
RECIPE = ROOT / "conda" / "recipe.yaml"
PLATFORMS = {"linux-64": "gxx", "osx-arm64": "clangxx", "win-64": "vs2022"}
CONDA_NAMES = {  # of packages that conda calls otherwise
    "soundfile": "pysoundfile",
    "matplotlib": "matplotlib-base",
    "torch": "pytorch",
}


def render(path: Path, platform: str) -> dict[str, Any]:
    """Return the recipe as rendered for a platform with Python 3.12; raises on a fault."""
    variants = rattler_build.VariantConfig(
        {
            "python": ["3.12.*"],
            "cxx_compiler": [PLATFORMS[platform]],
            "c_stdlib": ["sysroot"],
            "c_stdlib_version": ["2.17"],
        }
    )
    config = rattler_build.RenderConfig(
        platform=rattler_build.PlatformConfig(target_platform=platform)
    )
    (rendered,) = rattler_build.Stage0Recipe.from_file(path).render(variants, config)
    content: dict[str, Any] = rendered.recipe.to_dict()
    return content


def compare(recipe: dict[str, Any], project: dict[str, Any]) -> list[str]:
    """Return where the recipe says other than pyproject.toml."""
    faults = []
    about, package = recipe["about"], recipe["package"]
    for what, found, wanted in (
        ("name", package["name"], project["name"]),
        ("version", package["version"], project["version"]),
        ("summary", about["summary"], project["description"]),
        ("license", about["license"], project["license"]),
    ):
        if found != wanted:
            faults.append(f"{what}: {found!r}, but pyproject.toml has {wanted!r}")
    for name in about["license_file"]:
        if not (ROOT / name).is_file():
            faults.append(f"license_file: no {name}")
    run = bounds(recipe["requirements"]["run"])
    wanted_run = conda_bounds(project["dependencies"]) | {"python": project["requires-python"]}
    for name in sorted(run.keys() | wanted_run.keys()):
        if run.get(name) != wanted_run.get(name):
            faults.append(f"run: {name} {run.get(name)}, but pyproject.toml {wanted_run.get(name)}")
    extras = project["optional-dependencies"]
    optional = conda_bounds([one for extra in extras.values() for one in extra])
    for name, bound in bounds(recipe["requirements"]["run_constraints"]).items():
        if optional.get(name) != bound:
            faults.append(
                f"run_constraints: {name} {bound}, but pyproject.toml {optional.get(name)}"
            )
    return faults


def bounds(requirements: list[Any]) -> dict[str, str]:
    """Return the bounds of the requirements of a rendered recipe by their names."""
    found = {}
    for requirement in requirements:
        name, _, bound = str(requirement).partition(" ")
        found[name] = bound.strip()
    return found


def conda_bounds(requirements: list[str]) -> dict[str, str]:
    """Return the bounds of requirements of pip by the names that conda has for them."""
    found = {}
    for requirement in requirements:
        match = re.fullmatch(r"([\w-]+)(\[[\w,-]*\])?(.*)", requirement)
        if match:
            found[CONDA_NAMES.get(match[1], match[1])] = match[3].strip()
    return found


def main() -> int:
    """Run the command line."""
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else RECIPE
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    faults: list[str] = []
    for platform in PLATFORMS:
        try:
            found = compare(render(path, platform), project)
        except rattler_build.RattlerBuildError as error:
            found = [" ".join(str(error).split())]
        faults += [fault for fault in found if fault not in faults]
    for fault in faults:
        print(f"{path.name}: {fault}")
    if not faults:
        print(f"{path.name}: rendered for {', '.join(PLATFORMS)}; as pyproject.toml")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
