"""Sparse convolution against loops over dictionaries and against dense convolution."""

from __future__ import annotations

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recognizer.sparse import Convolution, SparseError, maps, sparse_tensor
from recognizer.sparse.region import Region
from tests.recognizer.sparse import reference

TOLERANCE = {torch.float32: dict(rtol=1e-5, atol=1e-5), torch.float64: dict(rtol=1e-10, atol=1e-10)}


@pytest.fixture(autouse=True)
def fixed_seed():
    torch.manual_seed(0)


def assert_like_the_loops(conv: Convolution, coordinates, dtype) -> None:
    """Outputs, input gradients and weight gradients of a layer, against ``reference.convolution``."""
    conv = conv.to(dtype)
    features = torch.randn(len(coordinates), conv.kernel.shape[-2], dtype=dtype, requires_grad=True)
    x = sparse_tensor(coordinates, features, backend="torch")
    y = conv(x)
    wanted = reference.convolution(reference.as_dictionary(x), conv.kernel, conv.region, x.stride)
    got = reference.as_dictionary(y)
    assert got.keys() == wanted.keys()
    assert y.stride == conv.region.stride
    got, wanted = reference.in_order(got), reference.in_order(wanted)
    torch.testing.assert_close(got, wanted, **TOLERANCE[dtype])
    upstream = torch.randn_like(got)
    leaves = (features, conv.kernel)
    for mine, right in zip(
        torch.autograd.grad(got, leaves, upstream), torch.autograd.grad(wanted, leaves, upstream), strict=True
    ):
        torch.testing.assert_close(mine, right, **TOLERANCE[dtype])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("dilation", [1, 2])
@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("size", [2, 3, 5])
@pytest.mark.parametrize("dimension", [3, 4])
def test_convolution_is_the_sum_over_neighbours(dimension, size, stride, dilation, dtype):
    coordinates = reference.random_voxels(25, dimension)
    assert coordinates[:, 1:].min() < 0
    conv = Convolution(3, 4, size, stride, dilation, dimension=dimension)
    assert_like_the_loops(conv, coordinates, dtype)


@pytest.mark.parametrize(
    "size, stride, dilation",
    [
        ((5, 5, 5, 3), 1, (1, 1, 1, 7)),
        ((1, 1, 1, 3), 1, (1, 1, 1, 3)),
        ((5, 5, 5, 1), 1, 1),
        ((3, 1, 2, 3), (2, 1, 1, 3), (1, 1, 2, 1)),
        (1, 2, 1),
        (1, 1, 1),
        ((1, 1, 1, 1), (1, 1, 1, 2), 1),
        (6, 1, 1),
    ],
    ids=str,
)
def test_each_axis_can_have_its_own_kernel(size, stride, dilation):
    conv = Convolution(2, 3, size, stride, dilation, dimension=4)
    assert_like_the_loops(conv, reference.random_voxels(20, 4, reach=5), torch.float64)


@pytest.mark.parametrize("dimension", [1, 2, 5])
def test_any_number_of_dimensions(dimension):
    conv = Convolution(2, 3, 3, dimension=dimension)
    assert_like_the_loops(conv, reference.random_voxels(12, dimension), torch.float64)


@pytest.mark.parametrize("size, stride", [(3, 1), (3, 2), (2, 1), (2, 2)])
def test_one_voxel(size, stride):
    conv = Convolution(2, 3, size, stride, dimension=4)
    assert_like_the_loops(conv, torch.tensor([[0, -3, 5, 0, 7]]), torch.float64)


def test_a_voxel_has_no_neighbours_in_another_batch_entry():
    coordinates = torch.tensor([[0, 0, 0], [1, 0, 1]])
    conv = Convolution(1, 1, 3, dimension=2)
    y = conv(sparse_tensor(coordinates, torch.ones(2, 1)))
    torch.testing.assert_close(y.features, conv.kernel[4].expand(2, 1))


def test_the_first_axis_runs_fastest():
    conv = Convolution(1, 1, (3, 5), dimension=2)
    with torch.no_grad():
        conv.kernel.copy_(torch.arange(15.0)[:, None, None])
    x = sparse_tensor(torch.tensor([[0, 0, 0], [0, 1, -2]]), torch.tensor([[1.0], [100.0]]))
    # Offset (1, -2) is the third on its axis and the first on the other: number 2 + 3 * 0; back it is 12.
    assert conv(x).features[:, 0].tolist() == [7 + 2 * 100, 7 * 100 + 12]


