"""The whole of figure 1, in every shape of table 2."""

import pytest

torch = pytest.importorskip("torch")

from msfser.config.settings import ModelConfig  # noqa: E402
from msfser.errors import ConfigError  # noqa: E402

ALONE_OR_PADDED = 1e-4  # of predictions around 1
FP32 = 1e-6
NONE = {"semantics": (), "intra": "none", "fusion": "none"}
ALL = ("gs", "les", "es")
FOUR = (*ALL, "context")
TABLE_2 = {
    "audio": NONE,
    "GS concat": {"semantics": ("gs",), "intra": "none", "fusion": "concat"},
    "GS attention": {"semantics": ("gs",), "intra": "none", "fusion": "attention"},
    "GS FiLM": {"semantics": ("gs",), "intra": "none", "fusion": "film"},
    "LES FiLM": {"semantics": ("les",), "intra": "none", "fusion": "film"},
    "ES FiLM": {"semantics": ("es",), "intra": "none", "fusion": "film"},
    "GS LES attention FiLM": {"semantics": ("gs", "les"), "intra": "attention", "fusion": "film"},
    "GS LES gated FiLM": {"semantics": ("gs", "les"), "intra": "gated", "fusion": "film"},
    "GS LES ES gated FiLM": {"semantics": ALL, "intra": "gated", "fusion": "film"},
    "GS LES ES gated FM-MOE": {"semantics": ALL, "intra": "gated", "fusion": "fm_moe"},
    # With what was said before
    "all four FM-MOE": {"semantics": FOUR, "intra": "gated", "fusion": "fm_moe"},
    "all four FM-MOE, expert C of all": {
        "semantics": FOUR, "intra": "gated", "fusion": "fm_moe", "expert_c": "all",
    },
    "all four FM-MOE, context in h_sem": {
        "semantics": FOUR, "intra": "gated", "fusion": "fm_moe", "context_in": "h_sem",
    },
    "all four FiLM": {"semantics": FOUR, "intra": "gated", "fusion": "film"},
    "all four concat": {"semantics": FOUR, "intra": "gated", "fusion": "concat"},
    "all four attention, context in h_sem": {
        "semantics": FOUR, "intra": "gated", "fusion": "attention", "context_in": "h_sem",
    },
    "context FM-MOE": {"semantics": ("context",), "intra": "none", "fusion": "fm_moe"},
    "GS context concat": {
        "semantics": ("gs", "context"), "intra": "none", "fusion": "concat", "context_in": "h_sem",
    },
    # The other reading of the marks, and what nobody printed.
    "LES FM-MOE": {"semantics": ("les",), "intra": "none", "fusion": "fm_moe"},
    "ES FM-MOE": {"semantics": ("es",), "intra": "none", "fusion": "fm_moe"},
    "GS LES gated FM-MOE": {"semantics": ("gs", "les"), "intra": "gated", "fusion": "fm_moe"},
    "GS ES FM-MOE": {"semantics": ("gs", "es"), "intra": "none", "fusion": "fm_moe"},
    "GS LES ES gated concat": {
        "semantics": ALL, "intra": "gated", "fusion": "concat", "expert_c": "all",
    },
    "GS LES ES gated attention": {"semantics": ALL, "intra": "gated", "fusion": "attention"},
    "expert C of all": {
        "semantics": ALL, "intra": "gated", "fusion": "fm_moe", "expert_c": "all",
    },
}  # fmt: skip


@pytest.mark.parametrize("row", TABLE_2)
def test_every_row_runs_and_every_weight_that_trains_gets_a_gradient(
    make_model, make_batch, shake, row
):
    model = shake(make_model(**TABLE_2[row], spec_augment=True, freeze_cnn=True))
    waveforms, sample_mask, texts, present = make_batch()
    for name in present:
        present[name][1] = False
    masked = torch.zeros(3, model.acoustic.n_frames(8000), dtype=torch.bool)
    masked[:, 3:5] = True
    said = model(waveforms, sample_mask, texts, present, masked)
    assert said.values.shape == (3, 3)
    assert said.values.dtype == torch.float32
    assert said.embedding.shape == (3, 2 * model.acoustic.hidden_size)
    assert (said.gate is None) == (model.config.intra != "gated")
    assert (said.routing is None) == (model.config.fusion != "fm_moe")
    said.values.square().sum().backward()
    for name, weight in model.named_parameters():
        is_cnn = name.startswith("acoustic.wavlm.feature_extractor.")
        assert weight.requires_grad != is_cnn, name
        if is_cnn:
            assert weight.grad is None, name
        else:
            assert weight.grad is not None, name
            assert weight.grad.any(), name


