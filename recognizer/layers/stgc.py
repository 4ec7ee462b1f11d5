"""The block of MS-G3D (Liu et al. 2020, Fig. 2), of which DualHead-Net is built."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch.nn.functional as F
from torch import Tensor, nn

from recognizer import graph
from recognizer.layers.adaptive import AdaptiveGraphConv
from recognizer.layers.g3d import SpaceTimeWindow
from recognizer.layers.temporal import MultiScaleTemporalConv


class STGCBlock(nn.Module):
    """DualHead-Net Sec. 3.3, Fig. 3: G3D paths beside MS-GCN and two MS-TCN, added up, then one more MS-TCN.

    Args:
        matrix: (V, V) adjacency of the bones.
        gcn_scales, g3d_scales: adjacency scales of MS-GCN and G3D.
        in_channels, out_channels: feature widths.
        stride: every how manyth frame is kept.
        windows: frames of each G3D path.
        dilations: of the MS-TCN.
        widen_first: the graph convolutions widen the channels.

    Shape:
        (N, C_in, T, V) -> (N, C_out, ceil(T / stride), V)
    """

    def __init__(
        self,
        matrix: np.ndarray,
        gcn_scales: int,
        g3d_scales: int,
        in_channels: int,
        out_channels: int,
        stride: int,
        windows: Sequence[int],
        dilations: Sequence[int],
        widen_first: bool = False,
    ):
        super().__init__()
        hidden = out_channels if widen_first else in_channels
        self.g3d = nn.ModuleList(
            SpaceTimeWindow(matrix, g3d_scales, frames, stride, in_channels, hidden, out_channels)
            for frames in windows
        )
        self.factorised = nn.Sequential(
            AdaptiveGraphConv(graph.disentangled_scales(matrix, gcn_scales), in_channels, hidden),
            MultiScaleTemporalConv(hidden, out_channels, stride, dilations),
            MultiScaleTemporalConv(out_channels, out_channels, 1, dilations, activate=False),
        )
        self.temporal = MultiScaleTemporalConv(out_channels, out_channels, 1, dilations)

    def forward(self, x: Tensor) -> Tensor:
        y = self.factorised(x)
        for path in self.g3d:
            y = y + path(x)
        return self.temporal(F.relu(y))
