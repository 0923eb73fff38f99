"""``python -m lemf``: the command line where the script is not on the path."""

from lemf.commands.cli import main

main(prog_name="lemf")
