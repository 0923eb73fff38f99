"""Attentive statistics pooling: the frames of an utterance to one vector, the paper's h_audio.

Weighted mean and weighted standard deviation of every feature; a small network computes the weight
of each frame (Okabe et al., 2018). Always in fp32.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from msfser.config.settings import PoolingInit

VARIANCE_FLOOR = 1e-5  # under the root, whose gradient is infinite at 0; as in the public baseline


def attentive_statistics(frames: Tensor, scores: Tensor, frame_mask: Tensor) -> Tensor:
    """Pool frames into their weighted mean and standard deviation.

    Parameters
    ----------
    frames : (batch, frames, hidden) Tensor
    scores : (batch, frames) Tensor
        A frame's weight is the softmax of its score over the frames of its utterance.
    frame_mask : (batch, frames) bool Tensor
        False for padding, which has no influence; at least one frame of each utterance is True.

    Returns
    -------
    (batch, 2 * hidden) float32 Tensor
        Means, then standard deviations.
    """
    frames = frames.float()
    weights = scores.float().masked_fill(~frame_mask, -torch.inf).softmax(dim=1).unsqueeze(-1)
    # (batch, frames, 1)
    mean = (weights * frames).sum(dim=1)
    variance = (weights * (frames - mean.unsqueeze(1)).square()).sum(dim=1)
    return torch.cat([mean, variance.clamp(min=VARIANCE_FLOOR).sqrt()], dim=-1)


class AttentiveStatisticsPooling(nn.Module):
    """Scores each frame by v . tanh(W x + b) and pools.

    Parameters
    ----------
    hidden_size : int
        Size of a frame.
    init : {"normal", "xavier"}
        How v starts: with deviation 1 as in the public baseline, which makes the weights peaked
        where frames are wide, or by Xavier's rule, which makes them nearly even.
    """

    def __init__(self, hidden_size: int, init: PoolingInit = "normal") -> None:
        super().__init__()
        self.pooled_size = 2 * hidden_size
        self.projection = nn.Linear(hidden_size, hidden_size)
        self.attention = nn.Parameter(torch.empty(hidden_size, 1))
        if init == "normal":
            nn.init.normal_(self.attention)
        else:
            nn.init.xavier_normal_(self.attention)

    def forward(self, frames: Tensor, frame_mask: Tensor) -> Tensor:
        """Pool (batch, frames, hidden) into (batch, 2 * hidden); see `attentive_statistics`."""
        with torch.autocast(frames.device.type, enabled=False):
            frames = frames.float()
            scores = (torch.tanh(self.projection(frames)) @ self.attention).squeeze(-1)
            return attentive_statistics(frames, scores, frame_mask)
