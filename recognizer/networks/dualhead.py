"""DualHead-Net (Chen et al., ACM MM 2021): a fine and a coarse head that tell each other where to look.

A stem feeds two branches of two STGC blocks each: the fine one at the full frame rate with fewer channels,
the coarse one at a lower rate. Fine features gate the frames of the coarse branch, coarse features the joints
of the fine one (Sec. 3.5, Fig. 2). Where the paper is silent or contradicts itself:

* Widths, scales and windows follow the published size (3,015,253 parameters for NTU-60): stem 96 channels,
  fine 48 -> 96 -> 192, coarse 96 -> 192 -> 384; 9 scales in the MS-GCN (k = 0 .. 8 in Eq. 1), 6 in the G3D;
  MS-TCN dilations 1 - 4 in stem and fine head, 1 - 2 in the coarse head ("smaller temporal convolution
  kernels", Sec. 3.4).
* In the stem the graph convolutions widen the channels, in later blocks the temporal convolution and the one
  that collapses the windows. Blocks 2 and 3 halve the frame rate.
* Eq. 2 adds up the branches of an MS-TCN; they are concatenated (see ``MultiScaleTemporalConv``).
* The kernel of Eq. 8 is 9 frames wide ("large"), that of Eq. 10 as wide as the body (its largest odd width).
  The temporal gates start from zero weights, hence at 0.5.
* With subsampling other than 2 (Table 7) fine and coarse frames differ in number; the "shape alignment" of
  Eq. 9 gives every coarse frame the gate of the fine frame that covers its time.
* Self-learned attention (Table 8): a gate is estimated from the very features that it gates.
* The subsampling rate is alpha in Eq. 4 and beta in Sec. 4.2; it is 2.

The entries of the state_dict have the order and shapes of the authors' public implementation.
"""

from __future__ import annotations

import math
from functools import partial

import torch
from torch import Tensor, nn

from pose.layouts import SkeletonLayout
from recognizer import graph
from recognizer.layers.inputs import SkeletonNorm
from recognizer.layers.pointwise import PointwiseConv
from recognizer.layers.pooling import pooled
from recognizer.layers.stgc import STGCBlock
from recognizer.networks.attended import DualHeadAttention
from recognizer.networks.configs import DualHeadConfig
from recognizer.networks.protocol import Network

FINE_DILATIONS = (1, 2, 3, 4)
_COARSE_DILATIONS = (1, 2)
WINDOWS = (3, 5)
_TEMPORAL_KERNEL = 9


class TemporalGate(nn.Module):
    """theta_te of Eq. 8.

    Shape:
        (N, C, T, V) -> (N, 1, T, 1) in (0, 1)
    """

    def __init__(self, channels: int):
        super().__init__()
        self.conv = nn.Conv1d(channels, 1, _TEMPORAL_KERNEL, padding=_TEMPORAL_KERNEL // 2)
        for parameter in self.conv.parameters():
            nn.init.zeros_(parameter)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.conv(x.mean(3)))[..., None]


class SpatialGate(nn.Module):
    """theta_sp of Eq. 10.

    Shape:
        (N, C, T, V) -> (N, 1, 1, V) in (0, 1)
    """

    def __init__(self, channels: int, joints: int):
        super().__init__()
        kernel = joints if joints % 2 else joints - 1
        self.conv = nn.Conv1d(channels, 1, kernel, padding=kernel // 2)
        nn.init.xavier_normal_(self.conv.weight)
        assert self.conv.bias is not None
        nn.init.zeros_(self.conv.bias)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.conv(x.mean(2)))[:, :, None]


