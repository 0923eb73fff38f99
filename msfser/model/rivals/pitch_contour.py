"""PCM: a model of the pitch contour, whose frames those of the encoder attend to.

After Ryu et al., 2025 (the variant "le-noNorm" of tables 2 and 3: with the log energy, without
normalisation). Two convolutions over time turn F0, voicing and energy into tokens; each frame of
WavLM is the query of a cross-attention over the tokens, and the result is added to the frame:

    tokens c = GELU(conv(GELU(conv(contours - their mean over the clip))))
    z_t = h_t + W softmax_s((Q LN(h_t)) (K c_s)^T / sqrt(d) - |a (t - s)|) V c_s

W is zero at first, so that training starts at the model without contours. The distance bias, with a
learned slope a for each head, lets heads look nearby: neither h nor c says where in time it is.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_SLOPES = (2.0, 0.5, 0.125, 0.0)  # of each head, per frame, at first
_N_HEADS = len(_SLOPES)
_KERNEL = 5  # 100 ms, and 180 ms with the second


class PitchContour(nn.Module):
    """Adds to each frame what it finds in the contours.

    Parameters
    ----------
    hidden_size : int
        Size of a frame.
    n_contours : int
    dim : int
        Size of a token; divisible by 4.
    """

    def __init__(self, hidden_size: int, n_contours: int, dim: int) -> None:
        super().__init__()
        self.first = nn.Conv1d(n_contours, dim, _KERNEL, padding="same")
        self.second = nn.Conv1d(dim, dim, _KERNEL, padding="same")
        self.norm = nn.LayerNorm(hidden_size)
        self.query = nn.Linear(hidden_size, dim)
        self.key = nn.Linear(dim, dim)
        self.value = nn.Linear(dim, dim)
        self.slopes = nn.Parameter(torch.tensor(_SLOPES))
        self.out = nn.Linear(dim, hidden_size)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, frames: Tensor, frame_mask: Tensor, contours: Tensor) -> Tensor:
        """Attend to the contours.

        Parameters
        ----------
        frames : (batch, frames, hidden) Tensor
        frame_mask : (batch, frames) bool Tensor
            False for padding, whose contours have no influence.
        contours : (batch, any frames, contours) float32 Tensor
            Of the same times; more than there are frames are left out.

        Returns
        -------
        (batch, frames, hidden) Tensor
        """
        n_frames = frames.shape[1]
        contours = functional.pad(contours, (0, 0, 0, max(n_frames - contours.shape[1], 0)))
        inside = frame_mask.unsqueeze(1).to(frames.dtype)  # (batch, 1, frames)
        tokens = contours[:, :n_frames].to(frames.dtype).transpose(1, 2)
        mean = (tokens * inside).sum(dim=2, keepdim=True) / inside.sum(dim=2, keepdim=True)
        tokens = (tokens - mean) * inside
        for convolution in (self.first, self.second):
            tokens = functional.gelu(convolution(tokens)) * inside
        tokens = tokens.transpose(1, 2)
        attended = functional.scaled_dot_product_attention(
            self._by_head(self.query(self.norm(frames))),
            self._by_head(self.key(tokens)),
            self._by_head(self.value(tokens)),
            attn_mask=self._bias(frame_mask).to(frames.dtype),
        )
        added: Tensor = self.out(attended.transpose(1, 2).flatten(2))
        return frames + added

    def _bias(self, frame_mask: Tensor) -> Tensor:
        """Compute what is added to the attention of each head, (batch, heads, frames, frames)."""
        times = torch.arange(frame_mask.shape[1], device=frame_mask.device)
        distances = (times[:, None] - times).abs()
        bias = -self.slopes.abs()[:, None, None] * distances
        return bias.masked_fill(~frame_mask[:, None, None, :], -torch.inf)

    def _by_head(self, tokens: Tensor) -> Tensor:
        return tokens.view(*tokens.shape[:-1], _N_HEADS, -1).transpose(1, 2)
