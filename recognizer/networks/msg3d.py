"""MS-G3D (Liu et al., CVPR 2020), the baseline of DualHead-Net (Table 4): one head, full rate and width.

Three STGC blocks of 96, 192 and 384 channels with windows of 3 and 5 frames, of which the last two halve the
frame rate: DualHead-Net's stem, and a fine head without gates or reduction. With the 13 scales of MS-GCN and
the 6 of G3D that MS-G3D has on NTU-60 it has the published 3.2 M parameters (3,194,595).
"""

from __future__ import annotations

from functools import partial

from torch import Tensor, nn

from pose.layouts import SkeletonLayout
from recognizer import graph
from recognizer.layers.inputs import SkeletonNorm
from recognizer.layers.pooling import pooled
from recognizer.layers.stgc import STGCBlock
from recognizer.networks.attended import DualHeadAttention
from recognizer.networks.configs import DualHeadConfig
from recognizer.networks.dualhead import FINE_DILATIONS, WINDOWS
from recognizer.networks.protocol import Network


class MSG3D(Network):
    """One stream of MS-G3D.

    Args:
        layout: joints and bones.
        classes: number of actions.
        in_channels: coordinates (+ confidence) a joint.
        persons: M, persons a sample holds.
        config: scales, width and dropout; all else is about two heads.

    Shape:
        (N, C, T, V, M) -> logits (N, classes)
    """

    def __init__(
        self,
        layout: SkeletonLayout,
        classes: int,
        in_channels: int = 3,
        persons: int = 2,
        config: DualHeadConfig = DualHeadConfig(heads=1, gcn_scales=13),
    ):
        super().__init__()
        block = partial(STGCBlock, graph.adjacency(layout), config.gcn_scales, config.g3d_scales)
        width = config.channels
        self.input_norm = SkeletonNorm(persons, len(layout), in_channels)
        self.blocks = nn.Sequential(
            block(in_channels, width, 1, WINDOWS, FINE_DILATIONS, widen_first=True),
            block(width, 2 * width, 2, WINDOWS, FINE_DILATIONS),
            block(2 * width, 4 * width, 2, WINDOWS, FINE_DILATIONS),
        )
        self.dropout = nn.Dropout(config.dropout)
        self.classifier = nn.Linear(4 * width, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.classify(self._embed(x))

    def classify(self, embedding: Tensor) -> Tensor:
        """(N, C') -> logits (N, classes)."""
        return self.classifier(self.dropout(embedding))

    def forward_in_full(self, x: Tensor) -> tuple[Tensor, Tensor, DualHeadAttention[Tensor]]:
        """Logits (N, classes), the last block's mean features (N, C'), and no gates."""
        embedding = self._embed(x)
        return self.classify(embedding), embedding, DualHeadAttention((), ())

    def supervised(self, x: Tensor) -> tuple[tuple[Tensor], Tensor]:
        """The only head's logits, twice."""
        logits = self(x)
        return (logits,), logits

    def _embed(self, x: Tensor) -> Tensor:
        """(N, C, T, V, M) -> (N, C'), the last block's mean features."""
        return pooled(self.blocks(self.input_norm(x)).unflatten(0, (x.shape[0], x.shape[4])))
