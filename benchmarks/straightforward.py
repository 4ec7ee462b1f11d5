"""DualHead-Net computed as one writes it down first: PyTorch's own operators in their usual memory order.

The same weights in the same modules: 1x1 convolutions are convolutions, joints are aggregated by ``einsum``
scale by scale, windows are cut by ``unfold``, as in the public implementation of MS-G3D, on which
DualHead-Net builds.
"""

from __future__ import annotations

from types import MethodType

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from recognizer.layers.adaptive import AdaptiveGraphConv
from recognizer.layers.g3d import SpaceTimeWindow, WindowCollapse
from recognizer.layers.inputs import SkeletonNorm
from recognizer.layers.pointwise import PointwiseConv


def straightforward(network: nn.Module) -> nn.Module:
    """Changes, in place, how a network computes; what it computes stays the same."""
    for module in network.modules():
        for kind, forward in _FORWARDS.items():
            if isinstance(module, kind):
                module.forward = MethodType(forward, module)
    return network


def _pointwise(self: PointwiseConv, x: Tensor) -> Tensor:
    return F.conv2d(x, self.weight, self.bias, self.stride)


def _graph_conv(self: AdaptiveGraphConv, x: Tensor) -> Tensor:
    n, c, t, v = x.shape
    support = torch.einsum("vu,nctu->nctv", self.adjacency + self.learned, x).view(n, c, t, self.scales, v)
    support = support.permute(0, 3, 1, 2, 4).reshape(n, self.scales * c, t, v)
    return self.act(self.norm(self.conv(support)))


def _windows(self: SpaceTimeWindow, x: Tensor) -> Tensor:
    n, c, _, v = x.shape
    unfolded = F.unfold(x, (self.frames, 1), padding=(self.frames // 2, 0), stride=(self.stride, 1))
    unfolded = unfolded.view(n, c, self.frames, -1, v).transpose(2, 3).reshape(n, c, -1, self.frames * v)
    return self.norm(self.collapse(self.spatial(unfolded)))


def _collapse(self: WindowCollapse, x: Tensor) -> Tensor:
    windows = x.unflatten(3, (self.kernel_size[1], -1))
    return F.conv3d(windows, self.weight, self.bias)[:, :, :, 0]


def _input_norm(self: SkeletonNorm, x: Tensor) -> Tensor:
    n, c, t, v, m = x.shape
    x = nn.BatchNorm1d.forward(self, x.permute(0, 4, 3, 1, 2).reshape(n, m * v * c, t))
    return x.view(n, m, v, c, t).permute(0, 1, 3, 4, 2).reshape(n * m, c, t, v)


_FORWARDS = {
    PointwiseConv: _pointwise,
    AdaptiveGraphConv: _graph_conv,
    SpaceTimeWindow: _windows,
    WindowCollapse: _collapse,
    SkeletonNorm: _input_norm,
}
