"""SEM-Net against its published sizes and slow literal transcriptions of its equations."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from pose.layouts import KINETICS_18, NTU_25, SHREC_22
from recognizer.networks.sem import (
    SEMBlock,
    SEMConfig,
    SEMNet,
    TemporalFeedForward,
    frame_positions,
)
from tests.recognizer.modules import count, with_history

SMALL = SEMConfig(width=0.125)
"""Channels 8, 8, 16, 16, 32, 32, 64, 64: quick enough to run often."""

TABLE_1 = {
    "unified": {"attention": "unified", "global_regularisation": False},
    "single-frame": {"attention": "single-frame", "global_regularisation": False},
    "cross-frame": {"attention": "cross-frame", "global_regularisation": False},
    "cross-frame+GR": {},
}
TABLE_2 = {
    "k=3": {"temporal_kernels": (3,), "temporal_dilations": (1,)},
    "k=9": {"temporal_kernels": (9,), "temporal_dilations": (1,)},
    "k=(3,5,7,9)": {"temporal_kernels": (3, 5, 7, 9), "temporal_dilations": (1, 1, 1, 1)},
    "d=(1,3,5,7)": {},
}


@pytest.fixture(autouse=True)
def fixed_seed():
    torch.manual_seed(0)


# Size and configurations


@pytest.mark.parametrize(
    "row, parameters, published",
    [("k=3", 6_434_658, 6.4), ("k=9", 10_612_578, 10.5), ("k=(3,5,7,9)", 5_390_178, 5.3),
     ("d=(1,3,5,7)", 4_867_938, 4.8)],
)  # fmt: skip
def test_parameter_counts_are_those_of_table_2(row, parameters, published):
    with torch.device("meta"):
        size = count(SEMNet(NTU_25, 60, config=SEMConfig(**TABLE_2[row])))
    assert size == parameters
    assert size / 1e6 == pytest.approx(published, rel=0.018)
    if row == "d=(1,3,5,7)":
        assert round(size / 1e6, 2) == 4.87


@pytest.mark.parametrize(
    "changes, published",
    [(TABLE_2["k=3"], 9.2), (TABLE_2["k=9"], 13.9), (TABLE_2["k=(3,5,7,9)"], 8.0), ({}, 7.4),
     (TABLE_1["single-frame"], 7.5), (TABLE_1["cross-frame"], 7.4)],
    ids=str,
)  # fmt: skip
def test_multiply_adds_are_those_of_tables_1_and_2(changes, published):
    """For two persons and 128 frames."""
    with torch.device("meta"), torch.no_grad(), FlopCounterMode(display=False) as counter:
        SEMNet(NTU_25, 60, config=SEMConfig(**changes)).eval()(torch.empty(1, 3, 128, 25, 2))
    multiply_adds = counter.get_total_flops() / 2 / 1e9
    assert multiply_adds == pytest.approx(published, rel=0.01)
    if not changes:
        assert multiply_adds == pytest.approx(7.50, rel=0.02)


@pytest.mark.parametrize(
    "choices",
    [
        *TABLE_1.values(),
        *list(TABLE_2.values())[:3],
        {"attention": "unified"},
        {"attention": "single-frame"},
        {"heads": 1},
        {"temporal_kernels": (3, 3, 5), "temporal_dilations": (1, 2, 1)},
        {"width": 0.25},
        {"dropout": 0.5},
    ],
    ids=str,
)
def test_every_ablation_builds_and_runs(choices):
    network = SEMNet(NTU_25, 7, config=replace(SMALL, **choices))
    logits, _, attention = network.forward_in_full(torch.randn(2, 3, 12, 25, 2))
    assert logits.shape == (2, 7)
    assert logits.isfinite().all()
    torch.testing.assert_close(attention.relations.sum(-1), torch.ones(2, 2, 25))


def test_ablations_change_what_the_paper_says_they_change():
    with torch.device("meta"):
        size = {row: count(SEMNet(NTU_25, 60, config=SEMConfig(**TABLE_1[row]))) for row in TABLE_1}
    # "All kinds of attention blocks have the same number of parameters", but for what Eq. 7 adds.
    assert size["unified"] == size["single-frame"] == size["cross-frame"]
    assert size["cross-frame+GR"] - size["cross-frame"] == 8 * 3 * (25 * 25 + 1)


def test_channels():
    assert SEMConfig().channels == (64, 64, 128, 128, 256, 256, 512, 512)
    assert SEMConfig(width=0.5).channels == (32, 32, 64, 64, 128, 128, 256, 256)
    three = SEMConfig(width=0.01, temporal_kernels=(3, 3, 3), temporal_dilations=(1, 2, 3))
    assert set(three.channels) == {12}


def test_impossible_branches_are_refused():
    with pytest.raises(ValueError, match="one dilation for every temporal kernel"):
        SEMConfig(temporal_kernels=(3, 3))
    with pytest.raises(ValueError, match="must be odd"):
        SEMConfig(temporal_kernels=(4,), temporal_dilations=(1,))


@pytest.mark.parametrize("frames", [1, 5, 13])
@pytest.mark.parametrize("layout", [NTU_25, KINETICS_18, SHREC_22], ids=lambda layout: layout.name)
def test_any_layout_and_any_number_of_frames(layout, frames):
    network = SEMNet(layout, 5, layout.coordinates + 1, persons=1, config=SMALL)
    logits, _, attention = network.forward_in_full(
        torch.randn(2, layout.coordinates + 1, frames, len(layout), 1)
    )
    assert logits.shape == (2, 5)
    assert attention.relations.shape == (2, 1, len(layout), len(layout))


# MS-TFF and the block


def feed_forward_by_loop(module: TemporalFeedForward, x: Tensor, stride: int, config: SEMConfig) -> Tensor:
    """Fig. 4, frame by frame."""
    embedded = module.split[1](
        torch.einsum("oc,nctv->notv", module.split[0].weight[:, :, 0, 0], x)
        + module.split[0].bias[:, None, None]
    ).relu()
    n, channels, frames, joints = embedded.shape
    width = channels // len(config.temporal_kernels)
    outputs = []
    for index, (k, d) in enumerate(zip(config.temporal_kernels, config.temporal_dilations, strict=True)):
        part = embedded[:, index * width : (index + 1) * width]
        branch = module.branches[index]
        output = branch.bias[:, None, None].expand(n, width, frames, joints).clone()
        for t in range(frames):
            for tap in range(k):
                source = t + (tap - k // 2) * d
                if 0 <= source < frames:
                    output[:, :, t] += torch.einsum(
                        "oc,ncv->nov", branch.weight[:, :, tap, 0], part[:, :, source]
                    )
        outputs.append(output[:, :, ::stride])
    return torch.cat(outputs, 1)


@pytest.mark.parametrize("stride", [1, 2])
@pytest.mark.parametrize("row", TABLE_2)
def test_temporal_feed_forward_is_figure_4(row, stride):
    config = SEMConfig(**TABLE_2[row])
    module = with_history(TemporalFeedForward(8, stride, config))
    x = torch.randn(2, 8, 17, 3)
    with torch.no_grad():
        y = module(x)
        torch.testing.assert_close(y, feed_forward_by_loop(module, x, stride, config), rtol=1e-4, atol=1e-5)
    assert y.shape == (2, 8, -(-17 // stride), 3)


@pytest.mark.parametrize("in_channels, stride", [(8, 1), (4, 2)])
def test_block_is_figure_5(in_channels, stride):
    config = SEMConfig(heads=2)
    block = with_history(SEMBlock(in_channels, 8, stride, 4, config))
    x = torch.randn(2, in_channels, 5, 4)

    def one_by_one(convolution: nn.Conv2d, values: Tensor) -> Tensor:
        mixed = torch.einsum("oc,nctv->notv", convolution.weight[:, :, 0, 0], values)
        return mixed + convolution.bias[:, None, None]

    with torch.no_grad():
        attended = block.attention(x.permute(0, 2, 3, 1))[0].permute(0, 3, 1, 2)
        residual = x
        if in_channels != 8:
            residual = block.attention_residual[1](one_by_one(block.attention_residual[0], x))
        y = F.relu(block.attention_norm(attended) + residual)
        y = F.relu(block.feed_forward[1](one_by_one(block.feed_forward[0], y)) + y)
        temporal = block.temporal[1](feed_forward_by_loop(block.temporal[0], y, stride, config))
        residual = y
        if stride == 2:
            residual = block.temporal_residual[1](one_by_one(block.temporal_residual[0], y)[:, :, ::2])
        torch.testing.assert_close(block(x)[0], F.relu(temporal + residual), rtol=1e-4, atol=1e-5)


def test_frame_positions_are_sine_waves():
    positions = frame_positions(7, 8)
    for channel in range(8):
        for frame in range(7):
            angle = frame / 10000 ** ((channel - channel % 2) / 8)
            wanted = math.cos(angle) if channel % 2 else math.sin(angle)
            assert float(positions[channel, frame]) == pytest.approx(wanted, abs=1e-5)


# Attention maps


@pytest.mark.parametrize("attention", ["unified", "single-frame", "cross-frame"])
def test_relations_are_the_mean_attention_between_joints(attention):
    network = with_history(SEMNet(KINETICS_18, 5, config=replace(SMALL, attention=attention)))
    x = torch.randn(2, 3, 16, 18, 2)
    with torch.no_grad():
        maps = network.forward_in_full(x)[2]
        raw = network.features(x)[1]
    assert raw.shape[0] == 4
    wanted = torch.zeros(2, 2, 18, 18)
    frames = raw.shape[-1] // 18
    for item in range(4):
        for head in range(3):
            for group in range(raw.shape[1]):
                for t1 in range(frames):
                    for t2 in range(frames):
                        part = raw[item, group, head, 18 * t1 : 18 * t1 + 18, 18 * t2 : 18 * t2 + 18]
                        wanted[item // 2, item % 2] += part / (3 * raw.shape[1] * frames)
    torch.testing.assert_close(maps.relations, wanted)


@pytest.mark.parametrize("layout", [NTU_25, KINETICS_18], ids=lambda layout: layout.name)
def test_attention_is_the_relations_and_the_mean_regularisation(layout):
    network = with_history(SEMNet(layout, 5, config=SMALL))
    x = torch.randn(2, 3, 16, len(layout), 2)
    with torch.no_grad():
        logits, _, maps = network.forward_in_full(x)
        torch.testing.assert_close(logits, network(x), rtol=0, atol=0)
    joints = len(layout)
    assert maps.relations.shape == (2, 2, joints, joints)
    assert maps.relations.min() >= 0 and maps.relations.max() <= 1
    torch.testing.assert_close(maps.relations.sum(-1), torch.ones(2, 2, joints))
    regularisation = network.blocks[2].attention.regularisation
    torch.testing.assert_close(maps.regularisation, sum(regularisation) / 3)


def test_the_attention_that_is_shown_is_that_of_block_3():
    network = with_history(SEMNet(KINETICS_18, 5, config=SMALL))
    seen = []
    for block in network.blocks:
        block.attention.register_forward_hook(lambda *call: seen.append(call[2][1]))
    with torch.no_grad():
        maps = network.forward_in_full(torch.randn(2, 3, 16, 18, 1))[2]
    relations = [each.mean((1, 2)) for each in seen]  # of one frame, over heads
    assert [torch.allclose(maps.relations[:, 0], each) for each in relations] == [
        False, False, True, False, False, False, False, False,
    ]  # fmt: skip


def test_without_regularisation_there_is_none_to_show():
    network = SEMNet(KINETICS_18, 5, config=replace(SMALL, global_regularisation=False)).eval()
    assert network.forward_in_full(torch.randn(1, 3, 8, 18, 2))[2].regularisation is None


# The network as a whole


def test_the_regularisation_is_learned_from_its_start_at_zero():
    network = SEMNet(KINETICS_18, 6, 3, config=SMALL)
    assert all((block.attention.regularisation == 0).all() for block in network.blocks)
    F.cross_entropy(network(torch.randn(6, 3, 16, 18, 2)), torch.arange(6)).backward()
    assert all(block.attention.regularisation.grad.abs().max() > 0 for block in network.blocks)
