"""Skeletons as sparse voxels: SPA-Net's input (Sec. 3.2, Eq. 8)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class VoxelisedSkeletons:
    """Joints of a batch as points of a grid over space and time.

    Attributes:
        coordinates: (P, 1 + D + 1) int64: batch entry, place in [0, s) along D axes, frame. Joints that share
            a place and time have a row each.
        features: (P, V) one-hot joint, or (P, V + 1) with the number of the person.
        origin: (N, D) where each entry's grid begins, in the unit of the joints.
        voxel: (N,) length of a voxel's side, in the unit of the joints.
    """

    coordinates: Tensor
    features: Tensor
    origin: Tensor
    voxel: Tensor


def voxelise(x: Tensor, axes: int, space: int, person_flag: bool) -> VoxelisedSkeletons:
    """Normalises each entry of a batch into [0, space) and rounds down.

    All axes, persons and frames of an entry have one scale, so that neither the body's proportions nor the
    distance between two persons change; the longest axis fills the space. Joints that nobody saw are left
    out: those without confidence, or, where the input has none, those of a person who is 0 throughout a
    frame. An entry without any joint becomes one voxel without features, because a sparse tensor needs one.

    Args:
        x: (N, C, T, V, M) with C = ``axes`` coordinates, or these and a confidence.
        axes: D, coordinates of a joint.
        space: s, voxels a side.
        person_flag: add a feature that is 0 for the first person and 1 for the second.
    """
    joints = x.shape[3]
    place = x[:, :axes].permute(0, 4, 2, 3, 1)  # (N, M, T, V, D)
    if x.shape[1] > axes:
        seen = x[:, axes].permute(0, 3, 1, 2) > 0
    else:
        seen = (place != 0).any(-1).any(-1, keepdim=True).expand(place.shape[:-1])
    seen = seen & place.isfinite().all(-1)
    far = torch.tensor(torch.inf, dtype=x.dtype, device=x.device)
    low = torch.where(seen[..., None], place, far).amin((1, 2, 3))
    high = torch.where(seen[..., None], place, -far).amax((1, 2, 3))
    voxel = (high - low).amax(1) / space

    entry, person, frame, joint = seen.nonzero(as_tuple=True)
    steps = (place[seen] - low[entry]) / voxel[entry, None].clamp(min=torch.finfo(x.dtype).tiny)
    # The highest place would be s itself.
    steps = steps.floor().clamp(0, space - 1).long()
    coordinates = torch.cat([entry[:, None], steps, frame[:, None]], 1)
    features = x.new_zeros(len(entry), joints + person_flag)
    features[torch.arange(len(entry), device=x.device), joint] = 1
    if person_flag:
        features[:, joints] = person.to(x.dtype)

    nobody = (~seen.flatten(1).any(1)).nonzero()
    coordinates = torch.cat([coordinates, torch.nn.functional.pad(nobody, (0, axes + 1))])
    features = torch.cat([features, features.new_zeros(len(nobody), features.shape[1])])
    low, voxel = low.index_fill(0, nobody[:, 0], 0), voxel.index_fill(0, nobody[:, 0], 0)
    return VoxelisedSkeletons(coordinates, features, low, voxel)
