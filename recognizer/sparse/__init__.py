"""Sparse convolution in any number of dimensions, in plain PyTorch or by MinkowskiEngine.

Example:
    >>> x = sparse_tensor(coordinates, features)  # (n, 1 + D) batch entry and place, (n, C)
    >>> y = Convolution(64, 128, size=5, stride=2, dimension=4)(x)
    >>> GlobalAveragePool()(y)  # (N, 128)
"""

from __future__ import annotations

from typing import Literal

from torch import Tensor

from recognizer.sparse.errors import SparseError
from recognizer.sparse.minkowski_backend import MinkowskiSparseTensor, runs_on_cuda
from recognizer.sparse.modules import BatchNorm, Branches, Convolution, GlobalAveragePool, MaxPool, ReLU
from recognizer.sparse.tensor import SparseTensor
from recognizer.sparse.torch_backend import TorchSparseTensor
from recognizer.sparse.voxels import Duplicates, checked_voxels

__all__ = [
    "Backend",
    "BatchNorm",
    "Branches",
    "Convolution",
    "GlobalAveragePool",
    "MaxPool",
    "ReLU",
    "SparseError",
    "SparseTensor",
    "sparse_tensor",
]

Backend = Literal["torch", "minkowski", "auto"]
"""Who computes. "auto" is MinkowskiEngine on a GPU for which it was built, and PyTorch everywhere else: on
the CPU PyTorch is the faster of the two."""


def sparse_tensor(
    coordinates: Tensor,
    features: Tensor,
    batch_size: int | None = None,
    duplicates: Duplicates = "first",
    backend: Backend = "auto",
) -> SparseTensor:
    """A sparse tensor at stride 1; the layers it passes through compute with its backend.

    Args:
        coordinates: (n, 1 + D) batch entry, counted from 0, and place; floating-point ones are rounded down.
        features: (n, C) float32 or float64.
        batch_size: N; by default one more than the last batch entry.
        duplicates: of rows with the same coordinates keep the "first", or the "sum" or "average" of features.
        backend: see ``Backend``.

    Raises:
        SparseError: an unknown or missing backend, or voxels that ``voxels.checked_voxels`` refuses.
    """
    if backend not in ("torch", "minkowski", "auto"):
        raise SparseError(f"There is no sparse backend {backend!r}: choose 'torch', 'minkowski' or 'auto'.")
    coordinates, features, batch_size = checked_voxels(coordinates, features, batch_size, duplicates)
    if backend == "minkowski" or (backend == "auto" and features.is_cuda and runs_on_cuda()):
        return MinkowskiSparseTensor.of(coordinates, features, batch_size)
    return TorchSparseTensor.of(coordinates, features, batch_size)
