"""The command `lemf serve`: the pages of a folder, corrected by hand, in a browser nearby."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Unpack

import click

from lemf.commands.align_options import AlignerOptions, align_settings, aligner_options
from lemf.commands.analysis_options import (
    ScoringOptions,
    note_slow_pitch,
    read_settings,
    scoring_options,
)
from lemf.runtime.console import PATH, print_text, say

_LAST_PORT = 65535


class ServeOptions(ScoringOptions, AlignerOptions):
    """Values of the options of `serve`."""


@click.command()
@click.argument("folder", type=PATH)
@click.option(
    "--port",
    type=click.IntRange(0, _LAST_PORT),
    default=0,
    help="Port of 127.0.0.1 to listen on.  [default: a free one]",
)
@click.option("--no-browser", is_flag=True, help="Print the address, and open no browser.")
@aligner_options
@scoring_options
def serve(folder: Path, port: int, no_browser: bool, **options: Unpack[ServeOptions]) -> None:
    """Listen to the recordings of FOLDER, and correct their words.

    Each recording has the page of lemf report. Edges and words can be corrected there, which scores
    again, saved as a TextGrid beside the recording, and exported. Recordings can be dropped into
    the list or spoken, and their words typed. The options are those with which pages open.

    Only this computer is answered, and only the browser that opens the printed address. Ctrl-C
    stops.
    """
    settings = read_settings(options)
    aligning = align_settings(options)
    note_slow_pitch(settings)

    from lemf.serve.server import open_server

    with open_server(folder, settings, aligning, port) as (server, guard):
        print_text(f"{guard.address}\n")
        say(f"serving {folder} to this computer alone; Ctrl-C stops")
        if not no_browser:
            threading.Thread(target=_open_browser, args=(guard.address,), daemon=True).start()
        server.serve_forever()


def _open_browser(address: str) -> None:
    import webbrowser

    webbrowser.open(address)