def test_layers_follow_each_other_through_strides():
    coordinates = reference.random_voxels(60, 3, reach=6)
    features = torch.randn(len(coordinates), 2, dtype=torch.float64, requires_grad=True)
    layers = [
        Convolution(2, 3, 3, dimension=3),
        Convolution(3, 3, 3, 2, dimension=3),
        Convolution(3, 4, 5, dimension=3),
        Convolution(4, 2, 2, 2, dimension=3),
        Convolution(2, 2, 3, 1, 2, dimension=3, bias=True),
    ]
    x = sparse_tensor(coordinates, features)
    slow, strides = reference.as_dictionary(x), []
    for layer in layers:
        stride = x.stride
        x = layer.double()(x)
        slow = reference.convolution(slow, layer.kernel, layer.region, stride)
        if layer.bias is not None:
            slow = {place: row + layer.bias[0] for place, row in slow.items()}
        strides.append(x.stride)
    assert strides == [(s,) * 3 for s in (1, 2, 2, 4, 4)]
    got, wanted = reference.as_dictionary(x), slow
    assert got.keys() == wanted.keys()
    got, wanted = reference.in_order(got), reference.in_order(wanted)
    torch.testing.assert_close(got, wanted)
    upstream = torch.randn_like(got)
    torch.testing.assert_close(
        torch.autograd.grad(got, features, upstream), torch.autograd.grad(wanted, features, upstream)
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize("stride, dilation", [(1, 1), (2, 1), (1, 2)])
@pytest.mark.parametrize("size", [2, 3, 5])
@pytest.mark.parametrize("places", [(4, 5, 3), (3, 4, 3, 5)], ids=["3d", "4d"])
def test_a_full_grid_is_dense_convolution(places, size, stride, dilation, dtype):
    dimension = len(places)
    conv = Convolution(2, 3, size, stride, dilation, dimension=dimension).to(dtype)
    corner = -4  # a multiple of the stride, so that both see the same coarse grid
    rows = torch.tensor(list(itertools.product(range(2), *map(range, places))))
    rows = rows[torch.randperm(len(rows))]
    dense = torch.randn(2, 2, *places, dtype=dtype, requires_grad=True)
    features = dense.movedim(1, -1)[rows.unbind(1)]
    shift = torch.tensor([0, *[corner] * dimension])
    y = conv(sparse_tensor(rows + shift, features))
    wanted = reference.dense_convolution(dense, conv.kernel, conv.region)
    places_out = (y.coordinates - shift) // torch.tensor([1, *conv.region.stride])
    assert len(y.features) == wanted[:, 0].numel()
    wanted = wanted.movedim(1, -1)[places_out.unbind(1)]
    torch.testing.assert_close(y.features, wanted, **TOLERANCE[dtype])
    upstream = torch.randn_like(wanted)
    leaves = (dense, conv.kernel)
    for mine, right in zip(
        torch.autograd.grad(y.features, leaves, upstream),
        torch.autograd.grad(wanted, leaves, upstream),
        strict=True,
    ):
        torch.testing.assert_close(mine, right, **TOLERANCE[dtype])


@settings(max_examples=40)
@given(
    st.data(),
    st.integers(1, 4),
    st.lists(st.tuples(st.integers(0, 1), *[st.integers(-3, 3)] * 4), min_size=1, max_size=25, unique=True),
)
def test_a_kernel_map_has_every_pair_once(data, dimension, rows):
    region = Region.of(
        dimension, *[data.draw(st.tuples(*[st.integers(1, top)] * dimension)) for top in (4, 2, 3)]
    )
    coordinates = torch.tensor(rows)[:, : 1 + dimension].unique(dim=0)
    outputs = coordinates
    if not region.keeps_voxels:
        step = torch.tensor([1, *region.stride])
        outputs = (coordinates // step * step).unique(dim=0)
    pairs = maps.kernel_map(coordinates, outputs, region)
    offsets = torch.repeat_interleave(torch.arange(region.volume), torch.tensor(pairs.counts))
    found = list(zip(pairs.inputs.tolist(), pairs.outputs.tolist(), offsets.tolist(), strict=True))
    found += [(row, row, offset) for offset in pairs.itself for row in range(len(outputs))]
    known = {tuple(place): row for row, place in enumerate(coordinates.tolist())}
    wanted = []
    for output, place in enumerate(outputs.tolist()):
        for number, offset in enumerate(region.offsets().tolist()):
            moved = (place[0], *(c + o for c, o in zip(place[1:], offset, strict=True)))
            if moved in known:
                wanted.append((known[moved], output, number))
    assert sorted(found) == sorted(wanted)


@pytest.mark.parametrize("small, padding", [(0, 1.35), (3, 1.0), (10**6, 1.35), (10**6, 100.0)])
def test_the_grouping_of_offsets_changes_no_result(monkeypatch, small, padding):
    """One by one, in padded batches, or both: only the speed differs."""
    monkeypatch.setattr(maps, "_SMALL_GROUP", small)
    monkeypatch.setattr(maps, "_PADDING", padding)
    conv = Convolution(3, 4, 3, dimension=3)
    assert_like_the_loops(conv, reference.random_voxels(40, 3, reach=2), torch.float64)


def test_searching_in_portions_changes_no_result(monkeypatch):
    monkeypatch.setattr(maps, "_QUERIES_AT_ONCE", 100)
    conv = Convolution(3, 4, 5, dimension=3)
    assert_like_the_loops(conv, reference.random_voxels(40, 3, reach=2), torch.float64)


def test_layers_on_the_same_voxels_share_a_kernel_map(monkeypatch):
    made = []
    original = maps.kernel_map
    monkeypatch.setattr(
        "recognizer.sparse.grid.kernel_map", lambda *args: made.append(args) or original(*args)
    )
    x = _tensor(3)
    for layer in [Convolution(2, 2, 3, dimension=3), Convolution(2, 2, 3, dimension=3)]:
        x = layer(x)
    assert len(made) == 1
    Convolution(2, 2, 3, 1, 2, dimension=3)(x)
    assert len(made) == 2


def test_the_gradient_of_the_first_layers_input_is_not_computed():
    conv = Convolution(2, 3, 3, dimension=3)
    x = _tensor(3)
    assert not x.features.requires_grad
    conv(x).features.sum().backward()
    assert conv.kernel.grad.abs().max() > 0
    assert x.features.grad is None


def test_frozen_weights_pass_the_gradient_on():
    conv = Convolution(2, 3, 3, dimension=3).requires_grad_(False)
    x = _tensor(3)
    x.features.requires_grad_()
    conv(x).features.sum().backward()
    assert conv.kernel.grad is None
    assert x.features.grad.abs().max() > 0


def test_weights_have_the_layout_of_minkowskiengine():
    shapes = {
        name: tuple(value.shape)
        for name, value in Convolution(2, 3, (5, 3), bias=True, dimension=2).state_dict().items()
    }
    assert shapes == {"kernel": (15, 2, 3), "bias": (1, 3)}
    assert Convolution(2, 3, 1, dimension=2).kernel.shape == (2, 3)
    assert Convolution(2, 3, 1, 2, dimension=2).kernel.shape == (1, 2, 3)
    bound = 1 / (2 * 15) ** 0.5
    kernel = Convolution(2, 300, (5, 3), dimension=2).kernel
    assert 0.95 * bound < kernel.abs().max() <= bound


def test_errors_are_one_sentence():
    with pytest.raises(SparseError, match=r"^The kernel size must be one positive number or 3 of them"):
        Convolution(2, 3, (3, 3), dimension=3)
    with pytest.raises(SparseError, match=r"^The stride must be"):
        Convolution(2, 3, 3, 0, dimension=3)
    with pytest.raises(SparseError, match=r"^The convolution takes 5 channels, and the tensor has 2\.$"):
        Convolution(5, 3, 3, dimension=3)(_tensor(3))
    with pytest.raises(SparseError, match=r"^The layer works in 4 dimensions, and the tensor has 3\.$"):
        Convolution(2, 3, 3, dimension=4)(_tensor(3))


def test_voxels_too_far_apart_to_index_are_refused():
    far = 2**31 - 1
    coordinates = torch.tensor([[0, 0, 0, 0], [0, far, far, far]])
    with pytest.raises(SparseError, match="cannot be indexed"):
        sparse_tensor(coordinates, torch.ones(2, 1))


def _tensor(dimension: int):
    coordinates = reference.random_voxels(20, dimension)
    return sparse_tensor(coordinates, torch.randn(len(coordinates), 2))
