"""SEM-Net's attention between joints (Shi, Zhang, Cheng and Lu, "What and Where").

The choices where the paper is silent are in ``recognizer.networks.sem``.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from recognizer.networks.configs import AttentionKind


class CrossFrameAttention(nn.Module):
    """GR-CFSA, Sec. 3.1: S parallel self-attentions between joints, concatenated, and a linear layer.

    Feature maps are (N, T, V, C). Internally a row of attention runs over the joints of a frame, or over all
    joints of all frames when attention is unified.

    Args:
        in_channels, out_channels: feature widths.
        joints: V.
        kind: which joints attend to which.
        heads: S.
        regularised: with the shared matrix of Eq. 7.

    Shape:
        (N, T, V, C_in) -> (N, T, V, C_out) and attention, see ``attend``.
    """

    regularisation: nn.Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        joints: int,
        *,
        kind: AttentionKind = "cross-frame",
        heads: int = 3,
        regularised: bool = True,
    ):
        super().__init__()
        self.kind = kind
        self.heads = heads
        self.embedding = out_channels // 4
        self.query = nn.Linear(in_channels, heads * self.embedding)
        self.key = nn.Linear(in_channels, heads * self.embedding, bias=False)
        self.out = nn.Linear(heads * in_channels, out_channels)
        if regularised:
            self.balance = nn.Parameter(torch.ones(heads))
            self.regularisation = nn.Parameter(torch.zeros(heads, joints, joints))
        else:
            self.regularisation = None

    def attend(self, x: Tensor) -> Tensor:
        """Attention (N, G, S, L, L), rows sum to 1.

        L = V joints, G = T frames for single-frame and 1 for cross-frame attention; G = 1 and L = T * V,
        frame by frame, for unified attention.
        """
        n, t, v, _ = x.shape
        query = self.query(x).view(n, t, v, self.heads, self.embedding)
        key = self.key(x).view(n, t, v, self.heads, self.embedding)
        if self.kind == "cross-frame":
            query, key = query.mean(1, keepdim=True), key.mean(1, keepdim=True)
        elif self.kind == "unified":
            query, key = query.flatten(1, 2)[:, None], key.flatten(1, 2)[:, None]
        scores = query.transpose(2, 3) @ key.permute(0, 1, 3, 4, 2)
        if self.regularisation is not None:
            frames = scores.shape[-1] // v
            scores = self.balance[:, None, None] * scores + self.regularisation.repeat(1, frames, frames)
        return (scores / math.sqrt(self.embedding)).softmax(-1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        n, t, v, c = x.shape
        attention = self.attend(x)
        length = attention.shape[-1]
        # A joint's S aggregates end up side by side, so that the concatenation costs nothing.
        stacked = attention.transpose(2, 3).flatten(2, 3)
        aggregated = stacked @ x.reshape(n, -1, length, c)
        return self.out(aggregated.view(n, t, v, self.heads * c)), attention