class DualHeadNet(Network):
    """One stream of DualHead-Net.

    Args:
        layout: joints and bones.
        classes: number of actions.
        in_channels: coordinates (+ confidence) a joint.
        persons: M, persons a sample holds.
        config: the paper's choices for two heads.

    Shape:
        (N, C, T, V, M) -> logits (N, classes), whose softmax is the fused score of Eq. 14
    """

    def __init__(
        self,
        layout: SkeletonLayout,
        classes: int,
        in_channels: int = 3,
        persons: int = 2,
        config: DualHeadConfig = DualHeadConfig(),
    ):
        super().__init__()
        self.config = config
        block = partial(STGCBlock, graph.adjacency(layout), config.gcn_scales, config.g3d_scales)
        stem = config.channels
        fine = stem // config.fine_reduction
        coarse_windows = WINDOWS[: config.coarse_paths]

        self.input_norm = SkeletonNorm(persons, len(layout), in_channels)
        self.stem = block(in_channels, stem, 1, WINDOWS, FINE_DILATIONS, widen_first=True)
        self.embed_fine = PointwiseConv(stem, fine, bias=True)
        self.fine2 = block(fine, 2 * fine, 2, WINDOWS, FINE_DILATIONS)
        self.fine3 = block(2 * fine, 4 * fine, 2, WINDOWS, FINE_DILATIONS)
        self.fine_classifier = nn.Linear(4 * fine, classes)
        self.coarse2 = block(stem, 2 * stem, 2, coarse_windows, _COARSE_DILATIONS)
        self.coarse3 = block(2 * stem, 4 * stem, 2, coarse_windows, _COARSE_DILATIONS)
        self.coarse_classifier = nn.Linear(4 * stem, classes)

        temporal_sources = {"cross": (2 * fine, 4 * fine), "self": (stem, 2 * stem), "none": ()}
        spatial_sources = {"cross": (2 * stem, 4 * stem), "self": (2 * fine, 4 * fine), "none": ()}
        self.temporal_gates = nn.ModuleList(
            TemporalGate(channels) for channels in temporal_sources[config.temporal_attention]
        )
        self.spatial_gates = nn.ModuleList(
            SpatialGate(channels, len(layout)) for channels in spatial_sources[config.spatial_attention]
        )
        self.dropout = nn.Dropout(config.dropout)

    def _features(self, x: Tensor) -> tuple[Tensor, Tensor, list[Tensor], list[Tensor]]:
        """(N, C, T, V, M) -> fine and coarse features (N, M, C', T', V), gates of frames and joints."""
        stem = self.stem(self.input_norm(x))
        fine = self.embed_fine(stem)
        coarse = stem[:, :, :: self.config.subsampling]
        temporal: list[Tensor] = []
        spatial: list[Tensor] = []
        for stage, (fine_block, coarse_block) in enumerate(
            ((self.fine2, self.coarse2), (self.fine3, self.coarse3))
        ):
            fine = fine_block(fine)
            if self.config.temporal_attention != "none":
                cross = self.config.temporal_attention == "cross"
                gate = self.temporal_gates[stage](fine if cross else coarse)
                temporal.append(gate)
                coarse = coarse * (1 + (self._align(gate, coarse.shape[2]) if cross else gate))  # Eq. 9
            coarse = coarse_block(coarse)
            if self.config.spatial_attention != "none":
                gate = self.spatial_gates[stage](coarse if self.config.spatial_attention == "cross" else fine)
                spatial.append(gate)
                fine = fine * (1 + gate)  # Eq. 11
        persons = x.shape[0], x.shape[4]
        return fine.unflatten(0, persons), coarse.unflatten(0, persons), temporal, spatial

    def _align(self, gate: Tensor, frames: int) -> Tensor:
        """Gate of every coarse frame from those of the fine frames, which are two stem frames apart."""
        return gate.repeat_interleave(2, 2)[:, :, :: self.config.subsampling][:, :, :frames]

    def _classify(self, fine: Tensor, coarse: Tensor) -> tuple[Tensor, Tensor]:
        """Mean features -> logits of both heads (Eq. 12, 13)."""
        return self.fine_classifier(self.dropout(fine)), self.coarse_classifier(self.dropout(coarse))

    def fuse(self, fine: Tensor, coarse: Tensor) -> Tensor:
        """Logits of both heads -> logarithm of the score of Eq. 14: logits whose softmax is that score."""
        share = self.config.fusion
        parts = [
            logits.log_softmax(1) + (math.log(weight) if weight > 0 else -math.inf)
            for logits, weight in ((coarse, share), (fine, 1 - share))
        ]
        # As torch.logaddexp, which ONNX has not: exporters write it without the maximum, and it underflows.
        high, low = torch.maximum(*parts), torch.minimum(*parts)
        return high + torch.log1p(torch.exp(low - high))

    def forward_heads(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(N, C, T, V, M) -> logits (N, classes) of the fine and of the coarse head."""
        fine, coarse, _, _ = self._features(x)
        return self._classify(pooled(fine), pooled(coarse))

    def forward(self, x: Tensor) -> Tensor:
        return self.fuse(*self.forward_heads(x))

    def forward_in_full(self, x: Tensor) -> tuple[Tensor, Tensor, DualHeadAttention[Tensor]]:
        """Logits (N, classes), as from ``forward``; the mean features (N, D) of the fine head and then of the
        coarse one; and the gates of Eq. 8 and 10."""
        fine, coarse, temporal, spatial = self._features(x)
        shape = (-1, x.shape[4])
        attention = DualHeadAttention(
            temporal=tuple(gate[:, 0, :, 0].unflatten(0, shape) for gate in temporal),
            spatial=tuple(gate[:, 0, 0].unflatten(0, shape) for gate in spatial),
        )
        heads = pooled(fine), pooled(coarse)
        return self.fuse(*self._classify(*heads)), torch.cat(heads, 1), attention

    def supervised(self, x: Tensor) -> tuple[tuple[Tensor, Tensor], Tensor]:
        """Logits of both heads, each of which has its cross-entropy (Sec. 3.6), and the fused ones."""
        heads = self.forward_heads(x)
        return heads, self.fuse(*heads).detach()
