"""Convolutions side by side, computed together, against each of them computed by loops."""

from __future__ import annotations

import pytest
import torch

from recognizer.sparse import Branches, Convolution, SparseError, maps, sparse_tensor
from tests.recognizer.sparse import reference

SEVERAL = {
    "SPA-Net's in 3-D": ((5, 5, 5, 3), [(1, 1, 1, each) for each in (1, 3, 5, 7)]),
    "SPA-Net's in 2-D": ((5, 5, 3), [(1, 1, each) for each in (1, 3, 5, 7)]),
    "one": ((3, 3), [(1, 2)]),
    "lines that have gaps": ((3, 3, 3), [(2, 1, 1), (2, 1, 2), (2, 3, 1)]),
    "other dilations along every axis": ((3, 3), [(1, 2), (2, 1)]),
    "even kernels": ((2, 3), [(1, 1), (1, 2)]),
}


@pytest.fixture(autouse=True)
def fixed_seed():
    torch.manual_seed(0)


@pytest.mark.parametrize("small", [0, 3, 512], ids="groups of {} and fewer pairs together".format)
@pytest.mark.parametrize("size, dilations", SEVERAL.values(), ids=SEVERAL)
def test_branches_are_convolutions_of_parts_of_the_channels(monkeypatch, size, dilations, small):
    monkeypatch.setattr(maps, "_SMALL_GROUP", small)
    dimension, parts = len(size), len(dilations)
    layer = Branches(Convolution(2, 3, size, 1, each, dimension=dimension) for each in dilations).double()
    coordinates = reference.random_voxels(40, dimension, reach=4)
    features = torch.randn(len(coordinates), 2 * parts, dtype=torch.float64, requires_grad=True)
    x = sparse_tensor(coordinates, features, backend="torch")
    y = layer(x)
    assert torch.equal(y.coordinates, x.coordinates)
    wanted = torch.cat(
        [
            reference.in_order(
                reference.convolution(
                    reference.as_dictionary(x.replace(part)), conv.kernel, conv.region, x.stride
                )
            )
            for part, conv in zip(features.chunk(parts, 1), layer, strict=True)
        ],
        1,
    )
    got = reference.in_order(reference.as_dictionary(y))
    torch.testing.assert_close(got, wanted, rtol=1e-10, atol=1e-10)
    upstream = torch.randn_like(got)
    leaves = (features, *layer.parameters())
    torch.testing.assert_close(
        torch.autograd.grad(got, leaves, upstream),
        torch.autograd.grad(wanted, leaves, upstream),
        rtol=1e-10,
        atol=1e-10,
    )


def test_branches_of_a_coarse_grid_share_one_search(monkeypatch):
    made = []
    original = maps.kernel_map
    monkeypatch.setattr(
        "recognizer.sparse.grid.kernel_map", lambda *args: made.append(args) or original(*args)
    )
    coordinates = reference.random_voxels(40, 3, reach=4)
    x = sparse_tensor(coordinates, torch.randn(len(coordinates), 4), backend="torch")
    x = Convolution(4, 4, 2, 2, dimension=3)(x)
    layer = Branches(Convolution(2, 2, 3, 1, (1, 1, each), dimension=3) for each in (1, 3))
    made.clear()
    y = layer(layer(x))
    assert len(made) == 1
    apart = [conv(x.replace(part)).features for conv, part in zip(layer, x.features.chunk(2, 1), strict=True)]
    torch.testing.assert_close(layer(x).features, torch.cat(apart, 1))
    assert y.stride == x.stride


def test_what_cannot_be_branches_is_told():
    for impossible in (
        [Convolution(2, 2, 3, 2, dimension=2)],
        [Convolution(2, 2, 3, bias=True, dimension=2)],
        [Convolution(2, 2, 1, dimension=2)],
        [Convolution(2, 2, 3, dimension=2), Convolution(2, 3, 3, dimension=2)],
    ):
        with pytest.raises(SparseError, match=r"^Branches are convolutions without bias and stride"):
            Branches(impossible)
    layer = Branches(Convolution(2, 2, 3, dimension=3) for _ in range(2))
    coordinates = reference.random_voxels(5, 3)
    with pytest.raises(SparseError, match=r"^The branches take 4 channels, and the tensor has 2\.$"):
        layer(sparse_tensor(coordinates, torch.randn(len(coordinates), 2)))
