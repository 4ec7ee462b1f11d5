"""The project's sparse convolution against MinkowskiEngine's on the CPU: kernel size 5 along all four axes.

    OMP_NUM_THREADS=1 python -m benchmarks.sparse [--runs 5]

``make minkowski`` installs MinkowskiEngine. 25 -> 64 channels is a first layer, whose input needs no
gradient, and 64 -> 64 a later one. Both engines take turns.
"""

from __future__ import annotations

import argparse
import os
import statistics
from itertools import pairwise
from time import perf_counter

import torch
from torch import Tensor

from recognizer.layers.voxels import voxelise
from recognizer.sparse import Convolution, SparseError
from recognizer.sparse.minkowski_backend import MinkowskiSparseTensor, minkowski_engine
from recognizer.sparse.tensor import SparseTensor
from recognizer.sparse.torch_backend import TorchSparseTensor
from recognizer.sparse.voxels import checked_voxels

JOINTS, FRAMES, SPACE = 25, 300, 64
STEPS = ("kernel map", "forward", "forward, backward", "all of it")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    try:
        minkowski_engine()
    except SparseError as error:
        raise SystemExit(
            f"MinkowskiEngine cannot be imported, `make minkowski` installs it: {error.__cause__}."
        ) from None
    torch.manual_seed(0)
    load = os.getloadavg()[0]
    print(f"medians of {runs}, {torch.get_num_threads()} threads, load of the machine {load:.1f}")
    print(f"{'batch, voxels, channels':<27}{'ms':<18}  PyTorch  MinkowskiEngine  times as long")
    for batch_size in (1, 16):
        coordinates, joints, _ = checked_voxels(*skeletons(batch_size), batch_size, "sum")
        later = torch.randn(len(coordinates), 64, requires_grad=True)
        for features in (joints, later):
            ours, theirs = compare(coordinates, features, batch_size, runs)
            case = f"{batch_size:2d}, {len(coordinates):6d}, {features.shape[1]} -> 64"
            for step, mine, other in zip(STEPS, ours, theirs, strict=True):
                print(f"{case:<27}{step:<18}{mine:9.0f}{other:17.0f}{other / mine:15.2f}", flush=True)


def skeletons(batch_size: int) -> tuple[Tensor, Tensor]:
    """People who sway and move their limbs, in 5 of 8 clips two of them.

    Returns:
        (P, 5) batch entry, place and frame, and (P, 25) one-hot joints.
    """
    shape = (batch_size, 3, 1, JOINTS, 2)
    joints = torch.rand(shape) * torch.tensor([0.5, 1.7, 0.2]).view(3, 1, 1, 1)
    joints[:, 0, ..., 1] += 0.9
    amplitude = torch.rand(shape) * torch.linspace(0.02, 0.15, JOINTS)[:, None]
    frequency = 0.01 + 0.05 * torch.rand(shape)
    phase = 2 * torch.pi * torch.rand(shape) + frequency * torch.arange(FRAMES).view(-1, 1, 1)
    clips = joints + amplitude * phase.sin() + 0.004 * torch.randn(phase.shape)
    clips[torch.arange(batch_size) % 8 >= 5, ..., 1] = 0
    points = voxelise(clips, 3, SPACE, person_flag=False)
    return points.coordinates, points.features


def compare(coordinates: Tensor, features: Tensor, batch_size: int, runs: int) -> list[list[float]]:
    """Median milliseconds of each of ``STEPS``, by PyTorch and by MinkowskiEngine."""
    layer = Convolution(features.shape[1], 64, 5, dimension=4)
    upstream = torch.randn(len(coordinates), 64)
    engines = (TorchSparseTensor, MinkowskiSparseTensor)
    times: tuple[list, list] = ([], [])
    for _ in range(runs):
        for engine, spent in zip(engines, times, strict=True):
            spent.append(measure(layer, engine, coordinates, features, batch_size, upstream))
    return [[1000 * statistics.median(column) for column in zip(*spent, strict=True)] for spent in times]


def measure(
    layer: Convolution,
    engine: type[SparseTensor],
    coordinates: Tensor,
    features: Tensor,
    batch_size: int,
    upstream: Tensor,
) -> tuple[float, ...]:
    """Seconds of each of ``STEPS``; the map is what a first call takes longer than the next one."""
    leaves = [leaf for leaf in (features, layer.kernel) if leaf.requires_grad]
    moments = [perf_counter()]
    x = engine.of(coordinates, features, batch_size)
    layer(x)
    moments.append(perf_counter())
    layer(x)
    moments.append(perf_counter())
    torch.autograd.grad(layer(x).features, leaves, upstream)
    moments.append(perf_counter())
    first, forward, both = (end - begin for begin, end in pairwise(moments))
    return first - forward, forward, both, first - forward + both


if __name__ == "__main__":
    main()
