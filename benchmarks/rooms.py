"""Count the rooms: modules, statements, import floors, and arrows between folders.

    python benchmarks/rooms.py [FOLDER]

reads the packages lemf and msfser in FOLDER (by default this repository) without importing them.
A room is a folder or a module directly in a package; an arrow is a pair of rooms of which one
imports the other, without the exceptions that the contracts of `pyproject.toml` name; a floor is
the length of the longest chain of imports below a room. Statements are counted by `ast`, without
docstrings.
"""

from __future__ import annotations

import ast
import sys
import tomllib
from functools import cache
from pathlib import Path


def main() -> None:
    """Print one block of counts per package."""
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[1]
    exceptions = _exceptions(root)
    for package in ("lemf", "msfser"):
        modules = {_dotted(path, root): path for path in (root / package).rglob("*.py")}
        trees = {name: ast.parse(path.read_text("utf-8")) for name, path in modules.items()}
        imports = {
            name: {
                target
                for target in _imports(tree, modules)
                if f"{name} -> {target}" not in exceptions
            }
            for name, tree in trees.items()
        }
        rooms = {name: ".".join(name.split(".")[:2]) for name in modules}
        arrows: dict[str, set[str]] = {room: set() for room in rooms.values()}
        for name, targets in imports.items():
            arrows[rooms[name]] |= {rooms[target] for target in targets} - {rooms[name], package}
        del arrows[package]  # names that load on first use
        largest = max({path.parent for path in modules.values()}, key=lambda f: len(_in(f)))
        print(f"{package}: {len(modules)} modules, {sum(map(_count, trees.values()))} statements")
        print(f"  rooms {len(arrows)}, arrows {sum(map(len, arrows.values()))}", end=", ")
        print(f"floors {_floors(arrows)}, arrows upwards: {', '.join(_back_arrows(arrows)) or 0}")
        print(f"  most modules in a folder: {len(_in(largest))} in {largest.relative_to(root)}")


def _exceptions(root: Path) -> set[str]:
    """Read the imports that the contracts on rooms allow by name."""
    settings = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    layers = [contract for contract in contracts if contract["type"] == "layers"]
    return {one for contract in layers for one in contract.get("ignore_imports", [])}


def _dotted(path: Path, root: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def _in(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*.py") if not path.name.startswith("__")]


def _imports(tree: ast.Module, modules: dict[str, Path]) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in modules else node.module for name in inner}
    return found & set(modules)


def _count(tree: ast.Module) -> int:
    statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]
    return sum(
        not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
        for node in statements
    )


def _floors(arrows: dict[str, set[str]]) -> int:
    """Count the floors; rooms of a circle share one."""

    @cache
    def reach(room: str) -> frozenset[str]:
        seen, waiting = set(), [room]
        while waiting:
            for target in arrows[waiting.pop()] - seen:
                seen.add(target)
                waiting.append(target)
        return frozenset(seen)

    @cache
    def floor(room: str) -> int:
        below = [target for target in reach(room) if room not in reach(target)]
        return 1 + max(map(floor, below), default=0)

    return max(map(floor, arrows))


def _back_arrows(arrows: dict[str, set[str]]) -> list[str]:
    """List the arrows that close a circle when rooms are visited depth first."""
    state: dict[str, str] = {}
    found: list[str] = []

    def visit(room: str) -> None:
        state[room] = "open"
        for target in sorted(arrows[room]):
            if state.get(target) == "open":
                found.append(f"{room} -> {target}")
            elif target not in state:
                visit(target)
        state[room] = "done"

    for room in sorted(arrows):
        if room not in state:
            visit(room)
    return found


if __name__ == "__main__":
    main()
