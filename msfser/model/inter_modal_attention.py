"""Inter-modal attention: the text attends to the frames (row "Attention" of table 2)."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class InterModalAttention(nn.Module):
    """Attention of one head, with the text vector as query over the acoustic frames."""

    def __init__(self, text_dim: int, hidden_size: int) -> None:
        super().__init__()
        self.query = nn.Linear(text_dim, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)

    def forward(self, text: Tensor, frames: Tensor, frame_mask: Tensor) -> Tensor:
        """Attend to the frames.

        Parameters
        ----------
        text : (batch, text_dim) Tensor
        frames : (batch, frames, hidden) Tensor
        frame_mask : (batch, frames) bool Tensor
            False for padding, which is not attended to.

        Returns
        -------
        (batch, hidden) Tensor
        """
        attended = functional.scaled_dot_product_attention(
            self.query(text).unsqueeze(1),
            self.key(frames),
            self.value(frames),
            attn_mask=frame_mask.unsqueeze(1),
        )
        return attended.squeeze(1)
