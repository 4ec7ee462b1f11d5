"""SPA-Net (Shi, Zhang, Cheng and Lu, "What and Where"): sparse convolution over space and time.

The joints become points of a sparse grid that carry nothing but their names (Eq. 8); six blocks of sparse
convolutions look for patterns among whichever joints are near each other (Eq. 9). The architecture is in a
supplement to the paper that was not at hand, so much had to be chosen:

* Six blocks of 64, 64, 128, 128, 256, 256 channels; sparse max-pooling (Eq. 10) by 2 in space and time before
  the channels double; mean over the voxels; a linear classifier.
* The kernel size of Table 5 is that in space, in time it is 3: 5 x 5 x 5 x 5 would be 41 M weights a layer.
* "We split the module into several branches" (Sec. 3.2): a 1x1 convolution to four branches of a quarter of
  the channels each, which differ in their temporal dilation, as in Fig. 4. The whole module is split: in
  SPA-4D the 4-D convolution (about 94 C^2 weights), in SPA-3+1D the 3-D convolution of a frame and the
  temporal one after it. With only the temporal one split, SPA-3+1D would have more parameters than SPA-4D,
  while Sec. 3.2 says that SPA-4D has more.
* Dilations 1, 3, 5, 7 as in MS-TFF; batch norm after every convolution or concatenation, ReLU, and a residual
  connection around each block.
* Eq. 9 adds up all joints in reach, so joints that share a voxel add up their features.
* Two persons are in the same space. Beside the one-hot joint there is one feature for whose joint it is, 0
  for the first and 1 for the second person: one input weight per channel tells them apart, and all else is
  shared. A person without joints changes nothing.
* Coordinates are normalised clip by clip with one scale for all axes (``voxelise``). With 2-D layouts the
  same network works on (x, y, t).
* The features are joint names only, so the network takes the joint stream: the layout's coordinates, or these
  and the confidence, by which joints that were not seen are left out.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pose.layouts import SkeletonLayout
from recognizer.layers.voxels import VoxelisedSkeletons, voxelise
from recognizer.networks.attended import SPAAttention
from recognizer.networks.configs import SPAConfig
from recognizer.networks.protocol import Network
from recognizer.sparse import (
    Backend,
    BatchNorm,
    Branches,
    Convolution,
    GlobalAveragePool,
    MaxPool,
    ReLU,
    SparseTensor,
    sparse_tensor,
)

_TEMPORAL_KERNEL = 3


class SPABlock(nn.Module):
    """SPA-block, Fig. 6, with branches of different temporal dilation and a residual connection.

    Args:
        in_channels, out_channels: feature widths.
        axes: D, coordinates of a joint; the tensors have D + 1 dimensions, time is the last.
        config: kind of convolution.
    """

    def __init__(self, in_channels: int, out_channels: int, axes: int, config: SPAConfig):
        super().__init__()
        dilations = config.temporal_dilations
        width = out_channels // len(dilations)
        self.split = nn.Sequential(_pointwise(in_channels, out_channels, axes), ReLU())
        self.branches = (
            Branches(_in_space_and_time(width, axes, dilation, config) for dilation in dilations)
            if config.convolution == "4d"
            else nn.ModuleList(_in_space_then_time(width, axes, dilation, config) for dilation in dilations)
        )
        self.norm = BatchNorm(out_channels)
        self.residual = (
            nn.Identity() if in_channels == out_channels else _pointwise(in_channels, out_channels, axes)
        )

    def forward(self, x: SparseTensor) -> SparseTensor:
        y = self.split(x)
        if isinstance(self.branches, Branches):
            y = self.branches(y)
        else:
            parts = y.features.chunk(len(self.branches), 1)
            outputs = [
                branch(x.replace(part)).features for branch, part in zip(self.branches, parts, strict=True)
            ]
            # All convolutions keep the voxels, so rows correspond.
            y = x.replace(torch.cat(outputs, 1))
        y = self.norm(y)
        return x.replace(F.relu(y.features + self.residual(x).features))


class SPANet(Network):
    """SPA-Net, on joints.

    Args:
        layout: joints and bones.
        classes: number of actions.
        in_channels: the layout's coordinates, or one more for the confidence.
        persons: M, persons a sample holds.
        config: the paper's choices.
        backend: who computes the sparse layers; may be changed at any time, weights fit either.

    Raises:
        ValueError: other channels.

    Shape:
        (N, C, T, V, M) -> logits (N, classes)
    """

    def __init__(
        self,
        layout: SkeletonLayout,
        classes: int,
        in_channels: int = 3,
        persons: int = 2,
        config: SPAConfig = SPAConfig(),
        backend: Backend = "auto",
    ):
        super().__init__()
        if in_channels not in (layout.coordinates, layout.coordinates + 1):
            raise ValueError(
                f"SPA-Net takes the joint stream of {layout.name} alone: {layout.coordinates} coordinates, "
                f"or these and the confidence, not {in_channels} channels."
            )
        self.persons = persons
        self.backend: Backend = backend
        self.axes = layout.coordinates
        self.space = config.space
        blocks: list[nn.Module] = []
        channels = len(layout) + (persons > 1)
        for index, width in enumerate(config.channels):
            if index > 0 and index % 2 == 0:
                blocks.append(MaxPool(2, 2, dimension=self.axes + 1))
            blocks.append(SPABlock(channels, width, self.axes, config))
            channels = width
        self.blocks = nn.Sequential(*blocks)
        self.pool = GlobalAveragePool()
        self.dropout = nn.Dropout(config.dropout)
        self.classifier = nn.Linear(channels, classes)

    def features(self, x: Tensor) -> tuple[SparseTensor, VoxelisedSkeletons]:
        """(N, C, T, V, M) -> output of the last block, and the voxels from which it was computed."""
        points = voxelise(x, self.axes, self.space, person_flag=self.persons > 1)
        voxels = sparse_tensor(points.coordinates, points.features, len(x), "sum", self.backend)
        return self.blocks(voxels), points

    def classify(self, embedding: Tensor) -> Tensor:
        """(N, C') -> logits (N, classes)."""
        return self.classifier(self.dropout(embedding))

    def forward(self, x: Tensor) -> Tensor:
        return self.classify(self.pool(self.features(x)[0]))

    def forward_in_full(self, x: Tensor) -> tuple[Tensor, Tensor, SPAAttention[Tensor]]:
        """Logits (N, classes), the mean (N, C') over the voxels of the last block, and its activations in
        space, as in Fig. 7c."""
        features, points = self.features(x)
        embedding = self.pool(features)
        entries, places, frames = features.coordinates.split([1, self.axes, 1], 1)
        entries, frames = entries[:, 0], frames[:, 0]
        # All axes have the same stride, and a voxel begins at its coordinates.
        stride = features.stride[0]
        middle = (places + stride / 2) * points.voxel[entries, None] + points.origin[entries]
        attention = SPAAttention(
            entries, middle, frames, features.features.mean(1), points.voxel * stride, features.stride[-1]
        )
        return self.classify(embedding), embedding, attention

    def supervised(self, x: Tensor) -> tuple[tuple[Tensor], Tensor]:
        """The only head's logits, twice."""
        logits = self(x)
        return (logits,), logits


def _pointwise(in_channels: int, out_channels: int, axes: int) -> nn.Sequential:
    return nn.Sequential(
        Convolution(in_channels, out_channels, 1, dimension=axes + 1), BatchNorm(out_channels)
    )


def _in_space_and_time(channels: int, axes: int, dilation: int, config: SPAConfig) -> Convolution:
    size, dilations = (config.kernel,) * axes, (1,) * axes
    return Convolution(
        channels, channels, (*size, _TEMPORAL_KERNEL), 1, (*dilations, dilation), dimension=axes + 1
    )


def _in_space_then_time(channels: int, axes: int, dilation: int, config: SPAConfig) -> nn.Module:
    everywhere, nowhere = (config.kernel,) * axes, (1,) * axes
    return nn.Sequential(
        Convolution(channels, channels, (*everywhere, 1), dimension=axes + 1),
        BatchNorm(channels),
        ReLU(),
        Convolution(
            channels, channels, (*nowhere, _TEMPORAL_KERNEL), 1, (*nowhere, dilation), dimension=axes + 1
        ),
    )
