"""What a sparse tensor accepts, before either backend sees it."""

from __future__ import annotations

import sys

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from recognizer.sparse import SparseError, sparse_tensor
from recognizer.sparse.keys import KeySpace, distinct
from recognizer.sparse.torch_backend import TorchSparseTensor

ROWS = torch.tensor([[1, 5, -3], [0, 2, 2], [1, 5, -3], [0, 0, 0], [0, 2, 2], [0, 2, 2]])


def features(count: int) -> torch.Tensor:
    return torch.arange(1.0, count + 1)[:, None]


@pytest.mark.parametrize(
    "duplicates, wanted", [("first", [1, 2, 4]), ("sum", [4, 13, 4]), ("average", [2, 13 / 3, 4])]
)
def test_duplicates_become_one_voxel(duplicates, wanted):
    x = sparse_tensor(ROWS, features(6), duplicates=duplicates)
    assert x.coordinates.tolist() == [[1, 5, -3], [0, 2, 2], [0, 0, 0]]
    torch.testing.assert_close(x.features[:, 0], torch.tensor(wanted, dtype=torch.float32))


def test_duplicates_share_the_gradient():
    values = features(6).requires_grad_()
    sparse_tensor(ROWS, values, duplicates="average").features.sum().backward()
    torch.testing.assert_close(values.grad[:, 0], torch.tensor([1 / 2, 1 / 3, 1 / 2, 1, 1 / 3, 1 / 3]))


def test_real_coordinates_are_rounded_down():
    rows = torch.tensor([[0.0, -0.1, 1.9], [0.0, -1.0, 1.0], [0.0, 0.5, 1.0]])
    x = sparse_tensor(rows, features(3))
    assert x.coordinates.tolist() == [[0, -1, 1], [0, 0, 1]]
    assert x.features[:, 0].tolist() == [1, 3]


@pytest.mark.parametrize("dtype", [torch.int32, torch.int64, torch.int16], ids=str)
def test_whole_coordinates_of_any_type(dtype):
    x = sparse_tensor(ROWS.to(dtype), features(6))
    assert x.coordinates.dtype == torch.int64
    assert (x.batch_size, x.dimension, x.stride) == (2, 2, (1, 1))


@pytest.mark.parametrize("backend", ["torch", "minkowski", "auto"])
@pytest.mark.parametrize(
    "rows, batch_size, message",
    [
        ([[0, 1], [2, 1]], None, "Batch entry 1 of 3 has no voxels"),
        ([[1, 1]], None, "Batch entry 0 of 2 has no voxels"),
        ([[0, 1]], 2, "Batch entry 1 of 2 has no voxels"),
        ([[0, 1], [1, 1]], 1, "a voxel of batch entry 1, and the batch has only 1"),
        ([[-1, 1], [0, 1]], None, "count from 0"),
        ([[0, 2**31]], None, "32 bits"),
        ([[0.0, float("nan")]], None, "finite"),
        ([[0.0, float("inf")]], None, "finite"),
    ],
    ids=str,
)
def test_voxels_that_fit_no_batch_are_refused_by_every_backend(rows, batch_size, message, backend):
    with pytest.raises(SparseError, match=message) as error:
        sparse_tensor(torch.tensor(rows), features(len(rows)), batch_size, backend=backend)
    assert_one_sentence(error.value)


def test_what_is_no_sparse_tensor_is_refused():
    for rows, values, message in [
        (torch.zeros(0, 3), torch.zeros(0, 1), "at least one voxel"),
        (torch.zeros(2, 3), torch.zeros(3, 1), "2 coordinates and 3 rows"),
        (torch.zeros(3), torch.zeros(3, 1), r"takes \(n, 1 \+ D\) coordinates"),
        (torch.zeros(1, 1), torch.zeros(1, 1), r"takes \(n, 1 \+ D\) coordinates"),
        (torch.zeros(1, 3), torch.zeros(1, 1, dtype=torch.int64), "float32 or float64"),
        (torch.zeros(1, 3), torch.zeros(1, 1, dtype=torch.bfloat16), "float32 or float64"),
    ]:
        with pytest.raises(SparseError, match=message) as error:
            sparse_tensor(rows, values)
        assert_one_sentence(error.value)


def test_unknown_choices_are_refused():
    with pytest.raises(SparseError, match="choose 'torch', 'minkowski' or 'auto'") as error:
        sparse_tensor(ROWS, features(6), backend="spconv")
    assert_one_sentence(error.value)
    with pytest.raises(SparseError, match="'first', 'sum' or 'average'") as error:
        sparse_tensor(ROWS, features(6), duplicates="last")
    assert_one_sentence(error.value)


def test_a_missing_minkowskiengine_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "MinkowskiEngine", None)
    with pytest.raises(SparseError, match="needs MinkowskiEngine, which cannot be imported") as error:
        sparse_tensor(ROWS, features(6), backend="minkowski")
    assert_one_sentence(error.value)


def test_auto_is_torch_on_the_cpu():
    assert isinstance(sparse_tensor(ROWS, features(6), backend="auto"), TorchSparseTensor)


def test_replace_keeps_the_voxels():
    x = sparse_tensor(ROWS, features(6))
    y = x.replace(torch.zeros(3, 7))
    assert torch.equal(y.coordinates, x.coordinates)
    assert y.features.shape == (3, 7)


places = st.lists(st.tuples(st.integers(0, 3), *[st.integers(-50, 50)] * 3), min_size=1, max_size=30)


@given(places)
def test_distinct_rows_are_those_of_a_set(rows):
    unique, inverse = distinct(torch.tensor(rows))
    assert {tuple(row) for row in unique.tolist()} == set(rows)
    assert len(unique) == len(set(rows))
    assert [tuple(row) for row in unique[inverse].tolist()] == rows


@given(places, st.tuples(*[st.integers(-9, 9)] * 3), st.integers(0, 2))
def test_a_move_of_a_voxel_is_a_step_of_its_key(rows, move, inner):
    coordinates = torch.tensor(rows)
    space = KeySpace([coordinates], [9, 9, 9], inner)
    moved = coordinates + torch.tensor([0, *move])
    keys = space.keys(coordinates)
    assert torch.equal(space.keys(moved), keys + space.steps(torch.tensor([move])))
    assert space.keys(moved).min() >= 0
    along = torch.zeros(1, 3, dtype=torch.int64)
    along[0, inner] = 1
    assert space.steps(along).item() == 1
    # No two places within reach have the same key.
    both = torch.cat([coordinates, moved]).unique(dim=0)
    assert len(space.keys(both).unique()) == len(both)


def assert_one_sentence(error: Exception) -> None:
    text = str(error)
    assert text.endswith(".") and "\n" not in text
    assert text[:-1].count(". ") == 0
