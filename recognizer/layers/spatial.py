"""Graph convolutions over the joints of a frame.

Feature maps are (N, C, T, V), kept in memory with the channels last: on a CPU that makes 1x1 convolutions and
aggregation over joints plain matrix products, a third faster in training than the usual order.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from recognizer.layers.aggregate import aggregate
from recognizer.layers.pointwise import PointwiseConv


class MultiScaleGraphConv(nn.Module):
    """sigma(sum_k A_k X W_k): LSTA-Net Eq. 1 and 3; the adjacency decides GCN, MS-GCN or MSDA.

    The K aggregates are concatenated along the channels, so that the sum over scales is one 1x1 convolution.

    Args:
        adjacency: (K, V, V) normalised adjacency, fixed.
        in_channels, out_channels: feature widths.

    Shape:
        (N, C_in, T, V) -> (N, C_out, T, V)
    """

    adjacency: Tensor

    def __init__(self, adjacency: np.ndarray, in_channels: int, out_channels: int):
        super().__init__()
        self.scales = len(adjacency)
        # (V * K, V): one matrix product aggregates all scales; a joint's K aggregates end up side by side.
        stacked = np.ascontiguousarray(adjacency.transpose(1, 0, 2).reshape(-1, adjacency.shape[1]))
        self.register_buffer("adjacency", torch.from_numpy(stacked), persistent=False)
        self.conv = PointwiseConv(in_channels * self.scales, out_channels)
        self.norm = nn.BatchNorm2d(out_channels)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        n, c, t, v = x.shape
        aggregated = aggregate(self.adjacency, x).reshape(n, t, v, self.scales * c)
        return self.act(self.norm(self.conv(aggregated.permute(0, 3, 1, 2))))
