"""Checks and deduplication before either backend, so that both see the same voxels."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from recognizer.sparse.errors import SparseError
from recognizer.sparse.keys import distinct

Duplicates = Literal["first", "sum", "average"]
"""What becomes of rows with the same coordinates: the first one stays, or their features are combined."""

_INT32 = torch.iinfo(torch.int32)


def checked_voxels(
    coordinates: Tensor, features: Tensor, batch_size: int | None, duplicates: Duplicates
) -> tuple[Tensor, Tensor, int]:
    """Integer coordinates without duplicates, their features and the number of batch entries.

    Args:
        coordinates: (n, 1 + D) batch entry and place; floating-point ones are rounded down.
        features: (n, C) float32 or float64.
        batch_size: N; by default the last entry is the last one that has a voxel.
        duplicates: see ``Duplicates``; rows keep the order of their first appearance.

    Raises:
        SparseError: shapes that do not fit, coordinates that are no numbers or beyond 32 bits, entries
            without voxels or outside the batch.
    """
    if coordinates.ndim != 2 or features.ndim != 2 or coordinates.shape[1] < 2:
        raise SparseError(
            "A sparse tensor takes (n, 1 + D) coordinates and (n, C) features, "
            f"not {tuple(coordinates.shape)} and {tuple(features.shape)}."
        )
    if len(coordinates) != len(features):
        raise SparseError(
            f"There are {len(coordinates)} coordinates and {len(features)} rows of features: each needs one."
        )
    if features.dtype not in (torch.float32, torch.float64):
        raise SparseError(f"Features must be float32 or float64, not {features.dtype}.")
    if not len(coordinates):
        raise SparseError("A sparse tensor needs at least one voxel.")
    if coordinates.is_floating_point():
        if not coordinates.isfinite().all():
            raise SparseError("Coordinates must be finite numbers.")
        coordinates = coordinates.floor()
    if int(coordinates.min()) < _INT32.min or int(coordinates.max()) > _INT32.max:
        raise SparseError("Coordinates must fit into 32 bits.")
    coordinates = coordinates.long()
    batch_size = _check_batch(coordinates[:, 0], batch_size)
    return *_merged(coordinates, features, duplicates), batch_size


def _check_batch(entries: Tensor, batch_size: int | None) -> int:
    first, last = int(entries.min()), int(entries.max())
    if first < 0:
        raise SparseError(f"Batch entries count from 0, and there is a voxel of entry {first}.")
    if batch_size is None:
        batch_size = last + 1
    if last >= batch_size:
        raise SparseError(f"There is a voxel of batch entry {last}, and the batch has only {batch_size}.")
    filled = torch.zeros(batch_size, dtype=torch.bool, device=entries.device)
    filled[entries] = True
    if not filled.all():
        empty = (~filled).nonzero()[0].item()
        raise SparseError(f"Batch entry {empty} of {batch_size} has no voxels, and every entry needs one.")
    return batch_size


def _merged(coordinates: Tensor, features: Tensor, duplicates: Duplicates) -> tuple[Tensor, Tensor]:
    rows, place = distinct(coordinates)
    if len(rows) == len(coordinates):
        return coordinates, features
    number = torch.arange(len(coordinates), device=coordinates.device)
    first = number.new_full((len(rows),), len(coordinates)).scatter_reduce_(0, place, number, "amin")
    first, order = first.sort()
    if duplicates == "first":
        return coordinates[first], features[first]
    if duplicates not in ("sum", "average"):
        raise SparseError(f"Duplicates are treated by 'first', 'sum' or 'average', not {duplicates!r}.")
    position = torch.empty_like(order)
    position[order] = torch.arange(len(order), device=order.device)
    place = position[place]
    merged = features.new_zeros(len(rows), features.shape[1]).index_add(0, place, features)
    if duplicates == "average":
        merged = merged / torch.bincount(place, minlength=len(rows))[:, None]
    return coordinates[first], merged
