"""Convolutions over the frames of a joint."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from recognizer.layers.pointwise import PointwiseConv


def _reduce(in_channels: int, out_channels: int) -> tuple[nn.Module, nn.Module, nn.Module]:
    return (
        PointwiseConv(in_channels, out_channels, bias=True),
        nn.BatchNorm2d(out_channels),
        nn.ReLU(inplace=True),
    )


class MultiScaleTemporalConv(nn.Module):
    """MS-TCN of MS-G3D (Liu et al. 2020, Fig. 3d); DualHead-Net Eq. 2.

    Eq. 2 adds up the branches. In MS-G3D, which it cites, they are concatenated, each one narrower by their
    number, and a max-pool and a 1x1 branch join the dilated ones; only that fits the published size.

    Args:
        in_channels, out_channels: feature widths; the latter a multiple of the number of branches.
        stride: every how manyth frame is kept.
        dilations: of the 3x1 convolutions, one branch each.
        activate: end with ReLU.

    Shape:
        (N, C_in, T, V) -> (N, C_out, ceil(T / stride), V)
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        stride: int = 1,
        dilations: Sequence[int] = (1, 2, 3, 4),
        activate: bool = True,
    ):
        super().__init__()
        width, rest = divmod(out_channels, len(dilations) + 2)
        if rest:
            raise ValueError(f"{out_channels} channels cannot be divided among {len(dilations) + 2} branches")
        self.branches = nn.ModuleList(
            nn.Sequential(
                *_reduce(in_channels, width),
                nn.Conv2d(width, width, (3, 1), (stride, 1), padding=(d, 0), dilation=(d, 1)),
                nn.BatchNorm2d(width),
            )
            for d in dilations
        )
        self.branches.append(
            nn.Sequential(
                *_reduce(in_channels, width),
                nn.MaxPool2d((3, 1), (stride, 1), padding=(1, 0)),
                nn.BatchNorm2d(width),
            )
        )
        self.branches.append(
            nn.Sequential(PointwiseConv(in_channels, width, stride, bias=True), nn.BatchNorm2d(width))
        )
        self.residual = (
            nn.Identity()
            if in_channels == out_channels and stride == 1
            else nn.Sequential(
                PointwiseConv(in_channels, out_channels, stride, bias=True), nn.BatchNorm2d(out_channels)
            )
        )
        self.act = nn.ReLU(inplace=True) if activate else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return self.act(torch.cat([branch(x) for branch in self.branches], 1) + self.residual(x))
