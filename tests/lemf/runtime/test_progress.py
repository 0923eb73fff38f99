"""Plain lines: ten at most, none for quick work, one more at the start of a resumed run."""

import pytest

from lemf.runtime.progress import progress


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


def test_slow_work_prints_ten_lines_with_the_time_left(capsys, clock):
    with progress("scoring", unit="files") as watch:
        watch(0, 2000)
        for done in range(1, 2001):
            clock.now_s += 6
            watch(done, 2000, done // 1000)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 10
    assert lines[0] == "scoring: 200 of 2,000 files, 3.0 h left"
    assert lines[8] == "scoring: 1,800 of 2,000 files, 1 failed, 20 min left"
    assert lines[9] == "scoring: 2,000 of 2,000 files, 2 failed"


def test_quick_work_prints_nothing(capsys, clock):
    with progress("scoring") as watch:
        for done in range(101):
            watch(done, 100)
            clock.now_s += 0.05
    assert capsys.readouterr().err == ""


def test_few_steps_print_one_line_each(capsys, clock):
    with progress("fitting", unit="folds") as watch:
        for done in range(4):
            watch(done, 3, note="" if done < 3 else "the last")
            clock.now_s += 10
    assert capsys.readouterr().err == (
        "fitting: 1 of 3 folds, 20 s left\n"
        "fitting: 2 of 3 folds, 10 s left\n"
        "fitting: 3 of 3 folds, the last\n"
    )


def test_what_an_earlier_run_did_is_printed_and_does_not_count_as_speed(capsys, clock):
    with progress("encoding") as watch:
        watch(1000, 2000)
        clock.now_s += 20
        watch(1199, 2000)
        watch(1200, 2000)
    assert capsys.readouterr().err == (
        "encoding: resuming, 1,000 of 2,000 are done\nencoding: 1,200 of 2,000, 80 s left\n"
    )


def test_a_finished_run_prints_nothing(capsys, clock):
    with progress("encoding") as watch:
        watch(2000, 2000)
    with progress("encoding") as watch:
        watch(0, 0)
    assert capsys.readouterr().err == ""


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
        watch(1, 3)
        watch(2, 3, 1, "[the note]")
    shown = capsys.readouterr().err
    assert "2/3" in shown
    assert "1 failed, [the note]" in shown


def test_a_quiet_one_shows_nothing(capsys, clock, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with progress("reading files", quiet=True) as watch:
        watch(0, 2)
        clock.now_s += 100
        watch(1, 2)
    assert capsys.readouterr().err == ""


def test_a_closed_stderr_stops_no_work(clock, monkeypatch):
    monkeypatch.setattr("sys.stderr", None)
    with progress("reading", unit="files") as watch:
        for done in range(11):
            watch(done, 10)
            clock.now_s += 60.0
