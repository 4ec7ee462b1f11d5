"""SEM-Net (Shi, Zhang, Cheng and Lu, "What and Where"): attention between joints.

Eight blocks of global-regularised cross-frame self-attention (GR-CFSA, Eq. 7), a feed-forward layer and a
multi-scale temporal feed-forward layer (MS-TFF, Fig. 4). Where the paper is silent or contradicts itself:

* Blocks have 64, 64, 128, 128, 256, 256, 512, 512 channels, S = 3 heads and C_e = C / 4, the temporal layer
  has stride 2 where the channels double, and T = 128: this gives the published sizes and multiply-adds of
  Table 2 within 1.8 % (4.87 M and 7.42 G for two persons, published 4.8 M and 7.4 G).
* The sums over frames of Eq. 6 grow with T^2 and would leave the softmax no choice. Since beta of Eq. 7 is
  learned, means are taken instead: our beta, initially 1, is the paper's times T^2, and a window of another
  length needs no other beta. The embeddings are taken frame by frame, as Table 1 counts them.
* sigma is the softmax of Eq. 2; as Eq. 4 and 7 are written, it also divides the regularisation by sqrt(C_e).
* The shared matrix of Eq. 7 starts at 0, which means no preference among joints.
* The key embedding has no bias: the softmax would cancel it.
* The single-scale rows of Table 2 keep the 1x1 convolution before the temporal one, otherwise they would have
  0.7 M parameters less than published.
* Positions (the paper names none): a learned vector for every joint and the sine waves of Vaswani et al. 2017
  for every frame, both added once, to the input of the first block.
* Which block Fig. 7b shows is not said; here it is block 3. In the shipped weights the last block attends to
  all joints alike (largest of the means over heads 1.007 times uniform), as blocks 4 and 6 do nearly, and
  blocks 1 to 3 choose: 5.4 times uniform in block 3 on Kinetics-18, 7.3 on NTU-25. Block 3 also follows the
  clip most. With its attention replaced by its mean over the clips, the labels of 24 of 160 and 6 of 80 test
  clips change and probability moves by .16 and .10; block 1: .10 and .06, block 2: .07 and .12, block 5: .11
  and .02, block 8: 0.
* The global regularisation does nothing in weights looked at so far: set to 0, the best label changes in 0 to
  2 of 108 clips. What the network reaches must not be credited to it.
* Every layer is followed by batch norm, a residual connection (1x1 where the shape changes) and ReLU.
* Input batch norm over joints and coordinates, shared by the persons, whose order therefore does not matter;
  persons are folded into the batch and averaged at the end, as in MS-G3D.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from pose.layouts import SkeletonLayout
from recognizer.layers.cross_frame import CrossFrameAttention
from recognizer.layers.inputs import SkeletonNorm
from recognizer.layers.pointwise import PointwiseConv
from recognizer.layers.pooling import pooled
from recognizer.networks.attended import SEMAttention
from recognizer.networks.configs import SEMConfig
from recognizer.networks.protocol import Network

SHOWN = 2
"""Index of the block whose attention is shown."""


class TemporalFeedForward(nn.Module):
    """MS-TFF, Fig. 4: 1x1 convolution, then one temporal convolution a branch, concatenated.

    Shape:
        (N, C, T, V) -> (N, C, ceil(T / stride), V)
    """

    def __init__(self, channels: int, stride: int, config: SEMConfig):
        super().__init__()
        width = channels // len(config.temporal_kernels)
        self.split = nn.Sequential(
            nn.Conv2d(channels, channels, 1), nn.BatchNorm2d(channels), nn.ReLU(inplace=True)
        )
        self.branches = nn.ModuleList(
            nn.Conv2d(width, width, (k, 1), stride=(stride, 1), padding=(d * (k // 2), 0), dilation=(d, 1))
            for k, d in zip(config.temporal_kernels, config.temporal_dilations, strict=True)
        )

    def forward(self, x: Tensor) -> Tensor:
        parts = self.split(x).chunk(len(self.branches), 1)
        return torch.cat([branch(part) for branch, part in zip(self.branches, parts, strict=True)], 1)


class SEMBlock(nn.Module):
    """SEM-block, Fig. 5: attention, feed-forward and temporal feed-forward, each with a residual connection.

    Shape:
        (N, C_in, T, V) -> (N, C_out, ceil(T / stride), V) and the attention of ``CrossFrameAttention``
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int, joints: int, config: SEMConfig):
        super().__init__()
        self.attention = CrossFrameAttention(
            in_channels,
            out_channels,
            joints,
            kind=config.attention,
            heads=config.heads,
            regularised=config.global_regularisation,
        )
        self.attention_norm = nn.BatchNorm2d(out_channels)
        self.attention_residual = _residual(in_channels, out_channels, 1)
        self.feed_forward = nn.Sequential(
            nn.Conv2d(out_channels, out_channels, 1), nn.BatchNorm2d(out_channels)
        )
        self.temporal = nn.Sequential(
            TemporalFeedForward(out_channels, stride, config), nn.BatchNorm2d(out_channels)
        )
        self.temporal_residual = _residual(out_channels, out_channels, stride)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        attended, attention = self.attention(x.permute(0, 2, 3, 1))
        x = self.act(self.attention_norm(attended.permute(0, 3, 1, 2)) + self.attention_residual(x))
        x = self.act(self.feed_forward(x) + x)
        return self.act(self.temporal(x) + self.temporal_residual(x)), attention


