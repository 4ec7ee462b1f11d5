"""Every network's attention as maps: shapes, ranges and sums as the papers define them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pose.layouts import KINETICS_18, NTU_25
from recognizer.attention import attention_maps, strongest_pairs, unit_range
from recognizer.networks.build import build
from recognizer.networks.dualhead import DualHeadAttention, DualHeadConfig
from recognizer.networks.lsta import LSTAConfig
from recognizer.networks.sem import SEMConfig
from recognizer.networks.spa import SPAConfig
from recognizer.networks.stf import STFConfig
from recognizer.runtime.eager import as_arrays


def maps_of(config, layout=KINETICS_18, samples: int = 2, frames: int = 16):
    torch.manual_seed(0)
    network = build(config, layout, 5, layout.coordinates).eval()
    with torch.no_grad():
        x = torch.randn(samples, layout.coordinates, frames, len(layout), 1)
        return attention_maps(as_arrays(network.forward_in_full(x)[2]))


@pytest.mark.parametrize("layout", [NTU_25, KINETICS_18], ids=lambda layout: layout.name)
def test_lsta_responses_of_joints_and_frames(layout):
    maps = maps_of(LSTAConfig(width=0.25), layout)
    assert len(maps) == 2
    for each in maps:
        assert each.joints.shape == (4, len(layout)) and each.frames.shape == (4,)
        for values in (each.joints, each.frames):
            assert (values.min(), values.max()) == (0, 1)
        np.testing.assert_allclose(each.frames, unit_range(each.joints.mean(1)), atol=1e-6)


def test_dualhead_gates_of_joints_and_frames():
    first, second = maps_of(DualHeadConfig(width=0.125))
    assert first.joints.shape == (1, 18) and first.frames.shape == (4,)
    # Temporal gates start from zero weights.
    np.testing.assert_array_equal(first.frames, 0.5)
    assert 0 < first.joints.min() < first.joints.max() < 1
    assert not np.array_equal(first.joints, second.joints)


def test_dualhead_shows_the_gates_that_tell_something():
    temporal = tuple(torch.full((1, 2, frames), value) for frames, value in ((8, 0.99), (4, 0.3)))
    spatial = tuple(torch.full((1, 2, 18), value) for value in (0.6, 0.001))
    (maps,) = attention_maps(DualHeadAttention(temporal, spatial))
    np.testing.assert_allclose(maps.joints, np.full((1, 18), 0.6))  # of block 2
    np.testing.assert_allclose(maps.frames, np.full(4, 0.3))  # of block 3


@pytest.mark.parametrize("temporal", ["cross", "none"])
@pytest.mark.parametrize("spatial", ["self", "none"])
def test_dualhead_without_gates_shows_none(temporal, spatial):
    config = DualHeadConfig(width=0.125, temporal_attention=temporal, spatial_attention=spatial)
    maps = maps_of(config, samples=3)
    assert len(maps) == (0 if temporal == spatial == "none" else 3)
    for each in maps:
        assert (each.frames is None) == (temporal == "none")
        assert (each.joints is None) == (spatial == "none")


@pytest.mark.parametrize("layout, parts", [(NTU_25, (25, 10, 5)), (KINETICS_18, (18, 5))])
def test_stf_relations_of_joints_to_parts(layout, parts):
    for each in maps_of(STFConfig(width=0.125), layout):
        assert [grain.shape for grain in each.relations] == [(len(layout), count) for count in parts]
        for grain in each.relations:
            np.testing.assert_allclose(grain.sum(1), 1, rtol=1e-5)
        assert each.joints.shape == (4, len(layout))
        assert each.frames.shape == (4,) and 0 < each.frames.min() <= each.frames.max() < 1


def test_stf_without_its_focuses_shows_responses_alone():
    for each in maps_of(STFConfig(width=0.125, mcf=False, tdf=False)):
        assert each.relations == () and each.frames is None and each.joints is not None


def test_sem_relations_of_joints():
    for each in maps_of(SEMConfig(width=0.125)):
        (relations,) = each.relations
        assert relations.shape == each.regularisation.shape == (18, 18)
        np.testing.assert_allclose(relations.sum(1), 1, rtol=1e-5)
        assert not each.regularisation.any()  # starts at 0
        assert each.joints is each.frames is None
    assert maps_of(SEMConfig(width=0.125, global_regularisation=False))[0].regularisation is None


@pytest.mark.parametrize("layout", [NTU_25, KINETICS_18], ids=lambda layout: layout.name)
def test_spa_voxels(layout):
    for each in maps_of(SPAConfig(width=0.0625, space=8, kernel=3), layout):
        voxels = each.voxels
        count = len(voxels.magnitudes)
        assert count > 1
        assert voxels.positions.shape == (count, layout.coordinates) and voxels.frames.shape == (count,)
        assert voxels.magnitudes.min() >= 0 and voxels.magnitudes.max() == 1
        assert voxels.side > 0
        assert set(voxels.frames) <= {0, 4, 8, 12}  # halved twice


def test_strongest_pairs_against_sorting_by_hand():
    relations = np.random.default_rng(0).random((7, 7)).astype(np.float32)
    pairs, weights = strongest_pairs(relations, 10)
    others = sorted((relations[i, j] for i in range(7) for j in range(7) if i != j), reverse=True)
    np.testing.assert_array_equal(weights, others[:10])
    for (i, j), weight in zip(pairs, weights, strict=True):
        assert i != j and relations[i, j] == weight
    assert len(strongest_pairs(relations)[0]) == 42


def test_something_else_is_no_attention():
    with pytest.raises(TypeError, match="Tensor is no network's attention"):
        attention_maps(torch.zeros(1))