def test_the_experts_of_a_row(make_model):
    def names(row):
        return make_model(**TABLE_2[row]).regressor.expert_names

    assert names("GS LES ES gated FM-MOE") == ("A", "B", "C")
    assert names("LES FM-MOE") == names("GS LES gated FM-MOE") == ("A", "B")
    assert names("ES FM-MOE") == ("A", "C")
    assert names("all four FM-MOE") == ("A", "B", "C", "D")
    assert names("all four FM-MOE, context in h_sem") == ("A", "B", "C")
    assert names("context FM-MOE") == ("A", "D")


def test_the_context_reaches_its_expert_alone_or_h_sem_alone(make_model, make_batch, shake):
    waveforms, sample_mask, texts, present = make_batch()
    other = texts | {"context": texts["context"] + 1.0}
    for row, changed in (("all four FM-MOE", 3), ("all four FM-MOE, context in h_sem", 1)):
        model = shake(make_model(**TABLE_2[row]))
        with torch.no_grad():
            before = model(waveforms, sample_mask, texts, present).expert_values
            after = model(waveforms, sample_mask, other, present).expert_values
        moved = [not torch.equal(before[:, k], after[:, k]) for k in range(before.shape[1])]
        assert moved == [k == changed for k in range(before.shape[1])]


def test_before_training_film_is_the_acoustic_baseline(make_model, make_batch):
    baseline = make_model(**NONE)
    for row in ("GS FiLM", "ES FiLM", "GS LES ES gated FiLM"):
        model = make_model(seed=1, **TABLE_2[row])
        model.load_state_dict(baseline.state_dict(), strict=False)
        batch = make_batch()
        assert torch.equal(model(*batch).values, baseline(*batch).values)


def test_before_training_every_expert_of_one_voice_is_the_acoustic_baseline(make_model, make_batch):
    baseline, model = make_model(**NONE), make_model()
    model.acoustic.load_state_dict(baseline.acoustic.state_dict())
    model.pooling.load_state_dict(baseline.pooling.state_dict())
    for heads in model.regressor.heads.values():
        heads.load_state_dict(baseline.regressor.state_dict())
    batch = make_batch()
    said = model(*batch)
    expected = baseline(*batch).values
    for expert in range(3):
        torch.testing.assert_close(said.expert_values[:, expert], expected, rtol=0, atol=FP32)
    torch.testing.assert_close(said.values, expected, rtol=0, atol=FP32)


@pytest.mark.parametrize("row", ["audio", "GS attention", "GS LES ES gated FM-MOE"])
def test_an_utterance_alone_equals_itself_in_a_padded_batch(make_model, make_batch, shake, row):
    model, lengths = shake(make_model(**TABLE_2[row])), (8000, 4000, 6789)
    waveforms, sample_mask, texts, present = make_batch(lengths)
    present["les"][0] = False
    with torch.no_grad():
        together = model(waveforms + 9 * ~sample_mask, sample_mask, texts, present).values
        for i, length in enumerate(lengths):
            alone = model(
                waveforms[[i], :length],
                sample_mask[[i], :length],
                {name: text[[i]] for name, text in texts.items()},
                {name: there[[i]] for name, there in present.items()},
            ).values
            torch.testing.assert_close(together[[i]], alone, rtol=0, atol=ALONE_OR_PADDED)


def test_a_missing_text_is_the_null_vector(make_model, make_batch, shake):
    model = shake(make_model(**TABLE_2["all four FM-MOE"]))
    waveforms, sample_mask, texts, present = make_batch()
    for name in texts:
        absent = present | {name: torch.tensor([True, False, True])}
        other = dict(texts)
        other[name] = texts[name].clone()
        other[name][1] = torch.nan
        with torch.no_grad():
            said = model(waveforms, sample_mask, other, absent).values
            other[name][1] = model.null_vectors.vectors[name]
            expected = model(waveforms, sample_mask, other, present).values
            with_text = model(waveforms, sample_mask, texts, present).values
        assert torch.equal(said, expected)
        assert torch.equal(said[[0, 2]], with_text[[0, 2]])
        assert not torch.equal(said[1], with_text[1])


