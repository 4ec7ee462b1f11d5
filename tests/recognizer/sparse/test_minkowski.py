"""The PyTorch engine against MinkowskiEngine itself, which ``make minkowski`` installs."""

from __future__ import annotations

import copy
import os
from types import ModuleType

import pytest
import torch
from torch import Tensor

from pose.layouts import KINETICS_18, NTU_25
from recognizer.networks.spa import SPAConfig, SPANet
from recognizer.sparse import (
    BatchNorm,
    Convolution,
    GlobalAveragePool,
    MaxPool,
    SparseError,
    minkowski_backend,
    sparse_tensor,
)
from tests.recognizer.sparse import reference

TOLERANCE = {torch.float32: 1e-5, torch.float64: 1e-12}
"""Relative to the largest value: a sum of large terms may itself be small."""


@pytest.fixture(scope="module", autouse=True)
def engine() -> ModuleType:
    """MinkowskiEngine; continuous integration must have it."""
    try:
        return minkowski_backend.minkowski_engine()
    except SparseError as error:
        reason = f"MinkowskiEngine cannot be imported, `make minkowski` installs it ({error.__cause__})"
    pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)


@pytest.fixture(autouse=True)
def fixed_seed():
    torch.manual_seed(0)


def assert_backends_agree(layers, coordinates, channels: int, dtype, duplicates="first") -> None:
    """Voxels, outputs, input gradients and weight gradients of layers on both backends."""
    layers = torch.nn.Sequential(*layers).to(dtype)
    values = torch.randn(len(coordinates), channels, dtype=dtype)
    upstream, results = None, []
    for backend in ("torch", "minkowski"):
        features = values.clone().requires_grad_()
        x = sparse_tensor(coordinates, features, duplicates=duplicates, backend=backend)
        y = layers(x)
        rows = reference.as_dictionary(y)
        output = reference.in_order(rows)
        upstream = torch.randn_like(output) if upstream is None else upstream
        leaves = (features, *layers.parameters())
        gradients = torch.autograd.grad(output, leaves, upstream)
        results.append((sorted(rows), y.stride, output, *gradients))
    mine, theirs = results
    assert mine[:2] == theirs[:2]
    for ours, right in zip(mine[2:], theirs[2:], strict=True):
        assert_close(ours, right)


def assert_close(ours: Tensor, right: Tensor) -> None:
    tolerance = TOLERANCE[right.dtype] * float(right.abs().max())
    torch.testing.assert_close(ours, right, rtol=0, atol=tolerance)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [2, 3, 5])
@pytest.mark.parametrize("dimension", [3, 4])
def test_convolution(dimension, size, stride, dilation, dtype):
    coordinates = reference.random_voxels(60, dimension)
    layer = Convolution(3, 4, size, stride, dilation, dimension=dimension, bias=True)
    assert_backends_agree([layer], coordinates, 3, dtype)


@pytest.mark.parametrize(
    "size, stride, dilation",
    [
        ((5, 5, 5, 3), 1, (1, 1, 1, 7)),
        ((1, 1, 1, 3), 1, (1, 1, 1, 3)),
        ((3, 1, 2, 3), (2, 1, 1, 3), (1, 1, 2, 1)),
        (1, 2, 1),
        (1, 1, 1),
    ],
    ids=str,
)
def test_convolution_with_a_kernel_of_its_own_on_each_axis(size, stride, dilation):
    layer = Convolution(2, 3, size, stride, dilation, dimension=4)
    assert_backends_agree([layer], reference.random_voxels(60, 4, reach=5), 2, torch.float64)


def test_convolution_of_a_point_along_one_axis():
    layer = Convolution(2, 3, 1, 2, dimension=1)
    assert_backends_agree([layer], reference.random_voxels(20, 1, reach=9), 2, torch.float64)


@pytest.mark.parametrize("size, stride", [(2, 2), (3, 3), (3, 2), (3, 1)])
@pytest.mark.parametrize("dimension", [3, 4])
def test_max_pool(engine, dimension, size, stride):
    pool = MaxPool(size, stride, dimension=dimension)
    coordinates = reference.random_voxels(60, dimension)
    assert_backends_agree([pool], coordinates, 3, torch.float64)
    theirs = engine.MinkowskiMaxPooling(kernel_size=size, stride=stride, dimension=dimension)
    features, upstream, results = torch.randn(len(coordinates), 3, requires_grad=True), None, []
    for y in (
        pool(sparse_tensor(coordinates, features, backend="minkowski")).raw,
        theirs(engine.SparseTensor(features, coordinates.int())),
    ):
        output = y.F[sorted(range(len(y.C)), key=y.C.tolist().__getitem__)]
        upstream = torch.randn_like(output) if upstream is None else upstream
        results.append((output, *torch.autograd.grad(output, features, upstream)))
    torch.testing.assert_close(*results, rtol=0, atol=0)


