"""1x1 convolution over maps that are kept in memory with the channels last."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn


class PointwiseConv(nn.Conv2d):
    """1x1 convolution, computed as a matrix product over the channels.

    Besides being faster, the matrix product is needed where there is a stride: on the CPU, the gradient of
    PyTorch 2.13's own strided 1x1 convolution over maps with the channels last writes beyond its memory.

    Shape:
        (N, C_in, T, V) -> (N, C_out, ceil(T / stride), V)
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1, bias: bool = False):
        super().__init__(in_channels, out_channels, 1, (stride, 1), bias=bias)

    def forward(self, x: Tensor) -> Tensor:
        rows = x[:, :, :: self.stride[0]].permute(0, 2, 3, 1)
        return F.linear(rows, self.weight.flatten(1), self.bias).permute(0, 3, 1, 2)
