"""LSTA-Net (Chen, Wang, Zhou and Guan, BMVC 2021): long short-term spatio-temporal aggregation.

Three blocks of one MSDA (spatial) and three ATPA (temporal) modules, Eq. 8. Where the paper is silent or
contradicts itself:

* MSDA's adjacency follows the prose of Sec. 2.1.2, not Eq. 2 (see ``graph.decentralised_scales``); the K = 8
  scales are k = 0 .. 7, as in MS-G3D, whose factorised path the paper takes over (Sec. 3.2).
* MSDA widens the channels, the first ATPA of blocks 2 and 3 has stride 2. This reading gives the published
  1.0 M parameters a stream; widening in the ATPA gives 0.75 M.
* Dilation of TPA fragment s is s ("gradually increasing dilation rates").
* With stride 2 the fragments are convolved at the full rate, so that Eq. 4 can add fragment s - 1's output to
  fragment s, and every second frame of the result is kept.
* The 1x1 transformations that embed the S fragments are followed by batch norm and ReLU, the fragments'
  convolutions by one batch norm; residual connection and ReLU around each ATPA as in MS-G3D's MS-TCN.
* MS-TCN, to which Table 5 compares, is MS-G3D's with four dilations, as in DualHead-Net: 0.98 M parameters
  where the table says 1.2 M.
* MS-G3D's factorised path also learns a mask, which is added to the adjacency. Eq. 3 has none, and with it
  a stream would have 1.05 M parameters; ``mask`` adds it.
* Initialisation is PyTorch's own. He's would double the variance from fragment to fragment (Eq. 4), so that
  the last ones drown the others: it learns much more slowly.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pose.layouts import SkeletonLayout
from recognizer import graph
from recognizer.layers.adaptive import AdaptiveGraphConv
from recognizer.layers.inputs import SkeletonNorm
from recognizer.layers.pointwise import PointwiseConv
from recognizer.layers.pooling import pooled
from recognizer.layers.spatial import MultiScaleGraphConv
from recognizer.layers.temporal import MultiScaleTemporalConv
from recognizer.networks.attended import LSTAAttention
from recognizer.networks.configs import LSTAConfig
from recognizer.networks.protocol import Network

_ADJACENCY = {
    "gcn": graph.power_scales,
    "ms-gcn": graph.disentangled_scales,
    "msda": graph.decentralised_scales,
}


class MaximumResponseAttention(nn.Module):
    """MAM, Sec. 2.2.2: channel gates from parallel 1-D convolutions over the pooled channel vector.

    Eq. 6 puts the sigmoid inside, Eq. 7 the maximum outside; the sigmoid is monotonic, so their order does
    not matter.

    Shape:
        (N, C, T, V) -> (N, C, 1, 1) in (0, 1)
    """

    def __init__(self, kernel: int, dilations: int, pool: str):
        super().__init__()
        self.pool = pool
        self.convs = nn.ModuleList(
            nn.Conv1d(1, 1, kernel, padding=d * (kernel - 1) // 2, dilation=d, bias=False)
            for d in range(1, dilations + 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        pooled = x.amax((2, 3)) if self.pool == "max" else x.mean((2, 3))
        responses = torch.stack([conv(pooled[:, None])[:, 0] for conv in self.convs])
        return torch.sigmoid(responses.amax(0))[:, :, None, None]


class TemporalPyramid(nn.Module):
    """ATPA, Sec. 2.2: temporal pyramid aggregation (Eq. 4, 5) with maximum-response attention.

    Shape:
        (N, C, T, V) -> (N, C, ceil(T / stride), V)
    """

    def __init__(self, channels: int, stride: int, config: LSTAConfig):
        super().__init__()
        width = channels // config.fragments
        # The S learnable 1x1 transformations side by side are one 1x1 convolution.
        self.embed = nn.Sequential(
            PointwiseConv(channels, channels), nn.BatchNorm2d(channels), nn.ReLU(inplace=True)
        )
        self.convs = nn.ModuleList(
            nn.Conv2d(width, width, (3, 1), padding=(s, 0), dilation=(s, 1), bias=False)
            for s in range(1, config.fragments + 1)
        )
        self.stride = stride
        self.norm = nn.BatchNorm2d(channels)
        self.attention = (
            MaximumResponseAttention(
                config.attention_kernel, config.attention_dilations, config.attention_pool
            )
            if config.attention
            else None
        )
        self.residual = (
            nn.Identity()
            if stride == 1
            else nn.Sequential(PointwiseConv(channels, channels, stride), nn.BatchNorm2d(channels))
        )
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        outputs: list[Tensor] = []
        for fragment, conv in zip(self.embed(x).chunk(len(self.convs), 1), self.convs, strict=True):
            outputs.append(conv(fragment + outputs[-1] if outputs else fragment))
        y = self.norm(torch.cat([output[:, :, :: self.stride] for output in outputs], 1))
        if self.attention is not None:
            y = y * self.attention(y)
        return self.act(y + self.residual(x))


def _temporal(channels: int, stride: int, config: LSTAConfig) -> nn.Module:
    if config.temporal == "ms-tcn":
        return MultiScaleTemporalConv(channels, channels, stride)
    return TemporalPyramid(channels, stride, config)


class LSTANet(Network):
    """One stream of LSTA-Net.

    Args:
        layout: joints and bones.
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
        config: LSTAConfig = LSTAConfig(),
    ):
        super().__init__()
        self.persons = persons
        adjacency = _ADJACENCY[config.spatial](graph.adjacency(layout), config.scales)
        spatial = AdaptiveGraphConv if config.mask else MultiScaleGraphConv
        self.input_norm = SkeletonNorm(persons, len(layout), in_channels)
        blocks, channels = [], in_channels
        for index, width in enumerate(config.channels):
            first_stride = 1 if index == 0 else 2
            blocks.append(
                nn.Sequential(
                    spatial(adjacency, channels, width),
                    _temporal(width, first_stride, config),
                    _temporal(width, 1, config),
                    _temporal(width, 1, config),
                )
            )
            channels = width
        self.blocks = nn.Sequential(*blocks)
        self.dropout = nn.Dropout(config.dropout)
        self.classifier = nn.Linear(channels, classes)

    def features(self, x: Tensor) -> Tensor:
        """(N, C, T, V, M) -> (N, M, C', T', V), output of the last block."""
        return self.blocks(self.input_norm(x)).unflatten(0, (x.shape[0], x.shape[4]))

    def classify(self, embedding: Tensor) -> Tensor:
        """(N, C') -> logits (N, classes)."""
        return self.classifier(self.dropout(embedding))

    def forward(self, x: Tensor) -> Tensor:
        return self.classify(pooled(self.features(x)))

    def forward_in_full(self, x: Tensor) -> tuple[Tensor, Tensor, LSTAAttention[Tensor]]:
        """Logits (N, classes), the last block's mean features (N, C'), and the joints' responses over time
        (Fig. 3)."""
        features = self.features(x)
        embedding = pooled(features)
        # Features are outputs of a ReLU, so they are their own magnitude.
        return self.classify(embedding), embedding, LSTAAttention(features.mean(2))

    def supervised(self, x: Tensor) -> tuple[tuple[Tensor], Tensor]:
        """The only head's logits, twice."""
        logits = self(x)
        return (logits,), logits
