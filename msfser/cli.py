"""The command `msfser`: says what is missing as long as the model is not part of the package."""

from importlib.metadata import version
from importlib.util import find_spec
from typing import NoReturn


def main() -> NoReturn:
    """Say in one line what to install, and exit with 1."""
    if find_spec("torch") is None:
        raise SystemExit("Error: torch is missing: pip install 'lemf[ser]'")
    raise SystemExit(f"Error: lemf {version('lemf')} has no msfser command yet; update lemf[ser]")
