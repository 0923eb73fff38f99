"""The process of espeak-ng: whatever happens to it is one line here."""

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from lemf.aligner import espeak_client
from lemf.aligner.espeak import open_espeak
from lemf.aligner.espeak_client import EspeakProcess
from lemf.errors import AlignerError, KilledAlignerError, MissingPackageError

espeakng_loader = pytest.importorskip("espeakng_loader")
posix = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
REQUEST = {"voice": "gmw/en-US", "text": "hello", "sound": False}


@pytest.fixture
def process():
    process = EspeakProcess()
    yield process
    process.end()


def test_requests_are_answered_in_turn(process):
    answers = [process.ask({**REQUEST, "text": text}, text) for text in ("one", "two")]
    names = [[name for _, _, name in answer["events"] if name] for answer in answers]
    assert ["".join(spoken).replace("ˈ", "") for spoken in names] == ["wʌn", "tuː"]


@posix
@pytest.mark.parametrize(
    ("number", "kind", "message"),
    [
        (signal.SIGKILL, KilledAlignerError, r"was killed by signal 9 \(out of memory\?\) at"),
        (signal.SIGTERM, KilledAlignerError, "was killed by signal 15 at"),
        (signal.SIGSEGV, AlignerError, "ended with code -11 at"),
    ],
)
def test_a_crash_is_one_line(process, number, kind, message):
    os.kill(process._process.pid, number)
    with pytest.raises(AlignerError, match=f"{message} 'hello'") as caught:
        process.ask(REQUEST, "'hello'")
    assert caught.type is kind


@posix
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV])
def test_a_text_is_spoken_again_after_a_crash(number):
    with open_espeak() as espeak:
        spoken = espeak.speak(["hello", "there"], "en")
        with open_espeak() as other:
            os.kill(other._process._process.pid, number)
            assert other.speak(["hello", "there"], "en").phones == spoken.phones


@posix
def test_a_hang_is_one_line(process, monkeypatch):
    monkeypatch.setattr(espeak_client, "_ANSWER_S", 0.2)
    os.kill(process._process.pid, signal.SIGSTOP)
    with pytest.raises(AlignerError, match=r"hung for 0\.2 s at 'hello'"):
        process.ask(REQUEST, "'hello'")


@posix
def test_no_process_is_left_behind(monkeypatch):
    started = []
    popen = subprocess.Popen
    monkeypatch.setattr(
        subprocess, "Popen", lambda *a, **k: started.append(popen(*a, **k)) or started[-1]
    )
    with open_espeak() as espeak:
        for _ in range(3):
            espeak.speak(["hello"], "en")
    assert len(started) == 3
    assert all(process.returncode is not None for process in started)


@posix
@pytest.mark.parametrize("busy", [False, True])
def test_it_ends_with_its_parent(busy):
    code = (
        "from lemf.aligner.espeak_client import EspeakProcess\n"
        "import json\n"
        "process = EspeakProcess()\n"
        "print(process._process.pid, flush=True)\n"
        f"request = {{'voice': 'gmw/en-US', 'text': 'hello ' * {200_000 * busy}, 'sound': False}}\n"
        "process._process.stdin.write(json.dumps(request) + '\\n')\n"
        "process._process.stdin.flush()\n"
        "input()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        child = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + 20
    while _is_running(child):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _is_running(pid):
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return bool(state.stdout.strip()) and not state.stdout.startswith("Z")


def test_a_named_library_that_is_missing_is_one_line(monkeypatch):
    monkeypatch.setenv("PHONEMIZER_ESPEAK_LIBRARY", "/no/such.so")
    with pytest.raises(AlignerError, match=r"/no/such\.so: .*No such file.*; let PHON.* or unset"):
        EspeakProcess()


@pytest.mark.skipif(sys.platform != "linux", reason="names a library of Linux")
def test_a_library_without_the_functions_is_one_line(monkeypatch):
    monkeypatch.setenv("PHONEMIZER_ESPEAK_LIBRARY", "libm.so.6")
    with pytest.raises(AlignerError, match=r"libm\.so\.6: .*espeak_ListVoices"):
        EspeakProcess()


def test_data_of_another_version_are_one_line(monkeypatch, tmp_path):
    monkeypatch.setattr(
        espeak_client,
        "_find_libraries",
        lambda: [(espeakng_loader.get_library_path(), str(tmp_path))],
    )
    monkeypatch.setenv("ESPEAK_DATA_PATH", str(tmp_path))
    with pytest.raises(AlignerError, match="its data is missing or of another version"):
        EspeakProcess()


def test_the_package_to_install_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "espeakng_loader", None)
    monkeypatch.setattr(espeak_client, "_find_system_libraries", lambda: [("/no/such.so", None)])
    with pytest.raises(MissingPackageError, match=r"pip install 'lemf\[align\]'"):
        EspeakProcess()


@posix
def test_the_library_beside_the_executable_comes_before_the_package(monkeypatch, tmp_path):
    suffix = "dylib" if sys.platform == "darwin" else "so.1"
    (tmp_path / "bin").mkdir()
    (tmp_path / "lib").mkdir()
    executable = tmp_path / "bin" / "espeak-ng"
    executable.write_text("#!/bin/sh\n")
    executable.chmod(0o755)
    library = tmp_path / "lib" / f"libespeak-ng.{suffix}"
    shutil.copy(espeakng_loader.get_library_path(), library)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("ESPEAK_DATA_PATH", espeakng_loader.get_data_path())
    found = [path for path, _ in espeak_client._find_libraries()]
    assert found.index(str(library)) < found.index(espeakng_loader.get_library_path())
    monkeypatch.setattr(espeak_client, "_find_libraries", lambda: [(str(library), None)])
    process = EspeakProcess()
    process.end()
    assert process.hello["library"] == str(library)
