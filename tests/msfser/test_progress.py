import pytest

from msfser.progress import progress


class Clock:
    """Time that passes when told to."""

    now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("time.monotonic", clock)
    return clock


def test_without_a_terminal_a_line_comes_every_ten_seconds(capsys, clock):
    with progress("reading files") as watch:
        watch(0, 2000)
        clock.now_s += 10
        watch(1500, 2000)
        watch(1501, 2000)
        clock.now_s += 9.9
        watch(1900, 2000)
    assert capsys.readouterr().err == "reading files: 1,500 of 2,000, 3 s left\n"


def test_what_an_earlier_run_did_is_said_and_does_not_count_as_speed(capsys, clock):
    with progress("encoding") as watch:
        watch(1000, 2000)
        clock.now_s += 10
        watch(1100, 2000)
    assert capsys.readouterr().err == (
        "encoding: going on, 1,000 of 2,000 are done\nencoding: 1,100 of 2,000, 2 min left\n"
    )


def test_a_second_loop_starts_the_estimate_anew(capsys, clock):
    with progress("reading files") as watch:
        watch(0, 100)
        clock.now_s += 1000
        watch(100, 100)
        watch(0, 100)
        clock.now_s += 20
        watch(40, 100)
    assert capsys.readouterr().err.splitlines()[1:] == ["reading files: 40 of 100, 30 s left"]


def test_on_a_terminal_a_bar_is_shown(capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress("reading files") as watch:
        watch(2, 3)
    assert "2/3" in capsys.readouterr().err
