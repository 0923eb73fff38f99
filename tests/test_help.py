"""Every help text is whole: summaries at 80 columns, and a line for every option."""

import click
import pytest
from click.testing import CliRunner

from lemf.commands.cli import main as lemf
from msfser.commands.cli import main as msfser


def commands(command, *names):
    """Every command with the words that call it."""
    yield names, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, *names, name)


COMMANDS = {
    " ".join(names): command
    for names, command in (*commands(lemf, "lemf"), *commands(msfser, "msfser"))
}
GROUPS = {name: each for name, each in COMMANDS.items() if isinstance(each, click.Group)}


@pytest.mark.parametrize("group", GROUPS.values(), ids=GROUPS)
def test_summaries_are_not_cut_off(group):
    text = CliRunner().invoke(group, ["--help"], terminal_width=80).output
    for name, command in group.commands.items():
        (line,) = [line for line in text.splitlines() if line.startswith(f"  {name} ")]
        summary = line.split(maxsplit=1)[1]
        assert command.help.startswith(summary)
        assert summary.endswith(".")
        assert not summary.endswith("...")


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_every_option_says_what_it_does(command):
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, option.name
            assert option.help.partition("  [default")[0].endswith("."), option.name


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_an_empty_name_is_not_the_current_folder(command):
    for each in command.params:
        if isinstance(each.type, click.Path):
            with pytest.raises(click.BadParameter, match="an empty name, as of a variable"):
                each.type.convert("", each, None)
