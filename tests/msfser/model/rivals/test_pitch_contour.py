"""PCM: attention by hand, padding without influence, and a start at the model without contours."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from msfser.errors import ConfigError  # noqa: E402
from msfser.model.rivals.pitch_contour import PitchContour  # noqa: E402

FP32 = 1e-5


def make_contours(lengths, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(len(lengths), max(lengths), 3, generator=generator)


@pytest.fixture
def drawn():
    torch.manual_seed(0)
    pcm = PitchContour(hidden_size=6, n_contours=3, dim=8)
    torch.nn.init.normal_(pcm.out.weight)
    frame_mask = torch.arange(9) < torch.tensor([9, 5])[:, None]
    return pcm, torch.randn(2, 9, 6), frame_mask, make_contours([9, 9])


def test_attention_by_hand(drawn):
    pcm, frames, frame_mask, contours = drawn
    with torch.no_grad():
        found = pcm(frames, frame_mask, contours)[1, :5].numpy()
        own = contours[1:, :5] - contours[1:, :5].mean(dim=1)  # five frames alone, without any mask
        tokens = own.transpose(1, 2)
        for convolution in (pcm.first, pcm.second):
            tokens = torch.nn.functional.gelu(convolution(tokens))
        tokens = tokens[0].T
        query, key, value = pcm.query(pcm.norm(frames[1, :5])), pcm.key(tokens), pcm.value(tokens)
        query, key, value = (part.numpy().reshape(5, 4, 2) for part in (query, key, value))
    for t in range(5):
        mixed = []
        for head in range(4):
            scores = key[:, head] @ query[t, head] / np.sqrt(2)
            scores -= (2.0, 0.5, 0.125, 0.0)[head] * np.abs(np.arange(5) - t)
            weights = np.exp(scores) / np.exp(scores).sum()
            mixed.append(weights @ value[:, head])
        added = pcm.out.weight.detach().numpy() @ np.concatenate(mixed)
        np.testing.assert_allclose(found[t], frames[1, t].numpy() + added, rtol=0, atol=FP32)


def test_contours_beyond_the_end_change_nothing(drawn):
    pcm, frames, frame_mask, contours = drawn
    with torch.no_grad():
        before = pcm(frames, frame_mask, contours)[frame_mask]
        contours[1, 5:] = 100.0
        more = torch.cat([contours, torch.full((2, 3, 3), 7.0)], dim=1)
        torch.testing.assert_close(pcm(frames, frame_mask, more)[frame_mask], before)
        contours[1, 3] = 100.0
        assert not torch.equal(pcm(frames, frame_mask, contours)[frame_mask], before)


def test_training_starts_without_contours_and_they_have_a_gradient(make_model, make_batch):
    plain = make_model()
    model = make_model(contours="cross_attention")
    missing, unexpected = model.load_state_dict(plain.state_dict(), strict=False)
    assert not unexpected
    assert {name.partition(".")[0] for name in missing} == {"pitch_contour"}
    contours = make_contours([25, 15, 22])
    with torch.no_grad():
        torch.testing.assert_close(
            model(*make_batch(), contours=contours).values, plain(*make_batch()).values
        )
    model.train()
    model(*make_batch(), contours=contours).values.sum().backward()
    assert model.pitch_contour.out.weight.grad.abs().sum() > 0
    with pytest.raises(ConfigError, match="no contours: the model reads F0"):
        model(*make_batch())


def test_an_utterance_alone_equals_itself_in_a_batch(make_model, make_batch, shake):
    model = shake(make_model(contours="cross_attention", semantics=(), intra="none", fusion="none"))
    lengths = (8000, 4500, 6789)
    waveforms, sample_mask, texts, present = make_batch(lengths)
    contours = make_contours([25, 15, 22])
    with torch.no_grad():
        together = model(waveforms, sample_mask, texts, present, contours=contours).values
        for row, length in enumerate(lengths):
            alone = model(
                waveforms[[row], :length], sample_mask[[row], :length], {}, {},
                contours=contours[[row], : -(-length // 320)],
            ).values  # fmt: skip
            torch.testing.assert_close(alone[0], together[row], rtol=0, atol=1e-4)
