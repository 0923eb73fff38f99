import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lemf.cues.zscore import is_constant, zscore

VALUES = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=30)
ATOL = 1e-12


def test_three_values_by_hand():
    # mean 2, population variance 2/3
    expected = np.array([-1, 0, 1]) / np.sqrt(2 / 3)
    np.testing.assert_allclose(zscore(np.array([1.0, 2.0, 3.0])), expected, rtol=0, atol=ATOL)


def test_unmeasured_value_is_average_and_changes_nothing_else():
    z = zscore(np.array([1.0, np.nan, 2.0, 3.0]))
    assert z[1] == 0
    np.testing.assert_allclose(z[[0, 2, 3]], zscore(np.array([1.0, 2.0, 3.0])), rtol=0, atol=ATOL)


@pytest.mark.parametrize("values", [[5.0], [5.0, 5.0], [np.nan, 5.0], [np.nan, np.nan], [0.0, 0.0]])
def test_no_spread_gives_zeros(values):
    assert is_constant(np.array(values))
    np.testing.assert_array_equal(zscore(np.array(values)), np.zeros(len(values)))


def test_rounding_is_no_spread():
    # 0.3 - 0.2 and 0.2 - 0.1 differ in the last bit: phones of equal length on a TextGrid
    values = np.array([0.1, 0.3 - 0.2, 0.2 - 0.1])
    assert values.std() > 0
    np.testing.assert_array_equal(zscore(values), np.zeros(3))


@given(VALUES)
def test_agrees_with_the_standard_library(values):
    array = np.array(values)
    if is_constant(array):
        return
    mean, deviation = statistics.fmean(values), statistics.pstdev(values)
    if deviation > 1e-6:  # below, the two differ by the rounding of the mean
        np.testing.assert_allclose(
            zscore(array), [(v - mean) / deviation for v in values], rtol=0, atol=1e-6
        )


@given(VALUES, st.floats(0.1, 100))
def test_scale_and_order_do_not_matter(values, gain):
    array = np.array(values)
    np.testing.assert_allclose(zscore(gain * array), zscore(array), rtol=0, atol=1e-6)
    np.testing.assert_allclose(zscore(array[::-1])[::-1], zscore(array), rtol=0, atol=1e-6)
