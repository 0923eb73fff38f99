from itertools import pairwise

import numpy as np
import pytest

from lemf.cues.pooling import median_of, percentile


@pytest.mark.parametrize("percent", [0, 5, 33.3, 50, 95, 100])
def test_percentiles_are_numpys_to_the_bit(rng, percent):
    values = rng.normal(size=3000) * 10.0 ** rng.integers(-3, 3, 3000)
    edges = [0, *np.sort(rng.choice(range(1, 3000), 200, replace=False)).tolist(), 3000]
    spans = [slice(*pair) for pair in pairwise(edges)]
    expected = [np.percentile(values[span], percent) for span in spans]
    found = percentile(values, spans, percent)
    np.testing.assert_array_equal(found, expected)


def test_percentiles_leave_out_what_was_not_measured():
    values = np.array([np.nan, 3.0, 1.0, np.nan, np.nan])
    found = percentile(values, [slice(0, 3), slice(3, 5), slice(2, 2)], 50)
    np.testing.assert_array_equal(found, [2.0, np.nan, np.nan])


@pytest.mark.parametrize("size", [1, 2, 3, 10, 401])
def test_medians_are_numpys_to_the_bit(rng, size):
    values = rng.normal(size=size)
    assert median_of(np.sort(values)) == np.median(values)
