"""MSF-SER: figure 1 of the paper, its boxes wired together; no arithmetic here.

`MsfSer` is saved into a folder, and loaded from a folder or from the hub; `build_model` builds an
untrained model.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from msfser.config.model_facts import ModelFacts
from msfser.config.settings import ModelConfig, Semantic
from msfser.errors import CheckpointError, ConfigError
from msfser.model.attentive_statistics_pooling import AttentiveStatisticsPooling
from msfser.model.evidential import read_evidence
from msfser.model.film import Film
from msfser.model.fm_moe import FmMoe, mix_experts
from msfser.model.folder import (
    CONFIG_NAME,
    StoredModel,
    check_shapes,
    read_model_folder,
    write_model_folder,
)
from msfser.model.heads import IndependentHeads, LinearHead, SharedHead, SideHeads, make_heads
from msfser.model.inter_modal_attention import InterModalAttention
from msfser.model.intra_modal_fusion import GatedFusion, make_intra_modal_fusion
from msfser.model.null_vectors import NullVectors
from msfser.model.prediction import Prediction
from msfser.model.rivals.mean_pooling import MeanPooling
from msfser.model.rivals.pitch_contour import PitchContour
from msfser.model.text_scaling import TextScaling
from msfser.model.wavlm.loading import build_encoder, load_encoder
from msfser.model.wavlm.wavlm import Wavlm
from msfser.model.wavlm.whisper import WhisperFrames

N_CONTOURS = 3  # F0, voicing, energy


class MsfSer(nn.Module):
    """The model that predicts valence, arousal and dominance from speech and its semantics.

    Parameters
    ----------
    config : ModelConfig
    acoustic : Wavlm or WhisperFrames
        From `load_encoder`.
    facts : ModelFacts, optional
        Rating scale, waveform statistics and text encoder, which are saved with the weights.
    """

    def __init__(
        self, config: ModelConfig, acoustic: Wavlm | WhisperFrames, facts: ModelFacts | None = None
    ) -> None:
        super().__init__()
        # Pool the voice, prepare the texts
        self.config = config
        self.facts = facts or ModelFacts()
        self.acoustic = acoustic
        self.pitch_contour = (
            PitchContour(acoustic.hidden_size, N_CONTOURS, config.contour_dim)
            if config.contours == "cross_attention"
            else None
        )
        self.pooling = _make_pooling(acoustic.hidden_size, config)
        self.text_scaling = (
            TextScaling(config.semantics, config.text_dim) if config.text_norm == "global" else None
        )
        self.null_vectors = NullVectors(config.semantics, config.text_dim)
        self.intra = make_intra_modal_fusion(config)

        # Join h_sem, ES and context
        text_dim, audio_dim = config.text_dim, self.pooling.pooled_size
        reads, own = {*config.semantics}, config.context_in == "own"
        experts = {
            "B": bool(reads & {"gs", "les"}),
            "C": "es" in reads,
            "D": "context" in reads and own,
        }
        self.context_join = None if own else nn.Linear(2 * text_dim, text_dim)
        n_vectors = sum(experts.values())
        joins = config.fusion in ("attention", "film")
        if config.fusion == "fm_moe":
            n_vectors, joins = (
                experts["B"] + experts["C"],
                config.expert_c == "all" and experts["C"],
            )
        self.join = nn.Linear(n_vectors * text_dim, text_dim) if joins and n_vectors > 1 else None

        # Fuse voice and texts
        self.inter: InterModalAttention | Film | None = None
        feature_dim = audio_dim
        if config.fusion == "concat":
            feature_dim += text_dim * n_vectors
        elif config.fusion == "attention":
            self.inter = InterModalAttention(text_dim, acoustic.hidden_size)
            feature_dim += acoustic.hidden_size
        elif config.fusion == "film":
            self.inter = Film(text_dim, audio_dim, config.film_dim, config.film_dropout)

        # Regress valence, arousal and dominance
        self.regressor: FmMoe | IndependentHeads | SharedHead | LinearHead
        if config.fusion == "fm_moe":
            conditions = {name: text_dim for name, reads in experts.items() if reads}
            self.regressor = FmMoe(audio_dim, conditions, config)
        else:
            self.regressor = make_heads(feature_dim, config)
        n_vectors = sum(bool(reads) for reads in experts.values())
        self.side = (
            SideHeads(audio_dim, audio_dim + n_vectors * text_dim, len(self.facts.emotions), config)
            if config.side_heads
            else None
        )

    def forward(
        self,
        waveforms: Tensor,
        sample_mask: Tensor,
        texts: Mapping[Semantic, Tensor],
        present: Mapping[Semantic, Tensor],
        mask_time_indices: Tensor | None = None,
        mask_feature_indices: Tensor | None = None,
        *,
        contours: Tensor | None = None,
        without_expert: str | None = None,
    ) -> Prediction:
        """Predict the emotion of each utterance of a batch.

        Parameters
        ----------
        waveforms : (batch, samples) float32 Tensor
            At 16 kHz, standardised.
        sample_mask : (batch, samples) bool Tensor
            False for the padding at the end.
        texts : mapping of semantic to (batch, text_dim) Tensor
            Vectors of GS, LES, ES, context; those that the configuration does not name are ignored.
        present : mapping of semantic to (batch,) bool Tensor
            False where the utterance has no text of this kind: the learned null vector takes its
            place.
        mask_time_indices : (batch, frames) bool Tensor, optional
            Frames that SpecAugment masks in training.
        mask_feature_indices : (batch, hidden) bool Tensor, optional
            Features of WavLM's frames that SpecAugment sets to 0 in training.
        contours : (batch, any frames, 3) float32 Tensor, optional
            F0, voicing and energy at 20 ms, for a model that reads them; see `frame_contours`.
        without_expert : str, optional
            ``"A"`` to ``"D"``: leave this expert out, and let the others share its weight.

        Returns
        -------
        Prediction

        Raises
        ------
        ConfigError
            `without_expert` names an expert that the model does not have; contours are missing.
        """
        # Pool the voice, fuse the texts
        frames, frame_mask = self.acoustic(
            waveforms, sample_mask, mask_time_indices, mask_feature_indices
        )
        if self.pitch_contour is not None:
            if contours is None:
                raise ConfigError("no contours: the model reads F0, voicing and energy; give them")
            frames = self.pitch_contour(frames, frame_mask, contours)
        h_audio = self.pooling(frames, frame_mask)
        if self.text_scaling is not None:
            texts = self.text_scaling(texts)
        filled = self.null_vectors(texts, present)
        h_sem, gate = self._fuse_les_and_gs(filled)
        es, context = filled.get("es"), filled.get("context")
        if self.context_join is not None and h_sem is not None and context is not None:
            h_sem, context = self.context_join(torch.cat([h_sem, context], dim=-1)), None
        semantics = [vector for vector in (h_sem, es, context) if vector is not None]

        # Regress from voice and texts
        expert_values = routing = None
        if isinstance(self.regressor, FmMoe):
            of_c = semantics[: len(semantics) - (context is not None)]
            conditions = {"B": h_sem, "C": self._join(of_c), "D": context}
            expert_values = self.regressor(h_audio, conditions)
            routing = self.regressor.routing(without_expert)
            values = mix_experts(expert_values, routing)
        elif without_expert is not None:
            raise ConfigError(
                f"expert {without_expert!r}: fusion {self.config.fusion!r} has no experts"
            )
        elif isinstance(self.inter, Film):
            values = self.regressor(self.inter(h_audio, self._join(semantics)))
        elif self.inter is not None:
            attended = self.inter(self._join(semantics), frames, frame_mask)
            values = self.regressor(torch.cat([h_audio, attended], dim=-1))
        else:  # concat, or no semantics at all
            values = self.regressor(torch.cat([h_audio, *semantics], dim=-1))
        evidence, outputs = None, values
        if self.config.output == "evidence":
            evidence = read_evidence(outputs)
            values = evidence.gamma
            expert_values = None if expert_values is None else expert_values[..., 0]
        return Prediction(
            values=values,
            gate=gate,
            routing=routing,
            expert_values=expert_values,
            embedding=h_audio,
            outputs=outputs,
            evidence=evidence,
            side=self._run_side_heads(h_audio, semantics),
        )

    def _run_side_heads(self, h_audio: Tensor, semantics: Sequence[Tensor]) -> dict[str, Tensor]:
        """Run the heads beside valence, arousal and dominance; none where the model has none."""
        if self.side is None:
            return {}
        found: dict[str, Tensor] = self.side(h_audio, torch.cat([h_audio, *semantics], dim=-1))
        return found

    def _fuse_les_and_gs(
        self, texts: Mapping[Semantic, Tensor]
    ) -> tuple[Tensor | None, Tensor | None]:
        """Fuse LES and GS into h_sem and return it with the gate; None where the model has none."""
        if isinstance(self.intra, GatedFusion):
            h_sem, gate = self.intra(texts["les"], texts["gs"])
            return h_sem, gate
        if self.intra is not None:
            return self.intra(texts["les"], texts["gs"]), None
        return texts.get("les", texts.get("gs")), None

    def _join(self, semantics: Sequence[Tensor]) -> Tensor | None:
        """Join vectors into one condition; without a joining layer, return the last."""
        if self.join is not None:
            joined: Tensor = self.join(torch.cat(list(semantics), dim=-1))
            return joined
        return semantics[-1] if semantics else None

    @classmethod
    def from_pretrained(cls, name: str | Path) -> MsfSer:
        """Load a trained model from its folder or from the hub, in evaluation mode.

        Raises
        ------
        CheckpointError
            There is no such model, or its files are incomplete or do not fit each other.
        """
        stored = read_model_folder(str(name))
        with torch.device("meta"):  # shapes alone: a wrong size in a configuration takes no memory
            check_shapes(stored, cls._build(stored).state_dict())
        model = cls._build(stored)
        model.load_weights(stored)
        return model.eval()

    @classmethod
    def _build(cls, stored: StoredModel) -> MsfSer:
        layers = stored.wavlm.get("num_hidden_layers")
        if isinstance(layers, int) and layers > len(stored.weights):
            raise CheckpointError(
                f"{stored.folder}: num_hidden_layers {layers:.3g}: more than there are weights"
            )
        place = f"{stored.folder / CONFIG_NAME}: wavlm."
        return cls(stored.config, build_encoder(stored.wavlm, stored.config, place), stored.facts)

    def save_pretrained(self, folder: str | Path, *, force: bool = False) -> None:
        """Write weights, configuration and facts into a folder; `force` replaces a model there.

        Raises
        ------
        lemf.LemfError
            The folder cannot be written, or holds a model already.
        """
        write_model_folder(
            Path(folder),
            config=self.config,
            wavlm=self.acoustic.config.to_dict(),
            facts=self.facts,
            weights=self.state_dict(),
            force=force,
        )

    def merge_lora(self) -> None:
        """Merge the changes of LoRA into WavLM's weights: the same predictions, without LoRA."""
        if self.config.lora_rank:
            self.acoustic.merge_lora(self.config)
            self.config = replace(self.config, lora_rank=0)

    def load_weights(self, stored: StoredModel) -> None:
        """Load the weights of a stored model of the same shape.

        Raises
        ------
        CheckpointError
            A weight is missing, unknown or of another shape.
        """
        check_shapes(stored, self.state_dict())
        self.load_state_dict(stored.weights)


def build_model(config: ModelConfig, facts: ModelFacts | None = None) -> MsfSer:
    """Build an untrained model around the acoustic encoder that a configuration names.

    Raises
    ------
    CheckpointError
        The encoder cannot be loaded.
    """
    return MsfSer(config, load_encoder(config), facts)


def _make_pooling(size: int, config: ModelConfig) -> AttentiveStatisticsPooling | MeanPooling:
    if config.pooling == "mean":
        return MeanPooling(size)
    return AttentiveStatisticsPooling(size, config.pooling_init)
