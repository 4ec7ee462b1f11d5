"""Adjacency against matrices written out by hand."""

from __future__ import annotations

import numpy as np
import pytest

from pose.layouts import KINETICS_18, LAYOUTS, NTU_25
from recognizer import graph

# A chain of five joints: 0 - 1 - 2 - 3 - 4.
CHAIN = np.array(
    [
        [0, 1, 0, 0, 0],
        [1, 0, 1, 0, 0],
        [0, 1, 0, 1, 0],
        [0, 0, 1, 0, 1],
        [0, 0, 0, 1, 0],
    ],
    np.float32,
)

# LSTA-Net, Sec. 2.1.2 in words: 1 where i = j or d = k, d / k where 0 < d < k, 0 elsewhere.
MSDA = [
    [
        [1, 0, 0, 0, 0],
        [0, 1, 0, 0, 0],
        [0, 0, 1, 0, 0],
        [0, 0, 0, 1, 0],
        [0, 0, 0, 0, 1],
    ],
    [
        [1, 1, 0, 0, 0],
        [1, 1, 1, 0, 0],
        [0, 1, 1, 1, 0],
        [0, 0, 1, 1, 1],
        [0, 0, 0, 1, 1],
    ],
    [
        [1, 1 / 2, 1, 0, 0],
        [1 / 2, 1, 1 / 2, 1, 0],
        [1, 1 / 2, 1, 1 / 2, 1],
        [0, 1, 1 / 2, 1, 1 / 2],
        [0, 0, 1, 1 / 2, 1],
    ],
    [
        [1, 1 / 3, 2 / 3, 1, 0],
        [1 / 3, 1, 1 / 3, 2 / 3, 1],
        [2 / 3, 1 / 3, 1, 1 / 3, 2 / 3],
        [1, 2 / 3, 1 / 3, 1, 1 / 3],
        [0, 1, 2 / 3, 1 / 3, 1],
    ],
    [
        [1, 1 / 4, 2 / 4, 3 / 4, 1],
        [1 / 4, 1, 1 / 4, 2 / 4, 3 / 4],
        [2 / 4, 1 / 4, 1, 1 / 4, 2 / 4],
        [3 / 4, 2 / 4, 1 / 4, 1, 1 / 4],
        [1, 3 / 4, 2 / 4, 1 / 4, 1],
    ],
]


def normalised(matrix: list[list[float]]) -> np.ndarray:
    """D^-1/2 A D^-1/2, entry by entry."""
    sums = [sum(row) for row in matrix]
    size = range(len(matrix))
    return np.array([[matrix[i][j] / (sums[i] * sums[j]) ** 0.5 for j in size] for i in size])


@pytest.mark.parametrize("k", range(5))
def test_decentralised_adjacency_of_a_chain(k: int):
    np.testing.assert_allclose(graph.decentralised_scales(CHAIN, 5)[k], normalised(MSDA[k]), atol=1e-6)


def test_one_decentralised_entry_with_its_numbers():
    # k = 2, joints 0 and 1: 1/2 over the root of the row sums 2.5 and 3.
    assert graph.decentralised_scales(CHAIN, 3)[2, 0, 1] == pytest.approx(0.5 / 7.5**0.5)


def test_a_scale_beyond_the_longest_path_is_weighted_by_distance():
    wanted = [[1 if i == j else abs(i - j) / 6 for j in range(5)] for i in range(5)]
    np.testing.assert_allclose(graph.decentralised_scales(CHAIN, 7)[6], normalised(wanted), atol=1e-6)


@pytest.mark.parametrize("k", range(5))
def test_disentangled_adjacency_keeps_only_the_exact_distance(k: int):
    wanted = [[float(i == j or abs(i - j) == k) for j in range(5)] for i in range(5)]
    np.testing.assert_allclose(graph.disentangled_scales(CHAIN, 5)[k], normalised(wanted), atol=1e-6)


def test_powers_of_the_chain():
    once = normalised(MSDA[1])
    scales = graph.power_scales(CHAIN, 4)
    np.testing.assert_allclose(scales[0], np.eye(5), atol=1e-6)
    np.testing.assert_allclose(scales[1], once, atol=1e-6)
    np.testing.assert_allclose(scales[3], once @ once @ once, atol=1e-6)


def test_distances_on_the_body():
    distance = graph.hop_distance(graph.adjacency(NTU_25))
    # Six bones up each arm to the spine: tip, thumb, hand, wrist, elbow, shoulder, spine at the shoulders.
    assert distance[NTU_25.index("left_hand_tip"), NTU_25.index("right_hand_tip")] == 12
    assert distance[NTU_25.index("head"), NTU_25.index("left_foot")] == 8
    distance = graph.hop_distance(graph.adjacency(KINETICS_18))
    assert distance[KINETICS_18.index("left_ankle"), KINETICS_18.index("right_ankle")] == 8


def test_unconnected_joints_are_infinitely_far_and_get_no_weight():
    apart = np.zeros((3, 3), np.float32)
    apart[0, 1] = apart[1, 0] = 1
    assert np.isinf(graph.hop_distance(apart)[0, 2])
    scales = graph.decentralised_scales(apart, 4)
    assert np.isfinite(scales).all()
    assert (scales[:, 0, 2] == 0).all()


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_every_layout_is_one_tree(layout):
    matrix = graph.adjacency(layout)
    np.testing.assert_array_equal(matrix, matrix.T)
    assert matrix.sum() == 2 * (len(layout) - 1)
    assert np.isfinite(graph.hop_distance(matrix)).all()


def test_rows_without_neighbours_stay_zero():
    np.testing.assert_array_equal(graph.symmetric_normalised(np.zeros((2, 2), np.float32)), np.zeros((2, 2)))


def test_in_a_window_a_joint_touches_itself_and_its_neighbours_in_every_frame():
    window = graph.window_adjacency(CHAIN, 3)
    assert window.shape == (15, 15)
    for a in range(3):
        for b in range(3):
            for i in range(5):
                for j in range(5):
                    touches = abs(i - j) <= 1 and (a, i) != (b, j)
                    assert window[5 * a + i, 5 * b + j] == touches


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_partitions_add_up_to_the_normalised_graph(layout):
    partitions = graph.spatial_partitions(layout)
    assert partitions.shape == (3, len(layout), len(layout)) and partitions.dtype == np.float32
    whole = graph.symmetric_normalised(graph.adjacency(layout) + np.eye(len(layout), dtype=np.float32))
    np.testing.assert_array_equal(partitions.sum(0), whole)
    assert ((partitions != 0).sum(0) <= 1).all()
    np.testing.assert_array_equal(partitions[0], np.diag(np.diag(whole)))


@pytest.mark.parametrize(
    "layout,centre", [(NTU_25, "spine_shoulder"), (KINETICS_18, "neck")], ids=["ntu-25", "kinetics-18"]
)
def test_partitions_are_towards_the_centre_and_away_from_it(layout, centre):
    _, inward, outward = graph.spatial_partitions(layout)
    elbow, wrist, shoulder = (layout.index(f"left_{name}") for name in ("elbow", "wrist", "shoulder"))
    assert np.flatnonzero(inward[elbow]).tolist() == [shoulder]
    assert np.flatnonzero(outward[elbow]).tolist() == [wrist]
    assert not inward[layout.index(centre)].any()
