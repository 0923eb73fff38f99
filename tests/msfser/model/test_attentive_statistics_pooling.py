import pytest

torch = pytest.importorskip("torch")

from msfser.model.attentive_statistics_pooling import (  # noqa: E402
    VARIANCE_FLOOR,
    AttentiveStatisticsPooling,
    attentive_statistics,
)

FP32 = 1e-6  # of values around 1
LOWEST_STD = 1e-5**0.5  # of the public MSP-Podcast baseline


def test_two_utterances_of_two_frames_by_hand():
    frames = torch.tensor([[[1.0, 10.0], [3.0, 10.0]], [[5.0, -2.0], [9.0, 2.0]]])
    scores = torch.log(torch.tensor([[1.0, 1.0], [3.0, 1.0]]))  # weights 1/2, 1/2 and 3/4, 1/4
    pooled = attentive_statistics(frames, scores, torch.ones(2, 2, dtype=torch.bool))
    expected = [
        [2.0, 10.0, 1.0, LOWEST_STD],  # a constant feature has the lowest deviation
        [6.0, -1.0, (0.75 * 1 + 0.25 * 9) ** 0.5, (0.75 * 1 + 0.25 * 9) ** 0.5],
    ]
    torch.testing.assert_close(pooled, torch.tensor(expected), rtol=0, atol=FP32)


@torch.no_grad()
def test_it_equals_a_loop_over_utterances():
    torch.manual_seed(0)
    pooling = AttentiveStatisticsPooling(6)
    frames, lengths = torch.randn(4, 9, 6), [9, 1, 5, 8]
    mask = torch.arange(9) < torch.tensor(lengths)[:, None]
    pooled = pooling(frames, mask)
    for row, length in enumerate(lengths):
        own = frames[row, :length].double()
        weight, bias = pooling.projection.weight.double(), pooling.projection.bias.double()
        scores = [
            float(torch.tanh(weight @ frame + bias) @ pooling.attention.double()[:, 0])
            for frame in own
        ]
        weights = torch.tensor(scores).double().exp()
        weights /= weights.sum()
        mean = sum(w * frame for w, frame in zip(weights, own, strict=True))
        squares = sum(w * frame**2 for w, frame in zip(weights, own, strict=True))
        std = (squares - mean**2).clamp(min=VARIANCE_FLOOR).sqrt()
        expected = torch.cat([mean, std]).float()
        torch.testing.assert_close(pooled[row], expected, rtol=0, atol=1e-5)


def test_padding_changes_nothing():
    torch.manual_seed(0)
    pooling, frames = AttentiveStatisticsPooling(6), torch.randn(2, 5, 6)
    mask = torch.ones(2, 5, dtype=torch.bool)
    padded = torch.cat([frames, 1e3 * torch.randn(2, 3, 6)], dim=1)
    padded_mask = torch.cat([mask, torch.zeros(2, 3, dtype=torch.bool)], dim=1)
    torch.testing.assert_close(
        pooling(padded, padded_mask), pooling(frames, mask), rtol=0, atol=FP32
    )


def test_the_gradient_is_finite_where_nothing_varies():
    frames = torch.ones(1, 4, 3, requires_grad=True)
    scores = torch.zeros(1, 4, requires_grad=True)
    attentive_statistics(frames, scores, torch.ones(1, 4, dtype=torch.bool)).sum().backward()
    assert torch.isfinite(frames.grad).all()
    assert torch.isfinite(scores.grad).all()


def test_it_pools_in_fp32_whatever_the_precision_around_it():
    torch.manual_seed(0)
    frames = 100 + torch.randn(2, 50, 4)  # bf16 steps by 0.5 at 100
    scores, mask = torch.zeros(2, 50), torch.ones(2, 50, dtype=torch.bool)
    with torch.autocast("cpu", torch.bfloat16):
        pooled = attentive_statistics(frames, scores, mask)
    assert pooled.dtype == torch.float32
    exact = attentive_statistics(frames, scores, mask)
    torch.testing.assert_close(pooled, exact, rtol=0, atol=1e-4)


@pytest.mark.parametrize(("init", "low", "high"), [("normal", 0.8, 1.2), ("xavier", 0.0, 0.2)])
def test_how_the_attention_starts(init, low, high):
    torch.manual_seed(0)
    assert low < float(AttentiveStatisticsPooling(256, init).attention.detach().std()) < high


@torch.no_grad()
def test_bf16_around_it_does_not_round_its_weights():
    torch.manual_seed(0)
    pooling = AttentiveStatisticsPooling(256)  # scores of deviation 10: their softmax is peaked
    frames, mask = torch.randn(3, 40, 256).bfloat16(), torch.ones(3, 40, dtype=torch.bool)
    with torch.autocast("cpu", torch.bfloat16):
        pooled = pooling(frames, mask)
    assert pooled.dtype == torch.float32
    torch.testing.assert_close(pooled, pooling(frames.float(), mask), rtol=0, atol=FP32)
