"""The command `lemf schema`: what the JSON of `lemf score` holds."""

from __future__ import annotations

import click


@click.command()
def schema() -> None:
    """Print the JSON Schema of what lemf score --format json prints."""
    from lemf.display.export import read_schema

    click.echo(read_schema(), nl=False)