@pytest.mark.parametrize("size, stride, dilation", [(1, 2, 1), (2, 3, 1), (3, 2, 2)])
def test_max_pool_of_regions_without_voxels(size, stride, dilation):
    """Its gradient would corrupt memory if MinkowskiEngine computed it."""
    pool = MaxPool((size,) * 3, stride, dilation, dimension=3)
    assert_backends_agree([pool], reference.random_voxels(20, 3), 3, torch.float64)


def test_layers_after_each_other():
    layers = [
        Convolution(2, 3, 3, dimension=4),
        Convolution(3, 3, 3, 2, dimension=4),
        BatchNorm(3),
        MaxPool(2, 2, dimension=4),
        Convolution(3, 2, 3, dimension=4),
    ]
    assert_backends_agree(layers, reference.random_voxels(200, 4, reach=6), 2, torch.float64)


@pytest.mark.parametrize("duplicates", ["first", "sum", "average"])
def test_duplicates(duplicates):
    coordinates = reference.random_voxels(30, 3).repeat(2, 1)
    assert_backends_agree([Convolution(2, 3, 3, dimension=3)], coordinates, 2, torch.float64, duplicates)


def test_the_first_of_duplicates_is_the_one_that_minkowskiengine_keeps(engine):
    coordinates = torch.tensor([[0, 1, 1], [0, 0, 0], [0, 1, 1]])
    features = torch.tensor([[1.0], [2.0], [3.0]])
    theirs = engine.SparseTensor(features, coordinates.int())
    kept = {tuple(place): float(row) for place, row in zip(theirs.C.tolist(), theirs.F, strict=True)}
    ours = reference.as_dictionary(sparse_tensor(coordinates, features, backend="torch"))
    assert kept == {place: float(row) for place, row in ours.items()}


@pytest.mark.parametrize("size, stride", [(3, 1), (3, 2), (2, 1), (2, 2)])
def test_one_voxel(size, stride):
    layer = Convolution(2, 3, size, stride, dimension=4)
    assert_backends_agree([layer], torch.tensor([[0, -3, 5, 0, 7]]), 2, torch.float64)


def test_weights_fit_the_modules_of_minkowskiengine(engine):
    for size, stride in [(3, 1), (1, 1), (1, 2), (2, 2)]:
        ours = Convolution(2, 3, size, stride, dimension=3, bias=True)
        theirs = engine.MinkowskiConvolution(2, 3, kernel_size=size, stride=stride, bias=True, dimension=3)
        theirs.load_state_dict(ours.state_dict())
        coordinates = reference.random_voxels(30, 3)
        features = torch.randn(len(coordinates), 2)
        right = theirs(engine.SparseTensor(features, coordinates.int()))
        wanted = {tuple(place): row for place, row in zip(right.C.tolist(), right.F, strict=True)}
        got = reference.as_dictionary(ours(sparse_tensor(coordinates, features, backend="torch")))
        assert got.keys() == wanted.keys()
        assert_close(reference.in_order(got), reference.in_order(wanted))
    engine.MinkowskiBatchNorm(4).load_state_dict(BatchNorm(4).state_dict())


def test_global_average_pool(engine):
    coordinates = reference.random_voxels(30, 3, batch=3)
    features = torch.randn(len(coordinates), 4)
    right = engine.MinkowskiGlobalAvgPooling()(engine.SparseTensor(features, coordinates.int()))
    wanted = right.F[right.C[:, 0].argsort()]
    for backend in ("torch", "minkowski"):
        x = sparse_tensor(coordinates, features, backend=backend)
        assert_close(GlobalAveragePool()(x), wanted)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("convolution", ["4d", "3+1d"])
@pytest.mark.parametrize("layout", [NTU_25, KINETICS_18], ids=lambda layout: layout.name)
def test_a_whole_spa_net(layout, convolution, dtype):
    config = SPAConfig(convolution, space=16, width=0.25)
    network = SPANet(layout, 7, layout.coordinates + 1, config=config).to(dtype)
    x = torch.rand(3, layout.coordinates + 1, 10, len(layout), 2, dtype=dtype)
    results = []
    for backend in ("torch", "minkowski"):
        network.backend = backend
        evaluated = network.eval()(x)
        fresh = copy.deepcopy(network).train()  # so that both begin with the same statistics
        trained = fresh(x)
        trained.square().sum().backward()
        results.append((evaluated, trained, *(p.grad for p in fresh.parameters())))
    for number, (ours, right) in enumerate(zip(*results, strict=True)):
        # In float32 the gradients differ by up to 6e-5, as rounding grows on the way through the norms.
        if number < 2 or dtype == torch.float64:
            assert_close(ours, right)
