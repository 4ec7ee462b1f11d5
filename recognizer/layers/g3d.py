"""Graph convolution over windows of space and time: the G3D path of MS-G3D (Liu et al. 2020, Sec. 3.3)."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from recognizer import graph
from recognizer.layers.adaptive import AdaptiveGraphConv


def temporal_windows(x: Tensor, frames: int, stride: int) -> Tensor:
    """Sliding windows, zero-padded at both ends so that one is centred on every ``stride``-th frame.

    Shape:
        (N, C, T, V) -> (N, C, ceil(T / stride), frames * V), a window's joints frame by frame
    """
    n, c, t, v = x.shape
    rows = F.pad(x.permute(0, 2, 3, 1), (0, 0, 0, 0, frames // 2, frames // 2))
    reach = (t - 1) // stride * stride + 1
    windows = torch.stack([rows[:, first : first + reach : stride] for first in range(frames)], 2)
    return windows.view(n, -1, frames * v, c).permute(0, 3, 1, 2)


class WindowCollapse(nn.Conv3d):
    """Convolution that makes one frame of a window, computed as a matrix product over frames and channels.

    Shape:
        (N, C_in, T, frames * V), as from ``temporal_windows`` -> (N, C_out, T, V)
    """

    def __init__(self, in_channels: int, out_channels: int, frames: int):
        super().__init__(in_channels, out_channels, (1, frames, 1))

    def forward(self, x: Tensor) -> Tensor:
        frames = self.kernel_size[1]
        windows = x.permute(0, 2, 3, 1).unflatten(2, (frames, -1)).transpose(2, 3).flatten(3)
        weight = self.weight[:, :, 0, :, 0].transpose(1, 2).flatten(1)  # frame by frame, like the windows
        return F.linear(windows, weight, self.bias).permute(0, 3, 1, 2)


class SpaceTimeWindow(nn.Module):
    """One G3D path: MS-GCN over the joints of a window, then a convolution that collapses the window.

    Ends with batch norm, without activation: paths are added up first.

    Args:
        matrix: (V, V) adjacency of the bones.
        scales: adjacency scales, counted in hops through space and time.
        frames: tau, an odd number of frames in a window.
        stride: distance of the windows.
        in_channels, hidden, out_channels: widths before, between and after the two convolutions.

    Shape:
        (N, C_in, T, V) -> (N, C_out, ceil(T / stride), V)
    """

    def __init__(
        self,
        matrix: np.ndarray,
        scales: int,
        frames: int,
        stride: int,
        in_channels: int,
        hidden: int,
        out_channels: int,
    ):
        super().__init__()
        self.frames = frames
        self.stride = stride
        adjacency = graph.disentangled_scales(graph.window_adjacency(matrix, frames), scales)
        self.spatial = AdaptiveGraphConv(adjacency, in_channels, hidden)
        self.collapse = WindowCollapse(hidden, out_channels, frames)
        self.norm = nn.BatchNorm2d(out_channels)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.collapse(self.spatial(temporal_windows(x, self.frames, self.stride))))
