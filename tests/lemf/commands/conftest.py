"""What holds for everything that a command prints."""

import re

import click
import pytest

from lemf.errors import LemfError
from lemf.runtime import console

_OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")
_NAMED_COMMAND = re.compile(r"(?:lemf|msfser)(?: [a-z-]+)+")


@pytest.fixture(autouse=True)
def remedies_name_options_that_exist(monkeypatch):
    """Fail a test in which a command prints an option that neither it nor a named command has."""
    wrong = []

    def check(message, context):
        if context is None or isinstance(context.command, click.Group):  # of wrong options
            return
        known = {name for one in context.command.params for name in one.opts}
        for option in _OPTION.findall(message):
            if option not in known and not _NAMED_COMMAND.search(message):
                wrong.append(f"{context.command_path}: {option}: {message}")

    def invoke(self, context, *, before=click.Command.invoke):
        try:
            return before(self, context)
        except (click.ClickException, LemfError) as error:
            check(str(error), context)
            raise

    def one_line(text, *, before=console.one_line):
        check(text, click.get_current_context(silent=True))
        return before(text)

    monkeypatch.setattr(click.Command, "invoke", invoke)
    monkeypatch.setattr(console, "one_line", one_line)
    yield
    assert not wrong, "\n".join(wrong)
