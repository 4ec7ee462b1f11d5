"""Graph convolutions over the joints of a frame."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn


class MultiScaleGraphConv(nn.Module):
    """sigma(sum_k A_k X W_k): LSTA-Net Eq. 1 and 3; the adjacency decides GCN, MS-GCN or MSDA.

    The K aggregates are concatenated along the channels, so that the sum over scales is one 1x1 convolution.

    Args:
        adjacency: (K, V, V) normalised adjacency, fixed.
        in_channels, out_channels: feature widths.

    Shape:
        (N, C_in, T, V) -> (N, C_out, T, V)
    """

    def __init__(self, adjacency: np.ndarray, in_channels: int, out_channels: int):
        super().__init__()
        self.scales = len(adjacency)
        # (V, K*V): one matrix product aggregates all scales.
        stacked = torch.from_numpy(np.ascontiguousarray(adjacency.transpose(2, 0, 1).reshape(adjacency.shape[1], -1)))
        self.register_buffer("adjacency", stacked, persistent=False)
        self.conv = nn.Conv2d(in_channels * self.scales, out_channels, 1, bias=False)
        self.norm = nn.BatchNorm2d(out_channels)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        n, c, t, v = x.shape
        gathered = (x.reshape(-1, v) @ self.adjacency).view(n, c, t, self.scales, v)
        gathered = gathered.permute(0, 3, 1, 2, 4).reshape(n, self.scales * c, t, v)
        return self.act(self.norm(self.conv(gathered)))
