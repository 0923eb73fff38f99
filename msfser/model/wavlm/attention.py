"""WavLM's attention with gated relative position bias, computed by torch's fused kernel.

transformers also averages the attention weights over the heads, which nobody reads, and repeats the
position bias for every utterance. The result here is the same; tests compare outputs and gradients.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional
from transformers.models.wavlm.modeling_wavlm import WavLMAttention


class FusedAttention(WavLMAttention):
    """The parameters of transformers' attention with a faster forward."""

    def forward(  # type: ignore[override]  # without the options that nothing here passes
        self,
        hidden_states: Tensor,
        attention_mask: Tensor | None = None,
        position_bias: Tensor | None = None,
        index: int = 0,
    ) -> tuple[Tensor, None, Tensor]:
        """Attend to the frames.

        Parameters
        ----------
        hidden_states : (batch, frames, hidden) Tensor
        attention_mask : (batch, frames) bool Tensor, optional
            False for padding.
        position_bias : (heads, frames, frames) Tensor, optional
            As returned by the first layer; None in the first layer, which computes it.
        index : int
            Number of the layer; not used.

        Returns
        -------
        attended : (batch, frames, hidden) Tensor
        weights : None
        position_bias : (heads, frames, frames) Tensor
        """
        n_frames = hidden_states.shape[1]
        if position_bias is None:
            position_bias = self.compute_bias(n_frames, n_frames)

        parts = self.gru_rel_pos_linear(self._by_head(hidden_states))
        gates = torch.sigmoid(parts.view(*parts.shape[:-1], 2, 4).sum(dim=-1)).transpose(1, 2)
        update, reset = gates.chunk(2, dim=-1)  # (batch, heads, frames, 1)
        gate = update * (reset * self.gru_rel_pos_const - 1.0) + 2.0

        # One product for all three: on a GPU, the number of operations costs more than their size.
        projections = (self.q_proj, self.k_proj, self.v_proj)
        projected = functional.linear(
            hidden_states,
            torch.cat([projection.weight for projection in projections]),
            torch.cat([projection.bias for projection in projections]),
        )
        query, key, value = (
            self._by_head(part).transpose(1, 2) for part in projected.chunk(3, dim=-1)
        )
        # Tensors of (batch, heads, frames, frames) cost most on a GPU: only one is made.
        padding = query.new_zeros(1, 1, 1, 1)
        if attention_mask is not None:
            padding = query.new_zeros(attention_mask.shape).masked_fill(~attention_mask, -torch.inf)
            padding = padding[:, None, None, :]
        bias = torch.addcmul(padding, gate.type_as(query), position_bias.type_as(query))
        attended = self._attend(query, key, value, bias)
        merged = self.out_proj(attended.transpose(1, 2).flatten(2))
        return merged, None, position_bias

    def _attend(self, query: Tensor, key: Tensor, value: Tensor, bias: Tensor) -> Tensor:
        """Attend by head, (batch, heads, frames, size); `bias` is added before the softmax."""
        return functional.scaled_dot_product_attention(
            query,
            key,
            value,
            attn_mask=bias,
            dropout_p=self.dropout if self.training else 0.0,
        )

    def compute_bias(self, query_length: int, key_length: int) -> Tensor:
        """Compute the position bias, shape (heads, queries, keys).

        The few distances are sorted into buckets on the CPU, so that no bucket differs on a GPU.
        Sorting all pairs on the CPU, as some releases of transformers do, keeps a GPU waiting.
        """
        embedding = self.rel_attn_embed.weight
        distances = torch.arange(1 - query_length, key_length)
        buckets = self._relative_positions_bucket(distances).to(embedding.device, non_blocking=True)
        by_distance: Tensor = self.rel_attn_embed(buckets).T.contiguous()  # (heads, distances)
        return by_distance.unfold(1, key_length, 1).flip(1)  # the last query's distances come first

    def _by_head(self, hidden_states: Tensor) -> Tensor:
        return hidden_states.view(*hidden_states.shape[:-1], self.num_heads, self.head_dim)


class PlainAttention(FusedAttention):
    """The same without dropout, in operations that ONNX has for any number of frames."""

    def _attend(self, query: Tensor, key: Tensor, value: Tensor, bias: Tensor) -> Tensor:
        scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5 + bias
        attended: Tensor = scores.softmax(dim=-1) @ value
        return attended

    def compute_bias(self, query_length: int, key_length: int) -> Tensor:
        """Compute the position bias, shape (heads, queries, keys)."""
        distances = torch.arange(key_length) - torch.arange(query_length)[:, None]
        bias: Tensor = self.rel_attn_embed(self._relative_positions_bucket(distances))
        return bias.permute(2, 0, 1)
