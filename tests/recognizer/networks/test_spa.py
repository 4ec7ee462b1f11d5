"""SPA-Net: voxels, blocks by their equations, ablations, attention and the network as a whole."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from pose.layouts import KINETICS_18, NTU_25, SHREC_22
from recognizer.layers.voxels import voxelise
from recognizer.networks.spa import SPABlock, SPAConfig, SPANet
from recognizer.sparse import MaxPool, SparseError, sparse_tensor
from tests.recognizer.modules import count, with_history
from tests.recognizer.sparse import reference

SMALL = SPAConfig(space=16, width=0.125)
"""Channels 8, 8, 16, 16, 32, 32, and voxels so large that random joints have neighbours."""


@pytest.fixture(autouse=True)
def fixed_seed():
    torch.manual_seed(0)


# Size and configurations


def test_parameter_counts():
    with torch.device("meta"):
        whole = count(SPANet(NTU_25, 60))
        split = count(SPANet(NTU_25, 60, config=SPAConfig("3+1d")))
    assert whole == 16_319_164  # about 94 C^2 a layer
    assert split == 5_697_980
    assert split < whole  # Sec. 3.2: SPA-4D "has more parameters due to the extra kernel dimension"


@pytest.mark.parametrize(
    "choices",
    [
        {"convolution": "4d"},
        {"convolution": "3+1d"},
        {"space": 32},
        {"space": 64},
        {"space": 128},
        {"kernel": 3},
        {"kernel": 6},
        {"kernel": 6, "convolution": "3+1d"},
        {"temporal_dilations": (1,)},
        {"temporal_dilations": (1, 2, 3)},
        {"width": 0.25},
        {"dropout": 0.5},
    ],
    ids=str,
)
def test_every_ablation_builds_and_runs(choices):
    network = SPANet(NTU_25, 7, config=replace(SMALL, **choices))
    logits = network(torch.randn(2, 3, 12, 25, 2))
    assert logits.shape == (2, 7)
    assert logits.isfinite().all()


def test_channels():
    assert SPAConfig().channels == (64, 64, 128, 128, 256, 256)
    assert SPAConfig(width=0.5).channels == (32, 32, 64, 64, 128, 128)
    assert set(SPAConfig(width=0.01).channels) == {4}


@pytest.mark.parametrize("persons", [1, 2])
@pytest.mark.parametrize("frames", [1, 5, 13])
@pytest.mark.parametrize("layout", [NTU_25, KINETICS_18, SHREC_22], ids=lambda layout: layout.name)
def test_any_layout_and_any_number_of_frames(layout, frames, persons):
    for channels in (layout.coordinates, layout.coordinates + 1):
        network = SPANet(layout, 5, channels, persons, SMALL).eval()
        logits, _, attention = network.forward_in_full(torch.rand(2, channels, frames, len(layout), persons))
        assert logits.shape == (2, 5)
        assert attention.positions.shape[1] == layout.coordinates


def test_only_the_joint_stream_is_taken():
    with pytest.raises(ValueError, match="SPA-Net takes the joint stream of ntu-25 alone: 3 coordinates"):
        SPANet(NTU_25, 5, 7)


# Voxels


def voxels_by_loop(x: Tensor, axes: int, space: int) -> set[tuple[int, ...]]:
    """(entry, place, frame, person, joint) of every joint that was seen."""
    found = set()
    for entry, item in enumerate(x):
        points = {}
        for t in range(item.shape[1]):
            for person in range(item.shape[3]):
                for joint in range(item.shape[2]):
                    if item[axes, t, joint, person] > 0:
                        points[t, person, joint] = item[:axes, t, joint, person]
        low = [min(float(p[axis]) for p in points.values()) for axis in range(axes)]
        high = [max(float(p[axis]) for p in points.values()) for axis in range(axes)]
        scale = space / max(b - a for a, b in zip(low, high, strict=True))
        for (t, person, joint), point in points.items():
            place = [
                min(space - 1, math.floor((float(v) - a) * scale)) for v, a in zip(point, low, strict=True)
            ]
            found.add((entry, *place, t, person, joint))
    return found


@pytest.mark.parametrize("axes", [2, 3])
def test_joints_become_voxels_of_their_clip(axes):
    x = torch.randn(2, axes + 1, 4, 5, 2, dtype=torch.float64)
    points = voxelise(x, axes, 16, person_flag=True)
    assert points.features.shape == (len(points.coordinates), 6)
    assert (points.features[:, :5].sum(1) == 1).all()
    person, joint = points.features[:, 5].long(), points.features[:, :5].argmax(1)
    found = {
        (*row, int(p), int(j)) for row, p, j in zip(points.coordinates.tolist(), person, joint, strict=True)
    }
    assert found == voxels_by_loop(x, axes, 16)
    places = points.coordinates[:, 1:-1]
    assert places.min() == 0 and places.max() == 15
    # The place of a joint is origin + coordinate * voxel, up to less than a voxel.
    entry = points.coordinates[:, 0]
    corner = points.origin[entry] + places * points.voxel[entry, None]
    frame = points.coordinates[:, -1]
    real = x[entry, :axes, frame, joint, person]
    assert ((real - corner) > -1e-9).all()
    assert ((real - corner) <= points.voxel[entry, None] * (1 + 1e-9)).all()


def test_all_axes_have_one_scale():
    x = torch.zeros(1, 2, 1, 3, 1)
    x[0, :, 0, :, 0] = torch.tensor([[1.0, 9.0, 5.0], [1.0, 3.0, 2.0]])
    points = voxelise(x, 2, 8, person_flag=False)
    assert points.coordinates[:, 1:3].tolist() == [[0, 0], [7, 2], [4, 1]]
    assert points.features.tolist() == torch.eye(3).tolist()
    assert points.voxel.tolist() == [1.0]


def test_joints_that_nobody_saw_are_left_out():
    with_confidence = torch.ones(1, 4, 2, 5, 1)
    with_confidence[0, :3] = torch.randn(3, 2, 5, 1)
    with_confidence[0, 3, 1, 2] = 0
    with_confidence[0, 0, 0, 4] = torch.nan
    rows = voxelise(with_confidence, 3, 16, person_flag=False)
    seen = {(int(c[-1]), int(f.argmax())) for c, f in zip(rows.coordinates, rows.features, strict=True)}
    assert seen == {(t, j) for t in range(2) for j in range(5)} - {(1, 2), (0, 4)}
    without = with_confidence[:, :3].nan_to_num(1.0)
    without[0, :, 1] = 0
    assert set(voxelise(without, 3, 16, person_flag=False).coordinates[:, -1].tolist()) == {0}


def test_a_clip_without_anyone_is_one_voxel_without_features():
    x = torch.zeros(3, 3, 4, 5, 2)
    x[1] = torch.randn(3, 4, 5, 2)
    points = voxelise(x, 3, 16, person_flag=True)
    for entry in (0, 2):
        rows = points.coordinates[:, 0] == entry
        assert points.coordinates[rows].tolist() == [[entry, 0, 0, 0, 0]]
        assert points.features[rows].abs().max() == 0
    assert points.voxel.isfinite().all() and points.origin.isfinite().all()
    single = torch.zeros(1, 3, 1, 5, 1)
    single[0, :, 0, 2, 0] = 1.0  # the others are at 0, 0, 0
    assert voxelise(single, 3, 16, person_flag=False).coordinates[:, 1:4].amax(0).tolist() == [15, 15, 15]


def test_one_joint_alone_is_at_the_origin():
    x = torch.zeros(1, 4, 1, 5, 1)
    x[0, :, 0, 2, 0] = 7.0
    points = voxelise(x, 3, 16, person_flag=False)
    assert points.coordinates.tolist() == [[0, 0, 0, 0, 0]]
    assert points.features.tolist() == [[0, 0, 1, 0, 0]]


# Blocks


def block_by_loop(block: SPABlock, voxels: reference.Voxels, config: SPAConfig) -> reference.Voxels:
    """Fig. 6 with the convolutions of Eq. 9 as sums over neighbours."""
    stride = (1,) * (len(next(iter(voxels))) - 1)

    def convolved(layer, rows):
        return reference.convolution(rows, layer.kernel, layer.region, stride)

    def normalised(layer, rows):
        bn = layer.bn
        scale = bn.weight / (bn.running_var + bn.eps).sqrt()
        return {place: (row - bn.running_mean) * scale + bn.bias for place, row in rows.items()}

    def rectified(rows):
        return {place: row.relu() for place, row in rows.items()}

    mixed = rectified(normalised(block.split[0][1], convolved(block.split[0][0], voxels)))
    outputs = []
    for index, branch in enumerate(block.branches):
        part = {place: row.chunk(len(block.branches))[index] for place, row in mixed.items()}
        if config.convolution == "4d":
            outputs.append(convolved(branch, part))
        else:
            spatial = rectified(normalised(branch[1], convolved(branch[0], part)))
            outputs.append(convolved(branch[3], spatial))
    joined = {place: torch.cat([output[place] for output in outputs]) for place in voxels}
    residual = voxels
    if not isinstance(block.residual, nn.Identity):
        residual = normalised(block.residual[1], convolved(block.residual[0], voxels))
    return rectified({place: row + residual[place] for place, row in normalised(block.norm, joined).items()})


@pytest.mark.parametrize("in_channels", [5, 8])
@pytest.mark.parametrize("convolution", ["4d", "3+1d"])
def test_block_is_figure_6(convolution, in_channels):
    config = SPAConfig(convolution, kernel=3)
    block = with_history(SPABlock(in_channels, 8, 2, config)).double()
    coordinates = reference.random_voxels(40, 3, reach=4)
    x = sparse_tensor(coordinates, torch.randn(len(coordinates), in_channels, dtype=torch.float64))
    with torch.no_grad():
        got = reference.as_dictionary(block(x))
        wanted = block_by_loop(block, reference.as_dictionary(x), config)
    assert got.keys() == wanted.keys()
    torch.testing.assert_close(reference.in_order(got), reference.in_order(wanted))


@pytest.mark.parametrize("convolution", ["4d", "3+1d"])
def test_branches_see_as_far_as_their_dilation(convolution):
    """In time: dilation d; in space: half the kernel."""
    block = SPABlock(8, 64, 2, SPAConfig(convolution)).double().eval()
    width = torch.arange(-8, 9)
    along_time = torch.stack([width * 0, width * 0, width * 0, width], 1)
    along_space = torch.stack([width * 0, width, width * 0, width * 0], 1)
    for coordinates, reach in ((along_time, [1, 3, 5, 7]), (along_space, [2, 2, 2, 2])):
        for branch, distance in zip(block.branches, reach, strict=True):
            features = torch.randn(17, 16, dtype=torch.float64)
            changed = features.clone()
            changed[8] += 1.0
            with torch.no_grad():
                a, b = (branch(sparse_tensor(coordinates, values)).features for values in (features, changed))
            touched = ((a - b).abs().amax(1) > 1e-9).nonzero()[:, 0] - 8
            assert int(touched.abs().max()) == distance
            if coordinates is along_time:
                assert touched.tolist() == [-distance, 0, distance]


def test_pooling_stands_before_the_channels_double():
    kinds = ["pool" if isinstance(part, MaxPool) else "block" for part in SPANet(NTU_25, 5).blocks]
    assert kinds == ["block", "block", "pool", "block", "block", "pool", "block", "block"]


def test_joints_in_the_same_voxel_add_up():
    """Eq. 9 sums over all joints in reach, whether or not they share a place."""
    network = with_history(SPANet(KINETICS_18, 5, 3, persons=1, config=replace(SMALL, space=4)))
    x = torch.rand(1, 3, 3, 18, 1)
    points = voxelise(x, 2, 4, person_flag=False)
    merged = sparse_tensor(points.coordinates, points.features, duplicates="sum")
    assert len(merged.features) < len(points.features)
    assert merged.features.sum() == 3 * 18
    block = network.blocks[0]
    mixing = block.split[0][0]
    by_joint = points.features @ mixing.kernel
    wanted = torch.zeros(len(merged.features), by_joint.shape[1])
    known = {tuple(place): row for row, place in enumerate(merged.coordinates.tolist())}
    for place, row in zip(points.coordinates.tolist(), by_joint, strict=True):
        wanted[known[tuple(place)]] += row
    torch.testing.assert_close(mixing(merged).features, wanted)


# Attention maps


@pytest.mark.parametrize("layout", [NTU_25, KINETICS_18], ids=lambda layout: layout.name)
def test_attention_is_the_activation_in_space_and_time(layout):
    network = with_history(SPANet(layout, 5, layout.coordinates, config=SMALL))
    x = 3 + torch.randn(2, layout.coordinates, 10, len(layout), 2)
    with torch.no_grad():
        logits, _, maps = network.forward_in_full(x)
        torch.testing.assert_close(logits, network(x), rtol=0, atol=0)
        pooled = network.pool(network.features(x)[0])
    count_of_voxels = len(maps.entries)
    assert maps.positions.shape == (count_of_voxels, layout.coordinates)
    assert maps.frames.shape == maps.magnitudes.shape == (count_of_voxels,)
    assert maps.magnitudes.min() >= 0
    assert maps.duration == 4
    assert set(maps.frames.tolist()) == {0, 4, 8}
    for entry in range(2):
        mine = maps.entries == entry
        torch.testing.assert_close(maps.magnitudes[mine].mean(), pooled[entry].mean())
        # Every joint is in an active voxel, and every such voxel holds a joint.
        side = maps.sides[entry]
        joints = x[entry].permute(1, 2, 3, 0).flatten(1, 2)
        for t in range(10):
            now = mine & (maps.frames == t // 4 * 4)
            gap = (joints[t][:, None] - maps.positions[now][None]).abs().amax(-1)
            assert (gap.amin(1) <= side / 2 * 1.001).all()
        positions = maps.positions[mine]
        assert (positions >= joints.flatten(0, 1).amin(0) - 1e-4).all()
        assert (positions <= joints.flatten(0, 1).amax(0) + side).all()


# The network as a whole


def test_place_and_size_of_a_clip_do_not_matter():
    network = with_history(SPANet(NTU_25, 9, config=SMALL))
    x = torch.randint(1, 200, (2, 3, 8, 25, 2)).float()  # whole numbers, so that no rounding interferes
    with torch.no_grad():
        logits = network(x)
        torch.testing.assert_close(network(4 * x + 64), logits, rtol=0, atol=0)
        assert (network(x.flip(2)) - logits).abs().max() > 1e-4


def test_an_empty_person_changes_nothing():
    network = with_history(SPANet(NTU_25, 9, config=SMALL))
    x = torch.randn(2, 3, 8, 25, 2)
    x[..., 1] = 0
    with torch.no_grad():
        torch.testing.assert_close(network(x[..., :1]), network(x), rtol=0, atol=0)
    seen = with_history(SPANet(KINETICS_18, 9, config=SMALL))
    x = torch.rand(2, 3, 8, 18, 2)
    x[:, 2, ..., 1] = 0  # its coordinates are anything, its confidence is 0
    with torch.no_grad():
        torch.testing.assert_close(seen(x[..., :1]), seen(x), rtol=0, atol=0)


def test_only_the_person_flag_tells_persons_apart():
    network = with_history(SPANet(KINETICS_18, 9, config=SMALL))
    x = torch.rand(2, 3, 8, 18, 2)
    with torch.no_grad():
        assert (network(x.flip(-1)) - network(x)).abs().max() > 1e-5
        network.blocks[0].split[0][0].kernel[18] = 0
        network.blocks[0].residual[0].kernel[18] = 0
        torch.testing.assert_close(network(x.flip(-1)), network(x), rtol=1e-4, atol=1e-5)


def test_a_clip_without_anyone_has_finite_logits():
    network = with_history(SPANet(KINETICS_18, 9, 3, persons=1, config=SMALL))
    x = torch.rand(2, 3, 8, 18, 1)
    x[0, 2] = 0
    with torch.no_grad():
        logits, _, maps = network.forward_in_full(x)
    assert logits.isfinite().all()
    assert maps.positions.isfinite().all()


def test_an_unknown_backend_is_refused():
    network = SPANet(KINETICS_18, 9, 3, config=SMALL, backend="spconv")
    with pytest.raises(SparseError, match="There is no sparse backend 'spconv'"):
        network(torch.rand(1, 3, 4, 18, 2))
