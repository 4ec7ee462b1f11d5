"""What every graph network does first with a batch of windows."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class SkeletonNorm(nn.BatchNorm1d):
    """Batch norm of each coordinate of each joint of each person (ST-GCN); persons join the batch afterwards.

    Args:
        persons: M.
        joints: V.
        channels: C.

    Shape:
        (N, C, T, V, M) -> (N * M, C, T, V), channels last in memory
    """

    def __init__(self, persons: int, joints: int, channels: int):
        super().__init__(persons * joints * channels)

    def forward(self, x: Tensor) -> Tensor:
        n, c, t, v, m = x.shape
        x = super().forward(x.permute(0, 4, 3, 1, 2).reshape(n, m * v * c, t))
        x = x.view(n * m, v, c, t).permute(0, 2, 3, 1)
        return x.contiguous(memory_format=torch.channels_last)
