from lemf.reading.textgrid import Interval, fill_gaps


def test_gaps_are_filled_and_intervals_stay_as_they_are():
    a, b = Interval(0.5, 1.0, "a", line=3), Interval(2.0, 2.5, "b")
    filled = list(fill_gaps([a, b], 0.0, 3.0))
    assert [(one.start_s, one.end_s, one.label) for one in filled] == [
        (0.0, 0.5, ""), (0.5, 1.0, "a"), (1.0, 2.0, ""), (2.0, 2.5, "b"), (2.5, 3.0, ""),
    ]  # fmt: skip
    assert filled[1].line == 3
    assert list(fill_gaps([], 0.0, 1.0)) == [Interval(0.0, 1.0, "")]
    assert list(fill_gaps([], 1.0, 1.0)) == []
    inside = [Interval(0.0, 2.0, "a"), Interval(0.5, 1.0, "b")]  # refused later, by its times
    assert list(fill_gaps(inside, 0.0, 2.0)) == inside
