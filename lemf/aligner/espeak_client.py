"""The process of espeak-ng, seen from this side: started, asked, and ended if it hangs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from lemf.errors import AlignerError, KilledAlignerError
from lemf.runtime.extras import importing
from lemf.runtime.processes import killed_by

_ANSWER_S = 60.0  # a sentence takes a few hundredths of a second
_KILL = 9  # by which a system without memory ends processes
_SCRIPT = Path(__file__).with_name("espeak_process.py")
_VARIABLE = "PHONEMIZER_ESPEAK_LIBRARY"  # the name that other programs read

_Library = tuple[str, str | None]  # its path, and that of its data unless it knows it


class EspeakProcess:
    """A running process of espeak-ng, for one thread.

    Attributes
    ----------
    hello : dict
        What it says of itself: the path of its ``library``, ``version``, ``rate_hz``, ``voices``.
    """

    def __init__(self) -> None:
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(_SCRIPT), str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                encoding="utf-8",
            )
        except OSError as error:  # no memory, too many processes or files
            raise KilledAlignerError(
                f"espeak-ng cannot be started ({error.strerror}); run the same command again"
            ) from error
        try:
            self.hello = self.ask({"libraries": _find_libraries()}, "its start")
            if faults := self.hello.get("faults"):
                if _VARIABLE not in os.environ:
                    with importing("lemf[align]"):
                        import espeakng_loader  # noqa: F401 - what to install if it is missing
                remedy = (
                    f"let {_VARIABLE} name the file of libespeak-ng, or unset it"
                    if _VARIABLE in os.environ
                    else "reinstall espeak-ng, or the package espeakng-loader"
                )
                raise AlignerError(
                    f"espeak-ng does not start: {'; '.join(dict.fromkeys(faults))}; {remedy}"
                )
        except BaseException:
            self.end()
            raise

    def ask(self, request: dict[str, Any], what: str) -> dict[str, Any]:
        """Return the answer to a request; `what` names it in a message.

        Raises
        ------
        AlignerError
            The process crashes, or gives no answer for a minute.
        KilledAlignerError
            It is killed from outside.
        """
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        late = threading.Timer(_ANSWER_S, process.kill)
        late.start()
        line = ""
        try:
            with suppress(BrokenPipeError):
                process.stdin.write(json.dumps(request) + "\n")
                process.stdin.flush()
                line = process.stdout.readline()
        finally:
            hung = not late.is_alive()
            late.cancel()
        if not line.endswith("\n"):
            code = process.wait()
            if not hung and (number := killed_by(code)):
                memory = " (out of memory?)" if number == _KILL else ""
                raise KilledAlignerError(
                    f"espeak-ng was killed by signal {number}{memory} at {what}; run the same "
                    "command again"
                )
            ending = f"hung for {_ANSWER_S:g} s" if hung else f"ended with code {code}"
            raise AlignerError(f"espeak-ng {ending} at {what}; try another version of espeak-ng")
        answer: dict[str, Any] = json.loads(line)
        return answer

    @property
    def is_alive(self) -> bool:
        """Whether the process can be asked again."""
        return self._process.poll() is None

    def end(self) -> None:
        """End the process, whatever it does."""
        self._process.kill()
        for stream in filter(None, (self._process.stdin, self._process.stdout)):
            with suppress(OSError):  # a request that nobody read
                stream.close()
        self._process.wait()


def _find_libraries() -> list[_Library]:
    """Return the libraries of espeak-ng, those to try first at the front."""
    if named := os.environ.get(_VARIABLE):
        return [(named, None)]
    try:
        import espeakng_loader
    except ModuleNotFoundError:
        return _find_system_libraries()
    path, data = espeakng_loader.get_library_path(), str(Path(espeakng_loader.__file__).parent)
    return [*_find_system_libraries(), (path, str(Path(data) / "espeak-ng-data"))]


def _find_system_libraries() -> list[_Library]:
    """Return the names that the system's loader may know, and what lies beside the executable."""
    name = {"win32": "libespeak-ng.dll", "darwin": "libespeak-ng.dylib"}.get(sys.platform)
    folders = [Path("/opt/homebrew/lib"), Path("/usr/local/lib")]
    if sys.platform == "win32":
        folders = [Path(os.environ.get("PROGRAMFILES", r"C:\Program Files"), "eSpeak NG")]
    if executable := shutil.which("espeak-ng"):
        folder = Path(executable).resolve().parent
        folders += [folder, folder.parent / "lib"]
    files = [folder / (name or "libespeak-ng.so.1") for folder in folders]
    known = [] if name else ["libespeak-ng.so.1"]
    return [(path, None) for path in (*known, *(str(file) for file in files if file.is_file()))]
