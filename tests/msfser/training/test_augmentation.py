"""What the configuration of WavLM says about SpecAugment, and the texts that training drops."""

from dataclasses import replace

import pytest

torch = pytest.importorskip("torch")

from transformers import WavLMConfig, WavLMModel  # noqa: E402

from msfser.config.files import make_config  # noqa: E402
from msfser.config.presets import PRESETS  # noqa: E402
from msfser.model.msf_ser import MsfSer  # noqa: E402
from msfser.model.wavlm.wavlm import Wavlm  # noqa: E402
from msfser.training.run import make_augmentation  # noqa: E402
from msfser.training.steps.augmentation import Masking  # noqa: E402
from msfser.training.train import train  # noqa: E402

TINY = PRESETS["tiny"]


def augmentation(spec_augment=True, **of_wavlm):
    own = WavLMConfig(
        conv_dim=[8] * 7, hidden_size=16, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=32, num_conv_pos_embedding_groups=4, **of_wavlm,
    )  # fmt: skip
    config = replace(TINY, model=replace(TINY.model, spec_augment=spec_augment))
    return make_augmentation(config, MsfSer(config.model, Wavlm(WavLMModel(own), config.model)))


def test_wavlm_says_how_frames_and_features_are_masked():
    made = augmentation(
        mask_time_prob=0.2, mask_time_length=5, mask_time_min_masks=1,
        mask_feature_prob=0.1, mask_feature_length=3, mask_feature_min_masks=2,
    )  # fmt: skip
    assert made.time_masking == Masking(0.2, 5, 1)
    assert made.feature_masking == Masking(0.1, 3, 2)
    assert made.n_features == 16


@pytest.mark.parametrize(
    "off", [{"spec_augment": False}, {"apply_spec_augment": False}], ids=["own", "wavlm"]
)
def test_no_masks_where_either_configuration_says_so(off):
    made = augmentation(**off, mask_time_prob=0.2, mask_feature_prob=0.1)
    assert made.time_masking.probability == made.feature_masking.probability == 0


def test_text_dropout_trains_the_null_vectors(corpus_folder, tmp_path):
    for rate in (0.0, 0.3):
        settings = [
            "train.epochs=1", "train.batch_size=16", "model.head_dim=8", "model.film_dim=8",
            f"data.folder='{corpus_folder}'", "train.device='cpu'", f"train.text_dropout={rate}",
        ]  # fmt: skip
        train(make_config({}, settings, preset="tiny"), tmp_path / str(rate))
    untrained = MsfSer.from_pretrained(tmp_path / "0.0" / "best").null_vectors.untrained
    assert untrained == ("gs", "les", "es")  # every utterance of this corpus has its texts
    assert MsfSer.from_pretrained(tmp_path / "0.3" / "best").null_vectors.untrained == ()
