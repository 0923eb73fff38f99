import subprocess
import sys
from importlib.util import find_spec


def test_the_command_says_in_one_line_what_is_missing():
    done = subprocess.run(
        [sys.executable, "-c", "from msfser.cli import main; main()"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("Error: ")
    assert "lemf[ser]" in line
    assert ("torch is missing" in line) == (find_spec("torch") is None)
