"""Make the links of README.md absolute, for PyPI, and name the repository in pyproject.toml.

The workflow of the wheels runs this before it builds: python .ci/absolute_links.py REPOSITORY TAG
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def absolute_links(markdown: str, repository: str, tag: str) -> str:
    """Return the page with every link into the repository made absolute."""

    def replace(match: re.Match[str]) -> str:
        kind = "raw" if match[1].endswith(".png") else "blob"
        return f"]({repository}/{kind}/{tag}/{match[1]}"

    return re.sub(r"\]\((?!https?:|#)([^)]+)", replace, markdown)


def add_urls(settings: str, repository: str, tag: str) -> str:
    """Return pyproject.toml with the addresses of the repository and of its changelog."""
    urls = f'Repository = "{repository}"\nChangelog = "{repository}/blob/{tag}/CHANGELOG.md"\n'
    return settings.replace("[project.urls]\n", f"[project.urls]\n{urls}")


if __name__ == "__main__":
    for name, change in (("README.md", absolute_links), ("pyproject.toml", add_urls)):
        text = (ROOT / name).read_text(encoding="utf-8")
        (ROOT / name).write_text(change(text, *sys.argv[1:3]), encoding="utf-8", newline="\n")