class SEMNet(Network):
    """One stream of SEM-Net.

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
        config: SEMConfig = SEMConfig(),
    ):
        super().__init__()
        self.persons = persons
        joints, channels = len(layout), config.channels[0]
        self.input_norm = SkeletonNorm(1, joints, in_channels)
        self.joint_embedding = nn.Conv2d(in_channels, channels, 1)
        self.joint_position = nn.Parameter(torch.randn(channels, 1, joints))  # as nn.Embedding starts
        blocks = []
        for index, width in enumerate(config.channels):
            doubles = index > 0 and index % 2 == 0
            blocks.append(SEMBlock(channels, width, 2 if doubles else 1, joints, config))
            channels = width
        self.blocks = nn.ModuleList(blocks)
        self.dropout = nn.Dropout(config.dropout)
        self.classifier = nn.Linear(channels, classes)

    def features(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(N, C, T, V, M) -> (N, M, C', T', V), of the last block, and (N * M, ...) attention to show."""
        n, c, t, v, m = x.shape
        x = self.joint_embedding(self.input_norm(x.permute(0, 4, 1, 2, 3).reshape(n * m, c, t, v, 1)))
        x = x + self.joint_position + frame_positions(t, x.shape[1]).to(x)[:, :, None]
        for index, block in enumerate(self.blocks):
            x, attention = block(x)
            if index == SHOWN:
                shown = attention
        return x.view(n, m, *x.shape[1:]), shown

    def classify(self, embedding: Tensor) -> Tensor:
        """(N, C') -> logits (N, classes)."""
        return self.classifier(self.dropout(embedding))

    def forward(self, x: Tensor) -> Tensor:
        return self.classify(pooled(self.features(x)[0]))

    def forward_in_full(self, x: Tensor) -> tuple[Tensor, Tensor, SEMAttention[Tensor]]:
        """Logits (N, classes), the last block's mean features (N, C'), and the relations between joints in
        block ``SHOWN``, as in Fig. 7b."""
        n, v, m = x.shape[0], x.shape[3], x.shape[4]
        features, attention = self.features(x)
        # Under unified attention a joint attends to each joint at all times, and does so at all times.
        frames = attention.shape[-1] // v
        relations = attention.view(*attention.shape[:3], frames, v, frames, v).sum(5).mean((1, 2, 3))
        block = self.blocks[SHOWN]
        assert isinstance(block, SEMBlock)
        regularisation = block.attention.regularisation
        embedding = pooled(features)
        return (
            self.classify(embedding),
            embedding,
            SEMAttention(
                relations.view(n, m, v, v),
                None if regularisation is None else regularisation.mean(0),
            ),
        )

    def supervised(self, x: Tensor) -> tuple[tuple[Tensor], Tensor]:
        """The only head's logits, twice."""
        logits = self(x)
        return (logits,), logits


def frame_positions(frames: int, channels: int) -> Tensor:
    """(channels, frames) sines and cosines of falling frequency (Vaswani et al. 2017, Sec. 3.5)."""
    frequency = torch.exp(torch.arange(0, channels, 2) * (-math.log(10000.0) / channels))
    angle = frequency[:, None] * torch.arange(frames)
    return torch.stack([angle.sin(), angle.cos()], 1).flatten(0, 1)


def _residual(in_channels: int, out_channels: int, stride: int) -> nn.Module:
    if in_channels == out_channels and stride == 1:
        return nn.Identity()
    return nn.Sequential(
        PointwiseConv(in_channels, out_channels, stride, bias=True), nn.BatchNorm2d(out_channels)
    )
