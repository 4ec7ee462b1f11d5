"""What the networks tell of what they looked at, as tensors or as NumPy's arrays.

``recognizer.attention`` makes maps of it that can be drawn. Importing this needs no PyTorch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

Array = TypeVar("Array")


@dataclass(frozen=True)
class LSTAAttention(Generic[Array]):
    """What the last block responded to.

    Attributes:
        responses: (N, M, T', V) mean magnitude of its output features, not negative (Fig. 3).
    """

    responses: Array


@dataclass(frozen=True)
class STFAttention(Generic[Array]):
    """What the last res-layer looked at.

    Attributes:
        responses: (N, M, T', V) mean magnitude of the network's output features, not negative (Fig. 6).
        relations: (N, M, V, parts) for each grain, softmax(M) of Eq. 6, rows sum to 1 (Fig. 5); empty without
            MCF.
        gate: (N, M, C', T') TDF's gate, in (0, 1); None without TDF.
    """

    responses: Array
    relations: tuple[Array, ...] = ()
    gate: Array | None = None


@dataclass(frozen=True)
class DualHeadAttention(Generic[Array]):
    """What the gates let through, in (0, 1); empty where the configuration has no such gates.

    Attributes:
        temporal: theta_te of Eq. 8 for coarse blocks 2 and 3, each (N, M, frames of what it comes from).
        spatial: theta_sp of Eq. 10 for fine blocks 2 and 3, each (N, M, V).
    """

    temporal: tuple[Array, ...] = ()
    spatial: tuple[Array, ...] = ()


@dataclass(frozen=True)
class SEMAttention(Generic[Array]):
    """What SEM-Net's block ``SHOWN`` attends to, averaged over its heads (Fig. 7b).

    Attributes:
        relations: (N, M, V, V) attention of joint i (row) to joint j, in [0, 1]; rows sum to 1. Where frames
            have their own attention, it is averaged over them.
        regularisation: (V, V) the learned relations of Eq. 7, the same for every input, where 0 means no
            preference. None without global regularisation.
    """

    relations: Array
    regularisation: Array | None = None


@dataclass(frozen=True)
class SPAAttention(Generic[Array]):
    """Where in space and time SPA-Net's last block is active (Fig. 7c), one row a voxel of that block.

    Attributes:
        entries: (P,) batch entry.
        positions: (P, D) middle of the voxel, in the unit of the input's coordinates.
        frames: (P,) first input frame of the voxel.
        magnitudes: (P,) mean of its features, which a ReLU keeps from being negative.
        sides: (N,) length of a voxel's side per entry, in the same unit as the positions.
        duration: input frames that a voxel covers.
    """

    entries: Array
    positions: Array
    frames: Array
    magnitudes: Array
    sides: Array
    duration: int