def test_semantics_that_the_model_does_not_read_change_nothing(make_model, make_batch, shake):
    model = shake(make_model(**TABLE_2["GS FiLM"]))
    waveforms, sample_mask, texts, present = make_batch()
    only = model(waveforms, sample_mask, {"gs": texts["gs"]}, {"gs": present["gs"]})
    assert torch.equal(model(waveforms, sample_mask, texts, present).values, only.values)


def test_a_removed_expert_is_not_heard(make_model, make_batch, shake):
    model = shake(make_model())
    waveforms, sample_mask, texts, present = make_batch()
    other = texts | {"es": -texts["es"]}

    def values(texts, without):
        with torch.no_grad():
            return model(waveforms, sample_mask, texts, present, without_expert=without)

    assert torch.equal(values(texts, "C").values, values(other, "C").values)
    assert not torch.equal(values(texts, "B").values, values(other, "B").values)
    routing = values(texts, "A").routing
    assert not routing[:, 0].any()
    torch.testing.assert_close(routing.sum(dim=1), torch.ones(3), rtol=0, atol=FP32)
    with pytest.raises(ConfigError, match="expert 'D': not in the model; choose from A, B, C"):
        values(texts, "D")
    with pytest.raises(ConfigError, match="expert 'C': fusion 'none' has no experts"):
        make_model(**NONE)(waveforms, sample_mask, texts, present, without_expert="C")


def test_the_same_seed_makes_the_same_model(make_model, make_batch):
    batch = make_batch()
    assert torch.equal(make_model(seed=1)(*batch).values, make_model(seed=1)(*batch).values)
    assert not torch.equal(make_model(seed=1)(*batch).values, make_model(seed=2)(*batch).values)


def test_bf16_around_it_leaves_the_predictions_in_fp32(make_model, make_batch, shake):
    model, batch = shake(make_model()), make_batch()
    with torch.no_grad():
        exact = model(*batch).values
        with torch.autocast("cpu", torch.bfloat16):
            said = model(*batch)
    assert said.values.dtype == said.embedding.dtype == said.routing.dtype == torch.float32
    assert 0 < float((said.values - exact).abs().max()) < 0.1


def test_the_papers_sizes():
    """Nine heads of 2048 -> 1024 -> 1, the 19 million of the paper's experts."""
    from msfser.model.fm_moe import FmMoe

    with torch.device("meta"):
        moe = FmMoe(2048, {"B": 1024, "C": 1024}, ModelConfig())
    heads = sum(weight.numel() for weight in moe.heads.parameters())
    assert heads == 9 * (2048 * 1024 + 1024 + 2 * 1024 + 1024 + 1)


def test_it_overfits_one_batch(make_model, make_batch):
    model, batch = (
        make_model(head_dropout=0.0, film_dropout=0.0).train(),
        make_batch((4000, 4000, 4000)),
    )
    labels = torch.tensor([[0.1, 0.5, 0.9], [0.9, 0.1, 0.5], [0.5, 0.9, 0.1]])
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(15):
        loss = (model(*batch).values - labels).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < 0.3 * losses[0]


def test_a_linear_regression_of_the_mean_frame(make_model, make_batch):
    voice = {"semantics": (), "intra": "none", "fusion": "none"}
    model = make_model(pooling="mean", heads="linear", **voice)
    waveforms, sample_mask, texts, present = make_batch()
    with torch.no_grad():
        said = model(waveforms, sample_mask, texts, present)
        frames, frame_mask = model.acoustic(waveforms, sample_mask)
        weight, bias = model.regressor.head.weight, model.regressor.head.bias
        for row in range(3):
            mean = frames[row, frame_mask[row]].mean(dim=0)
            torch.testing.assert_close(said.embedding[row], mean, rtol=0, atol=FP32)
            expected = weight @ mean + bias
            torch.testing.assert_close(said.values[row], expected, rtol=0, atol=FP32)
    whole = make_model(pooling="mean")(waveforms, sample_mask, texts, present)
    assert whole.values.shape == (3, 3)  # with FM-MOE, too
