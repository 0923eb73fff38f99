"""Mean pooling: the mean of the frames of an utterance, without weights or deviations."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class MeanPooling(nn.Module):
    """Averages the frames that are not padding; always in fp32.

    Parameters
    ----------
    hidden_size : int
        Size of a frame, and of the pooled vector.
    """

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.pooled_size = hidden_size

    def forward(self, frames: Tensor, frame_mask: Tensor) -> Tensor:
        """Pool (batch, frames, hidden) into (batch, hidden) float32."""
        with torch.autocast(frames.device.type, enabled=False):
            inside = frame_mask.unsqueeze(-1).float()
            return (frames.float() * inside).sum(dim=1) / inside.sum(dim=1)
