"""``python -m msfser``: the command line where the script is not on the path."""

from msfser.commands.cli import main

main(prog_name="msfser")
