"""Adjacency matrices over a skeleton layout's joint graph."""

from __future__ import annotations

import numpy as np

from pose.layouts import SkeletonLayout


def adjacency(layout: SkeletonLayout) -> np.ndarray:
    """(V, V) float32 symmetric 0/1 adjacency of the bones, without self-loops."""
    matrix = np.zeros((len(layout), len(layout)), np.float32)
    for joint, parent in layout.bones:
        matrix[joint, parent] = matrix[parent, joint] = 1.0
    return matrix


def hop_distance(matrix: np.ndarray) -> np.ndarray:
    """(V, V) shortest-path distances in bones; infinite between unconnected joints.

    Args:
        matrix: (V, V) symmetric 0/1 adjacency.
    """
    joints = len(matrix)
    distance = np.full((joints, joints), np.inf, np.float32)
    reached = np.eye(joints, dtype=bool)
    distance[reached] = 0.0
    for hops in range(1, joints):
        wider = (reached.astype(np.float32) @ matrix + reached) > 0
        distance[wider & ~reached] = hops
        if (wider == reached).all():
            break
        reached = wider
    return distance


def symmetric_normalised(matrix: np.ndarray) -> np.ndarray:
    """D^-1/2 A D^-1/2 with D the row sums (Kipf and Welling 2017); rows that sum to 0 stay 0."""
    degree = matrix.sum(1)
    scale = np.where(degree > 0, 1.0 / np.sqrt(np.where(degree > 0, degree, 1.0)), 0.0)
    return (scale[:, None] * matrix * scale[None, :]).astype(np.float32)


def power_scales(matrix: np.ndarray, scales: int) -> np.ndarray:
    """(scales, V, V) powers 0 .. scales - 1 of the normalised A + I: LSTA-Net Eq. 1, "GCN" of its Table 4."""
    normalised = symmetric_normalised(matrix + np.eye(len(matrix), dtype=np.float32))
    return np.stack([np.linalg.matrix_power(normalised, k) for k in range(scales)])


def disentangled_scales(matrix: np.ndarray, scales: int) -> np.ndarray:
    """(scales, V, V) normalised k-adjacencies of MS-G3D (Liu et al. 2020, Eq. 3): 1 where d = k or i = j."""
    distance = hop_distance(matrix)
    eye = np.eye(len(matrix), dtype=bool)
    return np.stack([symmetric_normalised(((distance == k) | eye).astype(np.float32)) for k in range(scales)])


def decentralised_scales(matrix: np.ndarray, scales: int) -> np.ndarray:
    """(scales, V, V) normalised k-adjacencies of MSDA (LSTA-Net, Sec. 2.1.2).

    Follows the paper's prose: 1 where i = j or d(i, j) = k, d(i, j) / k where 0 < d(i, j) < k, 0 elsewhere.
    The paper's Eq. 2 does not produce these values (it can only give 0, 1 and -1), so it is not used. The
    public repository of DualHead-Net, by LSTA-Net's first author, has a function ``dicentered_k_adjacency_3``
    whose first term is this matrix (to 3e-8), which speaks for the prose. The function as a whole halves what
    is nearer, to d(i, j) / 2k; the paper does not mention that.
    """
    distance = hop_distance(matrix)
    result = []
    for k in range(scales):
        scale = np.where(distance == k, 1.0, 0.0)
        if k > 0:
            nearer = (distance > 0) & (distance < k)
            scale[nearer] = distance[nearer] / k
        np.fill_diagonal(scale, 1.0)
        result.append(symmetric_normalised(scale.astype(np.float32)))
    return np.stack(result)


def window_adjacency(matrix: np.ndarray, frames: int) -> np.ndarray:
    """(frames * V, frames * V) adjacency of a window of frames (MS-G3D, Liu et al. 2020, Eq. 4).

    A joint touches itself and its neighbours in every frame of the window. Nodes are ordered frame by frame;
    without self-loops.
    """
    joints = len(matrix)
    window = np.tile(matrix + np.eye(joints, dtype=matrix.dtype), (frames, frames))
    np.fill_diagonal(window, 0)
    return window


def spatial_partitions(layout: SkeletonLayout) -> np.ndarray:
    """(3, V, V) partitions of the normalised A + I (ST-GCN, Yan et al. 2018, Sec. 3.3; STF-Net Sec. III-A).

    Row i of the first holds joint i itself, of the second its neighbours nearer to the body's centre
    (centripetal), of the third those farther from it (centrifugal). The centre is the upper end of the torso,
    as in ST-GCN: spine at the shoulders in NTU-25, neck in Kinetics-18.
    """
    matrix = adjacency(layout)
    normalised = symmetric_normalised(matrix + np.eye(len(layout), dtype=np.float32))
    from_centre = hop_distance(matrix)[list(layout.torso_top)].min(0)
    outward = np.sign(from_centre[None, :] - from_centre[:, None])
    return np.stack([np.where(outward == side, normalised, 0).astype(np.float32) for side in (0, -1, 1)])
