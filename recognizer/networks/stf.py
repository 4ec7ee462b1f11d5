"""STF-Net (Wu, Zhang and Zou 2022): spatio-temporal focus on body parts and on moments.

One opening layer and nine res-layers, each a spatial convolution (SCN), from res-layer 4 on a multi-grain
contextual focus (MCF), a temporal discrimination focus (TDF) and a temporal convolution. Where the paper is
silent or contradicts itself:

* Temporal convolution: Sec. III does not mention one, Sec. IV-D gives the kernel 9. The backbone ST-GCN ends
  every layer with one, and 3 frames wide it gives the published 1.7 M parameters (9 frames: 3.3 M). It comes
  after TDF, which by Sec. III-C takes the output of MCF. Its stride is 2 where the channels double.
* Sec. III-A normalises by D^-1/2 A D^1/2; the second exponent lost its sign. D is the degree of the whole
  A + I, as in ST-GCN: partition by partition the centre would have degree 0.
* G_a has no index in Eq. 2 but "is initialised with G_i": one for each partition and layer.
* MCF: by Eq. 4 and 6 gamma gives the queries, phi the keys and theta the values, and keys and values are
  pooled to parts (the text pools gamma once, Eq. 3 multiplies theta by phi). A part is the mean of its
  joints. As in Eq. 3 and 4, dot products have no scale and embeddings no bias. Alpha is 4. The result is
  normalised and added to the input, as in the non-local block that MCF extends: it is to "enrich" the graph
  convolution. As there (Wang et al., CVPR 2018, Sec. 4.1) the norm's scale starts at 0, so that MCF adds
  nothing before it has learned something. As written, similarities are sums over C/4 channels and T frames:
  at T = 300 a fresh network's softmax lets one joint through (mean of the largest weight .87 to .98), while
  Fig. 5 shows graded maps. ``scaled`` takes their mean instead; nobody has compared the two yet.
* TDF ends at Eq. 9: its outcome goes through a sigmoid, multiplies the input and is added to it, as in
  squeeze-and-excitation with a residual connection. Both Conv1d have C/4 groups ("C/4 cardinalities"); their
  best kernel is 3 with and 5 without frame differences (Fig. 7). A frame's difference is the next frame minus
  itself, 0 for the last.
* Grains from fine to coarse (Table IV): joints, fine parts, coarse parts. A layout without fine parts, such
  as Kinetics-18, has only the others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch.nn.functional as F
from torch import Tensor, nn

from pose.layouts import SkeletonLayout
from recognizer import graph
from recognizer.layers.adaptive import AdaptiveGraphConv
from recognizer.layers.focus import MultiGrainFocus, TemporalFocus, grain_maps
from recognizer.layers.inputs import SkeletonNorm
from recognizer.layers.pointwise import PointwiseConv
from recognizer.layers.pooling import pooled
from recognizer.layers.spatial import MultiScaleGraphConv
from recognizer.networks.attended import STFAttention
from recognizer.networks.configs import STFConfig
from recognizer.networks.protocol import Network

_LAYERS_WITHOUT_MCF = 3


class FocusLayer(nn.Module):
    """A layer of Fig. 2: SCN, MCF, TDF and temporal convolution, the whole with a residual connection.

    Args:
        partitions: (3, V, V) G of Eq. 2.
        in_channels, out_channels: feature widths; the stride is 2 where they differ in a res-layer.
        maps: (V, parts) of each grain of MCF; empty for none.
        config: choices of all its parts.
        opening: the layer before the res-layers, without TDF and residual connection.

    Shape:
        (N, C_in, T, V) -> (N, C_out, ceil(T / stride), V), relations of MCF, gate of TDF
    """

    def __init__(
        self,
        partitions: np.ndarray,
        in_channels: int,
        out_channels: int,
        stride: int,
        maps: Sequence[np.ndarray],
        config: STFConfig,
        opening: bool = False,
    ):
        super().__init__()
        self.spatial = (
            AdaptiveGraphConv(partitions, in_channels, out_channels, learned=partitions)
            if config.learned_graph
            else MultiScaleGraphConv(partitions, in_channels, out_channels)
        )
        self.context = MultiGrainFocus(out_channels, maps, config.scaled) if maps else None
        self.dynamics = (
            TemporalFocus(out_channels, config.kernel, config.motion) if config.tdf and not opening else None
        )
        kernel = config.temporal_kernel
        self.temporal = nn.Sequential(
            nn.Conv2d(out_channels, out_channels, (kernel, 1), (stride, 1), padding=(kernel // 2, 0)),
            nn.BatchNorm2d(out_channels),
        )
        self.residual: nn.Module | None = None
        if not opening:
            self.residual = (
                nn.Identity()
                if in_channels == out_channels and stride == 1
                else nn.Sequential(
                    PointwiseConv(in_channels, out_channels, stride, bias=True), nn.BatchNorm2d(out_channels)
                )
            )

    def forward(self, x: Tensor) -> tuple[Tensor, tuple[Tensor, ...], Tensor | None]:
        relations: tuple[Tensor, ...] = ()
        gate = None
        y = self.spatial(x)
        if self.context is not None:
            y, relations = self.context(y)
        if self.dynamics is not None:
            y, gate = self.dynamics(y)
        y = self.temporal(y)
        return F.relu(y if self.residual is None else y + self.residual(x)), relations, gate


class STFNet(Network):
    """One stream of STF-Net.

    Args:
        layout: joints, bones and body parts.
        classes: number of actions.
        in_channels: coordinates (+ confidence) a joint.
        persons: M, persons a sample holds.
        config: the paper's choices.

    Shape:
        (N, C, T, V, M) -> logits (N, classes)
    """

    def __init__(
        self,
        layout: SkeletonLayout,
        classes: int,
        in_channels: int = 3,
        persons: int = 2,
        config: STFConfig = STFConfig(),
    ):
        super().__init__()
        partitions = graph.spatial_partitions(layout)
        maps = grain_maps(layout, config.grains) if config.mcf else []
        self.input_norm = SkeletonNorm(persons, len(layout), in_channels)
        self.layers = nn.ModuleList()
        channels = in_channels
        for index, width in enumerate(config.channels):
            self.layers.append(
                FocusLayer(
                    partitions,
                    channels,
                    width,
                    stride=2 if index in (4, 7) else 1,
                    maps=maps if index > _LAYERS_WITHOUT_MCF else (),
                    config=config,
                    opening=index == 0,
                )
            )
            channels = width
        self.dropout = nn.Dropout(config.dropout)
        self.classifier = nn.Linear(channels, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.classify(pooled(self.features(x)[0]))

    def features(self, x: Tensor) -> tuple[Tensor, tuple[Tensor, ...], Tensor | None]:
        """(N, C, T, V, M) -> the last layer's features (N, M, C', T', V), relations and gate (with N * M)."""
        n, m = x.shape[0], x.shape[4]
        x = self.input_norm(x)
        relations: tuple[Tensor, ...] = ()
        gate = None
        for layer in self.layers:
            x, relations, gate = layer(x)
        return x.unflatten(0, (n, m)), relations, gate

    def classify(self, embedding: Tensor) -> Tensor:
        """(N, C') -> logits (N, classes)."""
        return self.classifier(self.dropout(embedding))

    def forward_in_full(self, x: Tensor) -> tuple[Tensor, Tensor, STFAttention[Tensor]]:
        """Logits (N, classes), the last layer's mean features (N, C'), and what the last res-layer looked at
        (Fig. 5 and 6)."""
        features, relations, gate = self.features(x)
        embedding = pooled(features)
        persons = features.shape[:2]
        attention = STFAttention(
            relations=tuple(grain.unflatten(0, persons) for grain in relations),
            responses=features.mean(2),  # features are outputs of a ReLU, so they are their own magnitude
            gate=None if gate is None else gate.unflatten(0, persons),
        )
        return self.classify(embedding), embedding, attention

    def supervised(self, x: Tensor) -> tuple[tuple[Tensor], Tensor]:
        """The only head's logits, twice."""
        logits = self(x)
        return (logits,), logits
