"""What a network looked at, in the form in which the drawing code takes it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import singledispatch

import numpy as np

from recognizer.networks.attended import (
    DualHeadAttention,
    LSTAAttention,
    SEMAttention,
    SPAAttention,
    STFAttention,
)


@dataclass(frozen=True)
class ActiveVoxels:
    """Where in space and time a sparse network was active, one row a voxel.

    Attributes:
        positions: (P, D) float32, middle of the voxel in the unit of the network's input: torso lengths from
            the middle of the hips, y up in 3-D layouts and down in 2-D ones.
        frames: (P,) int64, first frame of the window that the voxel covers.
        magnitudes: (P,) float32 in [0, 1], activity relative to the window's strongest voxel.
        side: length of a voxel's side in the same unit as the positions.
    """

    positions: np.ndarray
    frames: np.ndarray
    magnitudes: np.ndarray
    side: float


@dataclass(frozen=True)
class AttentionMaps:
    """Attention of one person in one window; a network fills what its paper shows, the rest is None or empty.

    T' are the network's time steps, which cover the window evenly. Responses are relative to the window: 0 is
    its weakest, 1 its strongest one. Gates are what the network multiplies with: 0 shut, 1 open.

    Attributes:
        joints: (T', V) float32 in [0, 1], response or gate of each joint; T' = 1 where a network has one for
            the whole window.
        frames: (T',) float32 in [0, 1], response or gate of each time step.
        relations: for each grain (V, parts) float32, how much each joint (row) attends to each part; rows sum
            to 1. In a grain of V parts the parts are the joints.
        regularisation: (V, V) float32, learned relations of joints that are the same for every window; 0 is
            no preference.
        voxels: where a sparse network was active.
    """

    joints: np.ndarray | None = None
    frames: np.ndarray | None = None
    relations: tuple[np.ndarray, ...] = ()
    regularisation: np.ndarray | None = None
    voxels: ActiveVoxels | None = None


def strongest_pairs(relations: np.ndarray, count: int = 50) -> tuple[np.ndarray, np.ndarray]:
    """The strongest relations between two different joints (SEM-Net Fig. 7b), strongest first.

    Args:
        relations: (V, V).
        count: how many at most.

    Returns:
        (P, 2) pairs of joints and (P,) their relations.
    """
    joints = len(relations)
    between = np.where(np.eye(joints, dtype=bool), -np.inf, relations).ravel()
    order = np.argsort(-between, kind="stable")[: min(count, joints * (joints - 1))]
    return np.stack([order // joints, order % joints], 1), relations.ravel()[order]


def unit_range(values: np.ndarray) -> np.ndarray:
    """Scales values to [0, 1] by their own minimum and maximum; constant values become 0."""
    low, high = float(values.min()), float(values.max())
    if high <= low:
        return np.zeros_like(values, dtype=np.float32)
    return ((values - low) / (high - low)).astype(np.float32)


@singledispatch
def attention_maps(attention: object) -> list[AttentionMaps]:
    """What a network tells it looked at, as NumPy's arrays -> one entry a sample, of its first person.

    Empty where the network was configured to attend to nothing.

    Raises:
        TypeError: no network tells such a thing.
    """
    raise TypeError(f"{type(attention).__name__} is no network's attention")


@attention_maps.register(LSTAAttention)
def _(attention: LSTAAttention[np.ndarray]) -> list[AttentionMaps]:
    """Joint responses and, as their mean, frame responses of the last block (Fig. 3)."""
    return [
        AttentionMaps(joints=unit_range(each), frames=unit_range(each.mean(1)))
        for each in _first_person(attention.responses)
    ]


@attention_maps.register(DualHeadAttention)
def _(attention: DualHeadAttention[np.ndarray]) -> list[AttentionMaps]:
    """Gates of the coarse frames in block 3 (Eq. 8) and of the fine joints in block 2 (Eq. 10).

    Those that tell something in the shipped weights. The spatial gates of block 3 are shut: the largest one
    over 100 clips is .0075 on Kinetics-18 and .0001 on NTU-25, while those of block 2 span .91 and .98 of
    (0, 1) in the median clip. The temporal gates of block 2 are wide open throughout (they span .07 and .14),
    those of block 3 span .46 and .95. Replaced by their mean over the clips, the gates that are shown move
    .04 and .06 (joints) and .02 and .01 (frames) of the probability, the others .001 or less.
    """
    frames = _first_person(attention.temporal[-1]) if attention.temporal else None
    joints = _first_person(attention.spatial[0]) if attention.spatial else None
    gates = (*attention.temporal, *attention.spatial)
    return [
        AttentionMaps(
            joints=None if joints is None else joints[index][None],
            frames=None if frames is None else frames[index],
        )
        for index in range(len(gates[0]) if gates else 0)
    ]


@attention_maps.register(STFAttention)
def _(attention: STFAttention[np.ndarray]) -> list[AttentionMaps]:
    """Joint-to-part relations (Fig. 5), joint responses (Fig. 6) and TDF's gate, averaged over channels."""
    relations = [_first_person(grain) for grain in attention.relations]
    gate = None if attention.gate is None else _first_person(attention.gate).mean(1)
    return [
        AttentionMaps(
            joints=unit_range(each),
            frames=None if gate is None else gate[index],
            relations=tuple(grain[index] for grain in relations),
        )
        for index, each in enumerate(_first_person(attention.responses))
    ]


@attention_maps.register(SEMAttention)
def _(attention: SEMAttention[np.ndarray]) -> list[AttentionMaps]:
    """Relations of the joints and the learned ones (Fig. 7b), both of block 3: see ``networks.sem``."""
    shared = attention.regularisation
    return [
        AttentionMaps(relations=(each,), regularisation=shared) for each in _first_person(attention.relations)
    ]


@attention_maps.register(SPAAttention)
def _(attention: SPAAttention[np.ndarray]) -> list[AttentionMaps]:
    """Active voxels (Fig. 7c)."""
    maps = []
    for entry, side in enumerate(attention.sides):
        own = attention.entries == entry
        magnitudes = attention.magnitudes[own]
        strongest = float(magnitudes.max(initial=0.0))
        maps.append(
            AttentionMaps(
                voxels=ActiveVoxels(
                    positions=attention.positions[own].astype(np.float32),
                    frames=attention.frames[own],
                    magnitudes=magnitudes / max(strongest, np.finfo(np.float32).tiny),
                    side=float(side),
                )
            )
        )
    return maps


def _first_person(values: np.ndarray) -> np.ndarray:
    """(N, M, ...) -> (N, ...)"""
    return values[:, 0]
