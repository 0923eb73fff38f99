import pytest

torch = pytest.importorskip("torch")

from msfser.model.intra_modal_fusion import GatedFusion, IntraModalAttention  # noqa: E402

FP32 = 1e-6


def test_the_gate_by_hand():
    fusion = GatedFusion(2)
    with torch.no_grad():
        fusion.gate.weight.copy_(torch.tensor([[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, -1.0]]))
        fusion.gate.bias.copy_(torch.tensor([0.0, torch.log(torch.tensor(3.0))]))
    local, global_ = torch.tensor([[0.0, 8.0]]), torch.tensor([[4.0, 0.0]])
    h_sem, gate = fusion(local, global_)
    torch.testing.assert_close(gate, torch.tensor([[0.5, 0.75]]), rtol=0, atol=FP32)
    torch.testing.assert_close(h_sem, torch.tensor([[2.0, 6.0]]), rtol=0, atol=FP32)


def test_equal_texts_stay_what_they_are():
    torch.manual_seed(0)
    text = torch.randn(3, 4)
    h_sem, gate = GatedFusion(4)(text, text)
    torch.testing.assert_close(h_sem, text, rtol=0, atol=FP32)
    assert ((gate > 0) & (gate < 1)).all()


def test_attention_by_hand():
    attention = IntraModalAttention(1)
    with torch.no_grad():
        for layer in (attention.query, attention.key, attention.value):
            layer.weight.fill_(1.0)
            layer.bias.zero_()
    # LES 0 asks both alike: (0 + 2) / 2. GS 2 asks with scores 0 and 4: 2 e^4 / (1 + e^4).
    from_gs = 2 / (1 + torch.exp(torch.tensor(-4.0)))
    fused = attention(torch.tensor([[0.0]]), torch.tensor([[2.0]]))
    torch.testing.assert_close(fused, ((1 + from_gs) / 2).reshape(1, 1), rtol=0, atol=FP32)


def test_attention_does_not_care_which_text_is_which():
    torch.manual_seed(0)
    attention, local, global_ = IntraModalAttention(5), torch.randn(2, 5), torch.randn(2, 5)
    torch.testing.assert_close(
        attention(local, global_), attention(global_, local), rtol=0, atol=FP32
    )
