import pytest

torch = pytest.importorskip("torch")

from msfser.model.inter_modal_attention import InterModalAttention  # noqa: E402

FP32 = 1e-6


def test_it_equals_a_loop_over_utterances_and_skips_padding():
    torch.manual_seed(0)
    attention = InterModalAttention(3, 4)
    text, frames, lengths = torch.randn(2, 3), torch.randn(2, 6, 4), [6, 2]
    mask = torch.arange(6) < torch.tensor(lengths)[:, None]
    attended = attention(text, frames, mask)
    for row, length in enumerate(lengths):
        keys, values = attention.key(frames[row, :length]), attention.value(frames[row, :length])
        weights = (keys @ attention.query(text[row]) / 2).softmax(dim=0)  # 2 is the root of 4
        torch.testing.assert_close(attended[row], weights @ values, rtol=0, atol=FP32)
