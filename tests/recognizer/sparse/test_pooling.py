"""Pooling and normalisation of sparse tensors against loops."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from recognizer.sparse import BatchNorm, GlobalAveragePool, MaxPool, ReLU, SparseError, sparse_tensor
from tests.recognizer.sparse import reference


@pytest.fixture(autouse=True)
def fixed_seed():
    torch.manual_seed(0)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize(
    "size, stride, dilation",
    [(2, 2, 1), (3, 3, 1), (3, 2, 1), (3, 1, 1), (3, 1, 2), (2, 1, 1), ((2, 2, 3), (2, 2, 1), 1), (1, 1, 1)],
    ids=str,
)
def test_max_pool_is_the_maximum_over_neighbours(size, stride, dilation, dtype):
    coordinates = reference.random_voxels(40, 3)
    features = torch.randn(len(coordinates), 3, dtype=dtype, requires_grad=True)
    x = sparse_tensor(coordinates, features)
    pool = MaxPool(size, stride, dilation, dimension=3)
    y = pool(x)
    got = reference.as_dictionary(y)
    wanted = reference.max_pool(reference.as_dictionary(x), pool.region, x.stride)
    assert got.keys() == wanted.keys()
    got, wanted = reference.in_order(got), reference.in_order(wanted)
    torch.testing.assert_close(got, wanted, rtol=0, atol=0)
    upstream = torch.randn_like(got)
    torch.testing.assert_close(
        torch.autograd.grad(got, features, upstream), torch.autograd.grad(wanted, features, upstream)
    )


def test_pooling_twice_is_pooling_by_four():
    coordinates = reference.random_voxels(60, 4, reach=8)
    x = sparse_tensor(coordinates, torch.randn(len(coordinates), 2))
    twice = MaxPool(2, 2, dimension=4)(MaxPool(2, 2, dimension=4)(x))
    once = MaxPool(4, 4, dimension=4)(x)
    assert twice.stride == once.stride == (4, 4, 4, 4)
    assert torch.equal(twice.coordinates, once.coordinates)
    torch.testing.assert_close(twice.features, once.features, rtol=0, atol=0)


def test_negative_coordinates_are_rounded_down():
    x = sparse_tensor(torch.tensor([[0, -3], [0, -1], [0, 0], [0, 1]]), torch.arange(4.0)[:, None])
    y = MaxPool(2, 2, dimension=1)(x)
    assert {k: float(v) for k, v in reference.as_dictionary(y).items()} == {(0, -4): 0, (0, -2): 1, (0, 0): 3}


def test_the_gradient_of_equal_values_goes_to_one_of_them():
    features = torch.zeros(4, 1, requires_grad=True)
    x = sparse_tensor(torch.tensor([[0, 0], [0, 1], [0, 2], [0, 3]]), features)
    MaxPool(4, 4, dimension=1)(x).features.sum().backward()
    assert features.grad[:, 0].tolist() == [1, 0, 0, 0]


def test_global_average_is_entry_by_entry_whatever_the_order():
    coordinates = reference.random_voxels(15, 3, batch=4)
    x = sparse_tensor(coordinates, torch.randn(len(coordinates), 5))
    wanted = torch.stack([x.features[x.coordinates[:, 0] == entry].mean(0) for entry in range(4)])
    torch.testing.assert_close(GlobalAveragePool()(x), wanted)


def test_batch_norm_is_over_all_voxels():
    coordinates = reference.random_voxels(15, 3)
    x = sparse_tensor(coordinates, 3 + 2 * torch.randn(len(coordinates), 5))
    norm = BatchNorm(5)
    assert set(norm.state_dict()) == {f"bn.{name}" for name in nn.BatchNorm1d(5).state_dict()}
    y = norm(x).features
    torch.testing.assert_close(y.mean(0), torch.zeros(5), atol=1e-5, rtol=0)
    torch.testing.assert_close(y.var(0, unbiased=False), torch.ones(5), atol=1e-4, rtol=0)


def test_relu():
    x = sparse_tensor(torch.tensor([[0, 0], [0, 1]]), torch.tensor([[-1.0], [2.0]]))
    assert ReLU()(x).features.tolist() == [[0.0], [2.0]]


def test_pooling_in_other_dimensions_is_refused():
    x = sparse_tensor(torch.tensor([[0, 0]]), torch.ones(1, 1))
    with pytest.raises(SparseError, match=r"^The layer works in 2 dimensions, and the tensor has 1\.$"):
        MaxPool(2, 2, dimension=2)(x)
