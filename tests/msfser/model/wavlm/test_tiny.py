import pytest

torch = pytest.importorskip("torch")

from msfser.model.wavlm.tiny import make_tiny_wavlm, windowed_sinusoids  # noqa: E402

HZ = 10.0  # half of a bin of the spectrum below


def test_filters_have_unit_energy_and_rising_frequencies():
    filters = windowed_sinusoids(128, 400)
    assert filters.shape == (128, 400)
    torch.testing.assert_close(filters.norm(dim=1), torch.ones(128), rtol=0, atol=1e-5)
    peaks_hz = torch.fft.rfft(filters[:32], n=800).abs().argmax(dim=1) * 20.0
    expected_hz = torch.linspace(80, 1320, 32)
    # Under a short window the lowest cosines lean on their mirror images.
    torch.testing.assert_close(peaks_hz[2:], expected_hz[2:], rtol=0, atol=HZ)


def test_every_frequency_has_four_phases():
    cosines, sines, *opposites = windowed_sinusoids(128, 400).chunk(4)
    torch.testing.assert_close((cosines * sines).sum(dim=1), torch.zeros(32), rtol=0, atol=1e-5)
    assert torch.equal(torch.cat(opposites), -torch.cat([cosines, sines]))


def test_it_starts_with_them_and_has_50_frames_a_second():
    wavlm = make_tiny_wavlm()
    first = wavlm.feature_extractor.conv_layers[0].conv.weight
    assert torch.equal(first.detach().squeeze(1), windowed_sinusoids(128, 400))
    assert wavlm.config.inputs_to_logits_ratio == 320
