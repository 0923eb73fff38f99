"""The command `lemf schema`: what the JSON of `lemf score` holds."""

from __future__ import annotations

import click

from lemf.runtime.console import print_text


@click.command()
def schema() -> None:
    """Print the JSON Schema of lemf score --format json."""
    from lemf.display.export import read_schema

    print_text(read_schema())
