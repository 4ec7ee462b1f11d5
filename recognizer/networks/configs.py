"""What can be chosen of each network; the defaults are the papers' best. Importing this needs no PyTorch."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from recognizer.fields import Branches, Dilations, Dropout, Fraction, Kernel, Kernels, Width

REDUCTION = 4
"""Of STF-Net: alpha of MCF (Eq. 4), gamma of TDF (Sec. III-C); channels are multiples of it."""

Gates = Literal["cross", "self", "none"]
"""From where a head of DualHead-Net has its gates, see ``DualHeadConfig``."""

AttentionKind = Literal["unified", "single-frame", "cross-frame"]
"""Which joints of SEM-Net attend to which, see ``SEMConfig``."""


@dataclass(frozen=True)
class LSTAConfig:
    """Choices of LSTA-Net; the defaults are the paper's best (Tables 4 to 7).

    Attributes:
        spatial: spatial aggregation of Table 4.
        temporal: temporal aggregation of Table 5: the pyramid, or MS-G3D's MS-TCN, to which what follows
            about fragments and attention does not apply.
        scales: K, number of adjacency scales (Table 4).
        mask: with the learned mask of MS-G3D on the adjacency; the paper names none.
        fragments: S, sub-convolutions of a TPA (Table 6).
        attention: with MAM (Table 5).
        attention_kernel: eta of Eq. 6 (Table 7).
        attention_dilations: parallel 1-D convolutions of Eq. 7, dilations 1 .. this many (Table 7).
        attention_pool: "max" or "average" pooling before MAM (Table 7).
        width: multiplies the channels 72, 144, 288 (rounded to a multiple of ``fragments``).
        dropout: before the classifier; the paper has none.
        name: tells the networks apart in cards and configurations.
    """

    spatial: Literal["gcn", "ms-gcn", "msda"] = "msda"
    temporal: Literal["tpa", "ms-tcn"] = "tpa"
    scales: Branches = 8
    mask: bool = False
    fragments: Branches = 6
    attention: bool = True
    attention_kernel: Kernel = 5
    attention_dilations: Branches = 3
    attention_pool: Literal["max", "average"] = "max"
    width: Width = 1.0
    dropout: Dropout = 0.0
    name: Literal["lsta"] = "lsta"

    @property
    def channels(self) -> tuple[int, int, int]:
        """Output channels of the three blocks."""
        return tuple(  # type: ignore[return-value]
            max(self.fragments, round(c * self.width / self.fragments) * self.fragments)
            for c in (72, 144, 288)
        )


@dataclass(frozen=True)
class STFConfig:
    """Choices of STF-Net; the defaults are the paper's best (Table IV, Fig. 7).

    Attributes:
        learned_graph: with G_a of Eq. 2; without it, MCF and TDF this is the backbone (ST-GCN in Table IV).
        grains: how many of joints, fine parts and coarse parts MCF relates to the joints (Table IV, #Parts),
            at most as many as the layout has.
        mcf: with the multi-grain contextual focus (Table IV).
        scaled: MCF divides its similarities by the number of products that they add up.
        tdf: with the temporal discrimination focus (Table IV).
        motion: TDF sees differences of frames (Fig. 7).
        kernel: of TDF, odd (Fig. 7).
        temporal_kernel: of the temporal convolution, odd; Sec. IV-D says 9, the published size says 3.
        width: multiplies the channels 64, 128, 256 (rounded to a multiple of 4).
        dropout: before the classifier; the paper has none.
        name: tells the networks apart in cards and configurations.
    """

    learned_graph: bool = True
    grains: Branches = 3
    mcf: bool = True
    scaled: bool = False
    tdf: bool = True
    motion: bool = True
    kernel: Kernel = 3
    temporal_kernel: Kernel = 3
    width: Width = 1.0
    dropout: Dropout = 0.0
    name: Literal["stf"] = "stf"

    @property
    def channels(self) -> tuple[int, ...]:
        """Output channels of the opening layer and of the nine res-layers."""
        low, middle, high = (
            max(REDUCTION, round(c * self.width / REDUCTION) * REDUCTION) for c in (64, 128, 256)
        )
        return (low,) * 4 + (middle,) * 3 + (high,) * 3


@dataclass(frozen=True)
class DualHeadConfig:
    """Choices of DualHead-Net; the defaults are the paper's best (Tables 4 to 8).

    Attributes:
        heads: 2, or 1 for the baseline MS-G3D (Table 4; ``networks.msg3d``), which takes scales, width and
            dropout alone and has the published size with 13 scales of MS-GCN.
        temporal_attention: gates on coarse frames: from the fine head, from themselves, none (Tables 4, 8).
        spatial_attention: gates on fine joints: from the coarse head, from themselves, none (Tables 4, 8).
        fine_reduction: the stem's channels divided by the fine head's (Table 5).
        coarse_paths: G3D paths of a coarse block: none, window 3, or windows 3 and 5 (Table 6).
        subsampling: alpha of Eq. 4 (Table 7).
        gcn_scales, g3d_scales: adjacency scales of MS-GCN and G3D.
        fusion: mu of Eq. 14, the coarse head's share in the score.
        width: multiplies the stem's 96 channels (rounded to a multiple of 12), all others follow.
        dropout: before the classifiers; the paper has none.
        name: tells the networks apart in cards and configurations.
    """

    heads: Literal[1, 2] = 2
    temporal_attention: Gates = "cross"
    spatial_attention: Gates = "cross"
    fine_reduction: Literal[1, 2, 4] = 2
    coarse_paths: Literal[0, 1, 2] = 1
    subsampling: Literal[1, 2, 4] = 2
    gcn_scales: Branches = 9
    g3d_scales: Branches = 6
    fusion: Fraction = 0.5
    width: Width = 1.0
    dropout: Dropout = 0.0
    name: Literal["dualhead"] = "dualhead"

    @property
    def channels(self) -> int:
        """Output channels of the stem; a multiple of 12 can be divided among the branches of every MS-TCN."""
        return max(12, round(96 * self.width / 12) * 12)


@dataclass(frozen=True)
class SEMConfig:
    """Choices of SEM-Net; the defaults are the paper's best (Tables 1 and 2).

    Attributes:
        attention: which joints attend to which (Table 1): all joints of all frames ("unified", Eq. 2 and 3),
            those of the same frame ("single-frame", Eq. 4 and 5), or those of the same frame by what they do
            in all frames ("cross-frame", Eq. 6).
        global_regularisation: with the shared matrix of Eq. 7 (GR in Table 1).
        heads: S, parallel attentions.
        temporal_kernels: k of every branch of the temporal feed-forward (Table 2).
        temporal_dilations: d of every branch (Table 2).
        width: multiplies the channels (rounded so that embeddings and branches fit).
        dropout: before the classifier; the paper has none.
        name: tells the networks apart in cards and configurations.

    Raises:
        ValueError: an even kernel, or not one dilation a kernel.
    """

    attention: AttentionKind = "cross-frame"
    global_regularisation: bool = True
    heads: Annotated[int, Field(ge=1, le=8)] = 3
    temporal_kernels: Kernels = (3, 3, 3, 3)
    temporal_dilations: Dilations = (1, 3, 5, 7)
    width: Width = 1.0
    dropout: Dropout = 0.0
    name: Literal["sem"] = "sem"

    def __post_init__(self):
        if len(self.temporal_kernels) != len(self.temporal_dilations) or not self.temporal_kernels:
            raise ValueError(
                f"SEM-Net needs one dilation for every temporal kernel, not {self.temporal_dilations} "
                f"for {self.temporal_kernels}."
            )
        if any(kernel % 2 == 0 for kernel in self.temporal_kernels):
            raise ValueError(f"Temporal kernels must be odd, not {self.temporal_kernels}.")

    @property
    def channels(self) -> tuple[int, ...]:
        """Output channels of the eight blocks."""
        unit = math.lcm(4, len(self.temporal_kernels))
        return tuple(
            max(unit, round(c * self.width / unit) * unit) for c in (64, 64, 128, 128, 256, 256, 512, 512)
        )


@dataclass(frozen=True)
class SPAConfig:
    """Choices of SPA-Net; the defaults are the paper's best (Tables 4 and 5).

    Attributes:
        convolution: over space and time at once, or over space and then over time (Table 4).
        space: s, voxels a side (Table 5).
        kernel: k, kernel size in space (Table 5).
        temporal_dilations: of the branches.
        width: multiplies the channels 64, 64, 128, 128, 256, 256 (rounded to a multiple of the branches).
        dropout: before the classifier; the paper names none.
        name: tells the networks apart in cards and configurations.
    """

    convolution: Literal["4d", "3+1d"] = "4d"
    space: Annotated[int, Field(ge=1, le=1024)] = 64
    kernel: Annotated[int, Field(ge=1, le=7)] = 5
    temporal_dilations: Dilations = (1, 3, 5, 7)
    width: Annotated[Width, Field(le=2)] = 1.0
    dropout: Dropout = 0.0
    name: Literal["spa"] = "spa"

    @property
    def channels(self) -> tuple[int, ...]:
        """Output channels of the six blocks."""
        unit = len(self.temporal_dilations)
        return tuple(max(unit, round(c * self.width / unit) * unit) for c in (64, 64, 128, 128, 256, 256))
