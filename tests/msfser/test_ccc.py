import subprocess
import sys

import audmetric
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from msfser.ccc import ccc, ccc_loss, ccc_moments

torch = pytest.importorskip("torch")

ROUNDING = 1e-12  # of CCC, in float64
FP32 = 2e-6  # of CCC, in fp32

VALUES = st.floats(-100, 100, allow_subnormal=False).map(lambda value: round(value, 3))
COLUMNS = hnp.arrays(np.float64, st.tuples(st.integers(2, 40), st.just(2)), elements=VALUES)


def column(values):
    return np.asarray(values, dtype=np.float64).reshape(-1, 1)


def one_ccc(predictions, labels):
    return float(ccc(column(predictions), column(labels))[0])


def draw_scores(n=200, seed=0, *, missing=0.1):
    rng = np.random.default_rng(seed)
    labels = rng.normal(4.0, 1.0, (n, 3))
    predictions = 0.6 * labels + 1.0 + rng.normal(0.0, 0.5, (n, 3))
    labels[rng.random((n, 3)) < missing] = np.nan
    return predictions, labels


def test_by_hand():
    # means 2 and 3, variances 2/3 and 8/3, covariance 4/3: 2 * 4/3 / (10/3 + 1) = 8/13
    assert one_ccc([1, 2, 3], [1, 3, 5]) == pytest.approx(8 / 13, abs=ROUNDING)


def test_a_missing_label_counts_in_its_own_dimension_only():
    predictions, labels = draw_scores()
    expected = [
        audmetric.concordance_cc(labels[known, d], predictions[known, d])
        for d, known in enumerate(~np.isnan(labels).T)
    ]
    np.testing.assert_allclose(ccc(predictions, labels), expected, rtol=0, atol=ROUNDING)


@pytest.mark.parametrize(
    ("predictions", "labels", "expected"),
    [
        ([], [], np.nan),
        ([1], [1], np.nan),
        ([1], [2], np.nan),
        ([2, 2, 2], [2, 2, 2], np.nan),
        ([0.1, 0.1, 0.1], [0.1, 0.1, 0.1], np.nan),
        ([2, 2, 2], [1, 2, 3], 0.0),
        ([1, 2, 3], [2, 2, 2], 0.0),
        ([2, 2], [3, 3], 0.0),
        ([1, 2], [np.nan, 2], np.nan),
        ([1, 2], [np.nan, 3], np.nan),
        ([1, 2, 3], [3, 2, 1], -1.0),
    ],
)
def test_degenerate(predictions, labels, expected):
    np.testing.assert_allclose(one_ccc(predictions, labels), expected, rtol=0, atol=ROUNDING)


@given(COLUMNS)
def test_as_audmetric_symmetric_bounded_and_at_most_pearson(pair):
    value, turned = one_ccc(pair[:, 0], pair[:, 1]), one_ccc(pair[:, 1], pair[:, 0])
    expected = audmetric.concordance_cc(pair[:, 0], pair[:, 1])
    np.testing.assert_allclose([value, turned], expected, rtol=0, atol=1e-9)
    if not np.isnan(value):
        assert abs(value) <= 1 + ROUNDING
    if min(pair.std(axis=0)) > 1e-3:
        assert abs(value) <= abs(np.corrcoef(pair.T)[0, 1]) + 1e-9


@given(COLUMNS, st.floats(0.1, 10), st.floats(-50, 50))
def test_the_scale_of_the_corpus_does_not_matter(pair, factor, shift):
    value = one_ccc(pair[:, 0], pair[:, 1])
    if max(pair.std(axis=0)) > 1e-3:
        moved = one_ccc(factor * pair[:, 0] + shift, factor * pair[:, 1] + shift)
        assert moved == pytest.approx(value, abs=1e-6)


@given(st.lists(st.integers(0, 200), max_size=8))
def test_streamed_in_pieces_as_at_once(cuts):
    predictions, labels = draw_scores()
    cuts = sorted(cuts)
    pieces = zip(np.split(predictions, cuts), np.split(labels, cuts), strict=True)
    total = ccc_moments(np.empty((0, 3)), np.empty((0, 3)))
    for piece in pieces:
        total += ccc_moments(*piece)
    at_once = ccc_moments(predictions, labels)
    np.testing.assert_array_equal(total.n, at_once.n)
    np.testing.assert_allclose(total.label_mean, at_once.label_mean, rtol=0, atol=ROUNDING)
    np.testing.assert_allclose(total.ccc(), at_once.ccc(), rtol=0, atol=ROUNDING)


def test_far_from_zero_no_digits_are_lost():
    predictions, labels = draw_scores(missing=0.0)
    moved = ccc_moments(predictions[:80] + 1e6, labels[:80] + 1e6)
    moved += ccc_moments(predictions[80:] + 1e6, labels[80:] + 1e6)
    np.testing.assert_allclose(moved.ccc(), ccc(predictions, labels), rtol=0, atol=1e-9)


def test_shapes_that_do_not_match():
    with pytest.raises(ValueError, match="must be"):
        ccc(np.zeros((3, 3)), np.zeros((3, 2)))


def test_loss_is_one_minus_the_metric():
    predictions, labels = draw_scores()
    loss = ccc_loss(torch.tensor(predictions).float(), torch.tensor(labels).float())
    np.testing.assert_allclose(loss.numpy(), 1 - ccc(predictions, labels), rtol=0, atol=FP32)


def test_gradient_of_the_loss():
    predictions, labels = map(torch.tensor, draw_scores(12))
    predictions.requires_grad_()
    assert torch.autograd.gradcheck(lambda p: ccc_loss(p, labels), (predictions,), atol=1e-6)
    ccc_loss(predictions, labels).sum().backward()
    assert (predictions.grad[labels.isnan()] == 0).all()


@pytest.mark.parametrize(
    ("predictions", "labels"),
    [
        ([0.5, 0.5, 0.5], [0.1, 0.5, 0.9]),
        ([0.1, 0.5, 0.9], [0.5, 0.5, 0.5]),
        ([0.5, 0.5, 0.5], [0.5, 0.5, 0.5]),
        ([0.5], [0.5]),
        ([0.5], [0.9]),
        ([0.5, 0.6], [np.nan, np.nan]),
    ],
)
def test_loss_and_gradient_are_finite(predictions, labels):
    inputs = torch.tensor(predictions).reshape(-1, 1).requires_grad_()
    loss = ccc_loss(inputs, torch.tensor(labels).reshape(-1, 1))
    loss.sum().backward()
    assert loss.tolist() == [1.0]
    assert torch.isfinite(inputs.grad).all()


def test_loss_is_fp32_inside_autocast():
    predictions, labels = (torch.tensor(scores).float() for scores in draw_scores())
    outside = ccc_loss(predictions, labels)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        inside = ccc_loss(predictions, labels)
    assert inside.dtype == torch.float32
    assert torch.equal(inside, outside)
    assert ccc_loss(predictions.bfloat16(), labels).dtype == torch.float32


def test_a_broken_prediction_is_not_hidden():
    predictions, labels = draw_scores(missing=0.0)
    predictions[3, 1] = np.nan
    assert np.isnan(ccc(predictions, labels)).tolist() == [False, True, False]
    assert ccc_loss(torch.tensor(predictions), torch.tensor(labels)).isnan().tolist() == [
        False,
        True,
        False,
    ]


@pytest.mark.parametrize(("module", "found"), [("msfser.ccc", "False"), ("torch", "True")])
def test_the_metric_needs_no_torch(module, found):
    program = f"import sys, {module}; print('torch' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == found
