"""Graph convolution whose graph is partly learned, as in MS-G3D's MS-GCN and 2s-AGCN."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from recognizer.layers.aggregate import aggregate
from recognizer.layers.pointwise import PointwiseConv


class AdaptiveGraphConv(nn.Module):
    """sigma(norm(sum_k (A_k + B_k) X W_k)) with A fixed and B learned.

    DualHead-Net Eq. 1 with the learnable mask of MS-G3D (Liu et al. 2020, Sec. 3.2); STF-Net Eq. 2, where B
    is called G_a. Like ``spatial.MultiScaleGraphConv``, the sum over scales is one 1x1 convolution.

    Args:
        adjacency: (K, V, V) normalised adjacency A.
        in_channels, out_channels: feature widths.
        learned: (K, V, V) initial B; by default U(-1e-6, 1e-6), as in MS-G3D.

    Shape:
        (N, C_in, T, V) -> (N, C_out, T, V)
    """

    adjacency: Tensor

    def __init__(
        self, adjacency: np.ndarray, in_channels: int, out_channels: int, learned: np.ndarray | None = None
    ):
        super().__init__()
        self.scales, joints, _ = adjacency.shape
        # (K * V, V), scale by scale.
        self.register_buffer("adjacency", torch.tensor(adjacency).view(-1, joints), persistent=False)
        self.learned = nn.Parameter(
            torch.empty_like(self.adjacency).uniform_(-1e-6, 1e-6)
            if learned is None
            else torch.tensor(learned).view(-1, joints)
        )
        self.conv = PointwiseConv(in_channels * self.scales, out_channels, bias=True)
        self.norm = nn.BatchNorm2d(out_channels)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        n, c, t, v = x.shape
        # Joint by joint, so that a joint's K aggregates end up side by side.
        graph = (self.adjacency + self.learned).view(self.scales, v, v).transpose(0, 1).reshape(-1, v)
        aggregated = aggregate(graph, x).reshape(n, t, v, self.scales * c)
        return self.act(self.norm(self.conv(aggregated.permute(0, 3, 1, 2))))
