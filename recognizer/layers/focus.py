"""What STF-Net (Wu, Zhang and Zou 2022) focuses with: on body parts and on moments.

The choices where the paper is silent are in ``recognizer.networks.stf``.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pose.layouts import SkeletonLayout
from recognizer.layers.pointwise import PointwiseConv
from recognizer.networks.configs import REDUCTION


def grain_maps(layout: SkeletonLayout, grains: int) -> list[np.ndarray]:
    """Joint-to-part maps p_i of Sec. III-B, from fine to coarse; the first has each joint for itself.

    Returns:
        For each grain (V, parts) float32; a column averages the joints of a part.
    """
    maps = [np.eye(len(layout), dtype=np.float32)]
    for _, parts in layout.parts:
        members = np.zeros((len(layout), len(parts)), np.float32)
        for column, part in enumerate(parts):
            members[list(part), column] = 1.0 / len(part)
        maps.append(members)
    return maps[:grains]


class MultiGrainFocus(nn.Module):
    """MCF, Sec. III-B: every joint gathers from joints and body parts that its features resemble.

    Args:
        channels: feature width.
        maps: (V, parts) of each grain.
        scaled: similarities are means of products, not sums.

    Shape:
        (N, C, T, V) -> (N, C, T, V) and for each grain (N, V, parts), rows summing to 1
    """

    pool: Tensor

    def __init__(self, channels: int, maps: Sequence[np.ndarray], scaled: bool = False):
        super().__init__()
        self.scaled = scaled
        width = channels // REDUCTION
        self.reduce = PointwiseConv(channels, width, bias=True)
        self.query = PointwiseConv(width, width)
        self.key = PointwiseConv(width, width)
        self.value = PointwiseConv(width, width)
        self.grain_weights = nn.Parameter(torch.full((len(maps),), 1 / len(maps)))
        self.recover = PointwiseConv(width, channels, bias=True)
        self.norm = nn.BatchNorm2d(channels)
        nn.init.zeros_(self.norm.weight)
        self.parts = [grain.shape[1] for grain in maps]
        # (V, parts of all grains)
        self.register_buffer("pool", torch.tensor(np.concatenate(maps, 1)), persistent=False)

    def forward(self, x: Tensor) -> tuple[Tensor, tuple[Tensor, ...]]:
        reduced = self.reduce(x)
        queries = self.query(reduced).permute(0, 2, 3, 1)  # (N, T, V, C / alpha)
        keys = self.key(reduced).permute(0, 2, 1, 3)  # (N, T, C / alpha, V)
        values = self.value(reduced).permute(0, 2, 3, 1)
        # Pooling is linear, so that the products of Eq. 6 can be taken between joints, once for all grains,
        # and pooled afterwards.
        products = queries @ keys
        summed = products.mean(1) / queries.shape[3] if self.scaled else products.sum(1)
        similarity = summed @ self.pool
        relations = tuple(grain.softmax(2) for grain in similarity.split(self.parts, 2))
        weighted = [weight * grain for weight, grain in zip(self.grain_weights, relations, strict=True)]
        gathered = (torch.cat(weighted, 2) @ self.pool.T)[:, None] @ values
        return x + self.norm(self.recover(gathered.permute(0, 3, 1, 2))), relations


class TemporalFocus(nn.Module):
    """TDF, Sec. III-C: gates the frames of every channel.

    Shape:
        (N, C, T, V) -> (N, C, T, V) and the gate (N, C, T) in (0, 1)
    """

    def __init__(self, channels: int, kernel: int, motion: bool):
        super().__init__()
        self.motion = motion
        groups = channels // REDUCTION
        self.squeeze = nn.Sequential(
            nn.Conv1d(channels, groups, kernel, padding=kernel // 2, groups=groups),
            nn.BatchNorm1d(groups),
            nn.ReLU(inplace=True),
        )
        self.excite = nn.Conv1d(groups, channels, kernel, padding=kernel // 2, groups=groups)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        pooled = x.mean(3)
        if self.motion:
            pooled = F.pad(pooled[:, :, 1:] - pooled[:, :, :-1], (0, 1))
        gate = torch.sigmoid(self.excite(self.squeeze(pooled)))
        return x * (1 + gate[..., None]), gate
